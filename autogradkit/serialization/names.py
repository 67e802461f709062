"""PyTorch's names in checkpoints, and what they stand for here: dtypes, storages, the functions that rebuild tensors.

Rests on the core; `saving.py` writes these names, `loading.py`, `legacy.py` and `restricted.py` look them up.
"""

from __future__ import annotations

import _codecs
import _compat_pickle
import importlib
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import MethodType
from typing import Any

from autogradkit._ops.declare.names import _VariableFunctionsClass
from autogradkit._ops.sparse.compressed import sparse_compressed_tensor
from autogradkit._ops.sparse.making import sparse_coo_tensor
from autogradkit.core import dtype as dtypes
from autogradkit.core import layout as layouts
from autogradkit.core.device import device
from autogradkit.core.homes import pytorchs_home
from autogradkit.core.meta import hollow, wrap_meta
from autogradkit.core.own import home_of
from autogradkit.core.parameter import Parameter
from autogradkit.core.pending import wrap_pending
from autogradkit.core.schemes import SCHEMES, per_tensor_affine
from autogradkit.core.size import Size
from autogradkit.core.storage import require_extent, strided
from autogradkit.core.storages import UntypedStorage
from autogradkit.core.tensor import Tensor, counter_of, wrap
from autogradkit.core.typed_storages import TypedStorage, typed

_sparse_coo_tensor = sparse_coo_tensor.front("function")
_sparse_compressed_tensor = sparse_compressed_tensor.front("function")
_LAYOUTS = {str(each): each for each in vars(layouts).values() if isinstance(each, layouts.layout)}
_DTYPES = {str(each): each for each in vars(dtypes).values() if isinstance(each, dtypes.dtype)}
STORAGES = {
    "DoubleStorage": "torch.float64",
    "FloatStorage": "torch.float32",
    "HalfStorage": "torch.float16",
    "BFloat16Storage": "torch.bfloat16",
    "LongStorage": "torch.int64",
    "IntStorage": "torch.int32",
    "ShortStorage": "torch.int16",
    "CharStorage": "torch.int8",
    "ByteStorage": "torch.uint8",
    "BoolStorage": "torch.bool",
    "ComplexFloatStorage": "torch.complex64",
    "ComplexDoubleStorage": "torch.complex128",
    "QInt8Storage": "torch.qint8",
    "QUInt8Storage": "torch.quint8",
    "QInt32Storage": "torch.qint32",
}
_WHOLE = {
    dtypes.qint8: dtypes.int8,
    dtypes.quint8: dtypes.uint8,
    dtypes.qint32: dtypes.int32,
}  # what holds quantised numbers
STORAGE_OF = {name: storage for storage, name in STORAGES.items()}


class StorageKind:
    """What a name such as `torch.FloatStorage` stands for in a file: memory of this dtype, or, without one, of bytes."""

    def __init__(self, dtype: dtypes.dtype | None) -> None:
        self.dtype = dtype
        self.itemsize = 1 if dtype is None else dtype.itemsize

    def on(self, storage: UntypedStorage) -> TypedStorage | UntypedStorage:
        """The storage of this kind that some bytes are."""
        return storage if self.dtype is None else typed(storage, self.dtype)


class WithoutNumbers(UntypedStorage):
    """Bytes of a file of which only the number is asked: what is rebuilt on them is on the meta device."""

    __slots__ = ()


_STORAGE_KINDS = {name: StorageKind(_DTYPES[of]) for name, of in STORAGES.items()}
BYTES = StorageKind(None)


# -- what files ask to be called --------------------------------------------------------------------------------------


def rebuild_tensor(
    storage: Any, storage_offset: int, size: Sequence[int], stride: Sequence[int], requires_grad: bool = False,
    backward_hooks: Any = None, metadata: Any = None,
) -> Tensor:  # fmt: skip
    """A tensor on memory of a file. Raises RuntimeError where it would reach beyond, TypeError for what is no geometry."""
    if not isinstance(storage, TypedStorage):
        raise TypeError(f"a tensor is rebuilt on a storage of the file, not on {type(storage).__name__}")
    return _tensor_over(storage.untyped(), storage.dtype, storage_offset, size, stride, requires_grad, metadata)


def rebuild_tensor_of_dtype(
    storage: Any, storage_offset: int, size: Sequence[int], stride: Sequence[int], requires_grad: bool,
    backward_hooks: Any, dtype: Any, metadata: Any = None,
) -> Tensor:  # fmt: skip
    """As `rebuild_tensor`, on bytes."""
    if not isinstance(storage, UntypedStorage):
        raise TypeError(f"a tensor is rebuilt on a storage of the file, not on {type(storage).__name__}")
    return _tensor_over(storage, dtype, storage_offset, size, stride, requires_grad, metadata)


def rebuild_meta_tensor(dtype: Any, size: Sequence[int], stride: Sequence[int], requires_grad: bool) -> Tensor:
    """A tensor without numbers. Raises TypeError for what is no geometry, RuntimeError past all addresses."""
    if not isinstance(dtype, dtypes.dtype):
        raise TypeError(f"a tensor has a dtype, not {type(dtype).__name__}")
    _require_geometry(0, size, stride)
    tensor = wrap_meta(hollow(tuple(size), dtype.numpy, tuple(stride)))
    tensor._requires_grad = bool(requires_grad)
    return tensor


def rebuild_quantized(
    storage: Any, storage_offset: int, size: Sequence[int], stride: Sequence[int], quantizer_params: Sequence[Any],
    requires_grad: bool = False, backward_hooks: Any = None,
) -> Tensor:  # fmt: skip
    """A quantised tensor on memory of a file. Raises TypeError for what is no geometry and no scale, RuntimeError for too few."""
    kind = storage.dtype if isinstance(storage, TypedStorage) else None
    if kind not in _WHOLE:
        raise TypeError(f"a quantised tensor is rebuilt on a storage of one, not on {storage}")
    whole = _tensor_over(storage.untyped(), _WHOLE[kind], storage_offset, size, stride, False, None)
    _refuse_meta("quantised", whole)
    scheme, scale, zero_point, *axis = quantizer_params
    kinds = (float, int) if scheme is per_tensor_affine else (Tensor, Tensor, int)
    if scheme not in SCHEMES or [type(each) for each in (scale, zero_point, *axis)] != list(kinds):
        raise TypeError(f"no scale and zero point of a quantised tensor: {quantizer_params}")
    if axis and not (0 <= axis[0] < whole.ndim and scale.shape == zero_point.shape == (whole.shape[axis[0]],)):
        raise RuntimeError("a quantised tensor has a scale and a zero point for each of its channels")
    quantized = importlib.import_module(
        "autogradkit.quantization.tensor"
    ).quantized  # loaded with the first of its kind
    return quantized(whole, kind, scale, zero_point, axis[0] if axis else None)


def _refuse_meta(kind: str, *parts: Any) -> None:
    """Raise NotImplementedError for parts on the meta device, as only dense tensors are there."""
    if any(isinstance(each, Tensor) and each.is_meta for each in parts):
        raise NotImplementedError(
            f"{kind} tensors are not available on the meta device: load them to the processor, without map_location='meta'"
        )


def layout_named(name: Any) -> layouts.layout:
    """The layout that is written as "torch.sparse_coo". Raises ValueError for any other name."""
    found = _LAYOUTS.get(name) if isinstance(name, str) else None
    if found is None:
        raise ValueError(f"{name!r} is no layout")
    return found


def rebuild_sparse_tensor(layout: Any, data: Any) -> Tensor:
    """A sparse tensor of (indices, values, sizes, and, of newer files, whether it is coalesced).

    Raises TypeError for other parts, RuntimeError where their sizes do not fit, NotImplementedError for the layouts of blocks.
    What the indices are `sparse_checked` looks at, as an older file has its memory behind what it is told by.
    """
    if not isinstance(layout, layouts.layout) or layout is layouts.strided:
        raise TypeError(f"no layout of a sparse tensor: {layout}")
    layouts.refuse_blocks(layout)
    _refuse_meta("sparse", *data)
    if layout.compresses is not None:
        compressed_indices, plain_indices, values, size = data
        if not all(isinstance(each, Tensor) for each in (compressed_indices, plain_indices, values)):
            raise TypeError("a compressed matrix is rebuilt of three tensors")
        return _sparse_compressed_tensor(
            compressed_indices, plain_indices, values, size, layout=layout, check_invariants=True
        )
    indices, values, size, *coalesced = data
    if not (isinstance(indices, Tensor) and isinstance(values, Tensor)):
        raise TypeError("a sparse tensor is rebuilt of two tensors")
    is_coalesced = bool(coalesced and coalesced[0])
    waiting = _REBUILT.get(None)
    if waiting is not None:
        waiting.append((indices, values, size, is_coalesced))
    return _sparse_coo_tensor(indices, values, size, check_invariants=waiting is None, is_coalesced=is_coalesced)


_REBUILT: ContextVar[list[tuple[Any, ...]]] = ContextVar("_REBUILT")


@contextmanager
def sparse_checked() -> Iterator[None]:
    """Raise RuntimeError, once a file is read, where indices of its sparse tensors are out of range or not coalesced."""
    token = _REBUILT.set([])
    try:
        yield
        for *parts, is_coalesced in _REBUILT.get():
            _sparse_coo_tensor(*parts, check_invariants=True, is_coalesced=is_coalesced)
    finally:
        _REBUILT.reset(token)


def _require_geometry(offset: Any, size: Any, stride: Any) -> None:
    numbers = (offset, *size, *stride)
    if len(size) != len(stride) or any(type(each) is not int or each < 0 for each in numbers):
        raise TypeError(f"no geometry of a tensor: sizes {size}, strides {stride}, storage offset {offset}")


def _tensor_over(
    storage: UntypedStorage, kind: dtypes.dtype, offset: int, size: Any, stride: Any, requires_grad: bool, metadata: Any
) -> Tensor:
    array = storage.flat(kind.numpy)
    _require_geometry(offset, size, stride)
    require_extent(array, size, stride, offset)
    shape, strides = tuple(size), tuple(stride)
    if storage.__class__ is WithoutNumbers:
        tensor = rebuild_meta_tensor(kind, size, stride, requires_grad)
        counter_of(tensor).value = 1
        return tensor
    whole = shape == array.shape and strides == (1,) and not offset
    found = array if whole else strided(array, shape, strides, offset)
    pending = metadata if isinstance(metadata, dict) else {}
    tensor = wrap_pending(found, bool(pending.get("conj")) and found.dtype.kind == "c", bool(pending.get("neg")))
    tensor._requires_grad = bool(requires_grad)
    counter_of(tensor).value = 1  # PyTorch sets an empty one to the memory, which is an edit
    return tensor


def rebuild_parameter(data: Tensor, requires_grad: bool, backward_hooks: Any = None) -> Parameter:
    """A parameter on a tensor of the file."""
    return Parameter(data, requires_grad)


def rebuild_parameter_with_state(data: Tensor, requires_grad: bool, backward_hooks: Any, state: Any) -> Parameter:
    """As `rebuild_parameter`, with the attributes that somebody gave it."""
    return with_state(Parameter(data, requires_grad), state)


def rebuild_of_type(function: Any, kind: type, args: Sequence[Any], state: Any) -> Any:
    """A tensor of a subclass, or with attributes that somebody gave it. Raises TypeError where nothing rebuilds a tensor."""
    if function not in (rebuild_tensor, rebuild_tensor_of_dtype, rebuild_parameter):
        raise TypeError(f"a tensor is rebuilt by PyTorch's functions, not by {function}")
    made = function(*args)
    if type(made) is not kind:
        made = wrap(made._array, kind)
    return with_state(made, state)


def with_state(made: Any, state: Any) -> Any:
    """`made`, with attributes: PyTorch writes a dict, or a pair of it and of what lies in slots."""
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    for each in (attributes, slots):
        for name, value in (each or {}).items():
            if name[:1] == "_" and hasattr(type(made), name):
                raise AttributeError(f"'{name}' of a {type(made).__name__} is not for a file to set")
            setattr(made, name, value)
    return made


def encoded(text: Any, encoding: Any = "latin1") -> bytes:
    """Bytes, as they are written where a file knows only text. Raises ValueError for any other encoding."""
    if encoding != "latin1" or not isinstance(text, str):
        raise ValueError(f"bytes are written as text of latin1, not of {encoding!r}")
    return _codecs.encode(text, "latin1")


def byte_array(content: Any = b"", encoding: Any = "latin1") -> bytearray:
    """A bytearray of bytes, or of their text; of a number it would be memory that nothing was written of."""
    return bytearray(content if isinstance(content, bytes) else encoded(content, encoding))


ALLOWED: dict[str, Any] = {
    "torch._utils._rebuild_tensor": rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": rebuild_tensor,
    "torch._utils._rebuild_tensor_v3": rebuild_tensor_of_dtype,
    "torch._utils._rebuild_parameter": rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": rebuild_parameter_with_state,
    "torch._utils._rebuild_meta_tensor_no_storage": rebuild_meta_tensor,
    "torch._utils._rebuild_sparse_tensor": rebuild_sparse_tensor,
    "torch._utils._rebuild_qtensor": rebuild_quantized,
    "torch.serialization._get_layout": layout_named,
    "torch._tensor._rebuild_from_type_v2": rebuild_of_type,
    "torch.nn.parameter.Parameter": Parameter,
    "torch.Tensor": Tensor,
    "torch.Size": Size,
    "torch.device": device,
    "torch.storage.UntypedStorage": BYTES,
    "torch.UntypedStorage": BYTES,
    **{f"torch.{name}": kind for name, kind in _STORAGE_KINDS.items()},
    **_DTYPES,
    **{str(each): each for each in SCHEMES},
    "collections.OrderedDict": OrderedDict,
    "collections.Counter": Counter,
    "_codecs.encode": encoded,
    "__builtin__.set": set,
    "builtins.set": set,
    "__builtin__.complex": complex,
    "builtins.complex": complex,
    "__builtin__.bytearray": byte_array,
    "builtins.bytearray": byte_array,
}


def global_name(value: Any) -> str | None:
    """PyTorch's name for a class or function of this package, "torch.nn.modules.linear.Linear"; None for anybody else's.

    >>> from autogradkit import nn
    >>> global_name(nn.Linear), global_name(dict)
    ('torch.nn.modules.linear.Linear', None)
    """
    if value in _NAMES:
        return _NAMES[value]
    if isinstance(value, MethodType):
        namespace = value.__name__.strip("_").partition("_")[0]
        return f"torch._C._{namespace if namespace in _NAMESPACES else 'nn'}.{value.__name__}"
    home = home_of(value)
    if home.partition(".")[0] != "autogradkit":
        return None
    home = pytorchs_home(f"torch{home.removeprefix('autogradkit')}", value.__qualname__)
    return f"{home}.{value.__qualname__}"


_NAMES = {Tensor: "torch.Tensor", Parameter: "torch.nn.parameter.Parameter", Size: "torch.Size", device: "torch.device"}


def found(module: str, name: str) -> Any:
    """What `module.name` stands for: PyTorch's names for what is here, others for themselves. For files that are trusted.

    Raises AttributeError or ModuleNotFoundError where there is none.
    """
    known = ALLOWED.get(f"{module}.{name}")
    if known is not None:
        return known
    if module == "torch._C._nn":
        return getattr(_VariableFunctionsClass, name)
    module, name = _compat_pickle.NAME_MAPPING.get((module, name), (module, name))  # what Python 2 called otherwise
    place = _compat_pickle.IMPORT_MAPPING.get(module, module)
    namespace = module.removeprefix("torch._C._")
    if namespace in _NAMESPACES:
        place, name = f"torch.{namespace}", name.removeprefix("_").removeprefix(f"{namespace}_")
    if place.partition(".")[0] == "torch":
        place = f"autogradkit{place.removeprefix('torch')}"
    value: Any = importlib.import_module(place)
    for each in name.split("."):
        value = getattr(value, each)
    return value


# Each of these namespaces has a module of C++ in PyTorch, `torch._C._fft`, and so has nn.functional, `torch._C._nn`; what
# these call `fft_ifft` or `_sparse_mm` is `fft.ifft` and `sparse.mm`. The functions of `torch` itself are methods of a class.
_NAMESPACES = ("fft", "linalg", "sparse", "special")


# -- what else somebody trusts ----------------------------------------------------------------------------------------

_safe: list[Any] = []


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Let files name these classes and functions, or (class, "module.name") pairs, where only weights are loaded.

    >>> from fractions import Fraction
    >>> add_safe_globals([Fraction]); get_safe_globals()
    [<class 'fractions.Fraction'>]
    >>> clear_safe_globals()
    """
    _safe.extend(each for each in safe_globals if each not in _safe)


def get_safe_globals() -> list[Any]:
    """What `add_safe_globals` was given."""
    return list(_safe)


def clear_safe_globals() -> None:
    """Forget what `add_safe_globals` was given."""
    _safe.clear()


@contextmanager
def safe_globals(safe_globals: list[Any]) -> Iterator[None]:
    """`add_safe_globals` for the length of a `with`."""
    before = get_safe_globals()
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        _safe[:] = before


def trusted() -> dict[str, Any]:
    """What `add_safe_globals` was given, by the names that files have for it."""
    named: dict[str, Any] = {}
    for each in _safe:
        if isinstance(each, tuple):
            value, name = each
        else:
            value, name = each, global_name(each) or f"{each.__module__}.{each.__qualname__}"
        named[name] = value
    return named
