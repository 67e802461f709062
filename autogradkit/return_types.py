"""PyTorch's `torch.return_types`: the classes of several results under names, by which `isinstance` asks. Rests on the ops."""

from autogradkit._ops.linalg.return_types import geqrf as geqrf
from autogradkit._ops.linalg.return_types import linalg_cholesky_ex as linalg_cholesky_ex
from autogradkit._ops.linalg.return_types import linalg_eig as linalg_eig
from autogradkit._ops.linalg.return_types import linalg_eigh as linalg_eigh
from autogradkit._ops.linalg.return_types import linalg_inv_ex as linalg_inv_ex
from autogradkit._ops.linalg.return_types import linalg_ldl_factor as linalg_ldl_factor
from autogradkit._ops.linalg.return_types import linalg_ldl_factor_ex as linalg_ldl_factor_ex
from autogradkit._ops.linalg.return_types import linalg_lstsq as linalg_lstsq
from autogradkit._ops.linalg.return_types import linalg_lu as linalg_lu
from autogradkit._ops.linalg.return_types import linalg_lu_factor as linalg_lu_factor
from autogradkit._ops.linalg.return_types import linalg_lu_factor_ex as linalg_lu_factor_ex
from autogradkit._ops.linalg.return_types import linalg_qr as linalg_qr
from autogradkit._ops.linalg.return_types import linalg_slogdet as linalg_slogdet
from autogradkit._ops.linalg.return_types import linalg_solve_ex as linalg_solve_ex
from autogradkit._ops.linalg.return_types import linalg_svd as linalg_svd
from autogradkit._ops.linalg.return_types import lu_unpack as lu_unpack
from autogradkit._ops.linalg.return_types import qr as qr
from autogradkit._ops.linalg.return_types import slogdet as slogdet
from autogradkit._ops.linalg.return_types import svd as svd
from autogradkit._ops.linalg.return_types import triangular_solve as triangular_solve
from autogradkit._ops.reduction.return_types import aminmax as aminmax
from autogradkit._ops.reduction.return_types import cummax as cummax
from autogradkit._ops.reduction.return_types import cummin as cummin
from autogradkit._ops.reduction.return_types import frexp as frexp
from autogradkit._ops.reduction.return_types import histogram as histogram
from autogradkit._ops.reduction.return_types import histogramdd as histogramdd
from autogradkit._ops.reduction.return_types import kthvalue as kthvalue
from autogradkit._ops.reduction.return_types import max as max
from autogradkit._ops.reduction.return_types import median as median
from autogradkit._ops.reduction.return_types import min as min
from autogradkit._ops.reduction.return_types import mode as mode
from autogradkit._ops.reduction.return_types import nanmedian as nanmedian
from autogradkit._ops.reduction.return_types import out_class as _out_class
from autogradkit._ops.reduction.return_types import sort as sort
from autogradkit._ops.reduction.return_types import topk as topk
from autogradkit.core.absent import absent_from as _absent_from


def __getattr__(name: str) -> object:
    """The class of what a call with `out=` returns, as `max_out`. Raises AttributeError for what is not there."""
    kind = globals().get(name.removesuffix("_out"))
    if name.endswith("_out") and kind is not None and kind is not histogramdd:
        return _out_class(kind)
    return _absent_from("return_types")(name)
