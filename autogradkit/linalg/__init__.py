"""Linear algebra, as PyTorch's `torch.linalg` names it: products, norms, factorizations, systems of equations.

Rests on the ops of `_ops/linalg`, each of which PyTorch, too, calls `linalg_det` and so on in its messages. What no name of the
package itself needs is declared when this is first imported.
"""

from typing import Any as _Any

from autogradkit._ops.declare import SETS as _SETS
from autogradkit._ops.linalg import ldl as _ldl  # noqa: F401 - declares them
from autogradkit._ops.linalg import tensor_systems as _tensor_systems  # noqa: F401 - likewise
from autogradkit._ops.linalg.matrices import LinAlgError as LinAlgError
from autogradkit.core.absent import absent_from as _absent_from

_BY_NAME = {owner.name: owner for owner in _SETS}


def _function(name: str) -> _Any:
    return _BY_NAME[f"linalg_{name}"].made("function")


cholesky = _function("cholesky")
cholesky_ex = _function("cholesky_ex")
cond = _function("cond")
cross = _function("cross")
det = _function("det")
diagonal = _function("diagonal")
eig = _function("eig")
eigh = _function("eigh")
eigvals = _function("eigvals")
eigvalsh = _function("eigvalsh")
householder_product = _function("householder_product")
inv = _function("inv")
inv_ex = _function("inv_ex")
ldl_factor = _function("ldl_factor")
ldl_factor_ex = _function("ldl_factor_ex")
ldl_solve = _function("ldl_solve")
lstsq = _function("lstsq")
lu = _function("lu")
lu_factor = _function("lu_factor")
lu_factor_ex = _function("lu_factor_ex")
lu_solve = _function("lu_solve")
matmul = _function("matmul")
matrix_exp = _function("matrix_exp")
matrix_norm = _function("matrix_norm")
matrix_power = _function("matrix_power")
matrix_rank = _function("matrix_rank")
multi_dot = _function("multi_dot")
norm = _function("norm")
pinv = _function("pinv")
qr = _function("qr")
slogdet = _function("slogdet")
solve = _function("solve")
solve_ex = _function("solve_ex")
solve_triangular = _function("solve_triangular")
svd = _function("svd")
svdvals = _function("svdvals")
tensorinv = _function("tensorinv")
tensorsolve = _function("tensorsolve")
vander = _function("vander")
vecdot = _function("vecdot")
vector_norm = _function("vector_norm")

__getattr__ = _absent_from("linalg")
