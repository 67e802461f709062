"""The norm of vectors, and logsumexp, over dimensions; renorm.

Rests on declare, sums and core's parts.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Dim, Dims, DType, Scalar
from autogradkit._ops.declare.memory import real_part
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.declare.writing import require_same_dtype
from autogradkit._ops.reduction.sums import add_up, spread, summand
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype, get_default_dtype, promote_types
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.parts import PART, in_parts
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.short_rows import are_short, turned


def _norm_dtype(numpy_dtype: np.dtype[Any], dtype: Dtype | None) -> np.dtype[Any]:
    _require_numbers(from_numpy_dtype(numpy_dtype))
    wanted = numpy_dtype if dtype is None else dtype.numpy
    return from_numpy_dtype(wanted).to_real().numpy


def _require_numbers(dtype: Dtype) -> None:
    if not (dtype.is_floating_point or dtype.is_complex):
        name = scalar_type(dtype)
        raise RuntimeError(f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {name}")


def _require_floats(from_: np.dtype[Any], to: np.dtype[Any]) -> None:
    if to.kind not in "fcV":
        name = SCALAR_TYPE_NAMES[from_numpy_dtype(to)]
        raise RuntimeError(f"logsumexp(): Expected floating point type for result tensor, but got: {name}")


def norm_backward(g: Any, self: Any, result: Any, ord: float, dim: Any, keepdim: bool) -> Any:
    g, result = (spread(each, self.shape, dim, keepdim) for each in (g, result))
    if ord == 0:
        return None
    if ord == 2:
        return g * k.where(result == 0, 0.0, self / result)
    sign = k.sgn(self)
    if ord == 1:
        return sign * g
    size = k.abs(self)
    if ord in (math.inf, -math.inf):
        most = (size == result) | (size != size)
        return sign * (g / k.sum_dims(most, dim, True) * most)
    if ord < 1:
        return sign * k.where(self == 0, 0.0, size ** (ord - 1)) * g * result ** (1 - ord)
    scale = k.where(result == 0, 0.0, g / result ** (ord - 1))
    return (sign * size ** (ord - 1) if ord < 2 else self * size ** (ord - 2)) * scale


def require_real_order(ord: Any) -> None:
    """Raise RuntimeError for a complex order of a norm."""
    if isinstance(ord, complex):
        raise RuntimeError("linalg.vector_norm: Expected a non-complex scalar as the order of norm.")


def _refuse_narrowing(self: Any, ord: Any, dim: Any, keepdim: Any, dtype: Any) -> None:
    _require_numbers(self.dtype)
    require_real_order(ord)
    _refuse_no_elements(self, ord, dim)
    if dtype is None:
        return
    own, wanted = scalar_type(self.dtype), scalar_type(dtype)
    if dtype.numpy.kind not in "fcV":
        raise RuntimeError(f"linalg.vector_norm: dtype should be floating point or complex, but got {wanted}")
    if self.is_complex() and dtype.numpy.kind != "c":
        raise RuntimeError(f"linalg.vector_norm: dtype should be complex for complex inputs, but got {wanted}")
    if not self.is_complex() and dtype.numpy.kind == "c":
        raise RuntimeError(f"linalg.vector_norm: dtype should be real for real inputs, but got {wanted}")
    if promote_types(self.dtype, dtype) is not dtype:
        raise RuntimeError(
            f"linalg.vector_norm: the dtype of the input ({own}) should be convertible without narrowing to the specified "
            f"dtype ({wanted})"
        )


def refuse_empty(shape: tuple[int, ...], ord: float, dim: Any) -> None:
    """Raise RuntimeError for a norm that nothing has: over no element, where no number leaves a result as it was."""
    prefix = f"linalg.vector_norm cannot compute the {ord:g} norm on"
    if not dim:
        raise RuntimeError(f"{prefix} an empty tensor because the operation does not have an identity")
    for each in dim:
        if not shape[wrap_dim(each, len(shape))]:
            raise RuntimeError(
                f"{prefix} the dimension {each}because this dimension is empty and the operation does not have an identity"
            )


def _refuse_no_elements(self: Any, ord: Any, dim: Any = None, *_options: Any) -> None:
    if not self._array.size and ord is not None and (ord < 0 or ord == math.inf):
        refuse_empty(self._array.shape, ord, dim)


@op(
    name="linalg_vector_norm",
    label="norm",
    variants="",
    reduces=True,
    result_dtype=_norm_dtype,
    out_dtype=require_same_dtype,
    refuse=_refuse_narrowing,
    samples=lambda t: [(t(2, 3),), (t(2, 3), 1, (1,)), (t(2, 3), 3.0, (0,), True), (t(2, 3), math.inf, (1,))],
    vjp={"self": norm_backward},
    rule="∂self = ∂ · self / result, for ord = 2",
)
def vector_norm(
    self: Array,
    ord: Scalar = 2,
    dim: Dims | None = None,
    keepdim: bool = False,
    *,
    dtype: DType | None = None,
    out: Array,
) -> None:
    """The `ord`-norm over dimensions."""
    if k.is_half(out):  # rounded once, at the end
        wide = np.empty(out.shape, np.float32)
        write_norm(self.astype(np.float32), ord, dim, keepdim, wide)
        np.copyto(out, wide, casting="unsafe")
    else:
        write_norm(self if dtype is None else self.astype(dtype.numpy), ord, dim, keepdim, out)


@op(
    name="norm",
    variants="",
    node="NormBackward1",
    reduces=True,
    result_dtype=_norm_dtype,
    refuse=_refuse_no_elements,
    samples=lambda t: [(t(2, 3), 2.0, (1,)), (t(2, 3), 1.5, (0,), True)],
    vjp={"self": lambda g, self, result, p, dim, keepdim: norm_backward(g, self, result, p, dim, keepdim)},
    rule="∂self = ∂ · self / result, for p = 2",
)
def norm_along(self: Array, p: Scalar | None, dim: Dims, keepdim: bool = False, *, out: Array) -> None:
    """The `p`-norm as PyTorch's C++ calls it, where `torch.norm` comes to `vector_norm`: the same numbers by another node."""
    vector_norm.kernel(self, p, dim, keepdim, out=out)


@op(
    name="norm",
    variants="",
    node="NormBackward0",
    meta=lambda self, p: ((), _norm_dtype(self.dtype, None)),
    refuse=_refuse_no_elements,
    samples=lambda t: [(t(2, 3), 2.0)],
    vjp={"self": lambda g, self, result, p: norm_backward(g, self, result, p, (), False)},
    rule="∂self = ∂ · self / result, for p = 2",
)
def norm_of_all(self: Array, p: Scalar = 2, *, out: Array) -> None:
    """The `p`-norm of all elements as PyTorch's C++ calls it where no dimension is named."""
    vector_norm.kernel(self, p, out=out)


def write_norm(size: Array, ord: float, dim: Dims | None, keepdim: bool, out: Array) -> None:
    """The `ord`-norm over dimensions, written into `out`."""
    ord = float(ord)
    is_complex = size.dtype.kind == "c"
    if ord != 2 or is_complex:
        size = np.abs(size)
    if ord == math.inf:
        np.maximum.reduce(size, axis=dim, keepdims=keepdim, out=out)
    elif ord == -math.inf:
        np.minimum.reduce(size, axis=dim, keepdims=keepdim, out=out)
    elif ord == 0:
        if is_complex and size.size == out.size:  # of one element each, which PyTorch casts
            real_part(size)
        np.copyto(out, np.count_nonzero(size, axis=dim, keepdims=keepdim), casting="unsafe")
    elif ord == 1:
        np.add.reduce(size, axis=dim, keepdims=keepdim, out=out)
    elif ord == 2 and out.size == 1 and size.size > PART:
        totals = [np.add.reduce(part * part, axis=None) for (part,) in in_parts(size)]
        np.sqrt(np.add.reduce(np.array(totals, out.dtype), keepdims=True).reshape(out.shape), out=out)
    elif ord == 2:
        np.sqrt(np.add.reduce(size * size, axis=dim, keepdims=keepdim, out=out), out=out)
    else:
        np.power(np.add.reduce(size**ord, axis=dim, keepdims=keepdim, out=out), 1 / ord, out=out)


@op(
    out_dtype=_require_floats,
    into_any=True,
    reduces=True,
    result_dtype=lambda numpy_dtype, _dtype: numpy_dtype if numpy_dtype.kind in "fcV" else get_default_dtype().numpy,
    samples=lambda t: [(t(2, 3), (1,)), (t(2, 3), (0, 1), True)],
    vjp={
        "self": lambda g, self, result, dim, keepdim: (
            spread(g, self.shape, dim, keepdim) * k.conj(k.exp(self - spread(result, self.shape, dim, keepdim)))
        )
    },
    rule="∂self = ∂ · exp(self − result)",
)
def logsumexp(self: Array, dim: Dims, keepdim: bool = False, *, out: Array) -> None:
    """The logarithm of the sum of exponentials over `dim`, computed without overflow.

    >>> import autogradkit as torch
    >>> torch.logsumexp(torch.tensor([1000.0, 1000.0]), 0)
    tensor(1000.6932)
    """
    # The exponentials are in the dtype of the operand, only their sum in that of `out`, as PyTorch has it.
    source = self if self.dtype.kind in "fcV" else self.astype(get_default_dtype().numpy)
    if not self.size:
        np.log(add_up(summand(source, out.dtype), dim, out, keepdim), out=out)
        return
    if source.dtype == out.dtype and source.dtype.char in "fd" and are_short(source, dim, out):
        results = out.reshape(-1)
        for rows, columns in turned(source):
            _write_log_sum_exp(columns, 0, results[rows], False)
    else:
        _write_log_sum_exp(source, dim, out, keepdim)


def _write_log_sum_exp(source: Array, dim: Any, out: Array, keepdim: bool) -> None:
    # A real shift leaves the angle of a complex sum to its logarithm.
    most = np.real(source).max(axis=dim, keepdims=True)
    shift = np.where(np.isfinite(most), most, 0).astype(most.dtype)
    np.log(add_up(summand(np.exp(source - shift), out.dtype), dim, out, keepdim), out=out)
    np.add(out, shift.reshape(out.shape), out=out)


# -- norms no larger than one ------------------------------------------------------------------------------------------


def _require_norm(self: Any, p: Any, dim: int, maxnorm: Any) -> None:
    if isinstance(p, complex):
        raise RuntimeError("renorm: p must be real-valued")
    if not p > 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if isinstance(maxnorm, complex):
        raise RuntimeError("renorm: maxnorm must be real-valued")
    if not maxnorm >= 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if self.ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {self.ndim} dimensions")


def _others(ndim: int, dim: int) -> Dims:
    return tuple([each for each in range(ndim) if each != dim % ndim])


def _renorm_backward(g: Any, self: Any, p: float, dim: int, maxnorm: float) -> Any:
    dims = _others(self.ndim, dim)
    norm = k.vector_norm(self, p, dims, True, dtype=k.accumulated_dtype(self))
    along = k.conj(self) * g
    along = k.real_part(along) if k.is_complex(along) else along
    along = k.sum_dims(along, dims, True, dtype=k.accumulated_dtype(along))
    scale = 1 / (norm + 1e-7)
    shortened = scale * maxnorm * (g - scale * norm_backward(along, self, norm, p, dims, True))
    return k.where(norm > maxnorm, k.in_dtype_of(shortened, g), g)


@op(
    in_place=True,
    meta=lambda self, p, dim, maxnorm: (self.shape, self.dtype),
    refuse=_require_norm,
    samples=lambda t: [(t(2, 3), 2, 0, 0.5), (t(3, 2, low=0.5), 1.5, 1, 1.0), (t(2, 3), 2, -1, 100.0)],
    vjp={"self": _renorm_backward},
    rule="∂self = ∂ · maxnorm / norm, without what is along self, where norm > maxnorm, else ∂",
)
def renorm(self: Array, p: Scalar, dim: Dim, maxnorm: Scalar, *, out: Array) -> None:
    """Each place of dimension `dim` scaled to a `p`-norm of `maxnorm` where it has a larger one.

    >>> import autogradkit as torch
    >>> torch.renorm(torch.tensor([[3.0, 4.0], [0.3, 0.4]]), 2, 0, 1)
    tensor([[0.6000, 0.8000],
            [0.3000, 0.4000]])
    """
    if not self.size and p == math.inf:
        refuse_empty(self.shape, p, _others(self.ndim, dim))
    kind = np.dtype(np.float32) if k.is_half(self) else _norm_dtype(self.dtype, None)
    norm = np.empty([n if each == dim else 1 for each, n in enumerate(self.shape)], kind)
    write_norm(self.astype(kind) if k.is_half(self) else self, p, _others(self.ndim, dim), True, norm)
    scale = np.where(norm > maxnorm, kind.type(maxnorm) / (norm + kind.type(1e-7)), kind.type(1))
    np.multiply(self, scale, out=out, casting="unsafe")
