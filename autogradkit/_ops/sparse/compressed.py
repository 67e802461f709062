"""Compressed matrices: `sparse_csr_tensor` and `sparse_csc_tensor`, of which it is kept where each row, or column, begins.

Rests on declare, making and core's sparse arrays; what ops compute of them stands in `kernels/compressed.py`. Batches and blocks,
which PyTorch compresses too, are refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array, Device, DType, Ints, Layout, Object, Scalar, Sizes
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit._ops.declare.sparse import no_kernel
from autogradkit._ops.making.contents import array_from
from autogradkit._ops.making.options import require_place
from autogradkit._ops.sparse.layouts import generally
from autogradkit._ops.sparse.making import requiring
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.layout import layout as MemoryLayout
from autogradkit.core.layout import refuse_blocks, sparse_csc, sparse_csr
from autogradkit.core.sparse import INVARIANTS, SparseArray
from autogradkit.core.tensor import Tensor, wrap


@op(
    name="_sparse_compressed_tensor",
    label="sparse_csr_tensor",
    node="SparseCompressedTensorBackward0",
    variants="",
    out=False,
    lane=generally,
    vjp={"values": lambda g, result: k.values_at(g, result)},
    rule="∂values = ∂ at the indices",
)
def compressed(compressed: Array, plain: Array, values: Array, size: Sizes, *, layout: Layout) -> Any:
    """A compressed matrix around values, which it shares."""
    at = layout.compresses
    assert at is not None
    begun = np.repeat(np.arange(size[at]), np.diff(compressed))
    indices = np.array((begun, plain) if at == 0 else (plain, begun), np.int64)
    in_order = at == 0 and bool((np.diff(begun * max(size[1], 1) + indices[1]) > 0).all())
    return SparseArray(indices, values, size, in_order, layout, compressed.dtype)


def _names(layout: MemoryLayout) -> tuple[str, str, str]:
    """What PyTorch's refusals call the indices that begin, those that lie across, and the places that these count."""
    return (
        ("crow_indices", "col_indices", "rows") if layout is sparse_csr else ("ccol_indices", "row_indices", "columns")
    )


def _require(condition: Any, text: str) -> None:
    if not condition:
        raise RuntimeError(text)


def _require_parts(layout: MemoryLayout, begins: Array, across: Array, values: Array) -> None:
    """Refuse what makes no matrix: in PyTorch a batch, or, where it was not told to look, a tensor that nobody should read."""
    whole, plain, _ = _names(layout)
    _require(begins.ndim, f"{whole} must have dimensionality >= 1 but got {begins.ndim}")
    _require(
        begins.ndim == across.ndim,
        f"{whole} and {plain} dimensionalities must be equal but got {begins.ndim} and {across.ndim}, respectively",
    )
    if begins.ndim > 1 or values.ndim > 1:
        raise NotImplementedError(
            "PyTorch compresses batches of matrices, and of vectors; autogradkit does not have them"
        )
    kinds = [scalar_type(from_numpy_dtype(each.dtype)) for each in (begins, across)]
    _require(
        kinds[0] == kinds[1],
        f"{whole} and {plain} must have the same dtype, bot got {kinds[0]} and {kinds[1]}, respectively",
    )
    _require(
        begins.dtype in (np.int32, np.int64), f"{whole} and {plain} must be an int32 or int64 type, but got: {kinds[0]}"
    )
    _require(
        len(across) == len(values),
        f"{plain}.shape[-1] must be equal to nnz (={len(values)}) as defined by values.shape[0], but got {len(across)}",
    )


def _require_matrix(layout: MemoryLayout, begins: Array, across: Array, size: Any, checks: bool) -> None:
    whole, plain, counted = _names(layout)
    at = layout.compresses
    assert at is not None
    n, m = size[at], max(size[1 - at], 1)
    _require(
        len(begins) == n + 1,
        f"{whole}.shape[-1] must be equal to the number of {counted} + 1 (={n + 1}), but got {len(begins)}",
    )
    _require(begins[0] == 0, f"`{whole}[..., 0] == 0` is not satisfied.")
    _require(begins[-1] == len(across), f"`{whole}[..., -1] == nnz` is not satisfied.")
    steps, bounds = np.diff(begins), ("ncols", "nrows")
    _require(
        ((steps >= 0) & (steps <= m)).all(),
        f"`0 <= {whole}[..., 1:] - {whole}[..., :-1] <= {bounds[at]}` is not satisfied.",
    )
    _require(((across >= 0) & (across < m)).all(), f"`0 <= {plain} < {bounds[at]}` is not satisfied.")
    places = np.repeat(np.arange(n), steps) * m + across
    _require(
        not checks or (np.diff(places) > 0).all(),
        f"`{plain}[..., {whole}[..., i - 1]:{whole}[..., i]] for all i = 1, ..., {bounds[1 - at]} are sorted and distinct along "
        "the last dimension values` is not satisfied.",
    )


def _given(values: Any, dtype: Dtype | None) -> Tensor:
    tensor = values if isinstance(values, Tensor) else wrap(array_from(values, dtype))
    return tensor if dtype is None else tensor.to(dtype)


def _options(
    dtype: Any, device: Any, pin_memory: bool, requires_grad: bool, check_invariants: bool | None
) -> dict[str, Any]:
    placed = {"dtype": dtype, "device": device, "pin_memory": pin_memory}
    return {**placed, "requires_grad": requires_grad, "check_invariants": check_invariants}


def _require_layout(name: str, given: MemoryLayout | None, own: MemoryLayout) -> None:
    if given is not None and given is not own:
        raise RuntimeError(f"{name}: layout must be {own.kind} but got {given.kind}")


def _made(layout: MemoryLayout | None, parts: tuple[Any, Any, Any], size: Any, options: dict[str, Any]) -> Any:
    """A leaf of this layout, or one with the history of its values, of what the functions below are given."""
    require_place({each: options[each] for each in ("device", "pin_memory")})
    if layout is None:
        raise RuntimeError("sparse_compressed_tensor expected sparse compressed tensor layout but got none")
    refuse_blocks(layout)
    if layout.compresses is None:
        raise RuntimeError(f"sparse_compressed_tensor expected sparse compressed tensor layout but got {layout.kind}")
    begins, across = _given(parts[0], None), _given(parts[1], None)
    kept = _given(parts[2], options["dtype"])
    _require_parts(layout, begins._array, across._array, kept._array)
    if size is None:
        pair = len(begins._array) - 1, int(across._array.max(initial=-1)) + 1
        size = pair if layout.compresses == 0 else pair[::-1]
    if len(size) != 2:
        raise NotImplementedError(f"a compressed tensor is a matrix here, and has no size {tuple(size)}")
    checks = INVARIANTS.checked if options["check_invariants"] is None else options["check_invariants"]
    _require_matrix(layout, begins._array, across._array, tuple(size), checks)
    return requiring(compressed(begins, across, kept, tuple(size), layout=layout), options["requires_grad"])


sparse_csr_tensor = function("sparse_csr_tensor", variants="function")


@sparse_csr_tensor.overload(composition=True)
def _(
    crow_indices: Object,
    col_indices: Object,
    values: Object,
    size: Ints,
    *,
    dtype: DType | None = None,
    layout: Layout | None = None,
    device: Device | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
) -> Any:
    """A matrix by rows: `values` in the columns `col_indices`, of which `crow_indices` says where each row begins.

    `crow_indices` are (rows + 1,), `col_indices` and `values` (n,); `size` is as small as it may be where it is not given.
    `check_invariants`: refuse columns of a row that are not in order, else nobody looks. Raises RuntimeError where sizes or
    indices do not fit, NotImplementedError for batches.

    >>> import autogradkit as torch
    >>> torch.sparse_csr_tensor([0, 1, 2], [1, 0], [3.0, 4.0]).to_dense()
    tensor([[0., 3.],
            [4., 0.]])
    """
    _require_layout("sparse_csr_tensor", layout, sparse_csr)
    parts = crow_indices, col_indices, values
    options = _options(dtype, device, pin_memory, requires_grad, check_invariants)
    return _made(sparse_csr, parts, size, options)


@sparse_csr_tensor.overload(composition=True)
def _(
    crow_indices: Object,
    col_indices: Object,
    values: Object,
    *,
    dtype: DType | None = None,
    layout: Layout | None = None,
    device: Device | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
) -> Any:
    _require_layout("sparse_csr_tensor", layout, sparse_csr)
    parts = crow_indices, col_indices, values
    options = _options(dtype, device, pin_memory, requires_grad, check_invariants)
    return _made(sparse_csr, parts, None, options)


sparse_csc_tensor = function("sparse_csc_tensor", variants="function")


@sparse_csc_tensor.overload(composition=True)
def _(
    ccol_indices: Object,
    row_indices: Object,
    values: Object,
    size: Ints,
    *,
    dtype: DType | None = None,
    layout: Layout | None = None,
    device: Device | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
) -> Any:
    """A matrix by columns: `values` in the rows `row_indices`, of which `ccol_indices` says where each column begins.

    As `sparse_csr_tensor`, with columns in the place of rows.

    >>> import autogradkit as torch
    >>> torch.sparse_csc_tensor([0, 1, 2], [1, 0], [3.0, 4.0]).to_dense()
    tensor([[0., 4.],
            [3., 0.]])
    """
    _require_layout("sparse_csc_tensor", layout, sparse_csc)
    parts = ccol_indices, row_indices, values
    options = _options(dtype, device, pin_memory, requires_grad, check_invariants)
    return _made(sparse_csc, parts, size, options)


@sparse_csc_tensor.overload(composition=True)
def _(
    ccol_indices: Object,
    row_indices: Object,
    values: Object,
    *,
    dtype: DType | None = None,
    layout: Layout | None = None,
    device: Device | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
) -> Any:
    _require_layout("sparse_csc_tensor", layout, sparse_csc)
    parts = ccol_indices, row_indices, values
    options = _options(dtype, device, pin_memory, requires_grad, check_invariants)
    return _made(sparse_csc, parts, None, options)


sparse_compressed_tensor = function("sparse_compressed_tensor", variants="function")


@sparse_compressed_tensor.overload(composition=True)
def _(
    compressed_indices: Object,
    plain_indices: Object,
    values: Object,
    size: Ints,
    *,
    dtype: DType | None = None,
    layout: Layout | None = None,
    device: Device | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
) -> Any:
    """A matrix by rows or by columns, as `layout` says: `sparse_csr` or `sparse_csc`.

    >>> import autogradkit as torch
    >>> torch.sparse_compressed_tensor([0, 1], [1], [3.0], layout=torch.sparse_csr).to_dense()
    tensor([[0., 3.]])
    """
    parts = compressed_indices, plain_indices, values
    options = _options(dtype, device, pin_memory, requires_grad, check_invariants)
    return _made(layout, parts, size, options)


@sparse_compressed_tensor.overload(composition=True)
def _(
    compressed_indices: Object,
    plain_indices: Object,
    values: Object,
    *,
    dtype: DType | None = None,
    layout: Layout | None = None,
    device: Device | None = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    check_invariants: bool | None = None,
) -> Any:
    parts = compressed_indices, plain_indices, values
    options = _options(dtype, device, pin_memory, requires_grad, check_invariants)
    return _made(layout, parts, None, options)


@op(
    name="sparse_sampled_addmm",
    variants="",
    out=False,
    vjp={
        "self": lambda g, beta: g if beta == 1 else k.times(g, beta),
        "mat1": lambda g, mat2, alpha: _times(k.mm(g, k.t(k.conj(mat2))), alpha),
        "mat2": lambda g, mat1, alpha: _times(k.mm(k.t(k.conj(mat1)), g), alpha),
    },
    rule="∂self = beta · ∂\n∂mat1 = alpha · ∂ @ mat2ᵀ\n∂mat2 = alpha · mat1ᵀ @ ∂",
)
def sampled_addmm(self: Array, mat1: Array, mat2: Array, *, beta: Scalar = 1, alpha: Scalar = 1) -> Any:
    """beta · self + alpha · mat1 @ mat2 at the places of self, which is compressed by rows.

    >>> import autogradkit as torch
    >>> a = torch.tensor([[0.0, 1.0]]).to_sparse_csr()
    >>> torch.sparse.sampled_addmm(a, torch.ones(1, 3), torch.ones(3, 2)).to_dense()
    tensor([[0., 4.]])
    """
    raise no_kernel("sparse_sampled_addmm", "CPU")


def _times(found: Any, alpha: float) -> Any:
    return found if alpha == 1 else k.times(found, alpha)
