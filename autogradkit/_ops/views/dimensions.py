"""Views that change which dimensions there are, and their order: unsqueeze, squeeze, transpose, permute and their kin.

Rests on declare and sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autogradkit._ops.declare import function, k, op
from autogradkit._ops.declare.kinds import Array, Dim, Ints
from autogradkit._ops.declare.known_views import KnownViews
from autogradkit._ops.views.geometry import restrided
from autogradkit._ops.views.sizes import alias
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.strides import element_strides
from autogradkit.core.tensor import Tensor, read_only
from autogradkit.core.warning import warn_once

# -- dimensions of size 1 ----------------------------------------------------------------------------------------------


@op(
    in_place=True,
    in_place_node="UnsqueezeBackward1",
    view=KnownViews,
    samples=lambda t: [(t(2, 3), 1), (t(3), -1), (t(), 0)],
    vjp={"self": lambda g, dim: k.squeeze_dim(g, dim)},
    rule="∂self = ∂ in the shape of self",
)
def unsqueeze(self: Array, dim: int) -> Array:
    """A view with a dimension of size 1 inserted at `dim`.

    >>> import autogradkit as torch
    >>> torch.ones(3).unsqueeze(0).shape
    torch.Size([1, 3])
    """
    dim = wrap_dim(dim, self.ndim + 1)
    strides = element_strides(self)
    own = self.shape[dim] * strides[dim] if dim < self.ndim else 1
    return restrided(self, (*self.shape[:dim], 1, *self.shape[dim:]), (*strides[:dim], own, *strides[dim:]))


def _without(self: Array, dims: Sequence[int]) -> Array:
    """A view without those of `dims` that have size 1."""
    kept = [dim for dim, size in enumerate(self.shape) if size != 1 or dim not in dims]
    strides = element_strides(self)
    return restrided(self, [self.shape[dim] for dim in kept], [strides[dim] for dim in kept])


@k.on_arrays(lambda g, sizes, dims: k.reshape(g, sizes))
def _unsqueezed(g: Any, sizes: Sequence[int], dims: Sequence[int]) -> Any:
    """The gradient with those of the dimensions back that had one element, one after the other as in PyTorch."""
    count = len(sizes)
    taken = [dim % count for dim in dims] if count else []
    for dim, size in enumerate(sizes):
        if size == 1 and dim in taken:
            g = k.unsqueeze(g, dim)
    return g


squeeze = function("squeeze", in_place=True)


@squeeze.overload(
    in_place_node="SqueezeBackward3",
    view=KnownViews,
    samples=lambda t: [(t(1, 3, 1),)],
    vjp={"self": lambda g, self_sym_sizes: _unsqueezed(g, self_sym_sizes, range(len(self_sym_sizes)))},
    rule="∂self = ∂ in the shape of self",
)
def squeeze_all(self: Array) -> Array:
    """A view without the dimensions of size 1, or without those of them that `dim` names.

    >>> import autogradkit as torch
    >>> torch.zeros(1, 2, 1).squeeze().shape, torch.zeros(1, 2, 1).squeeze(0).shape
    (torch.Size([2]), torch.Size([2, 1]))
    """
    return _without(self, range(self.ndim))


@squeeze.overload(
    node="SqueezeBackward1",
    in_place_node="SqueezeBackward4",
    view=KnownViews,
    samples=lambda t: [(t(1, 3), 0), (t(1, 3), -1)],
    vjp={"self": lambda g, self_sym_sizes, dim: _unsqueezed(g, self_sym_sizes, (dim,))},
    rule="∂self = ∂ in the shape of self",
)
def squeeze_dim(self: Array, dim: Dim) -> Array:
    return _without(self, (dim,))


@squeeze.overload(
    node="SqueezeBackward2",
    in_place_node="SqueezeBackward5",
    view=KnownViews,
    samples=lambda t: [(t(1, 3, 1), (0, 2)), (t(1, 3, 1), (1, -1))],
    vjp={"self": lambda g, self_sym_sizes, dim: _unsqueezed(g, self_sym_sizes, dim)},
    rule="∂self = ∂ in the shape of self",
)
def squeeze_dims(self: Array, dim: Ints) -> Array:
    dims = [wrap_dim(each, self.ndim) for each in dim]
    twice = [each for place, each in enumerate(dims) if each in dims[:place]]
    if twice:
        raise RuntimeError(f"dim {twice[0]} appears multiple times in the list of dims")
    return _without(self, dims)


# -- the order of dimensions -------------------------------------------------------------------------------------------


def _permuted(self: Array, order: Sequence[int]) -> Array:
    if self.size:
        return self.transpose(order)
    strides = element_strides(self)
    return restrided(self, [self.shape[dim] for dim in order], [strides[dim] for dim in order])


@op(
    in_place=True,
    in_place_node="TransposeBackward1",
    view=True,
    samples=lambda t: [(t(2, 3, 4), 0, 2), (t(2, 3), -1, 0)],
    vjp={"self": lambda g, dim0, dim1: k.transpose(g, dim0, dim1)},
    rule="∂self = ∂ with the two dimensions swapped",
)
def transpose(self: Array, dim0: Dim, dim1: Dim) -> Array:
    """A view with two dimensions exchanged.

    >>> import autogradkit as torch
    >>> torch.arange(6).view(2, 3).transpose(0, 1).stride()
    (1, 3)
    """
    order = list(range(self.ndim))
    if order:
        order[dim0], order[dim1] = dim1, dim0
    return _permuted(self, order)


def _require_matrix(self: Any) -> None:
    if self._array.ndim > 2:
        raise RuntimeError(f"t_() expects a tensor with <= 2 dimensions, but self is {self._array.ndim}D")


@op(
    in_place=True,
    in_place_node="TBackward1",
    view=True,
    samples=lambda t: [(t(2, 3),), (t(3),)],
    vjp={"self": lambda g: k.t(g)},
    rule="∂self = ∂ᵀ",
    edit_refuse=_require_matrix,
)
def t(self: Array) -> Array:
    """A matrix transposed, as a view; a vector as it is.

    >>> import autogradkit as torch
    >>> torch.arange(6).view(2, 3).t()
    tensor([[0, 3],
            [1, 4],
            [2, 5]])
    """
    if self.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {self.ndim}D")
    return self.T if self.ndim == 2 and self.size else _permuted(self, range(self.ndim)[::-1])


def _inverse(dims: Ints) -> Ints:
    order = [dim % len(dims) for dim in dims]
    return tuple(order.index(dim) for dim in range(len(dims)))


@op(
    view=True,
    samples=lambda t: [(t(2, 3, 4), (2, 0, 1)), (t(2, 3), (-1, 0))],
    vjp={"self": lambda g, dims: k.permute(g, _inverse(dims))},
    rule="∂self = ∂ with its dimensions put back",
)
def permute(self: Array, dims: Ints) -> Array:
    """A view with the dimensions in the order `dims`.

    >>> import autogradkit as torch
    >>> torch.zeros(2, 3, 4).permute(2, 0, 1).shape
    torch.Size([4, 2, 3])
    """
    if len(dims) != self.ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering "
            f"of dimensions i.e. input.dim() = {self.ndim} is not equal to len(dims) = {len(dims)}"
        )
    order = [wrap_dim(dim, self.ndim) for dim in dims]
    if len({*order}) != len(order):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return _permuted(self, order)


@op(composition=True, in_place=True, edit=transpose.in_place_call)
def swapdims(self: Tensor, dim0: int, dim1: int) -> Any:
    """A view with two dimensions exchanged: `transpose` under another name.

    >>> import autogradkit as torch
    >>> torch.swapdims(torch.zeros(2, 3), 0, 1).shape
    torch.Size([3, 2])
    """
    return transpose.straight(self, dim0, dim1)


@op(composition=True, in_place=True, edit=transpose.in_place_call)
def swapaxes(self: Tensor, axis0: int, axis1: int) -> Any:
    """A view with two dimensions exchanged: `transpose` under another name.

    >>> import autogradkit as torch
    >>> torch.swapaxes(torch.zeros(2, 3), 0, 1).shape
    torch.Size([3, 2])
    """
    return transpose.straight(self, axis0, axis1)


movedim = function("movedim", "moveaxis")


@movedim.overload(composition=True)
def _(self: Tensor, source: int, destination: int) -> Any:
    """A view with dimensions `source` moved to the places `destination`, the others keeping their order.

    >>> import autogradkit as torch
    >>> torch.zeros(2, 3, 4).movedim(0, -1).shape
    torch.Size([3, 4, 2])
    """
    ndim = self._memory.ndim
    taken, place = wrap_dim(source, ndim), wrap_dim(destination, ndim)
    if not ndim:
        return alias(self)
    order = [*range(ndim)]
    order.insert(place, order.pop(taken))
    return permute.straight(self, tuple(order))


@movedim.overload(composition=True)
def _(self: Tensor, source: Ints, destination: Ints) -> Any:
    return _move(self, source, destination)


def _move(input: Any, source: tuple[int, ...], destination: tuple[int, ...]) -> Any:
    if len(source) != len(destination):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(source)} dims) should contain the same number of "
            f"dims as destination ({list(destination)} dims)"
        )
    ndim = input._array.ndim
    sources = [wrap_dim(dim, ndim) for dim in source]
    places = [wrap_dim(dim, ndim) for dim in destination]
    for name, given, found in (("source", source, sources), ("destination", destination, places)):
        if len({*found}) != len(found):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({list(given)})")
    if not ndim:
        return alias(input)
    rest = iter(dim for dim in range(ndim) if dim not in sources)
    moved = dict(zip(places, sources, strict=True))
    return permute.straight(input, tuple(moved[dim] if dim in moved else next(rest) for dim in range(ndim)))


def _reversed_dims(self: Tensor) -> Tensor:
    """A view with all dimensions in reverse order; deprecated in PyTorch where there are not two."""
    ndim = self._array.ndim
    if ndim == 0:
        warn_once("Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases.")
    elif ndim != 2:
        warn_once(
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is deprecated and it will throw an "
            "error in a future release. Consider `x.mT` to transpose batches of matrices or "
            "`x.permute(*torch.arange(x.ndim - 1, -1, -1))` to reverse the dimensions of a tensor."
        )
    return permute.straight(self, (1, 0) if ndim == 2 else tuple(range(ndim))[::-1])


def _matrix_transpose(name: str) -> Callable[[Tensor], Tensor]:
    conjugates = name in ("H", "mH", "adjoint")
    called = "adjoint()" if name == "adjoint" else name
    identity = "Consider using x.conj()." if conjugates else "This function is the identity in these cases."

    def transposed(self: Tensor) -> Tensor:
        ndim = self._array.ndim
        if ndim == 0:
            warn_once(f"{'' if called[-1] == ')' else 'Tensor.'}{called} is deprecated on 0-D tensors. {identity}")
            return k.conj(self) if conjugates else self
        if ndim == 1 or (ndim > 2 and name == "H"):
            what = "matrices (2-D tensors)" if name == "H" else "matrices or batches of matrices"
            batches = " For batches of matrices, consider using tensor.mH" if ndim > 2 else ""
            raise RuntimeError(f"tensor.{called} is only supported on {what}. Got {ndim}-D tensor.{batches}")
        swapped = transpose.straight(self, -2, -1)
        return k.conj(swapped) if conjugates else swapped

    transposed.__doc__ = "The matrix, or the batch of matrices, transposed; conjugated as well for H and mH."
    return transposed


_adjoint = _matrix_transpose("adjoint")


@op(composition=True)
def adjoint(self: Tensor) -> Any:
    """The matrix, or each matrix of a batch, transposed and conjugated.

    >>> import autogradkit as torch
    >>> torch.adjoint(torch.tensor([[1.0, 2.0]]))
    tensor([[1.],
            [2.]])
    """
    return _adjoint(self)


for _name, _getter in {"T": _reversed_dims, **{each: _matrix_transpose(each) for each in ("mT", "H", "mH")}}.items():
    _getter.__code__ = _getter.__code__.replace(co_name=_name)  # by which a picture calls what ran in it
    setattr(Tensor, _name, read_only(_name, _getter))
