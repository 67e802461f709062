"""`torch.sparse.FloatTensor` and its kin, by which sparse tensors were made before `sparse_coo_tensor`; graph networks still do.

Types without instances of their own, as `FloatTensor` is: a sparse tensor of their dtype is an instance of them.
"""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare.kinds import Array, Device, Sizes
from autogradkit._ops.declare.signature import MisfitError, Signature, parameters_of, refusal
from autogradkit._ops.making.constructors import TYPES, tensortype
from autogradkit._ops.sparse.making import sparse_coo_tensor
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, int64
from autogradkit.core.frames import entry
from autogradkit.core.layout import sparse_coo
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn_once


def _of_nothing(*, device: Device | None = None) -> None: ...
def _of_parts(indices: Array, values: Array, *, device: Device | None = None) -> None: ...
def _of_parts_and_size(indices: Array, values: Array, size: Sizes, *, device: Device | None = None) -> None: ...
def _of_size(size: Sizes, *, device: Device | None = None) -> None: ...


# The forms, and what each is called in the warning: it, and what is to be written instead, with `dtype=` before `device=`.
_FORMS = {
    Signature("new", parameters_of(kernel)): message
    for kernel, message in {
        _of_nothing: ("", "(0,), dtype="),
        _of_parts: ("indices, values, *, device=", "indices, values, dtype=, device="),
        _of_parts_and_size: ("indices, values, shape, *, device=", "indices, values, shape, dtype=, device="),
        _of_size: ("shape, *, device=", "shape, dtype=, device="),
    }.items()
}
_made = sparse_coo_tensor.front("function")


class sparsetensortype(tensortype):  # noqa: N801 - as its base
    """The class of those types."""

    @property
    def full_name(self) -> str:
        """Such as "torch.sparse.FloatTensor"."""
        return f"torch.sparse.{self.__name__}"

    @entry
    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        for form, (before, now) in _FORMS.items():
            try:
                *given, device = form.match(args, kwargs, False)
            except MisfitError:
                continue
            message = f"torch.sparse.SparseTensor({before}) is deprecated.  Please use torch.sparse_coo_tensor({now})."
            warn_once(message)
            if len(given) > 1:  # values keep the dtype they have
                if given[0].dtype is not int64:
                    found = f"expected scalar type Long but found {SCALAR_TYPE_NAMES[given[0].dtype]}"
                    raise RuntimeError(found if len(given) == 2 else "indices must be an int64 tensor")
                return _made(*given, device=device)
            return _made(*(given or [(0,)]), dtype=self.dtype, device=device)
        raise refusal("new", list(_FORMS), args, kwargs)


def _sparse(kind: tensortype) -> sparsetensortype:
    space = {"__slots__": (), "dtype": kind.dtype, "layout": sparse_coo, "is_cuda": False, "is_sparse": True}
    return sparsetensortype(kind.__name__, (), space)


SPARSE_TYPES = {kind.__name__: _sparse(kind) for kind in TYPES if kind.__name__ != "BoolTensor"}
