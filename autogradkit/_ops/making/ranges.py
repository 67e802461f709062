"""Numbers at equal distances: arange, linspace; and eye, whose ones stand at equal distances too.

Rests on declare and options.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit._ops.declare import function
from autogradkit._ops.declare.kinds import Array, OlderOptions, Options, OutOptions, Scalar, SymInt
from autogradkit._ops.declare.writing import require_no_leaf
from autogradkit._ops.making.options import dtype_in, filled_tensor, finished, require_unpinned
from autogradkit._ops.making.scalars import scalar_array, wide_scalar_array
from autogradkit.core import dtype as dtypes
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, get_default_dtype
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.fused import add_multiple32, fma64
from autogradkit.core.memory import noted
from autogradkit.core.quiet import quiet
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn

arange = function("arange", variants="function")


@arange.overload(factory=True)
def _(end: Scalar, **options: OutOptions) -> Any:
    """The numbers from `start` (0) up to, without, `end`: ⌈(end − start) / step⌉ of them.

    >>> import autogradkit as torch
    >>> torch.arange(1, 2.5, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    return _range(0, end, 1, options)


@arange.overload(factory=True)
def _(start: Scalar, end: Scalar, **options: Options) -> Any:
    return _range(start, end, 1, options)


@arange.overload(factory=True)
def _(start: Scalar, end: Scalar, step: Scalar = 1, **options: OutOptions) -> Any:
    return _range(start, end, step, options)


def _range(start: Any, end: Any, step: Any, options: dict[str, Any]) -> Tensor:
    bounds = (start, end, step)
    for each in bounds:
        if isinstance(each, complex):
            raise RuntimeError("value cannot be converted to type double without overflow")
    whole = not any(isinstance(each, float) for each in bounds)
    kind = dtype_in(options, dtypes.int64 if whole else get_default_dtype())
    if start.__class__ is end.__class__ is step.__class__ is int and kind is dtypes.int64:
        short = max(abs(start), abs(end), abs(step)) < 1 << 52  # NumPy counts in float64
        if short and options.get("out") is None and step and (end - start) * step >= 0:
            return finished(noted(np.arange(start, end, step, dtype=np.int64)), options)
    require_unpinned(options)
    require_real("arange", kind)
    if not all(math.isfinite(each) for each in (start, end)):
        raise RuntimeError(f"unsupported range: {float(start):g} -> {float(end):g}")
    if step == 0 or math.isnan(step):
        raise RuntimeError("step must be nonzero")
    if (end - start) / step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if kind is dtypes.int64:
        start, end, step = [_as_int64(each) for each in bounds]
        if not step:  # what followed its point is gone
            raise ValueError("step must be nonzero")
    if kind is dtypes.int64:
        count = -((start - end) // step)  # Python's own integers do not run over
    else:
        steps = (float(end) - float(start)) / step
        if abs(steps) >= 2**63:
            raise RuntimeError("invalid size, possible overflow?")
        count = math.ceil(steps)
    if options.get("out") is not None:
        require_no_leaf("aten::arange", options["out"])
        warn_of_resizing(options["out"], count)

    @quiet
    def fill(array: Array) -> None:
        if array.dtype.kind in "iu":
            np.copyto(array, int(start) + np.arange(count) * int(step), casting="unsafe")
        else:
            np.copyto(array, start + np.arange(count, dtype=np.float64) * step, casting="unsafe")

    return filled_tensor((count,), fill, options, kind, name="arange")


range_ = function("range", variants="function")


@range_.overload(factory=True)
def _(start: Scalar, end: Scalar, step: Scalar = 1, **options: OlderOptions) -> Any:
    """The numbers from `start` up to and with `end`, in steps; deprecated, for Python's own `range` and `arange` end before it.

    >>> import autogradkit as torch
    >>> torch.range(1, 2, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with Python's "
        "range builtin. Instead, use torch.arange, which produces values in [start, end)."
    )
    kind = dtype_in(options)
    require_real("range", kind)
    is_whole = kind.category == dtypes.INTEGRAL
    if step == 0 or math.isnan(step) or (is_whole and abs(step) < 1):  # where PyTorch divides by 0
        raise RuntimeError("step must be nonzero")
    if not all(math.isfinite(each) for each in (start, end)):
        raise RuntimeError(f"unsupported range: {float(start):g} -> {float(end):g}")
    if (end - start) / step < 0:  # before they are made whole
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if is_whole and math.isfinite(step):
        start, end, step = int(start), int(end), int(step)
    if kind.is_floating_point:
        start, end = float(start), float(end)
    count = int((end - start) / step + 1)
    if options.get("out") is not None:
        require_no_leaf("aten::range", options["out"])

    @quiet
    def fill(array: Array) -> None:
        np.copyto(array, start + np.arange(count, dtype=np.float64) * step, casting="unsafe")

    return filled_tensor((count,), fill, options, kind, name="range")


def warn_of_resizing(out: Tensor, count: int) -> None:
    if out.numel() not in (0, count):
        warn(
            f"The number of elements in the out tensor of shape {list(out.shape)} is {out.numel()} which does not match the "
            f"computed number of elements {count}. Note that this may occur as a result of rounding error. The out tensor "
            f"will be resized to a tensor of shape ({count},)."
        )


def _as_int64(value: Any) -> int:
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise RuntimeError("value cannot be converted to type int64_t without overflow")
    return number


def require_real(name: str, kind: Dtype) -> None:
    """Raise NotImplementedError for a dtype whose numbers have no distance that PyTorch's kernel knows."""
    if kind is dtypes.bool_ or (kind.is_complex and name in ("arange", "range")):
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{SCALAR_TYPE_NAMES[kind]}'")


linspace = function("linspace", variants="function")


@linspace.overload(factory=True)
def _(start: Array, end: Array, steps: int, **options: OutOptions) -> Any:
    """`steps` numbers at equal distances from `start` to `end`, both included.

    >>> import autogradkit as torch
    >>> torch.linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    return _between_tensors(start, end, steps, options)


@linspace.overload(factory=True)
def _(start: Scalar, end: Array, steps: int, **options: OutOptions) -> Any:
    return _between_tensors(start, end, steps, options)


@linspace.overload(factory=True)
def _(start: Array, end: Scalar, steps: int, **options: OutOptions) -> Any:
    return _between_tensors(start, end, steps, options)


@linspace.overload(factory=True)
def _(start: Scalar, end: Scalar, steps: int, **options: OutOptions) -> Any:
    return _evenly(start, end, steps, options)


def numbers_in(name: str, start: Any, end: Any, options: dict[str, Any]) -> tuple[Any, Any]:
    """The numbers between which others stand, which may be given as tensors."""
    if options.get("out") is not None:
        require_no_leaf(f"aten::{name}", options["out"])
    bounds = {"start": start, "end": end}
    if any(isinstance(each, Tensor) and each.ndim for each in bounds.values()):
        had = " and ".join(
            f"{name} with {each.ndim} dimension(s)" for name, each in bounds.items() if isinstance(each, Tensor)
        )
        raise RuntimeError(f"{name} only supports 0-dimensional start and end tensors, but got {had}.")
    start, end = [each.item() if isinstance(each, Tensor) else each for each in (start, end)]
    return start, end


def dtype_between(name: str, start: Any, end: Any, steps: int, options: dict[str, Any]) -> Dtype:
    """The dtype of so many numbers between two. Raises RuntimeError where that cannot hold them."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    complex_ = isinstance(start, complex) or isinstance(end, complex)
    default = get_default_dtype().to_complex() if complex_ else get_default_dtype()
    kind = dtype_in(options, default)
    if complex_ and not kind.is_complex and options.get("out") is None:
        raise RuntimeError(
            f"torch.{name}(): inferred dtype c10::complex<{default.to_real().numpy.name.replace('float32', 'float')}> "
            f"can't be safely cast to passed dtype {SCALAR_TYPE_NAMES[kind]}"
        )
    return kind


def _between_tensors(start: Any, end: Any, steps: int, options: dict[str, Any]) -> Tensor:
    return _evenly(*numbers_in("linspace", start, end, options), steps, options, (start, end))


def _evenly(start: Any, end: Any, steps: int, options: dict[str, Any], given: Sequence[Any] = ()) -> Tensor:
    kind = dtype_between("linspace", start, end, steps, options)
    out: Tensor | None = options.get("out")
    if steps > 1:
        require_real("linspace", kind)
        start, end = [scalar_array(each, kind).item() for each in (start, end)]  # as PyTorch, which wraps and refuses
    elif steps:  # filled with the one number: nobody asks about the other
        start = wide_scalar_array(start, kind).item()
    shape = (steps,) if out is None or out._array.size != steps else out._array.shape
    return filled_tensor(
        shape, lambda array: fill_evenly(array, start, end), options, kind, name="linspace", given=given
    )


@quiet
def fill_evenly(array: Array, start: Any, end: Any) -> None:
    """Write the numbers in row-major order."""
    steps = array.size
    if steps <= 1:
        if steps:
            array.fill(start)
        return
    if array.dtype.kind in "iu":
        start, end = int(start), int(end)
    work = array.dtype.type if array.dtype.kind in "fcV" else np.float64
    np.copyto(array, numbers_between(start, end, steps, work).reshape(array.shape), casting="unsafe")


def numbers_between(start: Any, end: Any, steps: int, work: Any) -> Array:
    """Two or more numbers at equal distances, computed as PyTorch does it: in their own precision, from both ends towards the
    middle, multiplied and added in one."""
    first, last = work(start), work(end)
    step = (last - first) / work(steps - 1)
    half = steps // 2
    fused = work in (np.float32, np.float64) and math.isfinite(first) and math.isfinite(last)
    if fused and work is np.float32:
        places = np.arange(steps)
        places[half:] -= steps - 1  # counted back from the last
        places = places.astype(np.float32)
        places[-1] = -0.0  # for the sign of a zero
        found = np.empty(steps, np.float32)
        found[:half], found[half:] = first, last
        add_multiple32(places, step, found)
        return found
    forward, back = np.arange(half).astype(work), np.arange(steps - half - 1, -1, -1).astype(work)
    rounded = np.concatenate([first + step * forward, last - step * back])
    if not fused:
        return rounded
    found = np.concatenate([fma64(forward, step, first), fma64(back, -step, last)])
    return np.where(found == 0, rounded, found)  # which has the sign of a zero


eye = function("eye", variants="function")


@eye.overload(factory=True)
def _(n: SymInt, **options: OutOptions) -> Any:
    """Ones on the diagonal of an n × m (n × n) matrix, zeros elsewhere.

    >>> import autogradkit as torch
    >>> torch.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    return _diagonal(n, n, options)


@eye.overload(factory=True)
def _(n: SymInt, m: SymInt, **options: OutOptions) -> Any:
    return _diagonal(n, m, options)


def _diagonal(n: int, m: int, options: dict[str, Any]) -> Tensor:
    if options.get("out") is not None:
        require_no_leaf("aten::eye", options["out"])
    require_unpinned(options)
    for name, value in (("n", n), ("m", m)):
        if value < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {value}")

    def fill(array: Array) -> None:
        array.fill(0)
        np.fill_diagonal(array[:, :n], 1)

    return filled_tensor((n, m), fill, options, name="eye")
