"""Orthogonal matrices as functions of unconstrained ones (Lezcano-Casado, 2019); `parametrizations.orthogonal` uses it."""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.linalg.matrix_functions import matrix_exp
from autogradkit._ops.linalg.qr import geqrf, householder_product
from autogradkit._ops.linalg.solving import solve
from autogradkit._ops.making.filled import zeros_like
from autogradkit._ops.making.ranges import eye
from autogradkit._ops.making.sampling import randn
from autogradkit._ops.selection.joining import cat
from autogradkit.core.frames import entry
from autogradkit.engine.modes import no_grad
from autogradkit.nn.modules.module import Module

MAPS = "matrix_exp", "cayley", "householder"


def _is_orthogonal(q: Any) -> bool:
    identity = eye(q.size(-1), dtype=q.dtype)
    return (q.mH @ q).allclose(identity, atol=10.0 * q.size(-2) * np.finfo(q._array.dtype).eps)


def _made_orthogonal(a: Any) -> Any:
    reflections, lengths = geqrf(a)
    q = householder_product(reflections, lengths)
    return q * reflections.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


class Orthogonal(Module):
    """An orthogonal matrix of any; with `base`, which is where it was last set, times what the map makes of the parameters.

    Raises ValueError for complex Householder reflections.
    """

    @entry
    def __init__(self, weight: Any, orthogonal_map: str, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Any) -> Any:
        """The orthogonal matrix, or matrices with orthonormal rows or columns."""
        wide = x.size(-2) < x.size(-1)
        x = x.mT if wide else x
        q = self._reflected(x) if self.orthogonal_map == "householder" else self._rotated(x)
        if hasattr(self, "base"):
            q = self.base @ q
        return q.mT if wide else q

    def _rotated(self, x: Any) -> Any:
        rows, columns = x.size(-2), x.size(-1)
        lower = x.tril()
        if rows != columns:
            rest = x.new_zeros(rows, rows - columns).expand(*x.shape[:-2], -1, -1)
            lower = cat([lower, rest], -1)
        skew = lower - lower.mH
        if self.orthogonal_map == "matrix_exp":
            q: Any = matrix_exp(skew)
        else:
            identity: Any = eye(rows, dtype=skew.dtype)
            q = solve(identity.add(skew, alpha=-0.5), identity.add(skew, alpha=0.5))
        return q if rows == columns else q[..., :columns]

    @staticmethod
    def _reflected(x: Any) -> Any:
        a = x.tril(diagonal=-1)
        lengths = 2.0 / (1.0 + (a * a).sum(dim=-2))
        return householder_product(a, lengths) * x.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)

    @entry
    def right_inverse(self, q: Any) -> Any:
        """What the parameters are for a matrix to become this one, or what is orthogonal next to it.

        Raises ValueError for other sizes, NotImplementedError for rotations without `base`.
        """
        if q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {q.shape}."
            )
        with no_grad():
            return self._with_base(q) if hasattr(self, "base") else self._turned_round(q)

    def _turned_round(self, q: Any) -> Any:
        wide = q.size(-2) < q.size(-1)
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                "use_trivialization=False."
            )
        a, lengths = geqrf(q.mT if wide else q)
        a.diagonal(dim1=-2, dim2=-1).sign_()
        a.diagonal(dim1=-2, dim2=-1)[lengths == 0.0] *= -1
        return a.mT if wide else a

    def _with_base(self, q: Any) -> Any:
        tall = q.mT if q.size(-2) < q.size(-1) else q
        rows, columns = tall.size(-2), tall.size(-1)
        if rows != columns:
            rest = randn(*tall.size()[:-2], rows, rows - columns, dtype=tall.dtype)
            self.base = _made_orthogonal(cat([tall, rest], -1))
        else:
            self.base = tall.clone() if _is_orthogonal(tall) else _made_orthogonal(tall)
        minus = zeros_like.owner(q)
        minus.diagonal(dim1=-2, dim2=-1).fill_(-1.0)  # of which each map makes the identity
        return minus


Orthogonal.__name__ = "_Orthogonal"  # as a repr shows it
