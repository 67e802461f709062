"""Files of the `safetensors` format, as `safetensors.torch` writes and reads them: names, tensors, text beside them, no code.

Rests on the safetensors library (the extra `autogradkit[safetensors]`), whose own room for PyTorch imports PyTorch; while
`as_torch()` lasts, `safetensors.torch` is this module. Files are whole or not there (`files.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Self

try:
    from safetensors import TensorSpec, deserialize, serialize
    from safetensors import safe_open as _library_open
except ModuleNotFoundError as _error:
    raise ModuleNotFoundError(
        'safetensors is not installed: pip install "autogradkit[safetensors]"', name=_error.name
    ) from None

import autogradkit
from autogradkit.core import dtype as dtypes
from autogradkit.core.device import require_cpu
from autogradkit.core.frames import entry
from autogradkit.core.layout import strided
from autogradkit.core.tensor import Tensor
from autogradkit.files import write_whole

__all__ = ["load", "load_file", "load_model", "safe_open", "save", "save_file", "save_model"]

_KINDS = {
    "F64": dtypes.float64,
    "F32": dtypes.float32,
    "F16": dtypes.float16,
    "BF16": dtypes.bfloat16,
    "I64": dtypes.int64,
    "I32": dtypes.int32,
    "I16": dtypes.int16,
    "I8": dtypes.int8,
    "U8": dtypes.uint8,
    "U16": dtypes.uint16,
    "U32": dtypes.uint32,
    "U64": dtypes.uint64,
    "BOOL": dtypes.bool_,
    "C64": dtypes.complex64,
}
_SAVED = frozenset(_KINDS.values())

Tensors = dict[str, Tensor]
Metadata = dict[str, str]


@entry
def save(tensors: Tensors, metadata: Metadata | None = None) -> bytes:
    """The file's bytes.

    Raises ValueError for what is no dict of dense, contiguous tensors, RuntimeError for tensors that share memory, KeyError
    for a dtype that the format has not.
    """
    _require_savable(tensors)
    tensors = {name: tensor.resolve_conj().resolve_neg() for name, tensor in tensors.items()}
    return bytes(serialize({name: _spec(name, tensor) for name, tensor in tensors.items()}, metadata=metadata))


@entry
def save_file(tensors: Tensors, filename: str | os.PathLike[str], metadata: Metadata | None = None) -> None:
    """Write tensors under their names, with text beside them. Raises what `save` raises, and OSError."""
    write_whole(os.fspath(filename), save(tensors, metadata))


@entry
def load(data: bytes) -> Tensors:
    """The tensors in a file's bytes. Raises SafetensorError where they are none."""
    return {name: _tensor(value) for name, value in deserialize(data)}


@entry
def load_file(filename: str | os.PathLike[str], device: Any = "cpu", *, backend: str = "mmap") -> Tensors:
    """The tensors in a file. Raises SafetensorError for what is no such file, FileNotFoundError."""
    with safe_open(filename, "pt", device, backend=backend) as file:
        return file.get_tensors()


@entry
def save_model(
    model: Any, filename: str | os.PathLike[str], metadata: Metadata | None = None, force_contiguous: bool = True
) -> None:
    """Write a module's state dict; of tensors that share memory one, and beside it under which name the others find it.

    Raises RuntimeError where none of them covers the memory, ValueError for a tensor that is not contiguous, unless forced.
    """
    state = model.state_dict()
    metadata = dict(metadata or {})
    for kept, others in _duplicates(state).items():
        for name in others:
            metadata.setdefault(name, kept)
            del state[name]
    if force_contiguous:
        state = {name: tensor.contiguous() for name, tensor in state.items()}
    try:
        save_file(state, filename, metadata or None)
    except ValueError as error:
        raise ValueError(
            f"{error} Or use save_model(..., force_contiguous=True), read the docs for potential caveats."
        ) from None


@entry
def load_model(
    model: Any, filename: str | os.PathLike[str], strict: bool = True, device: Any = "cpu", *, backend: str = "mmap"
) -> tuple[set[str], list[str]]:
    """Load a file into a module: which names of the module and which of the file found no other.

    Raises RuntimeError where there are some, unless `strict` is False.
    """
    state = load_file(filename, device, backend=backend)
    duplicates = _duplicates(model.state_dict(), state.keys())
    missed, unexpected = model.load_state_dict(state, strict=False)
    missing = set(missed)
    for name in [name for others in duplicates.values() for name in others]:
        if name in missing:
            missing.remove(name)
        else:
            unexpected.append(name)
    if strict and (missing or unexpected):
        error = f"Error(s) in loading state_dict for {type(model).__name__}:"
        for kind, names in (("Missing", missing), ("Unexpected", unexpected)):
            if names:
                quoted = ", ".join(f'"{name}"' for name in sorted(names))
                error += f"\n    {kind} key(s) in state_dict: {quoted}"
        raise RuntimeError(error)
    return missing, unexpected


def storage_ptr(tensor: Tensor) -> int:
    """The address of the memory that a tensor looks at."""
    return tensor.untyped_storage().data_ptr()


def storage_size(tensor: Tensor) -> int:
    """How many bytes that memory has."""
    return tensor.untyped_storage().nbytes()


class safe_open:  # noqa: N801 - the library's name
    """A file whose tensors are read one by one, or in parts, when they are asked for; the framework is "pt"."""

    @entry
    def __init__(
        self, filename: str | os.PathLike[str], framework: str = "pt", device: Any = "cpu", *, backend: str = "mmap"
    ) -> None:
        if framework not in ("pt", "torch", "pytorch"):
            raise ValueError(f"framework {framework} is the library's: use safetensors.safe_open")
        require_cpu(autogradkit.device(device))
        self._file: Any = _library_open(filename, framework="np", backend=backend)
        if any(self._file.get_slice(name).get_dtype() == "BF16" for name in self.keys()):
            dtypes.bfloat16.numpy  # noqa: B018 - NumPy knows the name once this has been asked for

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self._file.__exit__(*error)

    def keys(self) -> list[str]:
        """The names."""
        return self._file.keys()

    def offset_keys(self) -> list[str]:
        """The names in the order of the tensors in the file."""
        return self._file.offset_keys()

    def metadata(self) -> Metadata | None:
        """The text beside the tensors."""
        return self._file.metadata()

    @entry
    def get_tensor(self, name: str) -> Tensor:
        """One of the tensors. Raises SafetensorError where there is none of that name."""
        return autogradkit.from_numpy(self._file.get_tensor(name))

    @entry
    def get_tensors(self) -> Tensors:
        """All of them."""
        return {name: self.get_tensor(name) for name in self.offset_keys()}

    @entry
    def get_slice(self, name: str) -> _Slice:
        """A tensor of which parts are read by indexing it."""
        return _Slice(self._file.get_slice(name))


class _Slice:
    """A tensor in a file that was not read yet."""

    def __init__(self, part: Any) -> None:
        self._part = part

    def get_shape(self) -> list[int]:
        """Its sizes."""
        return self._part.get_shape()

    def get_dtype(self) -> str:
        """Its dtype, as the format calls it."""
        return self._part.get_dtype()

    @entry
    def __getitem__(self, index: Any) -> Tensor:
        return autogradkit.from_numpy(self._part[index])


def _tensor(value: dict[str, Any]) -> Tensor:
    kind, shape, data = _KINDS[value["dtype"]], value["shape"], value["data"]
    if not data:
        return autogradkit.empty(shape, dtype=kind)
    return autogradkit.frombuffer(data, dtype=kind).reshape(shape)


def _spec(name: str, tensor: Tensor) -> TensorSpec:
    if not tensor.is_contiguous():
        raise ValueError(
            f"You are trying to save a non contiguous tensor: `{name}` which is not allowed. It either means you are trying to "
            "save tensors which are reference of each other in which case it's recommended to save only the full tensors, and "
            "reslice at load time, or simply call `.contiguous()` on your tensor to pack it before saving."
        )
    if tensor.dtype not in _SAVED:
        raise KeyError(tensor.dtype)
    array: Any = tensor._array
    return TensorSpec(
        dtype=str(tensor.dtype).removeprefix("torch."),
        shape=tensor.shape,
        data_ptr=array.ctypes.data,
        data_len=array.nbytes,
    )


def _require_savable(tensors: Any) -> None:
    if not isinstance(tensors, dict):
        raise ValueError(f"Expected a dict of [str, torch.Tensor] but received {type(tensors)}")
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            raise ValueError(f"Key `{name}` is invalid, expected torch.Tensor but received {type(tensor)}")
    sparse = [name for name, tensor in tensors.items() if tensor.layout is not strided]
    if sparse:
        raise ValueError(
            f"You are trying to save a sparse tensors: `{sparse}` which this library does not support. You can make it a dense "
            "tensor before saving with `.to_dense()` but be aware this might make a much larger file than needed."
        )
    failing = [names for names in _sharing(tensors) if len(names) > 1]
    if failing:
        raise RuntimeError(
            f"""
            Some tensors share memory, this will lead to duplicate memory on disk and potential differences when loading them again: {failing}.
            A potential way to correctly save your model is to use `save_model`.
            More information at https://huggingface.co/docs/safetensors/torch_shared_tensors
            """  # noqa: E501 - the library's text
        )


def _sharing(tensors: Tensors) -> list[set[str]]:
    """The names by memory: those whose bytes overlap in one storage stand together."""
    storages: dict[Any, list[str]] = {}
    for name, tensor in tensors.items():
        storage = tensor.untyped_storage()
        if storage.nbytes():
            storages.setdefault(storage, []).append(name)
    return [group for names in storages.values() for group in _overlapping(tensors, names)]


def _overlapping(tensors: Tensors, names: list[str]) -> list[set[str]]:
    if len(names) == 1:
        return [set(names)]
    areas: list[tuple[int, int, str]] = []
    for name in names:
        tensor = tensors[name]
        last = tensor.view(-1)[-1].data_ptr() + tensor.itemsize if tensor.numel() else tensor.data_ptr()
        areas.append((tensor.data_ptr(), last, name))
    groups: list[set[str]] = []
    reached = 0
    for start, end, name in sorted(areas):
        if start >= reached:
            groups.append(set())
        groups[-1].add(name)
        reached = end
    return groups


def _duplicates(state: Tensors, preferred: Iterable[str] = ()) -> dict[str, list[str]]:
    """Of names whose tensors overlap the one to keep, which covers the memory, with the others."""
    found: dict[str, list[str]] = {}
    for names in _sharing(state):
        complete = {name for name in names if state[name].nbytes == state[name].untyped_storage().nbytes()}
        if len(names) > 1 and not complete:
            raise RuntimeError(
                "Error while trying to find names to remove to save state dict, but found no suitable name to keep for saving "
                f"amongst: {names}. None is covering the entire storage.Refusing to save/load the model since you could be "
                "storing much more memory than needed. Please refer to "
                "https://huggingface.co/docs/safetensors/torch_shared_tensors for more information. Or open an issue."
            )
        if len(names) > 1:
            kept = min(complete.intersection(preferred) or complete)
            found[kept] = sorted(names - {kept})
    return found
