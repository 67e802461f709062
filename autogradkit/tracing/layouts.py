"""How a layout of a tensor's memory is written by hand: `a.t()`, `a[1:]`, `a.expand(2, 3)`.

Rests on `strided` and on the tensor's own methods: what is offered was made, and has that very layout. Used by the stride
explorer.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from typing import Any

from autogradkit.core.recording import unheard
from autogradkit.tracing.strided import Layout

MOST_PERMUTED = 4  # dimensions of which every order is tried


def layout_of(tensor: Any) -> Layout:
    """The layout of a tensor."""
    return Layout(tuple(tensor.shape), tuple(tensor.stride()), tensor.storage_offset())


def primary(name: str) -> str:
    """An expression to which `.t()` or `[1:]` can be added: in brackets where it needs them.

    >>> primary("a"), primary("a[0]"), primary("a + b")
    ('a', 'a[0]', '(a + b)')
    """
    body = ast.parse(name.strip(), mode="eval").body
    return name if isinstance(body, ast.Name | ast.Attribute | ast.Subscript | ast.Call) else f"({name})"


def spelling(name: str, tensor: Any, wanted: Layout) -> str | None:
    """An expression that gives the layout `wanted` of the memory of `tensor`, which is called `name`.

    None where there is none but `as_strided`. Strides of dimensions of size 1 do not count.

    >>> import autogradkit as torch
    >>> a = torch.arange(6).view(2, 3)
    >>> spelling("a", a, Layout((3, 2), (1, 3), 0)), spelling("a", a, Layout((2, 2), (3, 1), 1))
    ('a.t()', 'a[:, 1:]')
    """
    if not wanted.numel:
        return None
    own, plain = layout_of(tensor), tensor.detach()
    with unheard():
        for ending in dict.fromkeys(_endings(own, wanted)):
            made = layout_of(eval(f"tensor{ending}", {"tensor": plain}))  # an ending is ours, of numbers alone
            if _same(made, wanted):
                return f"{primary(name)}{ending}" if ending else name
    return None


def _same(one: Layout, other: Layout) -> bool:
    return (one.shape, one.offset, one.hops()) == (other.shape, other.offset, other.hops())


def _endings(own: Layout, wanted: Layout) -> Iterator[str]:
    """What may follow the tensor, simple things first. Each can be evaluated."""
    yield ""
    yield from _orders(own, wanted)
    yield from _slices(own, wanted)
    if wanted.numel == own.numel and own.offset == wanted.offset and _viewable(own, wanted):
        yield f".view({_listed(wanted.shape)})"
    if len(wanted.shape) == 2:
        turned = Layout(wanted.shape[::-1], wanted.stride[::-1], wanted.offset)
        yield from (f"{each}.t()" for each in _slices(own, turned))
    if 0 in wanted.stride:
        yield from _expanded(own, wanted)
    if len(own.shape) == 2 and len(wanted.shape) == 1:
        rows, columns = own.shape
        yield from (f".diagonal({k or ''})" for k in range(1 - rows, columns))
    if len(wanted.shape) == len(own.shape) + 1:
        yield from _windows(own, wanted)


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers))


def _viewable(own: Layout, wanted: Layout) -> bool:
    from_own = own.hops() == Layout(own.shape, _dense(own.shape), 0).hops()
    return from_own and wanted.hops() == Layout(wanted.shape, _dense(wanted.shape), 0).hops()


def _dense(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(Layout(shape[dim + 1 :], shape[dim + 1 :], 0).numel for dim in range(len(shape)))


def _orders(own: Layout, wanted: Layout) -> Iterator[str]:
    dims = range(len(own.shape))
    if len(own.shape) != len(wanted.shape) or not 2 <= len(own.shape) <= MOST_PERMUTED:
        return
    for order in itertools.permutations(dims):
        if tuple(own.shape[d] for d in order) != wanted.shape:
            continue
        moved = [d for d in dims if order[d] != d]
        if len(dims) == 2 and moved:
            yield ".t()"
        elif len(moved) == 2:
            yield f".transpose({moved[0]}, {moved[1]})"
        elif moved:
            yield f".permute({_listed(order)})"


def _slices(own: Layout, wanted: Layout) -> Iterator[str]:
    """Every dimension cut to a slice or to one index, so that `wanted` is left."""
    starts, rest = [0] * len(own.shape), wanted.offset - own.offset
    for dim in sorted(range(len(own.shape)), key=lambda d: -own.stride[d]):
        if own.stride[dim]:
            starts[dim] = max(0, min(rest // own.stride[dim], own.shape[dim] - 1))
            rest -= starts[dim] * own.stride[dim]
    if rest:
        return
    for kept in itertools.combinations(range(len(own.shape)), len(wanted.shape)):
        parts = [str(start) for start in starts]
        for dim, size, stride in zip(kept, wanted.shape, wanted.stride, strict=True):
            parts[dim] = _slice(starts[dim], size, stride, own.shape[dim], own.stride[dim])
        if "" in parts:
            continue
        while parts and parts[-1] == ":":
            parts.pop()
        yield f"[{', '.join(parts)}]" if parts else ""


def _slice(start: int, size: int, stride: int, own_size: int, own_stride: int) -> str:
    """`1:`, `:2`, `::2`; nothing where no slice does it."""
    step = 1 if size == 1 or not own_stride else stride // own_stride
    if step < 1 or (size > 1 and step * own_stride != stride) or start + (size - 1) * step >= own_size:
        return ""
    to_the_end = len(range(start, own_size, step)) == size
    stop = "" if to_the_end else str(start + (size - 1) * step + 1)
    return f"{start or ''}:{stop}" + (f":{step}" if step > 1 else "")


def _expanded(own: Layout, wanted: Layout) -> Iterator[str]:
    """A slice whose dimensions of size 1, or new ones in front, are repeated."""
    for front in reversed(range(len(wanted.shape) + 1)):
        if any(wanted.stride[:front]):
            continue
        inner = Layout(
            tuple(1 if not s else n for n, s in zip(wanted.shape[front:], wanted.stride[front:], strict=True)),
            wanted.stride[front:],
            wanted.offset,
        )
        for each in _slices(own, inner):
            yield f"{each}.expand({_listed(wanted.shape)})"


def _windows(own: Layout, wanted: Layout) -> Iterator[str]:
    size = wanted.shape[-1]
    for dim, stride in enumerate(own.stride):
        step = wanted.stride[dim] // stride if stride else 0
        if step > 0 and 0 < size <= own.shape[dim]:
            yield f".unfold({dim}, {size}, {step})"
