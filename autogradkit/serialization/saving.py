"""`save`: PyTorch's archive, a zip file of a pickle and of the memory that its tensors stand on.

The pickle is of protocol 2, has PyTorch's names for what is of this package, and names memory by its place in the archive;
each storage is written once, whole. The format before it is written, too, if it is asked for. Rests on names, zipped, legacy
and files.
"""

from __future__ import annotations

import functools
import io
import os
import pickle
from collections import OrderedDict
from pathlib import Path
from types import FunctionType, MethodType
from typing import IO, Any, ClassVar, cast
from zlib import crc32

import numpy as np

from autogradkit._ops.declare.names import PUBLISHED, _VariableFunctionsClass
from autogradkit.core.device import device
from autogradkit.core.dtype import WIDE_UNSIGNED, from_numpy_dtype
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.layout import layout, sparse_coo
from autogradkit.core.meta import MetaArray, MetaParameter
from autogradkit.core.own import is_own
from autogradkit.core.parameter import Parameter
from autogradkit.core.pending import bits_of
from autogradkit.core.schemes import per_tensor_affine, qscheme
from autogradkit.core.size import Size
from autogradkit.core.sparse import SparseArray
from autogradkit.core.storage import offset_of
from autogradkit.core.storages import UntypedStorage
from autogradkit.core.strides import element_strides
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.typed_storages import TypedStorage, typed
from autogradkit.engine.history import requires_grad
from autogradkit.files import write_whole
from autogradkit.serialization import legacy
from autogradkit.serialization.names import STORAGE_OF, global_name
from autogradkit.serialization.zipped import ALIGNMENT, zipped

_PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)


@entry
def save(
    obj: object,
    f: str | os.PathLike[str] | IO[bytes],
    pickle_module: Any = pickle,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write an object with its tensors into a file, whole or not at all, that `load` reads here and in PyTorch.

    With `_use_new_zipfile_serialization=False` the file is one that PyTorch before version 1.6 reads, too.

    Tensors that share memory share it again when they are loaded; a view brings all of its storage along. Raises
    RuntimeError where the folder is not there, and for memory that tensors of two dtypes show; AttributeError or
    PicklingError, as pickle does, for what cannot be pickled; OSError for a disk that is full.

    >>> import io, autogradkit as torch
    >>> file = io.BytesIO()
    >>> torch.save({"weight": torch.ones(2)}, file)
    >>> _ = file.seek(0)
    >>> torch.load(file)
    {'weight': tensor([1., 1.])}
    """
    if pickle_module is not pickle or pickle_protocol not in _PROTOCOLS:
        raise NotImplementedError("autogradkit writes by Python's pickle alone, by its protocols from 2 to 5")

    def written(name: str) -> bytes:
        return _archive(obj, name, pickle_protocol) if _use_new_zipfile_serialization else _older(obj, pickle_protocol)

    if isinstance(f, str | os.PathLike):
        path = Path(os.fspath(f))
        if not path.parent.exists():
            raise RuntimeError(f"Parent directory {path.parent} does not exist.")
        write_whole(path, written(path.stem or "archive"))
    elif hasattr(f, "write"):
        f.write(written("archive"))
    else:
        raise AttributeError("expected 'f' to be string, path, or a file-like object with a 'write' attribute")


def _older(obj: object, protocol: int) -> bytes:
    written = io.BytesIO()
    for head in legacy.HEADS:
        pickle.dump(head, written, protocol)
    pickler = _Pickler(written, protocol, older=True)
    pickler.dump(obj)
    memories = dict(sorted((str(key), memory) for key, memory in enumerate(pickler.memories)))
    pickle.dump(list(memories), written, protocol)
    for key, memory in memories.items():
        written.write((len(memory) // pickler.itemsizes[int(key)]).to_bytes(8, "little"))
        written.write(memory)
    return written.getvalue()


def _archive(obj: object, name: str, protocol: int) -> bytes:
    content = io.BytesIO()
    pickler = _Pickler(content, protocol)
    pickler.dump(obj)
    parts: list[tuple[str, Any]] = [
        ("data.pkl", content.getvalue()),
        (".format_version", b"1"),
        (".storage_alignment", str(ALIGNMENT).encode()),
        ("byteorder", b"little"),
        *[(f"data/{key}", memory) for key, memory in enumerate(pickler.memories)],
        ("version", b"3\n"),
    ]
    names = crc32("".join(part for part, _ in parts).encode())
    contents = functools.reduce(lambda so_far, each: crc32(each[1], so_far), parts, 0)
    parts.append((".data/serialization_id", b"%020d%020d" % (names, contents)))  # other contents, another id
    return zipped([(f"{name}/{part}", held) for part, held in parts])


class _Global:
    """One of PyTorch's functions, to be written by its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self) -> None:
        """Nothing calls it: pickle asks for a callable."""


_REBUILD = _Global("torch._utils._rebuild_tensor_v2")
_REBUILD_OF_DTYPE = _Global("torch._utils._rebuild_tensor_v3")
_REBUILD_PARAMETER = _Global("torch._utils._rebuild_parameter")
_REBUILD_PARAMETER_WITH_STATE = _Global("torch._utils._rebuild_parameter_with_state")
_REBUILD_META = _Global("torch._utils._rebuild_meta_tensor_no_storage")
_REBUILD_SPARSE = _Global("torch._utils._rebuild_sparse_tensor")
_REBUILD_QUANTIZED = _Global("torch._utils._rebuild_qtensor")
_LAYOUT_NAMED = _Global("torch.serialization._get_layout")
_REBUILD_TYPE = _Global("torch._tensor._rebuild_from_type_v2")
_UNTYPED = _Global("torch.storage.UntypedStorage")


class _Pickler(pickle._Pickler):  # the one in Python, whose names can be chosen
    dispatch: ClassVar[Any] = dict(pickle._Pickler.dispatch)

    def __init__(self, file: IO[bytes], protocol: int, older: bool = False) -> None:
        super().__init__(file, protocol)
        self.memories: list[Any] = []  # of each storage, by its key
        self.itemsizes: list[int] = []  # of its elements
        self._older = older
        self._keys: dict[tuple[int, int], tuple[str, Any]] = {}  # of each storage: its key, written once, and its dtype

    def persistent_id(self, pid: Any) -> Any:
        if not isinstance(pid, TypedStorage | UntypedStorage):
            return None
        storage = pid.untyped()
        own = pid.dtype if isinstance(pid, TypedStorage) else None
        place = storage.data_ptr(), storage.nbytes()
        known = self._keys.get(place)
        if known is None:
            known = self._keys[place] = (str(len(self.memories)), own)
            self.memories.append(memoryview(cast("Any", storage.flat(np.dtype(np.uint8)))))
            self.itemsizes.append(1 if own is None else own.itemsize)
        key, dtype = known
        if place[1] and dtype is not None and own is not None and dtype is not own:
            raise RuntimeError("Cannot save multiple tensors or storages that view the same data as different types")
        kind = _UNTYPED if own is None else _Global(f"torch.{STORAGE_OF[str(own)]}")
        named = "storage", kind, key, "cpu", pid.size()
        return (*named, None) if self._older else named  # None: it is a part of no other storage

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Tensor):
            return _reduced(obj)
        if isinstance(obj, device):
            # A string of its own, as each time that PyTorch is asked, so that it is written whole.
            kind = "".join(obj.type)
            return device, (kind,) if obj.index is None else (kind, obj.index)
        if isinstance(obj, layout):
            return _LAYOUT_NAMED, (str(obj),)
        if isinstance(obj, MethodType) and obj.__self__ is _VariableFunctionsClass and obj.__name__ not in PUBLISHED:
            return obj.__name__  # a function of a namespace, which is one of a module of C++ in PyTorch
        return NotImplemented

    def save_global(self, obj: Any, name: str | None = None) -> None:
        if isinstance(obj, _Global):
            known = obj.name
            obj = _GLOBALS.setdefault(known, obj)  # one object a name, so that it is written once
            if id(obj) in self.memo:  # pyright: ignore[reportAttributeAccessIssue]
                self.write(self.get(self.memo[id(obj)][0]))  # pyright: ignore[reportAttributeAccessIssue]
                return
        else:
            known = str(obj) if isinstance(obj, Dtype | qscheme) else global_name(obj)
        if known is None:
            try:
                super().save_global(obj, name)  # pyright: ignore[reportAttributeAccessIssue]
            except pickle.PicklingError as error:
                raise _lost(obj, error) from None
            return
        module, _, own = known.rpartition(".")
        self.write(pickle.GLOBAL + f"{module}\n{own}\n".encode())  # pyright: ignore[reportAttributeAccessIssue]
        self.memoize(obj)  # pyright: ignore[reportAttributeAccessIssue]

    dispatch[_Global] = save_global
    dispatch[FunctionType] = save_global


def _lost(value: Any, error: Exception) -> Exception:
    """The error of Python's quicker pickler, and so of PyTorch, for what no module has under its name: versions differ."""
    try:
        pickle.dumps(value)
    except (pickle.PicklingError, AttributeError) as quicker:
        return quicker.with_traceback(None)
    return error


_GLOBALS: dict[str, _Global] = {}


def _reduced(tensor: Tensor) -> Any:
    """How PyTorch pickles a tensor: what rebuilds it, and of what."""
    state = tensor.__dict__ or None
    hooks: OrderedDict[Any, Any] = OrderedDict()  # which PyTorch has in the place of hooks, and keeps none in
    if isinstance(tensor, Parameter):
        made = (wrap(tensor._array), tensor._requires_grad, hooks)
        if type(tensor) in (Parameter, MetaParameter):
            return (_REBUILD_PARAMETER, made) if state is None else (_REBUILD_PARAMETER_WITH_STATE, (*made, state))
        return _REBUILD_TYPE, (_REBUILD_PARAMETER, type(tensor), made, state or {})
    array: Any = tensor._memory
    if isinstance(array, MetaArray):
        shown = array.hollow
        known = from_numpy_dtype(shown.dtype), shown.shape, element_strides(shown), tensor._requires_grad
        return _REBUILD_META, known
    if isinstance(array, SparseArray):
        if array.layout is sparse_coo:
            parts = wrap(array.indices), wrap(array.values), Size(array.shape), array.is_coalesced
        else:
            parts = wrap(array.pointers), wrap(array.across), wrap(array.values), Size(array.shape)
        return _REBUILD_SPARSE, (array.layout, parts)
    storage, kind = UntypedStorage.of(array), tensor.dtype
    if tensor.is_quantized:
        quantizer = _quantizer(tensor)
        return _REBUILD_QUANTIZED, (
            typed(storage, kind),
            offset_of(array),
            array.shape,
            element_strides(array),
            quantizer,
            False,
            hooks,
        )
    without_name = kind in WIDE_UNSIGNED  # its storages have no older name, by which other dtypes are told
    parts = (
        storage if without_name else typed(storage, kind),
        offset_of(array),
        array.shape,
        element_strides(array),
        requires_grad(tensor),
        hooks,
        *((kind,) if without_name else ()),
    )
    conj, neg = bits_of(tensor)
    if conj or neg:
        parts = (*parts, {name: True for name, pending in (("conj", conj), ("neg", neg)) if pending})
    rebuild = _REBUILD_OF_DTYPE if without_name else _REBUILD
    if state is None and is_own(type(tensor)):
        return rebuild, parts
    return _REBUILD_TYPE, (rebuild, Tensor if conj or neg else type(tensor), parts, state or {})


def _quantizer(tensor: Any) -> tuple[Any, ...]:
    """What the whole numbers of a quantised tensor stand for them by."""
    if tensor.qscheme() is per_tensor_affine:
        return per_tensor_affine, tensor.q_scale(), tensor.q_zero_point()
    return (
        tensor.qscheme(),
        tensor.q_per_channel_scales(),
        tensor.q_per_channel_zero_points(),
        tensor.q_per_channel_axis(),
    )
