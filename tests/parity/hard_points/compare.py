"""One call asked of both libraries, forward and backward, and what of the answers differs.

Ours is asked where any warning of NumPy's is an error and any floating-point error raises: neither may reach a user.
Rests on oracle; used by sweep.py.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import autogradkit as ak

from ..oracle import UnsupportedError, to_ours

# What is called rounding: relative to the larger modulus, and where the largest of a result is much larger, to that.
ROUNDING = {
    "torch.float16": 2e-3, "torch.bfloat16": 1.6e-2, "torch.float32": 4e-6, "torch.float64": 1e-12,
    "torch.complex64": 6e-6, "torch.complex128": 1e-12,
}  # fmt: skip


def carried(value: Any) -> Any:
    """An argument as autogradkit's, on memory of its own."""
    if isinstance(value, torch.Tensor) and value.dtype is torch.bfloat16:
        bits = value.detach().contiguous().view(torch.int16).numpy().copy()
        made = ak.from_numpy(bits.view(ak.bfloat16.numpy))
        return made.requires_grad_() if value.requires_grad else made
    if isinstance(value, torch.dtype) and value is torch.bfloat16:
        return ak.bfloat16
    if isinstance(value, torch.layout):
        return getattr(ak, str(value).removeprefix("torch."), value)
    if isinstance(value, list | tuple):
        return type(value)(carried(each) for each in value)
    return value.copy() if isinstance(value, np.ndarray) else to_ours(value)


def array_of(value: Any) -> np.ndarray[Any, Any]:
    """The numbers of a tensor of either library, bfloat16 as float32."""
    if isinstance(value, ak.Tensor):
        array = value.detach()._array
        return array.astype(np.float32) if value.dtype is ak.bfloat16 else array
    value = value.detach().resolve_conj().resolve_neg()
    return (value.float() if value.dtype is torch.bfloat16 else value).numpy(force=True)


def tensors_in(value: Any) -> list[Any]:
    """The tensors in an answer, in order."""
    if isinstance(value, torch.Tensor | ak.Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [each for part in value for each in tensors_in(part)]
    return []


def _said(error: Exception) -> tuple[str, str]:
    first = (str(error).splitlines() or [""])[0]
    return type(error).__name__, re.sub(r"0x[0-9a-f]+", "0x…", first)


Answer = dict[str, Any]


def ask(module: Any, function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], backward: bool) -> Answer:
    """What one library answers: `result` or `error`, and with `backward` the `grads` of the arguments, or `grad error`."""
    inputs = [each for each in tensors_in([*args, *kwargs.values()]) if each.requires_grad]
    answer: Answer = {}
    module.manual_seed(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if module is ak:
                warnings.simplefilter("error", RuntimeWarning)
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
            with np.errstate(all="raise" if module is ak else "ignore"):
                result = answer["result"] = function(*args, **kwargs)
                results = [each for each in tensors_in(result) if each.requires_grad and each.grad_fn is not None]
                if not backward or not results or not inputs:
                    return answer
    except Exception as error:  # the answer of this library
        return {"error": _said(error)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if module is ak:
                warnings.simplefilter("error", RuntimeWarning)
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
            with np.errstate(all="raise" if module is ak else "ignore"):
                seeds = [_seed(module, each) for each in results]
                answer["grads"] = module.autograd.grad(results, inputs, seeds, allow_unused=True)
    except Exception as error:
        answer["grad error"] = _said(error)
    return answer


def _seed(module: Any, result: Any) -> Any:
    """A gradient to begin with: different numbers, none of them hard."""
    count = math.prod(result.shape)
    numbers = [(0.5, 1.0, -1.5, 2.0, 1.25)[i % 5] for i in range(count)]
    kind = module.complex64 if result.is_complex() else module.float32
    return module.tensor(numbers, dtype=kind).reshape(tuple(result.shape)).to(result.dtype)


def difference(theirs: Any, mine: Any, values: bool = True) -> str | None:
    """What a user would notice between two results, in a few words; None where nothing."""
    if isinstance(theirs, torch.Tensor):
        if not isinstance(mine, ak.Tensor):
            return f"{type(mine).__name__} for a tensor"
        if repr(theirs.dtype) != repr(mine.dtype):
            return f"dtype {mine.dtype} for {theirs.dtype}"
        if tuple(theirs.shape) != tuple(mine.shape):
            return f"shape {tuple(mine.shape)} for {tuple(theirs.shape)}"
        if theirs.requires_grad != mine.requires_grad:
            return f"requires_grad {mine.requires_grad} for {theirs.requires_grad}"
        if not values or theirs.layout is not torch.strided or theirs.is_quantized:
            return None
        found = unequal(array_of(theirs), array_of(mine), ROUNDING.get(str(theirs.dtype), 0.0))
        return None if found is None else f"value {found[2]!r} for {found[1]!r}"
    if isinstance(theirs, list | tuple):
        if not isinstance(mine, list | tuple) or len(theirs) != len(mine):
            return f"{type(mine).__name__} of another length"
        for one, other in zip(theirs, mine, strict=True):
            found = difference(one, other, values)
            if found:
                return found
        return None
    if theirs is None or mine is None:
        return (
            None
            if theirs is mine
            else f"{'None' if mine is None else 'a tensor'} for {'None' if theirs is None else 'a tensor'}"
        )
    if isinstance(theirs, bool | int | str):
        return None if theirs == mine or repr(theirs) == repr(mine) else f"{mine!r} for {theirs!r}"
    if isinstance(theirs, float | complex):
        found = unequal(np.asarray(theirs), np.asarray(mine), 1e-6)
        return None if found is None else f"value {mine!r} for {theirs!r}"
    return None


def unequal(theirs: np.ndarray[Any, Any], mine: np.ndarray[Any, Any], rounding: float) -> tuple[int, Any, Any] | None:
    """(place, theirs, mine) of the first element that differs by more than rounding."""
    different = differing(theirs.reshape(-1), mine.reshape(-1), rounding)
    if not different.any():
        return None
    place = int(np.flatnonzero(different)[0])
    return place, theirs.reshape(-1)[place].item(), mine.reshape(-1)[place].item()


def differing(theirs: np.ndarray[Any, Any], mine: np.ndarray[Any, Any], rounding: float) -> np.ndarray[Any, Any]:
    """Which elements differ: NaN equals NaN, zeros have their signs, finite numbers are allowed `rounding`."""
    if theirs.dtype.kind == "c":
        modulus = np.maximum(np.abs(theirs.real.astype(float)), np.abs(theirs.imag.astype(float)))
        scale = np.where(np.isfinite(modulus), modulus, 0)
        return _apart(theirs.real, mine.real, rounding, scale) | _apart(theirs.imag, mine.imag, rounding, scale)
    if theirs.dtype.kind != "f":
        return np.asarray(theirs != mine)
    return _apart(theirs, mine, rounding, np.zeros(theirs.shape))


def _apart(theirs: Any, mine: Any, rounding: float, scale: Any) -> np.ndarray[Any, Any]:
    info = np.finfo(theirs.dtype)
    theirs, mine = theirs.astype(float), mine.astype(float)
    with np.errstate(all="ignore"):
        near = np.abs(theirs - mine) <= rounding * np.maximum(
            np.maximum(np.abs(theirs), np.abs(mine)), scale
        ) + 2 * float(info.smallest_subnormal)
        equal = (theirs == mine) | (np.isnan(theirs) & np.isnan(mine)) | near
        signs = (theirs == 0) & (mine == 0) & (np.signbit(theirs) != np.signbit(mine))
    return ~equal | signs


__all__ = ["UnsupportedError", "array_of", "ask", "carried", "difference", "differing", "tensors_in", "unequal"]
