"""What a node keeps for backward: which value under which name, its version, its bytes, and what became of it.

Rests on the engine's nodes and on numbering. The recorder asks when an op has run, and again when the trace ends; `rebuild`
asks of a graph found afterwards.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autogradkit.autograd.function_node import BackwardCFunction
from autogradkit.core.batched import BatchArray
from autogradkit.core.meta import MetaArray
from autogradkit.core.sparse import SparseArray
from autogradkit.core.tensor import Tensor, version_of
from autogradkit.engine.history import CopySlices
from autogradkit.engine.packing import Packed
from autogradkit.engine.saved import FREED, OpNode, SavedCast, SavedOutput, SavedResult
from autogradkit.tracing.events import Argument, Saved, quickly_made

_saved = quickly_made(Saved)
# Ends of the names of settings that pictures show anyway: sizes and the like.
_DERIVED = ("_sym_sizes", "_sym_sizes_opt", "_sym_strides", "_geometry", "_kind")


def saved_by(
    node: Any, inputs: tuple[Argument, ...], parameters: tuple[str, ...], outputs: tuple[int, ...],
    number: Callable[[Tensor], int], text: Callable[[Any], str], keep: Callable[[Any, int], None] = lambda *_: None,
) -> tuple[Saved, ...]:  # fmt: skip
    """What the node of an op keeps. `number` gives the value of a tensor that is neither operand nor result, `text` says
    what is no tensor, `keep` hears in which array a result is kept through which no gradient flows."""
    found: list[Saved] = []
    known: dict[str, Argument] | None = None
    for name, kept, version in _saved_values(node):
        if kept is None:
            continue
        value: int | None = None
        told: str | None = None
        if known is None:
            known = {role: argument for argument in inputs if (role := role_of(argument, parameters)) is not None}
        operand = known.get(name)
        if isinstance(kept, SavedOutput | SavedResult):
            value = outputs[kept.number] if kept.number < len(outputs) else None
            if value is not None and 2 * kept.number >= len(node.outputs):
                keep(kept.array, value)
        elif operand is not None and (operand.value is not None or operand.text is not None):
            value, told = operand.value, operand.text
        elif isinstance(kept, Tensor):
            value = number(kept)
        else:
            told = text(kept)
        found.append(_saved(name, value, told, _bytes(kept), version, version))
    if isinstance(node, OpNode) and node.setting_names:
        settings = zip(node.setting_names, node.settings, strict=True)
        found += [_saved(name, None, text(value), 0, None, None) for name, value in settings if _telling(name, value)]
    return tuple(found)


def role_of(argument: Argument, parameters: tuple[str, ...]) -> str | None:
    """The parameter that an argument was given for, where that is known."""
    if argument.name is not None:
        return argument.name
    place = argument.place
    return parameters[place] if place is not None and place < len(parameters) else None


def names_saved_by(node: Any) -> tuple[str, ...]:
    """The names of the tensors that a node keeps, or kept until they were freed."""
    kind = _inner(node)
    if isinstance(kind, OpNode) and kind.saved is FREED:
        return kind.saved_names
    return tuple(name for name, kept, _ in _saved_values(node) if kept is not None)


class Watched:
    """The nodes of a trace, held weakly, to see at its end what became of what they kept."""

    def __init__(self) -> None:
        self._nodes: dict[int, weakref.ref[Any]] = {}  # step of the op -> its node

    def add(self, step: int, node: Any) -> None:
        """Look at this node again at the end."""
        self._nodes[step] = weakref.ref(node)

    def at_end(self, step: int, saved: tuple[Saved, ...]) -> tuple[Saved, ...]:
        """What an op's node kept, with the versions of now: None where it was freed, or the node is gone."""
        if not saved:
            return ()
        reference = self._nodes.get(step)
        node = None if reference is None else reference()
        now = (
            {} if node is None else {name: _counted(kept) for name, kept, _ in _saved_values(node) if kept is not None}
        )
        ends = [now.get(each.name) for each in saved]
        return tuple(
            [
                each
                if each.version_at_end == end
                else Saved(each.name, each.value, each.text, each.nbytes, each.version, end)
                for each, end in zip(saved, ends, strict=True)
            ]
        )


def _inner(node: Any) -> Any:
    """An edit through a view keeps what the edit's own node keeps."""
    return node.function if isinstance(node, CopySlices) else node


def _saved_values(node: Any) -> Iterator[tuple[str, Any, int]]:
    """(name, tensor, saved output or number, version when it was saved); nothing once it was freed."""
    node = _inner(node)
    if isinstance(node, OpNode) and node.saved_names and node.saved is not FREED:
        for name, kept, version in zip(node.saved_names, node.saved, node.versions, strict=True):
            if isinstance(kept, tuple):
                yield from ((f"{name}[{i}]", _itself(each), version[i]) for i, each in enumerate(kept))
            else:
                yield name, _itself(kept), version
    elif isinstance(node, BackwardCFunction) and node._saved is not FREED:
        for i, (kept, version) in enumerate(zip(node._saved, node._versions, strict=True)):
            yield f"saved_tensors[{i}]", _itself(kept), version


def _itself(kept: Any) -> Any:
    """The tensor that was cast before it was used, or what a hook made of one."""
    return kept.tensor if isinstance(kept, SavedCast) else kept.packed if isinstance(kept, Packed) else kept


def _bytes(kept: Any) -> int:
    array = kept._array if isinstance(kept, Tensor) else getattr(kept, "array", kept)
    if array.__class__ is np.ndarray:
        return array.nbytes
    if isinstance(array, SparseArray):
        return int(array.indices.nbytes + array.values.nbytes)
    if isinstance(array, MetaArray | BatchArray):
        return 0
    return int(np.asarray(array).nbytes)  # a number is saved as a tensor without dimensions


def _counted(kept: Any) -> int:
    """The version that the memory of something saved has now; a number has always the first."""
    if isinstance(kept, Tensor):
        return version_of(kept)
    return kept.counter.value if isinstance(kept, SavedOutput | SavedResult) else 0


def _telling(name: str, value: Any) -> bool:
    return value is not None and not name.endswith(_DERIVED)
