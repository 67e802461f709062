"""Functions of sparse tensors, as PyTorch's `torch.sparse` names them.

Rests on `_ops/sparse`. `sparse_coo_tensor` and `to_sparse()` make them; `coalesce()`, `indices()` and `values()` read them.
"""

import functools as _functools
import typing as _typing

import autogradkit as _ak
from autogradkit._ops.sparse import compressed as _compressed
from autogradkit._ops.sparse import operations as _operations
from autogradkit._ops.sparse.types import SPARSE_TYPES as _SPARSE_TYPES
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.dtype import SCALAR_TYPE_NAMES as _SCALAR_TYPE_NAMES
from autogradkit.core.dtype import int64 as _int64
from autogradkit.core.errors import c_type_name as _c_type_name
from autogradkit.core.frames import entry as _entry
from autogradkit.core.sparse import INVARIANTS as _INVARIANTS
from autogradkit.core.tensor import Tensor as _Tensor

globals().update(_SPARSE_TYPES)
mm = _operations.sparse_mm.owner.front("function")
addmm = _operations.sparse_addmm.owner.front("function")
sampled_addmm = _compressed.sampled_addmm.owner.front("function")
softmax = _operations.sparse_softmax.front("function")
log_softmax = _operations.sparse_log_softmax.front("function")
_sum = _operations.sparse_sum.front("function")


def sum(input: _typing.Any, dim: _typing.Any = None, dtype: _typing.Any = None) -> _typing.Any:
    """The sum of a sparse tensor, over all dimensions or over `dim`; sparse where a sparse dimension is left.

    >>> import autogradkit as torch
    >>> torch.sparse.sum(torch.sparse_coo_tensor([[0, 0], [1, 2]], [2.0, 3.0]))
    tensor(5.)
    """
    options = {} if dtype is None else {"dtype": dtype}
    return _sum(input, **options) if dim is None else _sum(input, dim, **options)


@_entry
def spdiags(
    diagonals: _typing.Any, offsets: _typing.Any, shape: _typing.Sequence[int], layout: _typing.Any = None
) -> _typing.Any:
    """A sparse matrix whose diagonals are the rows of `diagonals`: element j of one is in column j, `offsets` above the main one.

    Raises RuntimeError for offsets that come twice, are no int64, or are not as many as the diagonals.

    >>> import autogradkit as torch
    >>> torch.sparse.spdiags(torch.tensor([[1, 2], [3, 4]]), torch.tensor([0, -1]), (2, 2)).to_dense()
    tensor([[1, 0],
            [3, 2]])
    """
    for position, (name, each) in enumerate((("diagonals", diagonals), ("offsets", offsets)), 1):
        if not isinstance(each, _Tensor):
            wrong = _c_type_name(each)
            raise TypeError(f"_spdiags(): argument '{name}' (position {position}) must be Tensor, not {wrong}")
    rows = diagonals if diagonals.dim() == 2 else diagonals.unsqueeze(0)
    if rows.dim() != 2:
        raise RuntimeError("Diagonals must be vector or matrix")
    if len(shape) != 2:
        raise RuntimeError("Output shape must be 2d")
    if offsets.dim() > 1:
        raise RuntimeError("Offsets must be scalar or vector")
    if rows.size(0) != offsets.numel():
        raise RuntimeError(
            f"Number of diagonals ({rows.size(0)}) does not match the number of offsets ({offsets.numel()})"
        )
    if offsets.dtype is not _int64:
        raise RuntimeError(f"Offset Tensor must have dtype Long but got {_SCALAR_TYPE_NAMES[offsets.dtype]}")
    if layout is _ak.strided:
        raise RuntimeError("Only output layouts (Sparse, SparseCsc, SparseCsr) are supported, got Strided")
    places = offsets.reshape(-1).tolist()
    if len({*places}) != len(places):
        raise RuntimeError("Offset tensor contains duplicate values")
    height, width = shape
    held = [
        (number, column - place, column)
        for number, place in enumerate(places)
        for column in range(max(0, place), min(width, height + place, rows.size(1)))
    ]
    number, row, column = _ak.tensor(held, dtype=_int64).reshape(-1, 3).unbind(1)
    made = _ak.sparse_coo_tensor(_ak.stack((row, column)), rows[number, column], (height, width))
    return made if layout is None else made.to_sparse(layout=layout)


class check_sparse_tensor_invariants:  # noqa: N801 - PyTorch's name
    """Whether indices of new sparse tensors are looked at: for the process, a `with` block, or a decorated function.

    >>> import autogradkit as torch
    >>> with torch.sparse.check_sparse_tensor_invariants():
    ...     torch.sparse.check_sparse_tensor_invariants.is_enabled()
    True
    """

    def __init__(self, enable: bool = True) -> None:
        self.state = enable
        self.saved_state: bool | None = None

    @staticmethod
    def is_enabled() -> bool:
        """Whether they are."""
        return _INVARIANTS.checked

    @staticmethod
    def enable() -> None:
        """Look from now on."""
        _INVARIANTS.checked = True

    @staticmethod
    def disable() -> None:
        """Look no more."""
        _INVARIANTS.checked = False

    def __enter__(self) -> None:
        if self.saved_state is not None:
            raise RuntimeError(
                "This context manager instance is already activated. Use a different context manager instance for context "
                "nesting."
            )
        self.saved_state, _INVARIANTS.checked = _INVARIANTS.checked, self.state

    def __exit__(self, *_: object) -> None:
        if self.saved_state is None:
            raise AssertionError("saved_state should not be None on exit")
        _INVARIANTS.checked, self.saved_state = self.saved_state, None

    def __call__(self, function: _typing.Callable[..., _typing.Any]) -> _typing.Callable[..., _typing.Any]:
        @_functools.wraps(function)
        def checked(*args: _typing.Any, **kwargs: _typing.Any) -> _typing.Any:
            with check_sparse_tensor_invariants(self.state):
                return function(*args, **kwargs)

        return checked


__getattr__ = _absent_from("sparse")
