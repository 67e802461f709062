"""Numbers for the tensors, values, storages and graph nodes of one trace, in order of first appearance.

Rests on copying and identity. The recorder numbers what it hears of. Everything is held weakly: a traced tensor dies when the
learner drops it. Addresses of memory are used again, as ids are: a storage is another one once nobody shares it any more.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from autogradkit.core.tensor import Tensor, version_of
from autogradkit.engine.history import requires_grad
from autogradkit.tracing.copying import Copier, Mark, is_leaf, mark_of, place_of, value_of, was_changed
from autogradkit.tracing.events import Numbers, Value
from autogradkit.tracing.identity import ByIdentity

_MOST_SHARERS = 64  # tensors in one memory of which is asked whether an edit reaches them
_MOST_WORK: Any = 1_000  # steps in which NumPy is to find that out; its stubs know two numbers alone


class _Storage:
    """The memory of some tensors."""

    __slots__ = ("edits", "number", "sharers", "written")

    def __init__(self, number: int) -> None:
        self.number = number
        self.sharers: ByIdentity[None] = ByIdentity()  # the tensors seen on it
        self.edits = 0  # those through `.data` too, which no version counts
        self.written = 0  # those of these edits that operations made


@dataclass(slots=True)
class _Seen:
    """A tensor that the trace knows: its number, and the value it has now; a base may have been numbered only."""

    number: int
    value: int | None = None
    version: int = -1
    storage: _Storage | None = None  # in which it had that value
    edits: int = -1  # of its storage, when it had that value
    written: int = -1  # those of them that operations made
    name: str | None = None  # that it had before the trace
    mark: Mark = None  # what tells whether NumPy wrote into it


class Numbering:
    """Numbers for one trace. `name_of` says what the learner calls a tensor that was there before it, given how it is
    reached where that is known; `clock` how many events there were so far."""

    def __init__(
        self, copier: Copier, name_of: Callable[[Any, str | None], str | None], clock: Callable[[], int]
    ) -> None:
        self.values: dict[int, Value] = {}
        self.names: dict[int, str] = {}  # value -> the name that its tensor had before the trace
        self._copier = copier
        self._name_of = name_of
        self._unbound: set[int] = set()  # parameters made in the trace: what holds them is known when they are used
        self._clock = clock
        self._owners: ByIdentity[weakref.ref[Any]] = ByIdentity()  # of a gradient: whose `.grad` it is
        self._tensors: ByIdentity[_Seen] = ByIdentity()
        self._tensor_count = 0
        self._nodes: ByIdentity[int] = ByIdentity()
        self._accumulators: dict[int, int] = {}  # tensor number -> number of its AccumulateGrad node
        self._results: ByIdentity[dict[int, int]] = ByIdentity()  # of a node: output -> value
        self._kept: ByIdentity[int] = ByIdentity()  # of an array: the value that a node keeps in it
        self._given: ByIdentity[int] = ByIdentity()  # of an array: whose gradient code was given in it
        self._node_count = 0
        self._storages: list[_Storage] = []  # by number
        self._storage_at: dict[tuple[int, int], _Storage] = {}  # by address and bytes, as the trace saw it last

    def known_number(self, tensor: Any) -> int | None:
        """The value that the trace knows a tensor by, which it may have no more; None if it is new."""
        seen = self._tensors.get(tensor)
        return None if seen is None else seen.value

    def number_of(self, tensor: Any) -> int | None:
        """A tensor's number; None if the trace does not know it."""
        seen = self._tensors.get(tensor)
        return None if seen is None else seen.number

    def number_with(self, identity: int) -> int | None:
        """The number of the living tensor with this id, if the trace knows it."""
        seen = self._tensors.with_id(identity)
        return None if seen is None else seen.number

    def value(self, tensor: Any, *, made: bool = False, fresh_storage: bool = False) -> int:
        """The value that `tensor` has now, made if it is new or was edited since.

        `made` says that the op in hand gave it, so that nobody can have named it before; `fresh_storage` that its memory
        is new as well.
        """
        seen = self._tensors.get(tensor)
        version = version_of(tensor)
        known = None if seen is None else seen.value
        # Known, and nothing was written since: neither into it, by its version, nor into its memory by another way.
        if seen is not None and known is not None and seen.version == version:
            assert seen.storage is not None
            if was_changed(seen.mark, tensor):
                seen.storage.edits += 1
            elif seen.edits == seen.storage.edits:
                self._look_again(known, tensor)
                return known
        # Another object for a result that has a value.
        again = self._unpacked(tensor, made) if known is None else None
        if again is not None:
            return again
        # A new value: its numbers are copied now.
        value = len(self.values)
        new = seen is None
        if seen is None:
            seen = self._known_tensor(tensor)
        base = tensor._base
        key, stride, offset = place_of(tensor)
        storage = self._storage(tensor, key, fresh_storage)
        # What an op has just made can be nobody's gradient yet.
        owner = None if new and made else self._owner(tensor)
        given = self._gradient_of(tensor) if owner is None and not made else None
        found = value_of(
            tensor,
            self._copier,
            value,
            seen.number,
            stride,
            offset,
            storage.number,
            version,
            None if base is None else self._number(base),
            None,
            self._clock(),
            owner if given is None else given,
            given is not None,
        )
        if known is not None and self._only_counted(seen, found):
            self.values[known] = replace(self.values[known], version=found.version)
            seen.version = found.version
            return known
        # NumPy wrote into another part of its memory; an operation that gives the same numbers is one.
        if known is not None and seen.written == storage.written and _is_same(self.values[known], found):
            seen.edits = storage.edits
            return known
        self.values[value] = found
        seen.value, seen.version, seen.mark = value, version, mark_of(found.numbers, tensor)
        seen.storage, seen.edits, seen.written = storage, storage.edits, storage.written
        if known is None and not made:
            self._name(value, tensor)
        elif known is None and found.is_parameter:
            self._unbound.add(value)
        if tensor._node is not None:
            results = self._results.get(tensor._node)
            if results is None:
                results = self._results[tensor._node] = {}
            results[tensor._output_nr] = value
        return value

    def _look_again(self, value: int, tensor: Any) -> None:
        """What may have changed about a tensor that has the value which it had: that it requires grad, what holds it."""
        if requires_grad(tensor) and not self.values[value].requires_grad:  # requires_grad_() since, or the attribute
            self.values[value] = replace(self.values[value], requires_grad=True, is_leaf=is_leaf(tensor))
        if value in self._unbound:
            self._name(value, tensor)

    def _name(self, value: int, tensor: Any) -> None:
        owner = self._tensors.get(self.owner(tensor))
        name = self._name_of(tensor, None if owner is None or owner.name is None else f"{owner.name}.grad")
        if name is not None:
            self.names[value] = self._known_tensor(tensor).name = name
            self._unbound.discard(value)

    def _only_counted(self, seen: _Seen, found: Value) -> bool:
        """Whether nothing was written though the version is another: the engine counts as PyTorch does, which computes some
        gradients in place."""
        known = self.values[seen.value or 0]
        if known.storage != found.storage or seen.edits != self._storages[known.storage].edits:
            return False
        return _alike(known.numbers, found.numbers)

    def keep(self, array: Any, value: int) -> None:
        """A node keeps this result through which no gradient flows, such as the positions of a pooling, in this array."""
        self._kept[array] = value

    def _unpacked(self, tensor: Any, made: bool) -> int | None:
        """The value of a result that a node saved of itself: unpacked, it is another object for the same memory."""
        kept = None if made else self._kept.get(tensor._array)  # what an op makes of it is no unpacking
        if kept is not None or tensor._node is None:
            return kept
        known = self._result(tensor._node, tensor._output_nr)
        if known is None:
            return None
        value = self.values[known]
        key, stride, offset = place_of(tensor)
        same = (
            self.storage_at(*key) == value.storage
            and value.version == version_of(tensor)
            and (value.stride, value.offset) == (stride, offset)
        )
        return known if same else None

    def _result(self, node: Any, output: int) -> int | None:
        """The value of this output of a node."""
        results = self._results.get(node)
        return None if results is None else results.get(output)

    def edited(self, tensor: Any) -> None:
        """Something was written into the memory of a tensor that has a value: whatever shares it has another now."""
        seen = self._tensors.get(tensor)
        if seen is None or seen.storage is None:
            return
        storage = seen.storage
        storage.edits += 1
        storage.written += 1
        # But of the other rows of `for row in a: row *= 2` nothing is written.
        for other, _ in storage.sharers.items() if 1 < len(storage.sharers) <= _MOST_SHARERS else ():
            known = self._tensors.get(other)
            if known is not None and known.edits == storage.edits - 1 and not _share_elements(other, tensor):
                known.edits, known.written = storage.edits, storage.written

    def moved(self, tensor: Any) -> None:
        """A tensor has other memory from now on, `w.data = x`: it has another value, what shares the former memory has not."""
        self._known_tensor(tensor).version = -1

    def rewritten(self, tensor: Any) -> int | None:
        """The value of a tensor that an op may have written beside its result; None where it has the one that it had."""
        value = self.known_number(tensor)
        if value is None or _alike(self.values[value].numbers, self._copier.copy(tensor)):
            return None
        self.edited(tensor)
        return self.value(tensor)

    def settle(self) -> None:
        """Give every living tensor whose memory was edited the value that it has now: what the edit has done to it."""
        self._unbound.clear()  # the cell, whose variables would name them, has ended
        for tensor, seen in self._tensors.items():
            if seen.value is not None and self.values[seen.value].grad_of is None:
                self.value(tensor)

    def owns(self, tensor: Any, grad: Any) -> None:
        """`grad` is the `.grad` of `tensor` from now on."""
        self._owners[grad] = weakref.ref(tensor)

    def assigned(self, tensor: Any, grad: Any) -> None:
        """`grad` became the `.grad` of `tensor`, by which it is reached if nothing else has named it."""
        self.owns(tensor, grad)
        value = self.known_number(grad)
        if value is not None and value not in self.names:
            self._name(value, grad)

    def owner(self, grad: Any) -> Any:
        """The tensor whose `.grad` this is, as far as the trace has heard; else None."""
        owner = self._owners.get(grad)
        tensor = None if owner is None else owner()
        return tensor if tensor is not None and tensor._grad is grad else None

    def gradients_in(self, value: int) -> list[tuple[Any, Any]]:
        """Of each `.grad` in the memory of this value, whose it is, and itself."""
        sharers = self._storages[self.values[value].storage].sharers
        # The fewer: thousands of views may share it, and thousands of parameters have a `.grad`.
        few, others = (self._owners, sharers) if len(self._owners) < len(sharers) else (sharers, self._owners)
        grads = [each for each, _ in few.items() if each in others]
        return [(owner, grad) for grad in grads if (owner := self.owner(grad)) is not None]

    def give(self, array: Any, target: Any, place: int) -> None:
        """The learner's code is given the gradient of a leaf, or of a node's result at this place, in this array."""
        if isinstance(target, Tensor):
            self._given[array] = self.tensor(target)
            return
        value = self._result(target, place)
        if value is not None:
            self._given[array] = self.values[value].tensor

    def _gradient_of(self, tensor: Any) -> int | None:
        """The tensor whose gradient this is, which the learner's code was given and kept."""
        return self._given.get(tensor._array)

    def _owner(self, tensor: Any) -> int | None:
        owner = self.owner(tensor)
        return None if owner is None else self._number(owner)

    def tensor(self, tensor: Any) -> int:
        """The number of a tensor, which has a value from now on."""
        seen = self._tensors.get(tensor)
        if seen is None or seen.value is None:
            return self.values[self.value(tensor)].tensor
        return seen.number

    def node(self, node: Any) -> int | None:
        """The number of a graph node, or of the end of an edge: of a leaf that of its AccumulateGrad node."""
        if node is None:
            return None
        if isinstance(node, Tensor):
            number = self.tensor(node)
            if number not in self._accumulators:
                self._accumulators[number] = self._node_count
                self._node_count += 1
            return self._accumulators[number]
        known = self._nodes.get(node)
        if known is None:
            known = self._nodes[node] = self._node_count
            self._node_count += 1
        return known

    def accumulator(self, tensor: int) -> int | None:
        """The number of a tensor's AccumulateGrad node, by the tensor's number, if it was seen."""
        return self._accumulators.get(tensor)

    def storage_at(self, address: int, nbytes: int) -> int | None:
        """The number of the storage there, as the trace saw it last."""
        found = self._storage_at.get((address, nbytes))
        return None if found is None else found.number

    def node_with(self, identity: int) -> int | None:
        """The number of the living node with this id, if the trace knows it."""
        return self._nodes.with_id(identity)

    def _known_tensor(self, tensor: Any) -> _Seen:
        seen = self._tensors.get(tensor)
        if seen is None:
            seen = self._tensors[tensor] = _Seen(self._tensor_count)
            self._tensor_count += 1
        return seen

    def _number(self, tensor: Any) -> int:
        return self._known_tensor(tensor).number

    def _storage(self, tensor: Any, key: tuple[int, int], fresh: bool) -> _Storage:
        """The memory of a tensor, which begins and has bytes as `key` says."""
        found = self._storage_at.get(key)
        if fresh or found is None or not found.sharers.any_lives():
            found = self._storage_at[key] = _Storage(len(self._storages))
            self._storages.append(found)
        found.sharers[tensor] = None
        return found


def _share_elements(first: Any, second: Any) -> bool:
    """Whether a write into one of two tensors may reach the other."""
    arrays = first._memory, second._memory
    try:
        return any(each.__class__ is not np.ndarray for each in arrays) or np.shares_memory(
            *arrays, max_work=_MOST_WORK
        )
    except np.exceptions.TooHardError:
        return True


def _is_same(known: Value, found: Value) -> bool:
    """Whether a tensor that was copied whole is as it was."""
    places = [(each.storage, each.version, each.stride, each.offset, each.base) for each in (known, found)]
    grads = [(each.requires_grad, each.is_leaf, each.retains_grad, each.grad_of) for each in (known, found)]
    if places[0] != places[1] or grads[0] != grads[1] or found.numbers.data is None:
        return False
    return known.numbers.shape == found.numbers.shape and _alike(known.numbers, found.numbers)


def _alike(before: Numbers, now: Numbers) -> bool:
    return (before.data, before.low, before.high, before.mean) == (now.data, now.low, now.high, now.mean)
