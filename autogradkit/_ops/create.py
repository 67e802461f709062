"""Making tensors: from data, filled with a value, as a range; sharing NumPy's memory or copying it.

Rests on core. None of these is differentiable, so they are plain functions rather than declared ops; they report to the
recorder as "create".
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.in_place import put
from autogradkit._ops.op import PUBLIC, composite
from autogradkit.core import dtype as dtypes
from autogradkit.core.device import require_cpu
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import dtype_of_number, from_numpy_dtype, get_default_dtype, promote_types
from autogradkit.core.recording import RECORDERS, observed
from autogradkit.core.size import Size
from autogradkit.core.storage import Array, borrow
from autogradkit.core.strides import dense_strides_like, element_strides, empty_strided
from autogradkit.core.tensor import CONSTRUCTOR, Tensor, empty_array, wrap


def creates(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Report the function's calls to the recorder."""
    name = function.__name__

    @functools.wraps(function)
    def entry(*args: Any, **kwargs: Any) -> Tensor:
        if RECORDERS:
            return observed(name, "create", function, args, kwargs)
        return function(*args, **kwargs)

    entry.__module__ = "autogradkit"
    PUBLIC[name] = entry
    return entry


def finished(array: Array, requires_grad: bool, device: Any = None) -> Tensor:
    """A new leaf around `array`. Raises RuntimeError if it is to require grad and is not floating-point."""
    if device is not None:
        require_cpu(device)
    made = wrap(array)
    if requires_grad:
        if array.dtype.kind in "biu":
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        made._requires_grad = True
    return made


# -- from data ---------------------------------------------------------------------------------------------------------


def _infer_shape(data: Any) -> tuple[int, ...]:
    shape: list[int] = []
    while isinstance(data, Sequence) and not isinstance(data, str):
        shape.append(len(data))
        if not data:
            break
        data = data[0]
    if isinstance(data, Tensor | np.ndarray) and shape:
        shape += data.shape if isinstance(data, np.ndarray) else data._array.shape
    return tuple(shape)


def _infer_dtype(data: Any) -> Dtype | None:
    if isinstance(data, Tensor):
        return data.dtype
    if isinstance(data, np.ndarray | np.generic):
        return from_numpy_dtype(data.dtype)
    if isinstance(data, bool | int | float | complex):
        return dtype_of_number(data)
    if isinstance(data, str):
        raise TypeError("new(): invalid data type 'str'")
    if not isinstance(data, Sequence):
        raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
    found: Dtype | None = None
    for item in data:
        kind = _infer_dtype(item)
        if kind is not None:
            found = kind if found is None else promote_types(found, kind)
    return found


def _flatten(data: Any, shape: tuple[int, ...], dim: int, into: list[Any]) -> None:
    """The elements of nested sequences in order. Raises ValueError where they are not rectangular."""
    if dim == len(shape):
        if isinstance(data, Tensor):
            if data.numel() != 1:
                raise ValueError("only one element tensors can be converted to Python scalars")
            data = data._array.item()
        elif isinstance(data, Sequence):
            raise TypeError(f"must be real number, not {type(data).__name__}")
        into.append(data)
        return
    if isinstance(data, (Tensor, np.ndarray)):
        data = data.tolist()
    if not isinstance(data, Sequence) or len(data) != shape[dim]:
        length = len(data) if isinstance(data, Sequence) else 0
        raise ValueError(f"expected sequence of length {shape[dim]} at dim {dim} (got {length})")
    for item in data:
        _flatten(item, shape, dim + 1, into)


def _array_from(data: Any, dtype: Dtype | None) -> Array:
    """A new contiguous array with the contents of `data`."""
    if isinstance(data, Tensor):
        data = data._array
    if isinstance(data, np.ndarray | np.generic):
        kind = from_numpy_dtype(data.dtype) if dtype is None else dtype
        array = empty_array(data.shape, kind.numpy)
        np.copyto(array, data, casting="unsafe")
        return array
    if hasattr(data, "__array__") and not isinstance(data, Sequence):
        return _array_from(np.asarray(data), dtype)
    if isinstance(data, range):
        data = list(data)
    kind = (_infer_dtype(data) or get_default_dtype()) if dtype is None else dtype
    shape = _infer_shape(data)
    elements: list[Any] = []
    _flatten(data, shape, 0, elements)
    array = empty_array(shape, kind.numpy)
    try:
        if kind.category == dtypes.INTEGRAL:
            elements = [int(element) for element in elements]
        array.reshape(-1)[:] = elements
    except OverflowError:
        raise ValueError("Overflow when unpacking long long") from None
    return array


@creates
def tensor(
    data: Any, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A new leaf with a copy of `data`: numbers, nested sequences, arrays.

    The dtype is inferred: Python floats give the default dtype, ints int64, bools bool.
    Raises ValueError for ragged sequences, RuntimeError if it is to require grad and is not floating-point.

    >>> import autogradkit as torch
    >>> torch.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    if isinstance(data, Tensor):
        warnings.warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor).",
            UserWarning,
            stacklevel=3,
        )
    return finished(_array_from(data, dtype), requires_grad, device)


@composite(method=False)
def as_tensor(data: Any, dtype: Dtype | None = None, device: Any = None) -> Tensor:
    """`data` as a tensor, sharing memory where it is a tensor or array of that dtype already.

    >>> import autogradkit as torch
    >>> torch.as_tensor([1.0, 2.0])
    tensor([1., 2.])
    """
    require_cpu(device)
    if isinstance(data, Tensor):
        return data if dtype is None or dtype is data.dtype else data.to(dtype)
    if isinstance(data, np.ndarray) and (dtype is None or data.dtype == dtype.numpy):
        return from_numpy(data)
    return wrap(_array_from(data, dtype))


PUBLIC["asarray"] = as_tensor


@creates
def from_numpy(ndarray: Array) -> Tensor:
    """The tensor that shares an array's memory: an edit of either shows in the other.

    >>> import numpy as np
    >>> import autogradkit as torch
    >>> a = np.zeros(2)
    >>> t = torch.from_numpy(a)
    >>> a[0] = 5
    >>> t
    tensor([5., 0.], dtype=torch.float64)
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    from_numpy_dtype(ndarray.dtype)
    if any(stride < 0 for stride in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not currently "
            "supported. (You can probably work around this by making a copy of your array  with array.copy().) "
        )
    if any(stride % ndarray.itemsize for stride in ndarray.strides):
        raise ValueError(
            "given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate the "
            "memory."
        )
    return wrap(borrow(ndarray))


@composite(method=False)
def from_dlpack(ext_tensor: Any) -> Tensor:
    """The tensor that shares the memory of any object with `__dlpack__`.

    >>> import numpy as np
    >>> import autogradkit as torch
    >>> torch.from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """
    return wrap(np.from_dlpack(ext_tensor))


# -- filled ------------------------------------------------------------------------------------------------------------


def sizes_of(size: tuple[Any, ...], name: str) -> tuple[int, ...]:
    """Sizes given as separate ints or as one sequence. Raises TypeError or RuntimeError as PyTorch does."""
    if len(size) == 1 and isinstance(size[0], list | tuple):
        size = tuple(size[0])
    for position, each in enumerate(size):
        if not isinstance(each, int | np.integer) and not (isinstance(each, Tensor) and each.numel() == 1):
            raise TypeError(
                f"{name}(): argument 'size' (position 1) must be tuple of ints, but found element of type "
                f"{type(each).__name__} at pos {position}"
            )
    sizes = tuple(int(each) for each in size)
    if any(each < 0 for each in sizes):
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(sizes)}: {list(sizes)}")
    return sizes


def _filled(name: str, doc: str, value: Any) -> Callable[..., Tensor]:
    def make(
        *size: Any,
        out: Tensor | None = None,
        dtype: Dtype | None = None,
        layout: Any = None,
        device: Any = None,
        requires_grad: bool = False,
        pin_memory: bool = False,
        memory_format: Any = None,
    ) -> Tensor:
        kind = (get_default_dtype() if dtype is None else dtype).numpy
        array = empty_array(sizes_of(size, name), kind)
        if value is not None:
            array.fill(value)
        if out is not None:
            put(out, array)
            return out
        return finished(array, requires_grad, device)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = doc
    return creates(make)


zeros = _filled(
    "zeros",
    """Zeros of the given sizes.

    >>> import autogradkit as torch
    >>> torch.zeros(2, 2)
    tensor([[0., 0.],
            [0., 0.]])
    """,
    0,
)
ones = _filled(
    "ones",
    """Ones of the given sizes.

    >>> import autogradkit as torch
    >>> torch.ones(2)
    tensor([1., 1.])
    """,
    1,
)
empty = _filled(
    "empty",
    """Uninitialised memory of the given sizes.

    >>> import autogradkit as torch
    >>> torch.empty(2, 3).shape
    torch.Size([2, 3])
    """,
    None,
)


@creates
def full(
    size: Sequence[int],
    fill_value: Any,
    *,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of the given sizes with every element `fill_value`, whose type gives the dtype.

    >>> import autogradkit as torch
    >>> torch.full((2,), 7)
    tensor([7, 7])
    """
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    kind = dtype_of_number(value) if dtype is None else dtype
    array = empty_array(sizes_of((tuple(size),), "full"), kind.numpy)
    array.fill(value)
    return finished(array, requires_grad, device)


def _like(name: str, value: Any) -> Callable[..., Tensor]:
    def make(
        input: Tensor, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False, **layout: Any
    ) -> Tensor:
        array = like(input._array, (input.dtype if dtype is None else dtype).numpy)
        if value is not None:
            array[...] = value
        return finished(array, requires_grad, device)

    make.__name__ = make.__qualname__ = name
    make.__doc__ = f"""A tensor as `autogradkit.{name.removesuffix("_like")}` gives, with the sizes and dtype of `input`.

    >>> import autogradkit as torch
    >>> torch.{name}(torch.ones(2, 3)).shape
    torch.Size([2, 3])
    """
    return creates(make)


def like(array: Array, numpy_dtype: np.dtype[Any]) -> Array:
    """Uninitialised memory laid out as a dense copy of `array`."""
    return empty_strided(array.shape, dense_strides_like(array.shape, element_strides(array)), numpy_dtype)


zeros_like = _like("zeros_like", 0)
ones_like = _like("ones_like", 1)
empty_like = _like("empty_like", None)


@creates
def full_like(
    input: Tensor, fill_value: Any, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor with the sizes and dtype of `input` and every element `fill_value`.

    >>> import autogradkit as torch
    >>> torch.full_like(torch.ones(2), 7)
    tensor([7., 7.])
    """
    array = like(input._array, (input.dtype if dtype is None else dtype).numpy)
    array[...] = fill_value
    return finished(array, requires_grad, device)


# -- ranges ------------------------------------------------------------------------------------------------------------


@creates
def arange(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    out: Tensor | None = None,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The numbers from `start` up to, without, `end`: ⌈(end − start) / step⌉ of them.

    >>> import autogradkit as torch
    >>> torch.arange(1, 2.5, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    if end is None:
        start, end = 0, start
    start, end, step = (each.item() if isinstance(each, Tensor) else each for each in (start, end, step))
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not all(math.isfinite(each) for each in (start, end)):
        raise RuntimeError(f"unsupported range: {float(start):g} -> {float(end):g}")
    if (end - start) / step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if dtype is None:
        dtype = get_default_dtype() if any(isinstance(each, float) for each in (start, end, step)) else dtypes.int64
    if dtype.category == dtypes.INTEGRAL:
        start, end, step = int(start), int(end), int(step)
    count = math.ceil((end - start) / step)
    if dtype.category == dtypes.INTEGRAL:
        array = int(start) + np.arange(max(count, 0), dtype=np.int64) * int(step)
    else:
        array = start + np.arange(count, dtype=np.float64) * step
    if out is not None:
        put(out, array.astype(out._array.dtype))
        return out
    return finished(array.astype(dtype.numpy), requires_grad, device)


@creates
def linspace(
    start: Any, end: Any, steps: int, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`steps` numbers at equal distances from `start` to `end`, both included.

    >>> import autogradkit as torch
    >>> torch.linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    start, end = (each.item() if isinstance(each, Tensor) else each for each in (start, end))
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    kind = (get_default_dtype() if dtype is None else dtype).numpy
    if steps == 1:
        return finished(np.full(1, start, kind), requires_grad, device)
    # From both ends towards the middle, in the result's own precision, as PyTorch computes it.
    if kind.kind in "iu":
        start, end = int(start), int(end)
    work = kind.type if kind.kind in "fc" else np.float64
    step = work((end - start) / max(steps - 1, 1))
    index = np.arange(steps)
    first = work(start) + step * index.astype(work)
    last = work(end) - step * (steps - 1 - index).astype(work)
    return finished(np.where(index < steps // 2, first, last).astype(kind), requires_grad, device)


@creates
def eye(
    n: int, m: int | None = None, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Ones on the diagonal of an n × m matrix, zeros elsewhere.

    >>> import autogradkit as torch
    >>> torch.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    for name, value in (("n", n), ("m", n if m is None else m)):
        if value < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {value}")
    return finished(np.eye(n, m, dtype=(get_default_dtype() if dtype is None else dtype).numpy), requires_grad, device)


# -- methods that make new tensors of the same dtype -------------------------------------------------------------------


def _new(maker: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def make(self: Tensor, *args: Any, dtype: Dtype | None = None, **options: Any) -> Tensor:
        return maker(*args, dtype=self.dtype if dtype is None else dtype, **options)

    make.__doc__ = f"As `autogradkit.{maker.__name__}`, with this tensor's dtype unless another is given."
    return make


def _construct(cls: type[Tensor], *args: Any, **kwargs: Any) -> Tensor:
    """`Tensor(2, 3)`: uninitialised memory; `Tensor([1, 2])`: the data in the default dtype; `Tensor(t)`: a new alias."""
    kind = get_default_dtype()
    if not args:
        array = empty_array((0,), kind.numpy)
    elif len(args) == 1 and isinstance(args[0], Tensor):
        array = args[0]._array
    elif len(args) == 1 and not isinstance(args[0], int | Size):
        array = _array_from(args[0], kind)
    else:
        array = empty_array(sizes_of(args, "new"), kind.numpy)
    return wrap(array, cls)


CONSTRUCTOR.append(_construct)

for _name, _maker in {"zeros": zeros, "ones": ones, "empty": empty, "full": full, "tensor": tensor}.items():
    setattr(Tensor, f"new_{_name}", _new(_maker))


def _typed(kind: Dtype) -> Callable[..., Tensor]:
    def make(*args: Any) -> Tensor:
        if len(args) == 1 and not isinstance(args[0], int | Size):
            return wrap(_array_from(args[0], kind))
        return wrap(empty_array(sizes_of(args, "new") if args else (0,), kind.numpy))

    make.__name__ = make.__qualname__ = kind.tensor_type.removeprefix("torch.")
    make.__doc__ = f"A tensor of {kind}: of the given sizes, or with the given data."
    return make


for _kind in dtypes.ALL:
    PUBLIC[_kind.tensor_type.removeprefix("torch.")] = _typed(_kind)


@composite(method=False)
def is_tensor(obj: Any) -> bool:
    """Whether `obj` is a tensor.

    >>> import autogradkit as torch
    >>> torch.is_tensor(torch.ones(1)), torch.is_tensor([1])
    (True, False)
    """
    return isinstance(obj, Tensor)
