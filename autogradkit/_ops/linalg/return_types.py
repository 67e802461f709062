"""The named tuples that ops of linear algebra return, as PyTorch prints them.

Rests on reduction/return_types.py.
"""

from __future__ import annotations

from autogradkit._ops.reduction.return_types import Results
from autogradkit.core.tensor import Tensor


class linalg_cholesky_ex(Results):  # noqa: N801 - PyTorch's names, here and below
    """What `linalg.cholesky_ex` returns."""

    __slots__ = ()
    L: Tensor
    info: Tensor


class linalg_inv_ex(Results):  # noqa: N801
    """What `linalg.inv_ex` returns."""

    __slots__ = ()
    inverse: Tensor
    info: Tensor


class linalg_slogdet(Results):  # noqa: N801
    """What `linalg.slogdet` returns."""

    __slots__ = ()
    sign: Tensor
    logabsdet: Tensor


class linalg_solve_ex(Results):  # noqa: N801
    """What `linalg.solve_ex` returns."""

    __slots__ = ()
    result: Tensor
    info: Tensor


class linalg_lu_factor(Results):  # noqa: N801
    """What `linalg.lu_factor` returns."""

    __slots__ = ()
    LU: Tensor
    pivots: Tensor


class linalg_lu_factor_ex(Results):  # noqa: N801
    """What `linalg.lu_factor_ex` returns."""

    __slots__ = ()
    LU: Tensor
    pivots: Tensor
    info: Tensor


class linalg_lu(Results):  # noqa: N801
    """What `linalg.lu` returns."""

    __slots__ = ()
    P: Tensor
    L: Tensor
    U: Tensor


class linalg_qr(Results):  # noqa: N801
    """What `linalg.qr` returns."""

    __slots__ = ()
    Q: Tensor
    R: Tensor


class linalg_eigh(Results):  # noqa: N801
    """What `linalg.eigh` returns."""

    __slots__ = ()
    eigenvalues: Tensor
    eigenvectors: Tensor


class linalg_eig(Results):  # noqa: N801
    """What `linalg.eig` returns."""

    __slots__ = ()
    eigenvalues: Tensor
    eigenvectors: Tensor


class linalg_svd(Results):  # noqa: N801
    """What `linalg.svd` returns."""

    __slots__ = ()
    U: Tensor
    S: Tensor
    Vh: Tensor


class linalg_ldl_factor(Results):  # noqa: N801
    """What `linalg.ldl_factor` returns."""

    __slots__ = ()
    LD: Tensor
    pivots: Tensor


class linalg_ldl_factor_ex(Results):  # noqa: N801
    """What `linalg.ldl_factor_ex` returns."""

    __slots__ = ()
    LD: Tensor
    pivots: Tensor
    info: Tensor


class linalg_lstsq(Results):  # noqa: N801
    """What `linalg.lstsq` returns."""

    __slots__ = ()
    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


class svd(Results):  # noqa: N801
    """What `svd` returns."""

    __slots__ = ()
    U: Tensor
    S: Tensor
    V: Tensor


class qr(Results):  # noqa: N801
    """What `qr` returns."""

    __slots__ = ()
    Q: Tensor
    R: Tensor


class slogdet(Results):  # noqa: N801
    """What `slogdet` returns."""

    __slots__ = ()
    sign: Tensor
    logabsdet: Tensor


class lu_unpack(Results):  # noqa: N801
    """What `lu_unpack` returns."""

    __slots__ = ()
    P: Tensor
    L: Tensor
    U: Tensor


class geqrf(Results):  # noqa: N801
    """What `geqrf` returns."""

    __slots__ = ()
    a: Tensor
    tau: Tensor


class triangular_solve(Results):  # noqa: N801
    """What `triangular_solve` returns."""

    __slots__ = ()
    solution: Tensor
    cloned_coefficient: Tensor


class _lu_with_info(Results):  # noqa: N801
    """What `_lu_with_info` returns."""

    __slots__ = ()
    LU: Tensor
    pivots: Tensor
    info: Tensor
