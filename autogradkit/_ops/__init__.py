"""What a tensor can do: `declare` says how an op is declared; every other room holds the tables of one kind of op.

Importing it declares all ops but those that are loaded when they are first used: of namespaces (`fft`, `special`, parts of
`linalg`, what only `nn` calls), of networks where no tensor has a method (`network/functions.py`), and some families that are
functions alone. It hands the engine the few that differentiation itself needs.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from autogradkit._ops import older, places, quantised, queries
from autogradkit._ops.declare import batched, names, python_names
from autogradkit._ops.linalg import (
    accumulated,
    cholesky,
    contractions,
    covariance,
    decompositions,
    deprecated_forms,
    determinants,
    distances,
    eigen,
    einsum,
    least_squares,
    lu,
    lu_solve,
    matmul,
    matrix_functions,
    matrix_norms,
    products,
    qr,
    solving,
    triangular,
    vectors,
)
from autogradkit._ops.making import (
    constructors,
    conversions,
    copies,
    data,
    default_type,
    distributions,
    filled,
    options,
    positions,
    random,
    ranges,
    resizing,
    restriding,
    sampling,
    seed,
    storing,
)
from autogradkit._ops.network import activation, hard_units, rectifiers, softmax
from autogradkit._ops.pointwise import (
    agreement,
    arithmetic,
    by_callable,
    choice,
    clamping,
    comparison,
    complex_numbers,
    division,
    elementary,
    error_functions,
    floating,
    fused,
    integers,
    logarithms,
    powers,
    rounding,
    special,
    trigonometry,
)
from autogradkit._ops.reduction import (
    counting,
    extremes,
    factors,
    hashes,
    histograms,
    modes,
    moments,
    norms,
    order,
    quantiles,
    running,
    sums,
    without_nan,
)
from autogradkit._ops.selection import (
    gather,
    index_select,
    indexing,
    joining,
    masks,
    rearrange,
    reducing,
    searching,
    triangles,
    view_scatters,
)
from autogradkit._ops.sparse import layouts as sparse_layouts
from autogradkit._ops.sparse import making as sparse_making
from autogradkit._ops.sparse import operations as sparse_operations
from autogradkit._ops.views import complex_parts, dimensions, parts, separate, sizes, splits
from autogradkit.core.tensor import Tensor
from autogradkit.engine.required import OPS


def _cast(tensor: Tensor, numpy_dtype: np.dtype[Any]) -> Tensor:
    from autogradkit.core.dtype import from_numpy_dtype

    return conversions.converted(tensor, from_numpy_dtype(numpy_dtype))


def _load_rules() -> None:
    import autogradkit._ops.batching


def _load_functions() -> None:
    import autogradkit._ops.asserting
    import autogradkit._ops.linalg.assembled
    import autogradkit._ops.linalg.ldl
    import autogradkit._ops.linalg.lobpcg
    import autogradkit._ops.linalg.low_rank
    import autogradkit._ops.linalg.older_norms
    import autogradkit._ops.linalg.removed
    import autogradkit._ops.linalg.tensor_systems
    import autogradkit._ops.making.counts
    import autogradkit._ops.making.gammas
    import autogradkit._ops.making.spaced
    import autogradkit._ops.making.windows
    import autogradkit._ops.network.fake_quantised
    import autogradkit._ops.network.functions
    import autogradkit._ops.pointwise.polynomials
    import autogradkit._ops.pointwise.special_of_two
    import autogradkit._ops.reduction.slopes
    import autogradkit._ops.reduction.trapezoids
    import autogradkit._ops.selection.segments
    import autogradkit._ops.sparse.compressed
    import autogradkit._ops.sparse.embedding_gradients
    import autogradkit._ops.spectral.fourier
    import autogradkit._ops.spectral.short_time
    import autogradkit._ops.views.copies


def __getattr__(name: str) -> Any:
    """PyTorch has the classes of operators in its own `torch._ops`."""
    if name not in ("OpOverload", "OpOverloadPacket", "_OpNamespace", "_Ops", "ops"):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from autogradkit._ops.operators import namespaces

    return getattr(namespaces, name)


batched.UNLOADED.append(_load_rules)
names.UNLOADED.append(_load_functions)
python_names.attach_unloaded("eig istft lstsq solve stft symeig")
OPS.sum_array = sums.sum_array
OPS.sum_to_size = sums.sum_to_size
OPS.add = arithmetic.add_tensors
OPS.add_ = arithmetic.add_tensors.in_place_call
OPS.cast = _cast
OPS.real = conversions.real_view
OPS.clone = copies.clone
OPS.contiguous_clone = partial(copies.clone, memory_format=options.contiguous_format)
OPS.stack = joining.stack
OPS.copy_ = copies.copy_.in_place_call
OPS.zero_ = copies.zero_.in_place_call
OPS.as_strided = restriding.viewed
OPS.replay_view_steps = restriding.replay_view_steps
OPS.renewal = restriding.renewal
OPS.view_as_kind = restriding.view_as_kind
