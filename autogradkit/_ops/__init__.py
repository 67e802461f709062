"""What a tensor can do: `declare` says how an op is declared; every other room holds the tables of one kind of op.

Importing it declares the ops of a first step; families that wait (`_WAITING`) are loaded by the first of their names that
somebody asks for. It hands the engine the few that differentiation itself needs.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autogradkit._ops import older, places, quantised, queries
from autogradkit._ops.declare import batched, dispatching, unloaded
from autogradkit._ops.linalg import (
    accumulated,
    deprecated_forms,
    matmul,
    products,
)
from autogradkit._ops.making import (
    constructors,
    conversions,
    copies,
    data,
    default_type,
    filled,
    options,
    random,
    ranges,
    resizing,
    restriding,
    sampling,
    seed,
    storing,
    wrapping,
)
from autogradkit._ops.network import activation, softmax
from autogradkit._ops.pointwise import (
    agreement,
    arithmetic,
    choice,
    clamping,
    comparison,
    division,
    elementary,
    logarithms,
    powers,
    rounding,
    trigonometry,
)
from autogradkit._ops.reduction import (
    counting,
    extremes,
    factors,
    moments,
    norms,
    sums,
)
from autogradkit._ops.selection import (
    gather,
    index_select,
    indexing,
    joining,
    masks,
    rearrange,
)
from autogradkit._ops.sparse import layouts as sparse_layouts
from autogradkit._ops.views import complex_parts, dimensions, parts, separate, sizes, splits
from autogradkit.core.tensor import Tensor
from autogradkit.engine.required import OPS

# Families that wait until somebody asks for one of their names: methods with a point, and functions that are asked for often.
_WAITING = {
    "autogradkit._ops.asserting": "",
    "autogradkit._ops.linalg.assembled": "",
    "autogradkit._ops.linalg.cholesky": ".cholesky .cholesky_inverse .cholesky_solve",
    "autogradkit._ops.linalg.contractions": ".inner .kron chain_matmul tensordot",
    "autogradkit._ops.linalg.covariance": ".corrcoef .cov",
    "autogradkit._ops.linalg.decompositions": ".svd",
    "autogradkit._ops.linalg.determinants": ".det .logdet .slogdet",
    "autogradkit._ops.linalg.distances": ".dist cdist",
    "autogradkit._ops.linalg.eigen": "",
    "autogradkit._ops.linalg.einsum": "einsum",
    "autogradkit._ops.linalg.ldl": "",
    "autogradkit._ops.linalg.least_squares": ".pinverse",
    "autogradkit._ops.linalg.lobpcg": "",
    "autogradkit._ops.linalg.low_rank": "",
    "autogradkit._ops.linalg.lu": ".lu",
    "autogradkit._ops.linalg.lu_solve": ".lu_solve",
    "autogradkit._ops.linalg.matrix_functions": ".matrix_exp .matrix_power",
    "autogradkit._ops.linalg.matrix_norms": ".norm",
    "autogradkit._ops.linalg.older_norms": "",
    "autogradkit._ops.linalg.qr": ".geqrf .orgqr .ormqr .qr",
    "autogradkit._ops.linalg.removed": ".eig .lstsq .solve .symeig",
    "autogradkit._ops.linalg.solving": ".inverse",
    "autogradkit._ops.linalg.tensor_systems": "",
    "autogradkit._ops.linalg.triangular": ".triangular_solve",
    "autogradkit._ops.linalg.vectors": ".cross",
    "autogradkit._ops.making.counts": "",
    "autogradkit._ops.making.distributions": ".bernoulli .multinomial normal",
    "autogradkit._ops.making.gammas": "",
    "autogradkit._ops.making.positions": "tril_indices triu_indices",
    "autogradkit._ops.making.spaced": "",
    "autogradkit._ops.making.windows": "",
    "autogradkit._ops.network.fake_quantised": "",
    "autogradkit._ops.network.functions": "",
    "autogradkit._ops.network.hard_units": ".hardshrink",
    "autogradkit._ops.network.rectifiers": ".prelu",
    "autogradkit._ops.pointwise.by_callable": ".apply_ .map2_ .map_",
    "autogradkit._ops.pointwise.complex_numbers": ".angle .conj_physical .conj_physical_ complex polar",
    "autogradkit._ops.pointwise.error_functions": ".erf .erf_ .erfc .erfc_ .erfinv .erfinv_",
    "autogradkit._ops.pointwise.floating": ".frexp .nextafter .nextafter_",
    "autogradkit._ops.pointwise.fused": ".addcdiv .addcdiv_ .addcmul .addcmul_ .lerp .lerp_",
    "autogradkit._ops.pointwise.integers": (
        ".__ilshift__ .__irshift__ .__lshift__ .__rlshift__ .__rrshift__ .__rshift__ .bitwise_left_shift "
        ".bitwise_left_shift_ .bitwise_right_shift .bitwise_right_shift_ .gcd .gcd_ .lcm .lcm_"
    ),
    "autogradkit._ops.pointwise.polynomials": "",
    "autogradkit._ops.pointwise.special": (
        ".digamma .digamma_ .i0 .i0_ .igamma .igamma_ .igammac .igammac_ .lgamma .lgamma_ .mvlgamma "
        ".mvlgamma_ .polygamma .polygamma_"
    ),
    "autogradkit._ops.pointwise.special_of_two": "",
    "autogradkit._ops.reduction.hashes": ".hash_tensor",
    "autogradkit._ops.reduction.histograms": ".histc .histogram",
    "autogradkit._ops.reduction.modes": ".mode",
    "autogradkit._ops.reduction.order": ".argsort .kthvalue .median .msort .nanmedian .sort .topk",
    "autogradkit._ops.reduction.quantiles": ".nanquantile .quantile",
    "autogradkit._ops.reduction.running": ".cummax .cummin .cumprod .cumprod_ .cumsum .cumsum_ .logcumsumexp",
    "autogradkit._ops.reduction.slopes": "",
    "autogradkit._ops.reduction.trapezoids": "",
    "autogradkit._ops.reduction.without_nan": ".nanmean .nansum",
    "autogradkit._ops.selection.reducing": ".index_reduce .index_reduce_ .scatter_reduce .scatter_reduce_",
    "autogradkit._ops.selection.searching": "bucketize searchsorted",
    "autogradkit._ops.selection.segments": "",
    "autogradkit._ops.selection.take": ".put .put_ .take",
    "autogradkit._ops.selection.triangles": ".diag .diag_embed .diagflat .tril .tril_ .triu .triu_",
    "autogradkit._ops.selection.view_scatters": ".as_strided_scatter .diagonal_scatter .select_scatter .slice_scatter",
    "autogradkit._ops.sparse.compressed": "",
    "autogradkit._ops.sparse.embedding_gradients": "",
    "autogradkit._ops.sparse.making": "sparse_coo_tensor",
    "autogradkit._ops.sparse.operations": ".smm .sspaddmm",
    "autogradkit._ops.spectral.fourier": "",
    "autogradkit._ops.spectral.short_time": ".istft .stft",
    "autogradkit._ops.views.copies": "",
}


def _cast(tensor: Tensor, numpy_dtype: np.dtype[Any]) -> Tensor:
    from autogradkit.core.dtype import from_numpy_dtype

    return conversions.converted(tensor, from_numpy_dtype(numpy_dtype))


def _load_rules() -> None:
    import autogradkit._ops.batching


def __getattr__(name: str) -> Any:
    """PyTorch has the classes of operators in its own `torch._ops`."""
    if name not in ("OpOverload", "OpOverloadPacket", "_OpNamespace", "_Ops", "ops"):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from autogradkit._ops.operators import namespaces

    return getattr(namespaces, name)


def _load_dispatched() -> Any:
    from autogradkit._ops.operators import dispatched

    return dispatched


batched.UNLOADED.append(_load_rules)
dispatching.UNLOADED.append(_load_dispatched)
unloaded.wait(_WAITING)
OPS.sum_array = sums.sum_array
OPS.sum_to_size = sums.sum_to_size
OPS.add = arithmetic.add_tensors
OPS.add_ = arithmetic.add_tensors.in_place_call
OPS.cast = _cast
OPS.real = conversions.real_view
OPS.clone = copies.clone
OPS.contiguous_clone = partial(copies.clone, memory_format=options.contiguous_format)
OPS.stack = joining.stack
OPS.detach = queries.detach
OPS.ones_like = partial(filled.ones_like, memory_format=options.preserve_format)
OPS.copy_ = copies.copy_.in_place_call
OPS.zero_ = copies.zero_.in_place_call
OPS.as_strided = restriding.viewed
OPS.replay_view_steps = restriding.replay_view_steps
OPS.renewal = restriding.renewal
OPS.view_as_kind = restriding.view_as_kind
