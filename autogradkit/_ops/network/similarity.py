"""How far vectors are from each other: cosine_similarity, pairwise_distance, and pdist, of all pairs of rows.

Rests on declare; `nn.functional` publishes them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.declaration import UNIMPLEMENTED
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import scalar_type, undifferentiated
from autogradkit._ops.making.scalars import number_in, scalar_array
from autogradkit._ops.reduction.norms import norm_along, vector_norm
from autogradkit.core.dtype import float32, from_numpy_dtype, is_half, result_type
from autogradkit.core.quiet import quietly
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.engine.modes import no_grad


@op(variants="function", composition=True)
def cosine_similarity(x1: Array, x2: Array, dim: int = 1, eps: float = 1e-8) -> Any:
    """x1 · x2 / (max(‖x1‖, eps) · max(‖x2‖, eps)) along `dim`; both broadcast.

    Raises RuntimeError for integers.

    >>> import autogradkit as torch
    >>> torch.cosine_similarity(torch.tensor([[3.0, 4.0]]), torch.tensor([[4.0, 3.0]]))
    tensor([0.9600])
    """
    given: list[Any] = [x1, x2]
    alike = x1.dtype is x2.dtype
    common = x1.dtype if alike else result_type([(each.dtype, 2 if each.ndim else 1) for each in given])
    if common.numpy.kind not in "fV":
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {scalar_type(common)}")
    if not eps >= 0:
        raise RuntimeError(f"eps must be non-negative, got: {eps:g}")
    shape = broadcast_shapes(*[each._array.shape for each in given])
    parts = []
    for each in given:
        # Floats of two dtypes are promoted by the product alone, as PyTorch has it.
        spread = (each if each.is_floating_point() else each.to(common)).expand(shape)
        norm = vector_norm(spread, 2, (dim,), True).clone()
        with no_grad():
            norm.clamp_min_(_least_norm(norm, eps))
        parts.append(spread / norm)
    return (parts[0] * parts[1]).sum(dim)


def _least_norm(norm: Any, eps: float) -> float:
    """`eps` as a number of the norm's dtype; what is too large for one of half precision becomes infinite."""
    kind = norm._array.dtype
    if not is_half(kind):
        return number_in(norm._array, eps).item()
    return float(quietly(scalar_array(eps, float32).astype, kind))


@op(variants="function", composition=True)
def pairwise_distance(x1: Array, x2: Array, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """The `p`-norm of x1 − x2 + eps along the last dimension; both broadcast.

    >>> import autogradkit as torch
    >>> torch.pairwise_distance(torch.tensor([[3.0, 4.0]]), torch.zeros(1, 2))
    tensor([5.0000])
    """
    difference: Any = x1 - x2 + eps
    return norm_along(difference, p, (max(x1.ndim, x2.ndim) - 1,), keepdim)


# -- pdist -------------------------------------------------------------------------------------------------------------


def _pairs(x: Array) -> tuple[Any, Any]:
    return np.triu_indices(len(x), 1)


def _pdist_meta(self: Array, p: float) -> Any:
    if self.dtype.kind not in "fV":
        raise RuntimeError("pdist only supports floating-point dtypes")
    if not p >= 0:
        raise RuntimeError("pdist only supports non-negative p values")
    if self.dtype.itemsize == 2 and self.size and len(self) > 1:
        raise NotImplementedError(f"\"pdist\" not implemented for '{scalar_type(from_numpy_dtype(self.dtype))}'")
    return (len(self) * (len(self) - 1) // 2,), self.dtype


@op(
    name="_pdist_forward",
    variants="",
    label="pdist",
    node="PdistBackward0",
    meta=_pdist_meta,
    samples=lambda t: [(t(4, 3), p) for p in (1.0, 1.5, 2.0, 3.0)],
    vjp={"self": lambda g, self, p, result: k.pdist_backward(g, self, p, result)},
    rule="∂self = ∂ of each pair times the slope of its distance, added for both rows",
)
def pdist_forward(self: Array, p: float = 2.0, *, out: Array) -> None:
    """The `p`-norm of the difference of each two rows, in order."""
    one, other = _pairs(self)
    size = np.abs(self[one] - self[other])
    if p == 0:
        np.copyto(out, np.add.reduce(np.where(size > 0, 1, size), 1))  # a NaN stays one
    elif not self.shape[1]:
        out.fill(0)
    elif p == np.inf:
        np.max(size, 1, out=out)
    else:
        np.copyto(out, np.add.reduce(size**p, 1) ** (1 / p) if p != 2 else np.sqrt(np.add.reduce(size * size, 1)))


@op(
    name="_pdist_backward",
    variants="",
    node=UNIMPLEMENTED,
    meta=lambda grad, self, p, pdist: (self.shape, self.dtype),
    vjp=dict.fromkeys(("grad", "self", "pdist"), undifferentiated("_pdist_backward")),
)
def pdist_backward(grad: Array, self: Array, p: float, pdist: Array, *, out: Array) -> None:
    """The gradient of the rows from that of their distances. PyTorch does not differentiate it."""
    if is_half(self.dtype):
        name = scalar_type(from_numpy_dtype(self.dtype))
        raise NotImplementedError(f"\"pdist_backward\" not implemented for '{name}'")
    out.fill(0)
    if not p or not self.size:
        return
    one, other = _pairs(self)
    difference = self[one] - self[other]
    size, far, g = np.abs(difference), pdist[:, None], grad[:, None]
    if p == np.inf:
        slope = np.sign(difference) * (size == far)
    elif p == 1:
        slope = np.sign(difference)
    else:
        slope = np.where(far == 0, 0, np.sign(difference) * (size / np.where(far == 0, 1, far)) ** (p - 1))
        if p < 1:  # of coordinates that are alike the power is infinite
            slope = np.where(size == 0, 0, slope)
    np.add.at(out, one, g * slope)
    np.subtract.at(out, other, g * slope)


@op(variants="function", composition=True)
def pdist(self: Array, p: float = 2.0) -> Any:
    """The `p`-norm distance of each two rows of a matrix: (N, M) → (N · (N − 1) / 2).

    Raises RuntimeError for what is no matrix of real numbers.

    >>> import autogradkit as torch
    >>> torch.pdist(torch.tensor([[0.0], [1.0], [3.0]]))
    tensor([1., 3., 2.])
    """
    x: Any = self
    if x.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {x.ndim}D")
    return pdist_forward(x.contiguous(), p)
