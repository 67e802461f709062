"""PyTorch's `torch.nested` of strided layout: tensors of several sizes as one, such as sentences of one batch.

A nested tensor is a flat tensor, all elements one after the other, and the sizes of its parts. What is pointwise runs on the flat
one, the rest part by part; autograd sees what runs, and nothing of the sizes. Its class is a tensor's whose functions are
overridden, so ops on other tensors never ask for it. Loaded when it is first named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Never

from autogradkit._ops.declare.overriding import DisableTorchFunctionSubclass as _PlainTensors
from autogradkit._ops.making.data import tensor as _tensor
from autogradkit._ops.making.options import require_place as _require_place
from autogradkit._ops.network.embedding import embedding as _embedded
from autogradkit._ops.selection.joining import cat as _cat
from autogradkit._ops.selection.joining import stack as _stack
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.dtype import dtype as _Dtype
from autogradkit.core.frames import entry as _entry
from autogradkit.core.layout import layout as _Layout
from autogradkit.core.layout import strided as _strided
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as _F

Sizes = tuple[tuple[int, ...], ...]

_ON_ELEMENTS = frozenset((
    "abs", "abs_", "clone", "contiguous", "cos", "cpu", "detach", "double", "dropout", "elu", "empty_like", "fill_", "float",
    "full_like", "gelu", "gelu_", "half", "isinf", "isnan", "isneginf", "isposinf", "logical_not", "neg", "neg_", "ones_like",
    "rand_like", "randn_like", "relu", "relu_", "requires_grad_", "sgn", "sgn_", "silu", "silu_", "sin", "sqrt", "tanh", "tanh_",
    "to", "type", "zero_", "zeros_like",
))  # fmt: skip
_COMPARED = frozenset(("gt", "ge", "lt", "le", "eq", "ne"))
_BETWEEN = frozenset((
    "add", "add_", "sub", "mul", "mul_", "div", "masked_fill", "radd", "rmul", "iadd", "imul", *_COMPARED,
))  # fmt: skip
_NO_SIZES = "Internal error: NestedTensorImpl doesn't support sizes. Please file an issue."


class NestedTensor(Tensor):
    """A tensor of parts with sizes of their own. It is called Tensor, as in PyTorch."""

    __slots__ = ()
    _sizes: Sizes

    is_nested = True

    @classmethod
    def __torch_function__(cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """A function of nested tensors. Raises NotImplementedError for one that has no meaning for them."""
        kwargs = kwargs or {}
        name = getattr(func, "__self__", func).__name__ if func.__name__ == "__get__" else func.__name__
        bare = name.strip("_") if name.startswith("__") else name
        with _PlainTensors():
            if name in _ON_ELEMENTS:
                return _like(args[0], func(*args, **kwargs))
            if bare in _BETWEEN:
                return _between(func, bare, args, kwargs)
            if name in _OTHERS:
                return _OTHERS[name](*args, **kwargs)
            if name in ("backward", "register_hook", "retain_grad"):
                return func(*args, **kwargs)
        raise NotImplementedError(
            f"Could not run 'aten::{bare}' with arguments from the 'NestedTensorCPU' backend: of nested tensors there "
            "are sums of two, products, activations, linear layers and the like; unbind() gives the parts, "
            "to_padded_tensor(0.0) a tensor of one size"
        )

    # -- what it says of itself -------------------------------------------------------------------------------------

    @property
    def shape(self) -> Never:
        """Raises RuntimeError: the parts have sizes, of one dimension at a time."""
        raise RuntimeError(_NO_SIZES)

    @property
    def ndim(self) -> int:
        """One more than the parts have."""
        return self.dim()

    @property
    def grad(self) -> Any:
        """The gradients of the parts, as a nested tensor."""
        return None if self._grad is None else _like(self, self._grad.detach())

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            raise NotImplementedError("the gradient of a nested tensor is what backward leaves, or None")
        self._grad = None

    def dim(self) -> int:
        """One more than the parts have."""
        return 1 + (len(self._sizes[0]) if self._sizes else 0)

    @_entry
    def size(self, dim: int | None = None) -> int:
        """The size in one dimension. Raises RuntimeError without one, and where the parts differ."""
        if dim is None:
            raise RuntimeError(_NO_SIZES)
        at = _dim(self, dim)
        found = {each[at - 1] for each in self._sizes} if at else {len(self._sizes)}
        if len(found) != 1:
            raise RuntimeError(f"Given dimension {at} is irregular and does not have a size.")
        return found.pop()

    def _nested_tensor_size(self) -> Tensor:
        return _tensor(self._sizes)

    @property
    def data(self) -> Any:
        """The same elements outside the graph."""
        return self.detach()

    @_entry
    def stride(self, dim: int | None = None) -> Never:
        """Raises RuntimeError: the parts have strides."""
        raise RuntimeError(_NO_SIZES.replace("sizes", "strides"))

    @_entry
    def tolist(self) -> Never:
        """Raises RuntimeError: `unbind` gives the parts."""
        raise RuntimeError(_NO_SIZES.replace("sizes", "strides"))

    @_entry
    def numpy(self, *, force: bool = False) -> Never:
        """Raises RuntimeError: `unbind` gives the parts."""
        raise RuntimeError(_NO_SIZES)

    @_entry
    def __len__(self) -> Never:
        raise RuntimeError(_NO_SIZES)

    @_entry
    def __reduce_ex__(self, protocol: Any) -> Never:
        raise NotImplementedError(
            "a nested tensor is not written here: save list(nested.unbind()), and make it of that"
        )

    def __iter__(self) -> Iterator[Tensor]:
        return iter(_unbind(self))

    def __repr__(self) -> str:
        with _PlainTensors():
            parts = [each.detach().requires_grad_(self.requires_grad) for each in _unbind(self)]
        shown = ",\n".join("  " + repr(each).replace("\n", "\n  ") for each in parts)
        node = self.grad_fn
        more = ", requires_grad=True" if self.requires_grad else ""
        return f"nested_tensor([\n{shown}\n]{more if node is None else f', grad_fn=<{type(node).__name__}>'})"

    @_entry
    def to_padded_tensor(self, padding: float, output_size: Sequence[int] | None = None) -> Tensor:
        """One tensor, in which each part is filled up with `padding` to the largest size, or to `output_size`.

        Raises RuntimeError where that is less than some part has.

        >>> import autogradkit as torch
        >>> torch.nested.nested_tensor([[1, 2], [3]]).to_padded_tensor(0)
        tensor([[1, 2],
                [3, 0]])
        """
        largest = [max(each) for each in zip(*self._sizes, strict=True)]
        wanted = largest if output_size is None else list(output_size[1:])
        if len(wanted) != len(largest) or any(one < other for one, other in zip(wanted, largest, strict=True)):
            raise RuntimeError(
                "Value in output_size is less than NestedTensor padded size. Truncation is not supported."
            )
        with _PlainTensors():
            rows = []
            for part in _unbind(self):
                missing = [one - own for one, own in zip(wanted, part.shape, strict=True)]
                rows.append(_F.pad(part, [each for gap in reversed(missing) for each in (0, gap)], value=padding))
            return _stack(rows)


NestedTensor.__name__ = NestedTensor.__qualname__ = "Tensor"
NestedTensor.__module__ = Tensor.__module__


# -- parts and wholes --------------------------------------------------------------------------------------------------


def _nested(flat: Tensor, sizes: Sizes) -> Any:
    flat.__class__ = NestedTensor
    nested: Any = flat
    nested._sizes = sizes
    return nested


def _like(given: Any, flat: Tensor) -> Any:
    return flat if flat is given else _nested(flat, given._sizes)


def _joined(parts: Sequence[Tensor]) -> Any:
    """The nested tensor of these parts, in the graph."""
    flat = _cat([each.reshape(-1) for each in parts], 0) if parts else _tensor([])
    return _nested(flat, tuple(tuple(each.shape) for each in parts))


def _unbind(given: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """The parts, as views."""
    if dim != 0:
        raise RuntimeError(f"NestedTensor can only be unbound along dimension 0 got dimension {dim} instead.")
    with _PlainTensors():
        pieces = Tensor.split(given, [math.prod(each) for each in given._sizes]) if given._sizes else ()
        return tuple(piece.view(size) for piece, size in zip(pieces, given._sizes, strict=True))


def _dim(given: Any, dim: int) -> int:
    count = given.dim()
    if not -count <= dim < count:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-count}, {count - 1}], but got {dim})")
    return dim % count


def _within(given: Any, dim: int, name: str) -> int:
    """The dimension of the parts that is `dim` of the whole."""
    at = _dim(given, dim)
    if not at:
        raise RuntimeError(f"{name}(): nested tensors have parts, and nothing else, along dimension 0")
    return at - 1


def _between(func: Callable[..., Any], name: str, args: Any, kwargs: Any) -> Any:
    first = next(each for each in args if isinstance(each, NestedTensor))
    for place, each in enumerate(args):
        if isinstance(each, NestedTensor):
            if place and name in _COMPARED:
                raise RuntimeError(f"{name} does not support nested tensor as other value.")
            if each._sizes != first._sizes:
                raise RuntimeError(f"{name} does not support broadcasting when given a NestedTensor")
        elif isinstance(each, Tensor) and each.ndim:
            one, other = ("nested", "non-nested") if args[0] is first else ("non-nested", "nested")
            raise RuntimeError(f"Expected both self and other to be nested, but got a {one} self and {other} other")
    return _like(first, func(*args, **kwargs))


def _rows(given: Any) -> Tensor:
    """The last dimensions of all parts, one below the other."""
    return Tensor.view(given, (-1, given.size(-1)))


def _of_rows(given: Any, rows: Tensor) -> Any:
    return _nested(rows.reshape(-1), tuple((*each[:-1], rows.shape[-1]) for each in given._sizes))


# -- functions that are not pointwise ----------------------------------------------------------------------------------


def _linear(input: Any, weight: Tensor, bias: Tensor | None = None) -> Any:
    return _of_rows(input, _F.linear(_rows(input), weight, bias))


def _layer_norm(
    input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5, _: Any = None
) -> Any:
    if weight is None or bias is None:
        raise ValueError("NestedTensor layer_norm requires weight and bias")
    if len(normalized_shape) == 1:
        return _of_rows(input, _F.layer_norm(_rows(input), normalized_shape, weight, bias, eps))
    return _joined([_F.layer_norm(each, normalized_shape, weight, bias, eps) for each in _unbind(input)])


def _embedding(weight: Tensor, input: Any, *rest: Any, **options: Any) -> Any:
    found = _embedded(weight, Tensor.view(input, (-1,)), *rest, **options)
    return _nested(found.reshape(-1), tuple((*each, weight.shape[1]) for each in input._sizes))


def _softmax(input: Any, dim: int, dtype: _Dtype | None = None, **_stack_level: int) -> Any:
    at = _within(input, dim, "softmax")
    return _joined([each.softmax(at, dtype=dtype) for each in _unbind(input)])


def _sum(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    if dim not in (-1, input.dim() - 1, [-1], (-1,)) or not keepdim:
        raise NotImplementedError("of a nested tensor there is sum(-1, keepdim=True): unbind() gives the parts")
    return _of_rows(input, _rows(input).sum(-1, keepdim=True))


def _matmul(input: Any, other: Any) -> Any:
    for one, name in ((input, "self"), (other, "other")):
        if not isinstance(one, NestedTensor):
            told = ("non-nested", "nested") if name == "self" else ("nested", "non-nested")
            raise RuntimeError(f"Expected both to be nested, but got a {told[0]} self and {told[1]} other")
    return _joined([one @ two for one, two in zip(_unbind(input), _unbind(other), strict=True)])


def _transpose(input: Any, dim0: int, dim1: int) -> Any:
    first, second = (_within(input, dim, "transpose") for dim in (dim0, dim1))
    return _joined([each.transpose(first, second) for each in _unbind(input)])


def _unsqueeze(input: Any, dim: int) -> Any:
    at = dim % (input.dim() + 1) - 1
    if at < 0:
        raise RuntimeError("unsqueeze(): nested tensors have parts, and nothing else, along dimension 0")
    return _joined([each.unsqueeze(at) for each in _unbind(input)])


def _view(input: Any, *shape: Any) -> Any:
    """-1 leaves a dimension that is there as it is, and infers one that is new."""
    sizes = tuple(shape[0]) if len(shape) == 1 and not isinstance(shape[0], int) else shape
    if sizes[0] not in (-1, len(input._sizes)):
        raise RuntimeError(f"view: For now nested view cannot change or infer the implicit batch dimension: {sizes[0]}")
    parts = []
    for part in _unbind(input):
        parts.append(
            part.reshape([part.shape[at] if n == -1 and at < part.ndim else n for at, n in enumerate(sizes[1:])])
        )
    return _joined(parts)


def _chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    at = _within(input, dim, "chunk")
    several = [each.chunk(chunks, at) for each in _unbind(input)]
    return tuple(_joined(each) for each in zip(*several, strict=True))


def _join(tensors: Sequence[Any], dim: int = 0) -> Any:
    if dim or not all(isinstance(each, NestedTensor) for each in tensors):
        raise RuntimeError("cat of nested tensors joins them along dimension 0, where all are nested")
    return _joined([part for each in tensors for part in _unbind(each)])


def _attention(query: Any, key: Any, value: Any, *rest: Any, **options: Any) -> Any:
    triples = zip(_unbind(query), _unbind(key), _unbind(value), strict=True)
    return _joined([_F.scaled_dot_product_attention(*each, *rest, **options) for each in triples])


@_entry
def _item(input: Any, index: Any) -> Any:
    first, *rest = index if isinstance(index, tuple) else (index,)
    if not isinstance(first, int):
        raise NotImplementedError("a nested tensor is indexed by the number of a part first")
    count = len(input._sizes)
    if not -count <= first < count:
        raise IndexError(f"index {first} is out of bounds for dimension 0 with size {count}")
    part = _unbind(input)[first]
    return part[tuple(rest)] if rest else part


def _values(input: Any) -> Tensor:
    return Tensor.view(input, (-1,))


_OTHERS: dict[str, Callable[..., Any]] = {
    "unbind": _unbind, "linear": _linear, "layer_norm": _layer_norm, "embedding": _embedding, "softmax": _softmax, "sum": _sum,
    "matmul": _matmul, "bmm": _matmul, "transpose": _transpose, "unsqueeze": _unsqueeze, "view": _view, "reshape": _view,
    "chunk": _chunk, "cat": _join, "scaled_dot_product_attention": _attention, "__getitem__": _item, "values": _values,
}  # fmt: skip


# -- what makes them ---------------------------------------------------------------------------------------------------


def _require(layout: _Layout | None, device: Any, pin_memory: bool = False) -> None:
    if layout not in (None, _strided):
        raise NotImplementedError(f"torch.nested has tensors of the layout torch.strided here, not of {layout}")
    if _require_place({"device": device, "pin_memory": pin_memory}):
        raise NotImplementedError("torch.nested has no tensors on the meta device here")


def _require_alike(parts: Sequence[Tensor]) -> None:
    for number, part in enumerate(parts):
        if part.ndim != parts[0].ndim:
            raise RuntimeError(
                "All Tensors given to nested_tensor must have the same dimension. "
                f"Found dimension {part.ndim} for Tensor at index {number} and dimension {parts[0].ndim} for Tensor at index 0."
            )


@_entry
def nested_tensor(
    tensor_list: Any,
    *,
    dtype: _Dtype | None = None,
    layout: _Layout | None = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Any:
    """A new nested tensor, outside the graph, of copies of tensors, or of lists of numbers.

    All have the dtype of the first. Raises TypeError for what is no list, RuntimeError where the numbers of dimensions differ.

    >>> import autogradkit as torch
    >>> words = torch.nested.nested_tensor([torch.ones(2, 3), torch.zeros(1, 3)])
    >>> words.size(0), words.size(2), torch.nn.Linear(3, 4)(words).size(2)
    (2, 3, 4)
    >>> words * 2
    nested_tensor([
      tensor([[2., 2., 2.],
              [2., 2., 2.]]),
      tensor([[0., 0., 0.]])
    ])
    """
    if not isinstance(tensor_list, list | tuple):
        raise TypeError("Only lists (List[Tensor] and List[List...[Scalar]]) are accepted in nested_tensor")
    _require(layout, device, pin_memory)
    parts = [each.detach() if isinstance(each, Tensor) else _tensor(each) for each in tensor_list]
    _require_alike(parts)
    kind = dtype or (parts[0].dtype if parts else None)
    whole = _joined([each.to(kind) for each in parts])
    return whole.requires_grad_(requires_grad)


@_entry
def as_nested_tensor(ts: Any, dtype: _Dtype | None = None, device: Any = None, layout: _Layout | None = None) -> Any:
    """A nested tensor of tensors, to which its gradient flows. Raises TypeError for what are no tensors.

    >>> import autogradkit as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> torch.nested.as_nested_tensor([x, torch.ones(1)]).to_padded_tensor(0.0).sum().backward()
    >>> x.grad
    tensor([1., 1.])
    """
    if isinstance(ts, NestedTensor):
        raise RuntimeError("as_nested_tensor(): Converting between nested tensor layouts is not supported")
    if isinstance(ts, Tensor):
        ts = ts.unbind()
    if not isinstance(ts, list | tuple) or not all(isinstance(each, Tensor) for each in ts):
        raise TypeError("as_nested_tensor(): Expected first argument to be a tensor or a list / tuple of tensors ")
    _require(layout, device)
    _require_alike(ts)
    kind = dtype or (ts[0].dtype if ts else None)
    return _joined([each.to(kind) for each in ts])


@_entry
def to_padded_tensor(
    input: Any, padding: float, output_size: Sequence[int] | None = None, out: Tensor | None = None
) -> Tensor:
    """`input.to_padded_tensor(padding, output_size)`. Raises NotImplementedError for an `out`."""
    if out is not None:
        raise NotImplementedError("to_padded_tensor(): out= is not available")
    return input.to_padded_tensor(padding, output_size)


__getattr__ = _absent_from("nested")
