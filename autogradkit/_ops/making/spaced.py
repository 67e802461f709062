"""Numbers at other distances than equal ones, and a single number: logspace, the frequencies of a transform, scalar_tensor.

Rests on declare, options and ranges; declared when somebody asks for a name of it (`_ops.unloaded`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function, op
from autogradkit._ops.declare.kinds import Array, Options, OutOptions, Scalar
from autogradkit._ops.declare.writing import require_no_leaf
from autogradkit._ops.making.options import dtype_in, filled_tensor
from autogradkit._ops.making.ranges import dtype_between, numbers_between, numbers_in, require_real, warn_of_resizing
from autogradkit._ops.making.scalars import scalar_array
from autogradkit.core.dtype import complex128, float64, from_numpy_dtype, get_default_dtype
from autogradkit.core.tensor import Tensor

logspace = function("logspace", variants="function")


@logspace.overload(factory=True)
def _(start: Array, end: Array, steps: int, base: float = 10.0, **options: OutOptions) -> Any:
    """The powers of `base` with `steps` exponents at equal distances from `start` to `end`, both included.

    >>> import autogradkit as torch
    >>> torch.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    return _powers(start, end, steps, base, options)


@logspace.overload(factory=True)
def _(start: Scalar, end: Array, steps: int, base: float = 10.0, **options: OutOptions) -> Any:
    return _powers(start, end, steps, base, options)


@logspace.overload(factory=True)
def _(start: Array, end: Scalar, steps: int, base: float = 10.0, **options: OutOptions) -> Any:
    return _powers(start, end, steps, base, options)


@logspace.overload(factory=True)
def _(start: Scalar, end: Scalar, steps: int, base: float = 10.0, **options: OutOptions) -> Any:
    return _powers(start, end, steps, base, options)


def _powers(start: Any, end: Any, steps: int, base: float, options: dict[str, Any]) -> Tensor:
    given = (start, end)
    start, end = numbers_in("logspace", start, end, options)
    kind = dtype_between("logspace", start, end, steps, options)
    if steps > 1:
        require_real("logspace", kind)
        start, end = [scalar_array(each, kind).item() for each in (start, end)]
    out: Tensor | None = options.get("out")
    shape = (steps,) if out is None or out._array.size != steps else out._array.shape

    def fill(array: Array) -> None:
        if steps == 1:  # a number, which is filled in and has to fit
            exponent = scalar_array(start, complex128 if array.dtype.kind == "c" else float64)
            power = np.power(exponent.dtype.type(base), exponent).item()
            np.copyto(array, scalar_array(power, from_numpy_dtype(array.dtype)))
        if steps < 2:
            return
        work: Any = array.dtype.type if array.dtype.kind in "fc" else np.float32
        exponents = numbers_between(start, end, steps, work)
        np.copyto(array, np.power(work(base), exponents).reshape(array.shape), casting="unsafe")

    return filled_tensor(shape, fill, options, kind, name="logspace", given=given)


def _require_floating(name: str, options: dict[str, Any]) -> None:
    kind = dtype_in(options, get_default_dtype())
    if not (kind.is_floating_point or kind.is_complex):
        raise RuntimeError(f"{name} requires a floating point or complex dtype")
    if kind.is_complex:
        require_real("arange", kind)


def _warn_or_refuse(out: Tensor, count: int) -> None:
    """Warn that `out` is resized, as the `arange` that PyTorch begins with does. Raises RuntimeError for a negative count."""
    if count < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    warn_of_resizing(out, count)


@op(name="fft_fftfreq", variants="", factory=True)
def fft_fftfreq(n: int, d: float = 1.0, **options: OutOptions) -> Any:
    """The frequencies of a transform of `n` points that are `d` apart: 0, 1/(n·d), …, then the negative ones.

    >>> import autogradkit as torch
    >>> torch.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    out: Tensor | None = options.get("out")
    if out is not None:
        require_no_leaf("aten::fft_fftfreq", out)
    _require_floating("fftfreq", options)

    def fill(array: Array) -> None:
        places = np.arange(n)
        np.multiply(
            np.where(places < (n + 1) // 2, places, places - n), np.divide(1.0, n * d), out=array, casting="unsafe"
        )

    if out is not None:
        _warn_or_refuse(out, n)
        if n == 1 and not out.ndim:
            raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    return filled_tensor((n,), fill, options, get_default_dtype(), name="fft_fftfreq")


@op(name="fft_rfftfreq", variants="", factory=True)
def fft_rfftfreq(n: int, d: float = 1.0, **options: OutOptions) -> Any:
    """The frequencies of a transform of `n` real points that are `d` apart.

    >>> import autogradkit as torch
    >>> torch.fft.rfftfreq(4)
    tensor([0.0000, 0.2500, 0.5000])
    """
    if options.get("out") is not None:
        require_no_leaf("aten::fft_rfftfreq", options["out"])
    _require_floating("rfftfreq", options)

    def fill(array: Array) -> None:
        np.multiply(np.arange(array.size), np.divide(1.0, n * d), out=array, casting="unsafe")

    count = int(n / 2) + 1
    if options.get("out") is not None:
        _warn_or_refuse(options["out"], count)
    return filled_tensor((count,), fill, options, get_default_dtype(), name="fft_rfftfreq")


@op(factory=True, variants="function")
def scalar_tensor(s: Scalar, **options: Options) -> Any:
    """A number as a tensor without dimensions, of the default dtype unless another is asked for.

    >>> import autogradkit as torch
    >>> torch.scalar_tensor(3)
    tensor(3.)
    """
    kind = dtype_in(options, get_default_dtype())
    return filled_tensor((), lambda array: np.copyto(array, scalar_array(s, kind)), options, kind)
