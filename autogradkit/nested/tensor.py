"""The tensor of parts, and how it is taken apart and put together.

It is a flat tensor, all elements one after the other, and the sizes of its parts. What is pointwise runs on the flat one, the
rest part by part (functions.py); autograd sees what runs, and nothing of the sizes. Its class is a tensor's whose functions are
overridden, so ops on other tensors never ask for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Never

from autogradkit._ops.declare.overriding import DisableTorchFunctionSubclass as PlainTensors
from autogradkit._ops.making.data import tensor
from autogradkit._ops.selection.joining import cat, stack
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F

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
PARTWISE: dict[str, Callable[..., Any]] = {}  # functions that go part by part, by name; functions.py fills it
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
        with PlainTensors():
            if name in _ON_ELEMENTS:
                return like(args[0], func(*args, **kwargs))
            if bare in _BETWEEN:
                return _between(func, bare, args, kwargs)
            if name in PARTWISE:
                return PARTWISE[name](*args, **kwargs)
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
        return None if self._grad is None else like(self, self._grad.detach())

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            raise NotImplementedError("the gradient of a nested tensor is what backward leaves, or None")
        self._grad = None

    def dim(self) -> int:
        """One more than the parts have."""
        return 1 + (len(self._sizes[0]) if self._sizes else 0)

    @entry
    def size(self, dim: int | None = None) -> int:
        """The size in one dimension. Raises RuntimeError without one, and where the parts differ."""
        if dim is None:
            raise RuntimeError(_NO_SIZES)
        at = dim_of(self, dim)
        found = {each[at - 1] for each in self._sizes} if at else {len(self._sizes)}
        if len(found) != 1:
            raise RuntimeError(f"Given dimension {at} is irregular and does not have a size.")
        return found.pop()

    def _nested_tensor_size(self) -> Tensor:
        return tensor(self._sizes)

    @property
    def data(self) -> Any:
        """The same elements outside the graph."""
        return self.detach()

    @entry
    def stride(self, dim: int | None = None) -> Never:
        """Raises RuntimeError: the parts have strides."""
        raise RuntimeError(_NO_SIZES.replace("sizes", "strides"))

    @entry
    def tolist(self) -> Never:
        """Raises RuntimeError: `unbind` gives the parts."""
        raise RuntimeError(_NO_SIZES.replace("sizes", "strides"))

    @entry
    def numpy(self, *, force: bool = False) -> Never:
        """Raises RuntimeError: `unbind` gives the parts."""
        raise RuntimeError(_NO_SIZES)

    @entry
    def __len__(self) -> Never:
        raise RuntimeError(_NO_SIZES)

    @entry
    def __reduce_ex__(self, protocol: Any) -> Never:
        raise NotImplementedError(
            "a nested tensor is not written here: save list(nested.unbind()), and make it of that"
        )

    def __iter__(self) -> Iterator[Tensor]:
        return iter(unbind(self))

    def __repr__(self) -> str:
        with PlainTensors():
            parts = [each.detach().requires_grad_(self.requires_grad) for each in unbind(self)]
        shown = ",\n".join("  " + repr(each).replace("\n", "\n  ") for each in parts)
        node = self.grad_fn
        more = ", requires_grad=True" if self.requires_grad else ""
        return f"nested_tensor([\n{shown}\n]{more if node is None else f', grad_fn=<{type(node).__name__}>'})"

    @entry
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
        with PlainTensors():
            rows = []
            for part in unbind(self):
                missing = [one - own for one, own in zip(wanted, part.shape, strict=True)]
                rows.append(F.pad(part, [each for gap in reversed(missing) for each in (0, gap)], value=padding))
            return stack(rows)


NestedTensor.__name__ = NestedTensor.__qualname__ = "Tensor"
NestedTensor.__module__ = Tensor.__module__


# -- parts and wholes --------------------------------------------------------------------------------------------------


def nested(flat: Tensor, sizes: Sizes) -> Any:
    flat.__class__ = NestedTensor
    nested: Any = flat
    nested._sizes = sizes
    return nested


def like(given: Any, flat: Tensor) -> Any:
    return flat if flat is given else nested(flat, given._sizes)


def joined(parts: Sequence[Tensor]) -> Any:
    """The nested tensor of these parts, in the graph."""
    flat = cat([each.reshape(-1) for each in parts], 0) if parts else tensor([])
    return nested(flat, tuple(tuple(each.shape) for each in parts))


def unbind(given: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """The parts, as views."""
    if dim != 0:
        raise RuntimeError(f"NestedTensor can only be unbound along dimension 0 got dimension {dim} instead.")
    with PlainTensors():
        pieces = Tensor.split(given, [math.prod(each) for each in given._sizes]) if given._sizes else ()
        return tuple(piece.view(size) for piece, size in zip(pieces, given._sizes, strict=True))


def dim_of(given: Any, dim: int) -> int:
    count = given.dim()
    if not -count <= dim < count:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-count}, {count - 1}], but got {dim})")
    return dim % count


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
    return like(first, func(*args, **kwargs))
