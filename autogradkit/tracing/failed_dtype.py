"""Why a `.view(dtype)` failed: which cells would have to be one element, or where one does not begin.

As in `failed_view.py`, whose sibling it is, all is known from the note of the error. Serves the note on the error and its
picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from autogradkit.core.dtype import dtype
from autogradkit.core.recording import unheard
from autogradkit.core.tensor import wrap
from autogradkit.tracing.failed_view import learners_name, refused_view
from autogradkit.tracing.memory import MemoryMap, TensorHeader, box_of, element, header_of
from autogradkit.tracing.render.memory.cards import signed
from autogradkit.tracing.render.memory.walk import Hop


@dataclass(frozen=True)
class FailedDtype:
    """A `.view(dtype)` for which the elements do not lie as they would have to."""

    call: str  # "b.view(torch.float64)"
    memory: MemoryMap
    says: str  # the cause with the tensor's numbers, and what to do
    hops: tuple[Hop, ...]

    @property
    def heading(self) -> str:
        """What stands above its picture."""
        return f"Why {self.call} fails"

    def walk(self) -> tuple[Hop, ...]:
        """Where it shows in memory."""
        return self.hops


def failed_dtype(error: BaseException) -> FailedDtype | None:
    """What an error tells of the `.view(dtype)` that raised it; None if it was none.

    >>> import autogradkit as torch
    >>> b = torch.arange(4.0).view(2, 2).t()
    >>> try:
    ...     b.view(torch.float64)
    ... except RuntimeError as error:
    ...     print(failed_dtype(error).says)
    A float64 takes 2 neighbouring cells of float32, along the last dimension. From b[0, 0] to b[0, 1] the hop is +2, where +1 \
is expected. b.contiguous().view(torch.float64) copies the elements first.
    """
    refused = refused_view(error)
    if refused is None or isinstance(refused.wanted, tuple):
        return None
    return _described(refused.array, refused.wanted, learners_name(refused.array, error))


def _described(array: Any, wanted: dtype, name: str) -> FailedDtype:
    with unheard():
        tensor = wrap(array)
        header = replace(header_of(name, tensor), version=None)
        says, hops = _cause(header, wanted, array.itemsize)
        starts = (header.offset, *(cell for hop in hops for cell in (hop.start, hop.end)))
        box = box_of(tensor, 0, starts)
    return FailedDtype(f"{name}.view({wanted})", MemoryMap((header,), (box,)), says, hops)


def _cause(header: TensorHeader, wanted: dtype, nbytes: int) -> tuple[str, tuple[Hop, ...]]:
    """The first thing that is not as it would have to be, of what PyTorch asks for in its order."""
    own, new = header.dtype, str(wanted).removeprefix("torch.")
    name, size, start = header.name, wanted.itemsize, header.offset
    ratio = max(size // nbytes, 1)
    if ratio > 1:
        takes = f"A {new} takes {ratio} neighbouring cells of {own}, along the last dimension."
    else:
        takes = f"A {own} becomes {nbytes // size} elements of {new}, along the last dimension."
    copied = f"{name}.contiguous().view({wanted}) copies the elements first."
    if not header.shape:
        first = f"{name}.reshape(1) has a dimension."
        return f"{takes} {name} has no dimension. {first}", ()
    if header.stride[-1] != 1:
        hop = header.stride[-1]
        says = f"stride(-1) is {hop}, where 1 is expected."
        hops: tuple[Hop, ...] = ()
        if header.shape[-1] > 1 and header.numel:
            one, other = _ends(header, len(header.shape) - 1)
            says = f"From {one} to {other} the hop is {signed(hop)}, where +1 is expected."
            hops = (
                Hop(start, start + hop, f"{one} → {other}: {signed(hop)} ✗", False),
                Hop(start, start + 1, f"expected: +1, to cell {start + 1:,}", None),
            )
        return f"{takes} {says} {copied if header.shape[-1] % ratio == 0 else ''}".strip(), hops
    if header.shape[-1] % ratio:
        many = header.shape[-1]
        rest = many % ratio
        left = f"{many} cells in a row leave {rest} over."
        last = element(header, (*(0 for _ in header.shape[:-1]), many - rest))
        at = start + many - rest
        pairs = (Hop(start, start + ratio - 1, f"the first {new}: cells {start} to {start + ratio - 1} ✓", True),)
        hops = (*(pairs if many > ratio else ()), Hop(at, at, f"{last} is left over ✗", False))
        return f"{takes} {left} The last size has to be divisible by {ratio}.", hops if header.numel else ()
    if header.offset % ratio:
        reason = f"{name} begins at cell {start}, in the middle of one: offsets have to be divisible by {ratio}."
        return f"{takes} {reason} {name}.clone().view({wanted}) copies the elements first.", (
            Hop(start, start, f"{name} begins here ✗", False),
        )
    dim = next(dim for dim, step in enumerate(header.stride) if dim < len(header.shape) - 1 and step % ratio)
    hop = header.stride[dim]
    says = f"stride({dim}) is {hop}, so that the next index of dim {dim} begins in the middle of one."
    hops = ()
    if header.shape[dim] > 1 and header.numel:
        one, other = _ends(header, dim)
        says = f"From {one} to {other} the hop is {signed(hop)}, which leads into the middle of one."
        hops = (Hop(start, start + hop, f"{one} → {other}: {signed(hop)}, not divisible by {ratio} ✗", False),)
    return f"{takes} {says} {copied}", hops


def _ends(header: TensorHeader, dim: int) -> tuple[str, str]:
    """The first element, and the next one along a dimension, as they are written."""
    first = (0,) * len(header.shape)
    return element(header, first), element(header, (*first[:dim], 1, *first[dim + 1 :]))
