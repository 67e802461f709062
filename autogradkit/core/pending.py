"""Tensors whose conjugate, or whose sign, is still pending: `x.conj()` shares the memory of `x` until somebody reads it.

Rests on tensor. A `PendingTensor` is a tensor in whose place for an array a `PendingArray` stands: the memory, and what becomes
of its numbers when they are read. Reading `_array` gives these numbers, in memory of their own, which nobody can write into by
mistake; `_memory` is what the tensor shows, as of every tensor. So kernels, formulas, recorders and printing need to know
nothing, which PyTorch calls its conjugate fallback; views, and what asks for memory, take `_memory`. An op reads once, and
writes back what it edits (`reading`). As with sparse tensors (sparse.py) the class is its own, so that the straight lines of
ops never see one, and `PENDING` is empty until the first is made.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from operator import setitem
from typing import Any

import numpy as np

from autogradkit.core.quiet import quietly
from autogradkit.core.steps import Step
from autogradkit.core.storage import Array
from autogradkit.core.strides import dense_strides_like, element_strides, empty_strided
from autogradkit.core.tensor import PENDING, Tensor, wrap

_NUMPY = {
    True: "Can't call numpy() on Tensor that has conjugate bit set. Use tensor.resolve_conj().numpy() instead.",
    False: "Can't call numpy() on Tensor that has negative bit set. Use tensor.resolve_neg().numpy() instead.",
}
NOT_AS_REAL = (
    "view_as_real doesn't work on unresolved conjugated tensors.  To resolve the conjugate tensor so you can view it as real, "
    "use self.resolve_conj(); however, be warned that the resulting tensor will NOT alias the original."
)


class PendingArray:
    """Memory, and what is pending of the numbers in it: whether they are to be conjugated, and their signs to be changed."""

    __slots__ = ("__weakref__", "conj", "memory", "neg", "numbers")

    memory: Array
    conj: bool
    neg: bool
    numbers: Array | None  # as they were read, while an op runs that edits them or reads them several times

    def __init__(self, memory: Array, conj: bool = False, neg: bool = False) -> None:
        self.memory = memory
        self.conj = conj
        self.neg = neg
        self.numbers = None
        if not PENDING:
            PENDING.append(PendingTensor)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes."""
        return self.memory.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype."""
        return self.memory.dtype

    def read(self) -> Array:
        """The numbers, with the strides of a clone."""
        memory = self.memory
        if self.neg and memory.dtype.kind == "b":
            raise NotImplementedError("\"neg_cpu\" not implemented for 'Bool'")
        made = empty_strided(memory.shape, dense_strides_like(memory.shape, element_strides(memory)), memory.dtype)
        for step in _turned(memory, made, self.conj, self.neg):
            quietly(*step)
        return made

    def writing(self, numbers: Array) -> list[Step]:
        """The steps that write `numbers` into the memory, as it has them."""
        return _turned(numbers, self.memory, self.conj, self.neg)


def _turned(source: Array, target: Array, conj: bool, neg: bool) -> list[Step]:
    if not neg:
        return [(np.conjugate, source, target)]
    return [(np.negative, source, target), *[(np.conjugate, target, target)] * conj]


_PLACE: Any = Tensor._array  # the slot, which the class below has another view of


class PendingTensor(Tensor):
    """A tensor with something pending. Its class is called Tensor, as PyTorch's is, which has one for all."""

    __slots__ = ()

    @property
    def _array(self) -> Array:
        """The numbers."""
        pending = pending_of(self)
        if pending.numbers is not None:
            return pending.numbers
        numbers = pending.read()
        numbers.flags.writeable = False  # what is written there would be lost
        return numbers

    @_array.setter
    def _array(self, array: Array | PendingArray) -> None:
        if not isinstance(array, PendingArray):  # other memory, of which the same is pending
            before = pending_of(self)
            array = PendingArray(array, before.conj, before.neg)
        _PLACE.__set__(self, array)

    @property
    def _memory(self) -> Array:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The memory that it shows, as it lies there."""
        return pending_of(self).memory

    def written_through(self, steps: Sequence[Step]) -> Sequence[Step]:
        """The steps of an edit that writes the numbers which were read for it, and those that write them back."""
        pending = pending_of(self)
        return steps if pending.numbers is None else [*steps, *pending.writing(pending.numbers)]

    def numpy(self, *, force: bool = False) -> Array:
        """Refuses unless it is forced, which gives a copy: an array has nothing pending."""
        if force:
            return numbers_of(self)
        if self._is_differentiated:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        raise RuntimeError(_NUMPY[pending_of(self).conj])

    def __dlpack__(self, **options: Any) -> Any:
        if pending_of(self).conj and not self.requires_grad:
            raise BufferError("Can't export tensors with the conjugate bit set")
        return super().__dlpack__(**options)


PendingTensor.__name__ = PendingTensor.__qualname__ = Tensor.__name__
PendingTensor.__module__ = Tensor.__module__


def pending_of(tensor: Tensor) -> PendingArray:
    """What stands in the place of the array of a `PendingTensor`."""
    return _PLACE.__get__(tensor)


def bits_of(tensor: Tensor) -> tuple[bool, bool]:
    """Whether a conjugate, and whether a change of signs, is pending of a tensor."""
    if tensor.__class__ is not PendingTensor:
        return False, False
    pending = pending_of(tensor)
    return pending.conj, pending.neg


def numbers_of(tensor: Tensor) -> Array:
    """The array of a tensor; where something is pending, of its numbers in memory of their own."""
    return pending_of(tensor).read() if tensor.__class__ is PendingTensor else tensor._array


def wrap_pending(memory: Array, conj: bool, neg: bool) -> Tensor:
    """A tensor on memory of which this is pending."""
    return wrap(PendingArray(memory, conj, neg), PendingTensor) if conj or neg else wrap(memory)  # pyright: ignore


def settle(tensor: Tensor, memory: Array, conj: bool, neg: bool) -> None:
    """Have a tensor that nobody saw yet show `memory`, of which this is pending."""
    array: Any = memory
    if conj or neg:
        array, tensor.__class__ = PendingArray(memory, conj, neg), PendingTensor
    tensor._array = array


def same_memory(tensor: Tensor) -> Tensor:
    """A leaf that shows the same memory, of which the same is pending; nothing else is shared."""
    return wrap_pending(tensor._memory, *bits_of(tensor))


def writing(tensor: Tensor, memory: Array, numbers: Any) -> list[Step]:
    """The steps that write numbers into memory that a tensor shows, or is to show."""
    if tensor.__class__ is PendingTensor:
        return PendingArray(memory, *bits_of(tensor)).writing(np.asarray(numbers, memory.dtype))
    return [(setitem, memory, ..., numbers)]


def unread(values: Iterable[Any]) -> list[PendingArray]:
    """What is pending of these values, and of those in lists among them, and was not read yet."""
    found: list[PendingArray] = []
    for each in values:
        if each.__class__ is PendingTensor:
            pending = pending_of(each)
            if pending.numbers is None:
                found.append(pending)
        elif each.__class__ in (list, tuple):
            found += unread(each)
    return found


@contextmanager
def reading(several: Sequence[PendingArray]) -> Generator[None]:
    """The block in which one op reads these, each once, and may write what it read."""
    try:
        for each in several:
            each.numbers = each.read()
        yield
    finally:
        for each in several:
            each.numbers = None
