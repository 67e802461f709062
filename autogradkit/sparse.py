"""Functions of sparse tensors, as PyTorch's `torch.sparse` names them.

Rests on `_ops/sparse`. `sparse_coo_tensor` and `to_sparse()` make them; `coalesce()`, `indices()` and `values()` read them.
"""

import functools as _functools
import typing as _typing

from autogradkit._ops.sparse import operations as _operations
from autogradkit._ops.sparse.types import SPARSE_TYPES as _SPARSE_TYPES
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.sparse import INVARIANTS as _INVARIANTS

globals().update(_SPARSE_TYPES)
mm = _operations.sparse_mm.owner.made("function")
addmm = _operations.sparse_addmm.owner.made("function")
softmax = _operations.sparse_softmax.made("function")
log_softmax = _operations.sparse_log_softmax.made("function")
_sum = _operations.sparse_sum.made("function")


def sum(input: _typing.Any, dim: _typing.Any = None, dtype: _typing.Any = None) -> _typing.Any:
    """The sum of a sparse tensor, over all dimensions or over `dim`; sparse where a sparse dimension is left.

    >>> import autogradkit as torch
    >>> torch.sparse.sum(torch.sparse_coo_tensor([[0, 0], [1, 2]], [2.0, 3.0]))
    tensor(5.)
    """
    options = {} if dtype is None else {"dtype": dtype}
    return _sum(input, **options) if dim is None else _sum(input, dim, **options)


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
