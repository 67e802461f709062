"""`allow_mutation_on_saved_tensors`: a saved tensor is copied before an edit, and backward goes by the copy.

Rests on hooks on saved tensors (`engine/packing.py`) and on a recorder, which hears of each edit before it happens.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast
from weakref import WeakSet

from autogradkit.core.facts import Declaration
from autogradkit.core.recording import Recorder
from autogradkit.core.storage import Bytes
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.engine.packing import saved_tensors_hooks
from autogradkit.engine.required import OPS


class _Handle:
    """What a node keeps in place of a saved tensor."""

    __slots__ = ("__weakref__", "tensor")

    def __init__(self, tensor: Tensor) -> None:
        self.tensor: Tensor | None = tensor  # or its copy; None once the block was left


class _Guard(Recorder):
    """Copies what was saved of a memory that is about to be edited."""

    _current: _Guard | None = None

    def __init__(self) -> None:
        super().__init__()
        self._handles: defaultdict[int, WeakSet[_Handle]] = defaultdict(WeakSet)  # by the address of the storage

    def pack(self, tensor: Tensor) -> _Handle:
        """Keep a tensor that a node saves."""
        handle = _Handle(tensor)
        self._handles[_address(tensor)].add(handle)
        return handle

    def unpack(self, handle: _Handle) -> Tensor:
        """The tensor as it was saved. Raises AssertionError outside of the block."""
        if handle.tensor is None or _Guard._current is not self:
            raise AssertionError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' contextin which the graph was originally "
                "recorded."
            )
        return handle.tensor

    def op_begins(self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        for edited in _edited(kind, args, kwargs):
            for handle in self._handles.pop(_address(edited), ()):
                if handle.tensor is not None:
                    with no_grad():
                        handle.tensor = OPS.clone(handle.tensor)

    def clear(self) -> None:
        """Forget everything: graphs that were recorded in the block are of no use from now on."""
        for handles in self._handles.values():
            for handle in handles:
                handle.tensor = None
        self._handles.clear()


def _edited(kind: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Tensor]:
    if kind == "inplace":
        target = args[0] if args else kwargs.get("self", kwargs.get("input"))
        if isinstance(target, Tensor):
            yield target
    out = kwargs.get("out")
    for each in cast("list[Any]", out) if isinstance(out, (list, tuple)) else [out]:
        if isinstance(each, Tensor):
            yield each


def _address(tensor: Tensor) -> int:
    return Bytes(tensor._memory).data_ptr()


@contextmanager
def allow_mutation_on_saved_tensors() -> Generator[Any]:
    """In its block, which forward and backward share, tensors that nodes saved may be edited: backward sees them as they were.

    Raises RuntimeError within another.

    >>> import autogradkit as torch
    >>> with torch.autograd.graph.allow_mutation_on_saved_tensors():
    ...     x = torch.tensor([2.0], requires_grad=True)
    ...     y = x.exp()
    ...     z = y.log()
    ...     y = y.zero_()
    ...     z.backward()
    >>> x.grad
    tensor([1.])
    """
    if _Guard._current is not None:
        raise RuntimeError("allow_mutation_on_saved_tensors contexts cannot be nested")
    guard = _Guard()
    with saved_tensors_hooks(guard.pack, guard.unpack):
        try:
            _Guard._current = guard
            guard.begin()
            yield guard
        finally:
            guard.end()
            guard.clear()
            _Guard._current = None
