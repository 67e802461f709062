"""PyTorch as the oracle: tensors carried over exactly, results compared in all that a user could notice.

`to_ours` rebuilds a PyTorch tensor on a copy of its storage with the same sizes, strides and offset. Used by the parity
tests only; the package never imports PyTorch.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch

import autogradkit as ak

DTYPES = {
    torch.float32: ak.float32,
    torch.float64: ak.float64,
    torch.float16: ak.float16,
    torch.complex64: ak.complex64,
    torch.complex128: ak.complex128,
    torch.int64: ak.int64,
    torch.int32: ak.int32,
    torch.int16: ak.int16,
    torch.int8: ak.int8,
    torch.uint8: ak.uint8,
    torch.uint16: ak.uint16,
    torch.uint32: ak.uint32,
    torch.uint64: ak.uint64,
    torch.bool: ak.bool,
}
NAMED_DTYPES = DTYPES | {torch.bfloat16: ak.bfloat16}  # of which an argument may be; NumPy takes no tensors of it over
FORMATS = {
    torch.contiguous_format: ak.contiguous_format,
    torch.preserve_format: ak.preserve_format,
    torch.channels_last: ak.channels_last,
}


class UnsupportedError(Exception):
    """The sample uses something that autogradkit does not have; counted and reported, never a wrong result."""


def to_ours(value: Any, memory: dict[Any, ak.Tensor] | None = None) -> Any:
    """A PyTorch argument as autogradkit's: tensors, dtypes, containers; plain values as they are.

    Arguments that are carried over with the same `memory` share theirs where PyTorch's do.
    """
    if memory is None:
        memory = {}
    if isinstance(value, torch.Tensor):
        if value.layout == torch.sparse_csr:
            parts = (value.crow_indices(), value.col_indices(), value.values().detach())
            made = ak.sparse_csr_tensor(*[to_ours(each) for each in parts], size=tuple(value.shape))
            return made.requires_grad_() if value.requires_grad else made
        if value.layout != torch.strided or value.dtype not in DTYPES:
            raise UnsupportedError(f"a {value.layout} tensor of {value.dtype}")
        storage = value.untyped_storage()
        ours = memory.get((storage._cdata, value.dtype))
        if ours is None:
            flat = torch.empty(0, dtype=value.dtype).set_(storage)
            ours = memory[storage._cdata, value.dtype] = ak.from_numpy(
                flat.clone().numpy()
            )  # .numpy() alone would forbid its resizing
        made = ours.as_strided(tuple(value.shape), value.stride(), value.storage_offset())
        made = made.conj() if value.is_conj() else made
        made = _independent(ak._neg_view(made) if value.is_neg() else made)
        return made.requires_grad_() if value.requires_grad else made
    if isinstance(value, torch.nn.Module):  # the database has but distances without state
        return getattr(ak.nn, type(value).__name__)()
    if isinstance(value, torch.nn.LinearCrossEntropyOptions):
        fields = {each.name: to_ours(getattr(value, each.name)) for each in dataclasses.fields(value)}
        return ak.nn.LinearCrossEntropyOptions(**fields)
    if isinstance(value, torch.dtype):
        if value not in NAMED_DTYPES:
            raise UnsupportedError(str(value))
        return NAMED_DTYPES[value]
    if isinstance(value, torch.memory_format):
        if value not in FORMATS:
            raise UnsupportedError(str(value))
        return FORMATS[value]
    if isinstance(value, torch.device):
        return str(value)
    if isinstance(value, torch.layout) and hasattr(ak, str(value).removeprefix("torch.")):
        return getattr(ak, str(value).removeprefix("torch."))
    if isinstance(value, torch.layout | torch.Generator):
        raise UnsupportedError(str(type(value)))
    if isinstance(value, torch.Size):
        return tuple(value)
    if isinstance(value, list | tuple):
        return type(value)(to_ours(each, memory) for each in value)
    if isinstance(value, dict):
        return {key: to_ours(each, memory) for key, each in value.items()}
    return value


def _independent(view: ak.Tensor) -> ak.Tensor:
    """The same geometry on the same memory, as a leaf that is no view."""
    return view.detach()


def tensors_in(value: Any) -> list[Any]:
    """Every tensor of either library in a nest of lists, tuples and dicts, in order."""
    if isinstance(value, torch.Tensor | ak.Tensor):
        return [value]
    if isinstance(value, dict):
        return [t for each in value.values() for t in tensors_in(each)]
    if isinstance(value, list | tuple):
        return [t for each in value for t in tensors_in(each)]
    return []


def array_of(value: Any) -> np.ndarray[Any, Any]:
    """The numbers of a tensor of either library."""
    if isinstance(value, ak.Tensor):
        return value.numpy(force=True)
    return value.detach().resolve_conj().resolve_neg().numpy(force=True)


def assert_same(ours: Any, theirs: Any, *, strides: bool = True, values: bool = True, rtol: float, atol: float) -> None:
    """Same structure, dtype, shape, strides and numbers."""
    if isinstance(theirs, torch.Tensor):
        assert isinstance(ours, ak.Tensor), f"{type(ours)} for a tensor"
        assert repr(ours.dtype) == repr(theirs.dtype)
        assert tuple(ours.shape) == tuple(theirs.shape)
        assert repr(ours.layout) == repr(theirs.layout)
        if theirs.layout == torch.sparse_coo:
            assert ours.is_coalesced() == theirs.is_coalesced()
            parts = ([each._indices(), each._values()] for each in (ours, theirs))
            assert_same(*parts, strides=strides, values=values, rtol=rtol, atol=atol)
            return
        if theirs.layout == torch.sparse_csr:
            parts = ([each.crow_indices(), each.col_indices(), each.values()] for each in (ours, theirs))
            assert_same(*parts, strides=strides, values=values, rtol=rtol, atol=atol)
            return
        assert (ours.is_conj(), ours.is_neg()) == (theirs.is_conj(), theirs.is_neg())
        if strides and theirs.numel():
            assert ours.stride() == theirs.stride(), (
                f"strides {ours.stride()} for {theirs.stride()}, shape {theirs.shape}"
            )
        if values:
            mine, wanted = array_of(ours), array_of(theirs)
            if mine.tobytes() != wanted.tobytes():  # as most are, which is seen a hundred times as fast
                np.testing.assert_allclose(mine, wanted, rtol=rtol, atol=atol, equal_nan=True)
        return
    if isinstance(theirs, list | tuple):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other, strides=strides, values=values, rtol=rtol, atol=atol)
        return
    if isinstance(theirs, float) and theirs != theirs:
        assert ours != ours
        return
    assert ours == theirs or type(theirs).__module__.startswith("torch"), f"{ours!r} for {theirs!r}"


def shares_memory(result: Any, inputs: list[Any]) -> list[bool]:
    """For each input, whether the result looks at its storage."""
    if result.is_sparse:
        return [False] * len(inputs)
    pointer = result.untyped_storage().data_ptr()
    return [each.untyped_storage().data_ptr() == pointer and pointer != 0 for each in inputs]


def error_of(function: Any) -> tuple[type[BaseException], str] | None:
    """What a call raises: type and first line; None where it returns."""
    try:
        function()
    except Exception as error:
        return type(error), (str(error).splitlines() or [""])[0]
    return None
