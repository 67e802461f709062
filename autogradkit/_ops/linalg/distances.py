"""Distances between points: dist and cdist.

Rests on declare and reduction/norms.py; Euclidean distances of many points go by a product of matrices, as in PyTorch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op, python_function
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import not_differentiated
from autogradkit._ops.linalg.matrices import require_kernel
from autogradkit._ops.reduction.norms import norm_backward, refuse_empty, require_real_order, vector_norm, write_norm
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, from_numpy_dtype, result_type
from autogradkit.core.shapes import broadcast_shapes
from autogradkit.core.tensor import Tensor


def _dist_meta(self: Array, other: Array, p: float) -> Any:
    bools = [each.dtype.kind for each in (self, other)].count("b")
    if bools:
        instead = "If you are trying to invert a mask, use the `~` or `logical_not()`"
        raise RuntimeError(
            f"Subtraction, the `-` operator, with {'a bool tensor' if bools == 1 else 'two bool tensors'} is not supported. "
            f"{instead if bools == 1 else 'Use the `^` or `logical_xor()`'} operator instead."
        )
    shape = broadcast_shapes(self.shape, other.shape)
    common = result_type([(from_numpy_dtype(each.dtype), 2 if each.ndim else 1) for each in (self, other)])
    if common.numpy.kind not in "fcV":
        raise RuntimeError(
            "norm(): input dtype should be either floating point or complex. Got "
            + SCALAR_TYPE_NAMES[common]
            + " instead."
        )
    require_real_order(p)
    if 0 in shape and (p < 0 or p == math.inf):
        refuse_empty(shape, p, None)
    return (), common.to_real().numpy


def _dist_backward(g: Any, self: Any, other: Any, p: float, result: Any) -> Any:
    return norm_backward(g, self - other, result, p, None, False)


def _dist_backward_of_other(g: Any, self: Any, other: Any, p: float, result: Any) -> Any:
    found = _dist_backward(g, self, other, p, result)
    if found is None:  # PyTorch negates what it has not
        raise RuntimeError(
            "Expected a proper Tensor but got None (or an undefined Tensor in C++) for argument #0 'self'"
        )
    return -found


@op(
    refuses_complex=True,
    out=False,
    meta=_dist_meta,
    samples=lambda t: [(t(2, 3), t(3)), (t(3), t(3), 3.0)],
    vjp={
        "self": _dist_backward,
        "other": _dist_backward_of_other,
    },
    rule="∂self = ∂ · (self − other) / result, for p = 2\n∂other = ∂ · (other − self) / result, for p = 2",
)
def dist(self: Array, other: Array, p: Scalar = 2, *, out: Array) -> None:
    """The `p`-norm of the difference of two tensors.

    >>> import autogradkit as torch
    >>> torch.dist(torch.tensor([1.0, 2.0]), torch.tensor([4.0, 6.0]))
    tensor(5.)
    """
    vector_norm.kernel(self - other, p, out=out)


def _differences(x1: Any, x2: Any) -> Any:
    """Every point of the first less every one of the second: (…, p, m) and (…, r, m) → (…, p, r, m)."""
    return k.unsqueeze(x1, -2) - k.unsqueeze(x2, -3)


def _cdist_meta(x1: Array, x2: Array, p: float, compute_mode: int | None) -> Any:
    batch = broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
    shape = (*batch, x1.shape[-2], x2.shape[-2])
    if 0 not in shape and x1.shape[-1]:
        require_kernel("cdist", x1)
        if x1.dtype != x2.dtype:
            first, second = (SCALAR_TYPE_NAMES[from_numpy_dtype(each.dtype)] for each in (x1, x2))
            raise RuntimeError(f"expected scalar type {first} but found {second}")
    return shape, x1.dtype


@op(
    name="_cdist_forward",
    node="CdistBackward0",
    label="cdist",
    variants="",
    meta=_cdist_meta,
    out=False,
    vjp={
        "x1": lambda g, x1, x2, p, result: k.cdist_backward(g, x1, x2, p, result),
        "x2": lambda g, x1, x2, p, result: k.cdist_backward(
            k.transpose(g, -2, -1), x2, x1, p, k.transpose(result, -2, -1)
        ),
    },
    rule="∂x1 = Σ ∂ · (x1 − x2) / result, for p = 2\n∂x2 = Σ ∂ · (x2 − x1) / result, for p = 2",
)
def cdist_forward(x1: Array, x2: Array, p: float, compute_mode: int | None, *, out: Array) -> None:
    """The `p`-norms of the differences of all pairs of points."""
    if not x1.shape[-1]:
        out.fill(0)
    elif out.size:
        apart = _differences(x1, x2)
        if p == math.inf:  # a NaN is less than any distance
            np.fmax.reduce(np.abs(apart), -1, initial=0, out=out)
        elif p == 0:
            np.copyto(out, np.add.reduce(np.where(apart == 0, 0, np.where(np.isnan(apart), apart, 1)), -1))
        else:
            write_norm(apart, p, (-1,), False, out)


def _cdist_backward_meta(grad: Array, x1: Array, x2: Array, p: float, cdist: Array) -> Any:
    return (*broadcast_shapes(x1.shape[:-2], x2.shape[:-2]), *x1.shape[-2:]), x1.dtype


@op(
    name="_cdist_backward",
    variants="",
    meta=_cdist_backward_meta,
    out=False,
    vjp={"grad x1 x2 cdist": not_differentiated("_cdist_backward")},
    rule="nothing: it cannot be differentiated again",
)
def cdist_backward(grad: Array, x1: Array, x2: Array, p: float, cdist: Array, *, out: Array) -> None:
    """The gradient of the first points from that of their distances."""
    apart = _differences(x1, x2)
    sizes, signs = np.abs(apart), np.sign(apart)
    each, between = grad[..., None], cdist[..., None]
    if p == 0:
        out.fill(0)
        return
    if p == 1:
        found = signs * each
    elif p == math.inf:
        found = signs * each * (sizes == between)
    else:
        found = np.where(between == 0, 0, signs * sizes ** (p - 1) * each / between ** (p - 1))
        if p < 1:
            found = np.where(sizes == 0, 0, found)
    np.copyto(out, found.sum(-2))


def _euclidean_backward(g: Any, x1: Any, x2: Any, result: Any) -> Any:
    """The gradient of `x1`."""
    ratio = k.where(result == 0, 0.0, g / result)
    return x1 * k.sum_dims(ratio, (-1,), True) - ratio @ x2


@op(
    name="_euclidean_dist",
    label="cdist",
    variants="",
    meta=lambda x1, x2: _cdist_meta(x1, x2, 2.0, None),
    out=False,
    samples=lambda t: [(t(3, 2), t(4, 2)), (t(2, 3, 2), t(2, 1, 2, low=2.0, high=3.0))],
    vjp={
        "x1": _euclidean_backward,
        "x2": lambda g, x1, x2, result: _euclidean_backward(
            k.transpose(g, -2, -1), x2, x1, k.transpose(result, -2, -1)
        ),
    },
    rule="∂x1 = Σ ∂ · (x1 − x2) / result\n∂x2 = Σ ∂ · (x2 − x1) / result",
)
def euclidean_dist(x1: Array, x2: Array, *, out: Array) -> None:
    """The Euclidean distances of all pairs of points, by one product of matrices."""
    squares = (x1 * x1).sum(-1, keepdims=True), (x2 * x2).sum(-1, keepdims=True)
    ones = np.ones_like(squares[0]), np.ones_like(squares[1])
    left = np.concatenate([x1 * -2, squares[0], ones[0]], -1)
    right = np.concatenate([x2, ones[1], squares[1]], -1)
    np.matmul(left, right.swapaxes(-2, -1), out=out)
    np.sqrt(np.maximum(out, 0, out=out), out=out)


@op(name="cdist", variants="", composition=True)
def _cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: int | None = None) -> Any:
    a: Any = x1
    b: Any = x2
    for which, each in (("X1", a), ("X2", b)):
        if each.dim() < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {which} got: {each.dim()}D")
    if a.shape[-1] != b.shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {a.shape[-1]} X2: {b.shape[-1]}")
    for which, each in (("X1", a), ("X2", b)):
        if not each.is_floating_point():
            raise RuntimeError(
                f"cdist only supports floating-point dtypes, {which} got: {SCALAR_TYPE_NAMES[each.dtype]}"
            )
    if not p >= 0:
        raise RuntimeError("cdist only supports non-negative p values")
    many = a.shape[-2] > 25 or b.shape[-2] > 25
    if p == 2 and (compute_mode == 1 or (compute_mode in (None, 0) and many)):
        batch = broadcast_shapes(tuple(a.shape[:-2]), tuple(b.shape[:-2]))
        shape = (*batch, a.shape[-2], b.shape[-2])
        if 0 not in shape and a.shape[-1]:
            if math.prod(batch) != 1:
                a, b = (each.expand(*batch, *each.shape[-2:]).reshape(-1, *each.shape[-2:]) for each in (a, b))
            return euclidean_dist(a, b).view(shape)
    return cdist_forward(a.contiguous(), b.contiguous(), p, compute_mode)


_MODES = {
    "use_mm_for_euclid_dist_if_necessary": None,
    "use_mm_for_euclid_dist": 1,
    "donot_use_mm_for_euclid_dist": 2,
}


@python_function()
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The `p`-norm distances of all pairs of points, (…, p, m) and (…, r, m) → (…, p, r).

    >>> import autogradkit as torch
    >>> torch.cdist(torch.tensor([[0.0, 0.0]]), torch.tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5., 1.]])
    """
    if compute_mode not in _MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    return _cdist.owner(x1, x2, p, _MODES[compute_mode])
