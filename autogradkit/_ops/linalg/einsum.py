"""einsum: sums of products that an equation names.

It is no node of its own, as in PyTorch: operands are permuted, and two at a time become one by products of matrices. Rests on
products.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

from autogradkit._ops.declare import function, python_function
from autogradkit._ops.declare.kinds import Ints, Tensors
from autogradkit._ops.linalg.products import bmm
from autogradkit._ops.views.dimensions import permute
from autogradkit.core.tensor import Tensor

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # a label is a place in it
_ELLIPSIS = len(LETTERS)


def _labels(equation: str, start: int, end: int, whose: str) -> list[int]:
    """The labels of one operand, or of the output, between two places of an equation; an ellipsis is one, too."""
    found: list[int] = []
    at = start
    while at < end:
        letter = equation[at]
        if letter == ".":
            output = whose == "output"
            if _ELLIPSIS in found:
                already = (
                    " but an ellipsis (...) was already found" if output else " for which an ellipsis was already found"
                )
                raise RuntimeError(f"einsum(): found '.' for {whose}{already}")
            if equation[at : min(at + 3, end)] != "...":
                raise RuntimeError(
                    f"einsum(): found '.' for {whose} that is not part of any ellipsis{' (...)' if output else ''}"
                )
            found.append(_ELLIPSIS)
            at += 2
        elif letter in LETTERS:
            found.append(LETTERS.index(letter))
        elif letter != " ":
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {at} in the equation string, subscripts must be in [a-zA-Z]"
            )
        at += 1
    return found


class _Plan:
    """Where each label of an equation stands in the operands once they are permuted alike: those of the output come first."""

    def __init__(self, equation: str, ndims: tuple[int, ...]) -> None:
        left, arrow, _ = equation.partition("->")
        self.operands = self._read(equation, left, len(ndims))
        counts = [0] * (len(LETTERS) + 1)
        self.spread = 0  # how many dimensions an ellipsis stands for, at most
        for number, (labels, ndim) in enumerate(zip(self.operands, ndims, strict=True)):
            count, has_ellipsis = len(labels), _ELLIPSIS in labels
            if has_ellipsis:
                self.spread = max(self.spread, ndim - count + 1)
            if has_ellipsis and ndim < count - 1:
                raise RuntimeError(
                    f"einsum(): the number of subscripts in the equation ({count - 1}) is more than the number of dimensions "
                    f"({ndim}) for operand {number}"
                )
            if not has_ellipsis and ndim != count:
                raise RuntimeError(
                    f"einsum(): the number of subscripts in the equation ({count}) does not match the number of dimensions "
                    f"({ndim}) for operand {number} and no ellipsis was given"
                )
            for each in labels:
                counts[each] += 1
        self.place: dict[int, int] = {}
        self.kept = 0
        if arrow:
            for each in _labels(equation, len(left) + 2, len(equation), "output"):
                if each in self.place:
                    raise RuntimeError(
                        f"einsum(): output subscript {LETTERS[each]} appears more than once in the output"
                    )
                if each != _ELLIPSIS and not counts[each]:
                    raise RuntimeError(
                        f"einsum(): output subscript {LETTERS[each]} does not appear in the equation for any input operand"
                    )
                self._give_place(each)
        else:
            if counts[_ELLIPSIS]:
                self._give_place(_ELLIPSIS)
            for label in range(_ELLIPSIS):
                if counts[label] == 1:
                    self._give_place(label)
        self.size = self.kept
        for label in (_ELLIPSIS, *range(_ELLIPSIS)):
            if counts[label] and label not in self.place:
                self.place[label] = self.size
                self.size += self.spread if label == _ELLIPSIS else 1

    def _give_place(self, label: int) -> None:
        self.place[label] = self.kept
        self.kept += self.spread if label == _ELLIPSIS else 1

    @staticmethod
    def _read(equation: str, left: str, operands: int) -> list[list[int]]:
        parts = left.split(",")
        found: list[list[int]] = []
        start = 0
        for number, part in enumerate(parts):
            if number == operands:
                raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
            found.append(_labels(equation, start, start + len(part), f"operand {number}"))
            start += len(part) + 1
        if len(parts) < operands:
            raise RuntimeError("einsum(): more operands were provided than specified in the equation")
        return found

    def arranged(self, number: int, operand: Any) -> Any:
        """An operand with a dimension for every label: a repeated one is its diagonal, a missing one has one element."""
        labels = self.operands[number]
        order = [-1] * self.size
        at = 0
        for label in labels:
            place = self.place[label]
            if label == _ELLIPSIS:
                for _ in range(self.spread - (operand.dim() - at - (len(labels) - labels.index(label) - 1))):
                    operand = operand.unsqueeze(at)
                for step in range(self.spread):
                    order[place + step] = at
                    at += 1
            elif order[place] < 0:
                order[place] = at
                at += 1
            else:
                before = order[place]
                if operand.shape[at] != operand.shape[before]:
                    raise RuntimeError(
                        f"einsum(): subscript {LETTERS[label]} is repeated for operand {number} but the sizes don't match, "
                        f"{operand.shape[at]} != {operand.shape[before]}"
                    )
                operand = operand.diagonal(0, before, at).movedim(-1, before)
        for place in range(self.size):
            if order[place] < 0:
                operand = operand.unsqueeze(at)
                order[place] = at
                at += 1
        return permute.straight(operand, tuple(order))

    def require_sizes(self, shapes: Sequence[tuple[int, ...]]) -> None:
        """Raise RuntimeError where a label has two sizes."""
        letters = {place: LETTERS[label] for label, place in self.place.items() if label != _ELLIPSIS}
        for dim in range(self.size):
            size = 1
            for number, shape in enumerate(shapes):
                own = shape[dim]
                if own not in (1, size) and size != 1:
                    if dim in letters:
                        raise RuntimeError(
                            f"einsum(): subscript {letters[dim]} has size {own} for operand {number} which does not broadcast "
                            f"with previously seen size {size}"
                        )
                    raise RuntimeError(
                        f"einsum(): dimension {dim - self.place[_ELLIPSIS]} covered by ellipsis in operand {number}has size "
                        f"{own} which does not broadcast with previously seen ellipsis with size {size} for the respective "
                        "dimension"
                    )
                size = own if size == 1 else size


def _pair(left: Any, right: Any, over: Sequence[int]) -> Any:
    """The product of two operands with all dimensions in one order, summed `over` some, which stay as ones."""
    if not over:
        return left.mul(right)
    both, only_left, only_right = [], [], []
    count = 1
    left_sizes, right_sizes = left._array.shape, right._array.shape
    for dim, (rows, columns) in enumerate(zip(left_sizes, right_sizes, strict=True)):
        m, n = rows != 1, columns != 1
        if dim in over:
            if m and n:
                count *= rows
            elif m:
                left = left.sum(dim, True)
            elif n:
                right = right.sum(dim, True)
        elif m and n:
            both.append(dim)
        else:
            (only_left if m else only_right).append(dim)
    if only_left and only_right and only_right[-1] < only_left[0]:  # the result then has these dimensions in order
        left, right, only_left, only_right = right, left, only_right, only_left
        left_sizes, right_sizes = right_sizes, left_sizes
    pairs = ((left_sizes, both), (left_sizes, only_left), (right_sizes, only_right))
    sizes = [[shape[dim] for dim in dims] for shape, dims in pairs]
    batch, rows, columns = map(math.prod, sizes)
    a = permute.straight(left, (*both, *only_left, *over, *only_right)).reshape(batch, rows, count)
    b = permute.straight(right, (*both, *over, *only_right, *only_left)).reshape(batch, count, columns)
    order = [*both, *only_left, *over, *only_right]
    result = bmm(a, b).view((*sizes[0], *sizes[1], *[1 for _ in over], *sizes[2]))
    return permute.straight(result, tuple([order.index(dim) for dim in range(len(left_sizes))]))


_planned = functools.lru_cache(1024)(_Plan)


_einsum = function("einsum", variants="")


@_einsum.overload(composition=True)
def _(equation: str, tensors: Tensors, *, path: Ints | None = None) -> Any:
    if not tensors:
        raise RuntimeError("einsum(): must provide at least one operand")
    plan = _planned(equation, tuple([each.ndim for each in tensors]))
    left: list[Any] = [plan.arranged(number, each) for number, each in enumerate(tensors)]
    shapes = [each._array.shape for each in left]
    plan.require_sizes(shapes)
    counts = [sum([size != 1 for size in sizes]) for sizes in zip(*shapes, strict=True)]
    summed = range(plan.kept, plan.size)
    if len(left) == 1:
        return left[0].sum(tuple(summed)) if summed else left[0]
    while len(left) > 1:
        a, b = left.pop(0), left.pop(0)
        over, first, second = [], [], []
        a_sizes, b_sizes = a._array.shape, b._array.shape
        for dim in summed:
            if a_sizes[dim] != 1 and b_sizes[dim] != 1:
                counts[dim] -= 1
                if counts[dim] == 1:
                    over.append(dim)
                    counts[dim] = 0
            elif counts[dim] == 1 and (a_sizes[dim] != 1 or b_sizes[dim] != 1):
                (first if a_sizes[dim] != 1 else second).append(dim)
                counts[dim] = 0
        if first:
            a = a.sum(first, True)
        if second:
            b = b.sum(second, True)
        left.insert(0, _pair(a, b, over))
    if not summed:
        return left[0]
    return left[0].view(left[0]._array.shape[: plan.kept])


def _subscripts(labels: Sequence[Any]) -> str:
    for each in labels:
        if each is not Ellipsis and not 0 <= each < len(LETTERS):
            raise ValueError("einsum(): subscript in subscript list is not within the valid range [0, 52)")
    return "".join(["..." if each is Ellipsis else LETTERS[each] for each in labels])


@python_function()
def einsum(*args: Any) -> Tensor:
    """Sums of products, by an equation: each operand's dimensions have letters, and what the output lacks is summed over.

    Instead of an equation, each operand may be followed by the list of its dimensions' numbers, and all by that of the output.

    >>> import autogradkit as torch
    >>> torch.einsum("ij,j->i", torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([1.0, 10.0]))
    tensor([21., 43.])
    """
    if len(args) < 2 or (not isinstance(args[0], Tensor) and len(args) == 2 and _is_nothing(args[1])):
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts "
            "list"
        )
    if isinstance(args[0], Tensor):
        equation = ",".join([_subscripts(each) for each in args[1::2]])
        operands = args[::2]
        if len(args) % 2:
            equation += "->" + _subscripts(args[-1])
            operands = args[:-1:2]
    else:
        equation, operands = args[0], args[1:]
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    return _einsum(equation, operands)


def _is_nothing(operands: Any) -> bool:
    return isinstance(operands, (list, tuple)) and not operands
