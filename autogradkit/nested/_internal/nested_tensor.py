"""The jagged tensor: all parts in one tensor of values, one behind the other, and where each begins.

It is the tensor of values itself, with another class and what else is known: autograd sees what runs on values. Which function
does what with it is a table by name, which ops.py fills. One of the dimensions, `_ragged_idx`, has a symbol for its size; in
the values, which have no dimension for the parts, it is the one before. Its class is a tensor's whose functions are overridden,
so ops on other tensors never ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Never

from autogradkit._ops.declare.overriding import DisableTorchFunctionSubclass as PlainTensors
from autogradkit._ops.making.data import tensor
from autogradkit._ops.selection.joining import cat
from autogradkit._ops.views.sizes import alias
from autogradkit.core.frames import entry
from autogradkit.core.layout import jagged
from autogradkit.core.layout import layout as Layout
from autogradkit.core.shapes import wrap_dim
from autogradkit.core.size import Size, as_size
from autogradkit.core.tensor import Tensor
from autogradkit.nested._internal.nested_int import NestedInt, symbol_of

FUNCTIONS: dict[str, Callable[..., Any]] = {}  # by name; each gets what was called, and the call's arguments


class Ragged:
    """Where the parts begin, and, where there are holes between them, how long they are; and the least and greatest length.

    These two are what the parts have, unless somebody said otherwise.
    """

    def __init__(
        self, offsets: Tensor, lengths: Tensor | None = None, shortest: int | None = None, longest: int | None = None
    ) -> None:
        self.offsets = offsets
        self.lengths = lengths
        self.symbol = symbol_of(offsets if lengths is None else lengths)
        begins: list[int] = [int(each) for each in offsets.tolist()]
        self.begins = begins if lengths is not None and len(begins) == len(lengths) else begins[:-1]
        between = [end - begin for begin, end in pairwise(begins)]
        self.counts: list[int] = between if lengths is None else lengths.tolist()
        self.shortest = min(self.counts, default=0) if shortest is None else shortest
        self.longest = max(self.counts, default=0) if longest is None else longest


class NestedTensor(Tensor):
    """A tensor of parts that differ in one dimension."""

    _ragged: Ragged
    _ragged_idx: int

    is_nested = True

    @classmethod
    def __torch_function__(cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """A function of nested tensors. Raises NotImplementedError for one that has no meaning for them."""
        name = func.__name__
        if name == "__get__":  # of a property
            owner: Any = func
            name = owner.__self__.fget.__name__
        found = FUNCTIONS.get(name) or FUNCTIONS["pointwise"]
        with PlainTensors():
            return found(func, *args, **(kwargs or {}))

    # -- what it says of itself -------------------------------------------------------------------------------------

    @property
    def shape(self) -> Any:
        """The sizes, with the symbol for the dimension in which parts differ."""
        return sizes_of(self)

    @property
    def layout(self) -> Layout:
        """Always torch.jagged."""
        return jagged

    @property
    def ndim(self) -> int:
        """One more than the values have."""
        return self.dim()

    @property
    def _max_seqlen(self) -> int:
        return self._ragged.longest

    @property
    def _min_seqlen(self) -> int:
        return self._ragged.shortest

    def _get_max_seqlen(self) -> int:
        return self._max_seqlen

    def _get_min_seqlen(self) -> int:
        return self._min_seqlen

    @property
    def grad(self) -> Any:
        """The gradient, as a nested tensor."""
        return None if self._grad is None else like(self, self._grad.detach())

    @grad.setter
    def grad(self, value: Any) -> None:
        self._grad = None if value is None else plain(value).detach()

    @property
    def data(self) -> Any:
        """The same elements outside the graph."""
        return self.detach()

    def dim(self) -> int:
        """One more than the values have."""
        return self._array.ndim + 1

    def __len__(self) -> int:
        return len(self._ragged.counts)

    @entry
    def size(self, dim: int | None = None) -> Any:
        """All sizes, or that in one dimension, which may be a symbol."""
        return sizes_of(self) if dim is None else sizes_of(self)[wrap_dim(dim, self.dim())]

    @entry
    def stride(self, dim: int | None = None) -> Any:
        """The strides of the values, and the symbol's multiple that lies between parts."""
        with PlainTensors():
            own = Tensor.stride(self)
        found = (own[self._ragged_idx - 1] * self._ragged.symbol, *own)
        return found if dim is None else found[wrap_dim(dim, self.dim())]

    def is_contiguous(self, *, memory_format: Any = None) -> bool:
        """Whether the values are, and have no holes."""
        with PlainTensors():
            return self._ragged.lengths is None and Tensor.is_contiguous(self)

    def values(self) -> Tensor:
        """All parts, one behind the other, in the graph."""
        return plain(self)

    def offsets(self) -> Tensor:
        """Where each part begins in the values, and where the last ends."""
        return self._ragged.offsets

    def lengths(self) -> Tensor | None:
        """How long the parts are, where there are holes between them; else None."""
        return self._ragged.lengths

    @entry
    def to_padded_tensor(self, padding: float, output_size: Sequence[int] | None = None) -> Tensor:
        """One tensor, in which each part is filled up with `padding` to the longest, or to `output_size`.

        Raises RuntimeError where that is less than some part has, or where there are holes between parts.
        """
        return FUNCTIONS["to_padded_tensor"](None, self, padding, output_size)

    @entry
    def numpy(self, *, force: bool = False) -> Never:
        """Raises RuntimeError: `values` and `unbind` give tensors of one size."""
        raise RuntimeError(".numpy() is not supported for tensor subclasses.")

    @entry
    def tolist(self) -> Never:
        """Raises RuntimeError: `values` and `unbind` give tensors of one size."""
        raise RuntimeError(".tolist() is not supported for tensor subclasses, got NestedTensor")

    def __rtruediv__(self, other: Any) -> Any:
        return self.reciprocal() * other

    def __iter__(self) -> Iterator[Tensor]:
        return iter(parts_of(self))

    def __repr__(self) -> str:
        node = self.grad_fn
        graph = ", requires_grad=True" if self.requires_grad else ""
        graph = graph if node is None else f", grad_fn={node}"
        sizes = ", ".join(map(str, self.shape))
        return f"NestedTensor(size=({sizes}), offsets={self._ragged.offsets}{graph}, contiguous={self.is_contiguous()})"

    @entry
    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if id(self) not in memo:
            with PlainTensors():
                copy = like(self, plain(self).detach().clone())
            memo[id(self)] = copy.requires_grad_(self.requires_grad)
        return memo[id(self)]

    @entry
    def __reduce_ex__(self, protocol: Any) -> Any:
        raise NotImplementedError("a jagged tensor is not written here: save its values() and offsets()")


# -- parts and wholes -------------------------------------------------------------------------------------------------


def sizes_of(given: NestedTensor) -> Any:
    """The sizes, with the symbol where parts differ."""
    sizes: list[Any] = [len(given._ragged.counts), *given._array.shape]
    sizes[given._ragged_idx] = given._ragged.symbol
    return as_size(tuple(sizes))


def shown_sizes(given: Any) -> str:
    """The sizes as refusals have them: "(2, j1, 3)"."""
    return f"({', '.join(map(str, sizes_of(given)))})" if isinstance(given, NestedTensor) else str(Size(given.shape))


def nested(values: Any, ragged: Ragged, ragged_idx: int = 1) -> Any:
    """Values that were just made, as a nested tensor."""
    values.__class__ = NestedTensor
    values._ragged, values._ragged_idx = ragged, ragged_idx
    return values


def like(given: Any, values: Any, ragged_idx: int | None = None) -> Any:
    """Values that were just made, with the parts of `given`; itself where an edit gave that back."""
    if values is given:
        return given
    return nested(values, given._ragged, given._ragged_idx if ragged_idx is None else ragged_idx)


def plain(given: Any) -> Any:
    """The values of a nested tensor as a tensor, in its graph; anything else as it is."""
    if not isinstance(given, NestedTensor):
        return given
    with PlainTensors():
        return alias(given)


def parts_of(given: NestedTensor) -> tuple[Tensor, ...]:
    """The parts, as views."""
    values, at = plain(given), given._ragged_idx - 1
    ragged = given._ragged
    if ragged.lengths is None:
        return tuple(values.split(ragged.counts, at))
    return tuple([values.narrow(at, *each) for each in zip(ragged.begins, ragged.counts, strict=True)])


def offsets_of(counts: Sequence[int]) -> Tensor:
    """Where parts of these lengths begin, and where the last ends."""
    return tensor([0, *counts]).cumsum(0)


def joined(parts: Sequence[Any], ragged: Ragged | None = None, ragged_idx: int = 1) -> Any:
    """The nested tensor of these parts, in the graph; of those that are known where `ragged` is given."""
    at = ragged_idx - 1
    found = ragged or Ragged(offsets_of([each.shape[at] for each in parts]))
    return nested(cat(list(parts), at), found, ragged_idx)


def same_parts(one: NestedTensor, other: NestedTensor) -> bool:
    """Whether two nested tensors have the same symbol in the same dimension."""
    return one._ragged.symbol == other._ragged.symbol and one._ragged_idx == other._ragged_idx


def is_symbol(size: object) -> bool:
    """Whether a size is such a symbol."""
    return isinstance(size, NestedInt)
