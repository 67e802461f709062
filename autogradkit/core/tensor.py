"""The tensor: a NumPy array with PyTorch's geometry, and room for what autograd knows of it.

Rests on dtype, device and storage. It knows no op and no graph: ops attach their methods where they are declared
(`autogradkit/_ops`), the engine attaches `grad`, `grad_fn`, `backward` and their kin (`engine/attributes.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from numbers import Number
from operator import call
from typing import TYPE_CHECKING, Any, Never, cast

import numpy as np

from autogradkit.core.device import CPU
from autogradkit.core.device import device as Device
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import from_numpy_dtype, is_half
from autogradkit.core.frames import shorten
from autogradkit.core.halves import MANY
from autogradkit.core.layout import layout as MemoryLayout
from autogradkit.core.layout import strided
from autogradkit.core.quiet import is_quiet, is_taken, run_in_spare, run_quietly
from autogradkit.core.size import Size, as_size
from autogradkit.core.steps import Step, at_once
from autogradkit.core.storage import Array, VersionCounter
from autogradkit.core.strides import contiguous_strides, element_strides
from autogradkit.core.warning import warn_once

if TYPE_CHECKING:
    # Written from the declarations: see scripts/write_stubs.py.
    from autogradkit.core._attached import Attached  # pyright: ignore[reportMissingModuleSource]
else:
    Attached = object


class Tensor(Attached):
    """A multi-dimensional array of one dtype. Make one with `tensor`, `zeros`, `randn` and their kin.

    >>> import autogradkit as torch
    >>> x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> x.t().stride()
    (1, 2)
    """

    __slots__ = (  # scripts/write_stubs.py has their types
        "__dict__",
        "__weakref__",
        "_array",  # the ndarray, with PyTorch's shape and strides
        "_counter",  # VersionCounter, shared with views and detach(); None until somebody needs it
        "_grad",
        "_hooks",  # engine.hooks.TensorHooks, None until used
        "_layout",  # see `layout_of`; None where nobody asked yet
        "_node",  # the graph node whose output this is; for a view ask `grad_fn`, which renews it
        "_output_nr",
        "_requires_grad",
        "_view",  # core.views.View, None unless this is a view
    )

    # NumPy lets our operators decide when an array stands on the left.
    __array_priority__ = 1000

    def __new__(cls, /, *args: Any, **kwargs: Any) -> Tensor:
        return CONSTRUCTOR[0](cls, args, kwargs)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for prepare in SUBCLASSED:
            prepare(cls)

    # -- geometry ---------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The size of each dimension."""
        return as_size(self._memory.shape)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._memory.ndim

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self._memory.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements together."""
        return self._memory.size * self._memory.itemsize

    # -- what it holds ----------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> Dtype:
        """The element type."""
        return from_numpy_dtype(self._memory.dtype)

    @property
    def device(self) -> Device:
        """Always the CPU."""
        return CPU

    @property
    def is_cuda(self) -> bool:
        """Always False."""
        return False

    is_sparse = is_sparse_csr = is_quantized = is_meta = is_nested = is_mkldnn = is_mps = is_xpu = is_cuda
    is_ipu = is_maia = is_mtia = is_vulkan = is_xla = is_cuda

    @property
    def is_cpu(self) -> bool:
        """Always True."""
        return True

    @property
    def layout(self) -> MemoryLayout:
        """How it is kept: strided, unless it is sparse (`core/sparse.py`)."""
        return strided

    @property
    def _version(self) -> int:
        """How often it, its views or its base were edited in place."""
        return 0 if self._counter is None else self._counter.read()

    @property
    def _base(self) -> Tensor | None:
        """The tensor it is a view of, or None."""
        return self._view.base if self._view is not None and self._is_view() else None

    def _is_view(self) -> bool:
        return self._view is not None and (self._counter is None or self._counter.shows_views)

    # -- to Python and NumPy ----------------------------------------------------------------------------------------

    def __array__(self, dtype: np.dtype[Any] | None = None, copy: bool | None = None) -> Array:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def __array_wrap__(self, array: Array, context: Any = None, return_scalar: bool = False) -> Tensor:
        # What NumPy computed of tensors, also for an operator with an array; as in PyTorch bools become numbers.
        return wrap(np.asarray(array, np.uint8 if array.dtype == bool else None))

    def __dlpack__(self, **options: Any) -> Any:
        if self.requires_grad:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        stream = options.get("stream")
        if stream is not None:
            if not isinstance(stream, int):
                raise TypeError("stream must be ``int`` or ``none``")
            raise AssertionError("stream should be None on cpu.")
        return self._memory.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return cast("tuple[int, int]", self._array.__dlpack_device__())

    def _to_number(self, name: str) -> Any:
        try:
            if name != "int64_t" and self._is_differentiated:
                warn_once(
                    "Converting a tensor with requires_grad=True to a scalar may lead to unexpected behavior.\n"
                    "Consider using tensor.detach() first."
                )
            if self._array.size != 1:
                raise ValueError("only one element tensors can be converted to Python scalars")
            number = self._array.item()
            if isinstance(number, complex) and name != "complex":
                if number.imag:
                    raise RuntimeError(f"value cannot be converted to type {name} without overflow")
                return number.real
            return number
        except BaseException as error:
            shorten(error)
            raise

    def __float__(self) -> float:
        return float(self._to_number("double"))

    def __int__(self) -> int:
        return int(self._to_number("int64_t"))

    def __complex__(self) -> complex:
        return complex(self._to_number("complex"))

    def __index__(self) -> int:
        if self._array.size != 1 or self._array.dtype.kind not in "iub":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._array.item())

    def __bool__(self) -> bool:
        if self._array.size == 1:
            return bool(self._array.item())
        try:
            number = "more than one value" if self._array.size else "no values"
            raise RuntimeError(f"Boolean value of Tensor with {number} is ambiguous")
        except RuntimeError as error:
            shorten(error)  # functions of ours ask it too
            raise

    def __sizeof__(self) -> int:
        return 48  # `sys.getsizeof` says 80, as in PyTorch: the memory is its storage's

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        if not self._array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __contains__(self, element: object, /) -> bool:
        if not isinstance(element, Tensor | Number):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
            )
        equal: Any = element == self
        return bool(equal.any().item())

    # In C: graphs and optimizers keep many tensors in dicts.
    __hash__ = object.__hash__  # pyright: ignore[reportAssignmentType]

    def __reversed__(self) -> Tensor:
        return self.flip(0) if self._array.ndim else self

    def __repr__(self) -> str:
        from autogradkit.core.printing import tensor_repr  # loaded when something is printed

        return tensor_repr(self)

    def __format__(self, spec: str) -> str:
        if self._array.ndim == 0 and (type(self) is Tensor or type(self) in PENDING):
            return self.item().__format__(spec)
        return object.__format__(self, spec)

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self.__dict__})


if not TYPE_CHECKING:
    # One slot: the memory that it shows is the array of its numbers, but in core/pending.py
    Tensor._memory = Tensor._array


def read_only(name: str, getter: Callable[[Any], Any]) -> property:
    """A property of tensors that is neither set nor deleted, which PyTorch's words say."""

    def refuse(self: Tensor, *value: Never) -> None:
        raise AttributeError(f"attribute '{name}' of 'torch._C.TensorBase' objects is not writable")

    return property(getter, refuse, refuse, getter.__doc__)


for _name, _made in list(vars(Tensor).items()):
    if isinstance(_made, property) and _made.fget is not None:
        setattr(Tensor, _name, read_only(_name, _made.fget))


CONSTRUCTOR: list[Callable[..., Tensor]] = []  # what `Tensor(...)` accepts: the creation ops fill it in
PENDING: list[type[Tensor]] = []  # the class of those in core/pending.py; empty until there is one
SUBCLASSED: list[Callable[[type[Tensor]], None]] = []  # what it does with a class that a user derives from Tensor

Layout = tuple[tuple[int, ...], np.dtype[Any]] | tuple[()]
UNUSUAL: Layout = ()


class OtherLayout(tuple[Any, ...]):
    """The layout of a contiguous tensor that holds neither float32 nor float64."""

    __slots__ = ()


LAYOUTS: dict[Layout, Layout] = {}
_REFUSED = "HIL"  # uint16, uint32 and uint64, of which the general way is to ask what PyTorch computes
_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)

_new = object.__new__
_SLOTS = [name for name in Tensor.__slots__ if not name.startswith("__")]


def wrap(array: Array, cls: type[Tensor] = Tensor) -> Tensor:
    """A tensor around `array`, sharing its memory: a leaf that requires no gradient."""
    tensor = _new(cls)
    tensor._array = array
    tensor._node = tensor._grad = tensor._counter = tensor._view = tensor._hooks = tensor._layout = None
    tensor._output_nr = 0
    tensor._requires_grad = False
    return tensor


def as_class(tensor: Tensor, cls: type[Tensor]) -> Tensor:
    """A tensor that was just made as one of another class, with all that is known of it."""
    if PENDING and tensor.__class__ in PENDING:
        numbers, tensor.__class__ = tensor._array.copy(order="K"), Tensor
        tensor._array = numbers
    if cls.__basicsize__ == Tensor.__basicsize__:
        tensor.__class__ = cls
        return tensor
    other = _new(cls)  # which has slots of its own
    for name in _SLOTS:
        setattr(other, name, getattr(tensor, name))
    return other


def layout_of(tensor: Tensor) -> Layout:
    """The (shape, NumPy dtype) of a contiguous real tensor with elements, one object for all alike; else `UNUSUAL`.

    It is a plain tuple for float32 and float64, an `OtherLayout` for other dtypes. Straight lines compare layouts by
    identity: alike means that a ufunc's result needs no further thought.
    """
    array = tensor._array
    kind = array.dtype
    if not array.flags.c_contiguous or not array.size or kind.kind == "c" or kind.char in _REFUSED:
        tensor._layout = UNUSUAL
        return UNUSUAL
    if 1 in array.shape and element_strides(array) != contiguous_strides(array.shape):
        tensor._layout = UNUSUAL  # the stride of a dimension of one element decides that of a result
        return UNUSUAL
    if len(LAYOUTS) > 10_000:  # endlessly many shapes: begin anew, old tensors just take the slower way
        LAYOUTS.clear()
    if is_half(kind) and array.size >= MANY:
        tensor._layout = UNUSUAL  # it goes through float32
        return UNUSUAL
    key = (array.shape, kind)
    layout = LAYOUTS.get(key)
    if layout is None:
        layout = LAYOUTS[key] = key if kind in (_FLOAT32, _FLOAT64) else OtherLayout(key)
    tensor._layout = layout
    return layout


def counter_of(tensor: Tensor) -> VersionCounter:
    """The tensor's version counter, made if it has none yet."""
    counter = tensor._counter
    if counter is None:
        counter = VersionCounter()
        counter.value = 0
        tensor._counter = counter  # last: an interrupt leaves none, or a whole one
    return counter


def reading_of(tensor: Tensor) -> int:
    """What the tensor's version counter reads, as it is compared later."""
    return 0 if tensor._counter is None else tensor._counter.value


def version_of(tensor: Tensor) -> int:
    """How often its memory was edited, also where users cannot read it."""
    return int(reading_of(tensor))


def reading_to_save(tensor: Tensor) -> int:
    """As `reading_of`, for a graph to keep. Raises RuntimeError for a tensor that was made in inference mode."""
    return 0 if tensor._counter is None else tensor._counter.to_save


def bump_version(tensor: Tensor) -> None:
    """Say that `tensor`'s memory was just edited."""
    counter = counter_of(tensor)
    counter.value += 1
    if counter.tells:
        counter.edited()


def write_at_once(tensor: Tensor, steps: Sequence[Step], edits: int = 1) -> None:
    """Take `steps`, which write the tensor's memory, and count as many `edits`, with no interrupt in between."""
    counter = tensor._counter or counter_of(tensor)
    if PENDING and tensor.__class__ in PENDING:
        steps = cast("Any", tensor).written_through(steps)
    if len(steps) == 1:
        [(write, *values)] = steps
        run = call if is_quiet() else run_quietly
        try:  # on one line, and counted first: no interrupt comes before a call
            counter.value += edits; run(write, *values)  # noqa: E702  # fmt: skip
        except RuntimeError as error:
            if not is_taken(error):
                raise
            run_in_spare(write, *values)
    else:
        if counter.tells:
            counter.require_editable()
        at_once((*steps, (setattr, counter, "value", counter.value + edits)))
    if counter.tells:
        counter.edited()
