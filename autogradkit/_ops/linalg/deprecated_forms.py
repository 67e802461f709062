"""The forms of addmm and its kin that PyTorch deprecated: the numbers stand before what they are multiplied with.

Each is its op with the numbers given by name. Rests on accumulated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit._ops.declare.kinds import Scalar
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.linalg.accumulated import addbmm, addmm_node, addmv, addr, baddbmm
from autogradkit.core.tensor import Tensor


def _with_both(op: Overload) -> Callable[..., Any]:
    return op.owner.overload(
        deprecated=True,
        composition=True,
        edit=lambda beta, self, alpha, *factors: op.in_place_call(self, *factors, beta=beta, alpha=alpha),
    )


def _with_beta(op: Overload) -> Callable[..., Any]:
    return op.owner.overload(
        deprecated=True,
        composition=True,
        edit=lambda beta, self, *factors: op.in_place_call(self, *factors, beta=beta),
    )


@_with_both(addmm_node)
def _(beta: Scalar, self: Tensor, alpha: Scalar, mat1: Tensor, mat2: Tensor) -> Any:
    return addmm_node(self, mat1, mat2, beta=beta, alpha=alpha)


@_with_beta(addmm_node)
def _(beta: Scalar, self: Tensor, mat1: Tensor, mat2: Tensor) -> Any:
    return addmm_node(self, mat1, mat2, beta=beta)


@_with_both(addmv)
def _(beta: Scalar, self: Tensor, alpha: Scalar, mat: Tensor, vec: Tensor) -> Any:
    return addmv(self, mat, vec, beta=beta, alpha=alpha)


@_with_beta(addmv)
def _(beta: Scalar, self: Tensor, mat: Tensor, vec: Tensor) -> Any:
    return addmv(self, mat, vec, beta=beta)


@_with_both(addr)
def _(beta: Scalar, self: Tensor, alpha: Scalar, vec1: Tensor, vec2: Tensor) -> Any:
    return addr(self, vec1, vec2, beta=beta, alpha=alpha)


@_with_beta(addr)
def _(beta: Scalar, self: Tensor, vec1: Tensor, vec2: Tensor) -> Any:
    return addr(self, vec1, vec2, beta=beta)


@_with_both(addbmm)
def _(beta: Scalar, self: Tensor, alpha: Scalar, batch1: Tensor, batch2: Tensor) -> Any:
    return addbmm(self, batch1, batch2, beta=beta, alpha=alpha)


@_with_beta(addbmm)
def _(beta: Scalar, self: Tensor, batch1: Tensor, batch2: Tensor) -> Any:
    return addbmm(self, batch1, batch2, beta=beta)


@_with_both(baddbmm)
def _(beta: Scalar, self: Tensor, alpha: Scalar, batch1: Tensor, batch2: Tensor) -> Any:
    return baddbmm(self, batch1, batch2, beta=beta, alpha=alpha)


@_with_beta(baddbmm)
def _(beta: Scalar, self: Tensor, batch1: Tensor, batch2: Tensor) -> Any:
    return baddbmm(self, batch1, batch2, beta=beta)
