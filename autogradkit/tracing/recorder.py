"""The recorder: listens to ops, backward and modules in one thread, and turns what it hears into an event stream.

Rests on `core.recording` (the contract), `copying` and `source`, and on public tensor attributes. While the cell runs it
notes places as (code, offset) pairs and copies numbers, within bounds; names and positions are found afterwards, by
`resolve`. It holds weak references only: a traced tensor dies when the learner drops it.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FrameType, ModuleType
from typing import Any

import autogradkit
from autogradkit.tracing.copying import Copier
from autogradkit.tracing.events import (
    Accumulated,
    Argument,
    BackwardBegin,
    BackwardEnd,
    Event,
    Failure,
    GradAssigned,
    NodeRan,
    Op,
    Value,
)
from autogradkit.tracing.labels import file_label
from autogradkit.tracing.resolve import Draft, resolve
from autogradkit.tracing.source import Site, entry_frame, learner_frame, site_of

MOST_EVENTS = 20_000  # beyond it events are counted, not kept


@dataclass
class _Seen:
    """A tensor that the trace knows: its number, and the value it has now."""

    number: int
    value: int
    version: int
    reference: weakref.ref[Any]


@dataclass
class Recording:
    """What a recorder heard, names and positions resolved."""

    events: tuple[Event, ...]
    values: dict[int, Value]
    left_out: int  # elements of which only a summary was kept
    dropped: int  # events beyond the limit
    numbers: dict[int, tuple[weakref.ref[Any], int]]  # id(tensor) -> the tensor, while it lives, and its number


class EventRecorder:
    """Implements `core.recording.Recorder` for one trace."""

    def __init__(self) -> None:
        self.thread = threading.get_ident()
        self.depth = 0
        self.copier = Copier()
        self.drafts: list[Draft] = []
        self.values: dict[int, Value] = {}
        self.dropped = 0
        self._tensors: dict[int, _Seen] = {}
        self._count = 0
        self._nodes: dict[int, tuple[int, weakref.ref[Any]]] = {}
        self._accumulators: dict[int, int] = {}  # tensor number -> number of its AccumulateGrad node
        self._node_count = 0
        self._storages: dict[tuple[int, int], int] = {}
        self._sharers: dict[int, list[weakref.ref[Any]]] = {}  # storage number -> tensors seen on it
        self._storage_count = 0
        self._calls: dict[int, int] = {}
        self._backward_sites: dict[int, Site] = {}
        self._grads: dict[int, tuple[weakref.ref[Any], weakref.ref[Any]]] = {}  # id(grad) -> grad, its tensor
        self._scope: list[str] = []
        self.failed: tuple[BaseException, str, tuple[Argument, ...], Site] | None = None  # the op that raised last
        self.scope: tuple[str, ...] = ()  # modules that were running when it did
        self._first_names: dict[int, str] = {}  # tensor number -> name found in the learner's namespace
        self._modules: dict[CodeType, frozenset[str]] = {}  # code -> names that stand for modules where it runs
        self._layer_names: dict[int, str] = {}  # id(module) -> its name in the outermost module that ran
        self._parameter_names: dict[int, tuple[weakref.ref[Any], str]] = {}
        self._visit = 0
        self._entry: FrameType | None = None  # our outermost frame when the last op ran
        self._quiet = False  # while we look at tensors ourselves

    # -- numbering --------------------------------------------------------------------------------------------------

    def _known(self, tensor: Any) -> _Seen | None:
        seen = self._tensors.get(id(tensor))
        return seen if seen is not None and seen.reference() is tensor else None

    def _value_of(self, tensor: Any, fresh_storage: bool = False) -> int:
        """The id of the value that `tensor` has now, made if this is a new tensor or it was edited since."""
        seen = self._known(tensor)
        version = tensor._version
        if seen is not None and seen.version == version:
            return seen.value
        if seen is None:
            number = self._count
            self._count += 1
            if not fresh_storage:
                self._look_for_name(tensor, number)
        else:
            number = seen.number
        made = self._make_value(tensor, number, version, fresh_storage)
        self._tensors[id(tensor)] = _Seen(number, made, version, weakref.ref(tensor))
        return made

    def _make_value(self, tensor: Any, number: int, version: int, fresh_storage: bool) -> int:
        base = tensor._base
        value = Value(
            id=len(self.values),
            tensor=number,
            name=None,
            numbers=self.copier.copy(tensor),
            stride=tuple(tensor.stride()),
            offset=tensor.storage_offset(),
            storage=self._storage(tensor, fresh_storage),
            version=version,
            requires_grad=tensor.requires_grad,
            is_leaf=tensor.is_leaf,
            is_parameter=isinstance(tensor, _parameter_class()),
            base=None if base is None else self._number(base),
            retains_grad=tensor.retains_grad,
        )
        self.values[value.id] = value
        return value.id

    def _number(self, tensor: Any) -> int:
        seen = self._known(tensor)
        if seen is None:
            self._value_of(tensor)
            seen = self._known(tensor)
        assert seen is not None
        return seen.number

    def _storage(self, tensor: Any, fresh: bool) -> int:
        """The number of a tensor's storage. An address counts only while a tensor that we saw there lives."""
        storage = tensor.untyped_storage()
        key = (storage.data_ptr(), storage.nbytes())
        number = self._storages.get(key)
        if fresh or number is None or not any(reference() is not None for reference in self._sharers[number]):
            number = self._storages[key] = self._storage_count
            self._storage_count += 1
            self._sharers[number] = []
        self._sharers[number].append(weakref.ref(tensor))
        return number

    def _node(self, node: Any) -> int | None:
        if node is None:
            return None
        variable = getattr(node, "variable", None)
        if variable is not None:
            number = self._number(variable)
            if number not in self._accumulators:
                self._accumulators[number] = self._node_count
                self._node_count += 1
            return self._accumulators[number]
        known = self._nodes.get(id(node))
        if known is None or known[1]() is not node:
            known = self._nodes[id(node)] = (self._node_count, weakref.ref(node))
            self._node_count += 1
        return known[0]

    def _look_for_name(self, tensor: Any, number: int) -> None:
        """Find the name under which a tensor made before the trace is known where the learner's code runs.

        The cell's own name for it comes before a parameter's name inside a function that the cell calls.
        """
        parameter = self._parameter_names.get(id(tensor))
        if parameter is not None and parameter[0]() is tensor:
            self._first_names[number] = parameter[1]
            return
        frame = learner_frame(sys._getframe(1))
        while frame is not None:
            for name, value in list(frame.f_locals.items()):
                if value is tensor and not name.startswith("_"):
                    self._first_names[number] = name
                    break
            if frame.f_code.co_name.startswith(("<module>", "<cell line")):
                break
            frame = learner_frame(frame.f_back)

    # -- the contract -----------------------------------------------------------------------------------------------

    def op(self, name: str, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        if self._quiet:
            return
        self._quiet = True
        try:
            self._op(name, kind, args, kwargs, result)
        finally:
            self._quiet = False

    def _op(self, name: str, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        results = [each for each in _flat(result) if _is_tensor(each)]
        if len(self.drafts) >= MOST_EVENTS:
            self.dropped += 1
            return
        edited = results[0] if kind == "inplace" and results else None
        inputs, operands = self._arguments(args, kwargs, edited)
        outputs: list[int] = []
        for each in results:
            known = self._known(each)
            if known is not None and edited is None and known.version == each._version:
                outputs.append(known.value)
                continue
            outputs.append(self._value_of(each, fresh_storage=kind in ("op", "create", "random")))
        first = results[0] if results else None
        maker = None if first is None else first.grad_fn
        if edited is not None and first is not None and first._base is not None and first._base.grad_fn is not None:
            maker = first._base.grad_fn  # an edit through a view: the base's CopySlices is what will run
        event = Op(
            step=len(self.drafts),
            name=name,
            kind=kind,
            node=self._node(maker),
            node_name=None if maker is None else maker.name(),
            inputs=inputs,
            outputs=tuple(outputs),
            saved=() if maker is None else _saved(maker),
            position=None,
            scope=tuple(self._scope),
            why_not=None if maker is not None else self._why_not(kind, args, results),
        )
        entry = entry_frame(sys._getframe(2))
        if entry is not self._entry:
            self._entry = entry
            self._visit += 1
        frame = learner_frame(entry)
        self._note_modules(frame)
        self.drafts.append(Draft(event, site_of(frame), tuple(outputs), operands, self._visit))
        if edited is not None:
            self._grad_edited(edited)

    def _note_modules(self, frame: FrameType | None) -> None:
        """Remember which names stand for modules where this code runs: they are no operands."""
        if frame is not None and frame.f_code not in self._modules:
            spaces = (frame.f_globals, frame.f_locals)
            names = (name for space in spaces for name, value in list(space.items()) if isinstance(value, ModuleType))
            self._modules[frame.f_code] = frozenset(names)

    def _arguments(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], edited: Any
    ) -> tuple[tuple[Argument, ...], tuple[int | None, ...]]:
        named = [(None, value) for value in args] + list(kwargs.items())
        inputs: list[Argument] = []
        operands: list[int | None] = []
        for name, value in named:
            for each in _flat(value):
                if _is_tensor(each):
                    # What an in-place op was given is the value before the edit, if the trace has it.
                    seen = self._known(each)
                    before = seen.value if each is edited and seen is not None else self._value_of(each)
                    inputs.append(Argument(name, before, None))
                    if name is None:
                        operands.append(before)
                else:
                    if each is not None:
                        inputs.append(Argument(name, None, _short(each)))
                    if name is None:
                        operands.append(None)
        return tuple(inputs), tuple(operands)

    def _why_not(self, kind: str, args: tuple[Any, ...], results: list[Any]) -> str:
        if kind in ("create", "random"):
            return "create"
        if not any(_is_tensor(each) and each.requires_grad for value in args for each in _flat(value)):
            return "inputs"
        if not autogradkit.is_grad_enabled():
            return "no_grad"
        return "dtype"

    def op_failed(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], error: BaseException) -> None:
        if self._quiet or (self.failed is not None and self.failed[0] is error):
            return
        self._quiet = True
        try:
            inputs, _ = self._arguments(args, kwargs, None)
            self.failed = (error, name, inputs, site_of(sys._getframe(1)))
            self.scope = tuple(self._scope)
        finally:
            self._quiet = False

    def backward_begin(self, call: int, roots: tuple[Any, ...], accumulate: bool, options: dict[str, bool]) -> None:
        number = self._calls[call] = len(self._calls)
        site = self._backward_sites[number] = site_of(sys._getframe(1))
        event = BackwardBegin(
            step=len(self.drafts),
            call=number,
            accumulate=accumulate,
            roots=tuple(self._value_of(root) for root in roots),
            retain_graph=options["retain_graph"],
            create_graph=options["create_graph"],
            position=None,
        )
        self.drafts.append(Draft(event, site))

    def node(self, call: int, node: Any, received: tuple[Any, ...], sent: tuple[Any, ...]) -> None:
        self._quiet = True
        try:
            self._node_ran(call, node, received, sent)
        finally:
            self._quiet = False

    def _node_ran(self, call: int, node: Any, received: tuple[Any, ...], sent: tuple[Any, ...]) -> None:
        if len(self.drafts) >= MOST_EVENTS:
            self.dropped += 1
            return
        number = self._node(node)
        assert number is not None
        event = NodeRan(
            step=len(self.drafts),
            call=self._calls[call],
            node=number,
            node_name=node.name(),
            received=tuple(None if each is None else self.copier.copy(each) for each in received),
            sent=tuple(None if each is None else self.copier.copy(each) for each in sent),
            edges=tuple(self._node(target) for target, _ in node.next_functions),
        )
        self.drafts.append(Draft(event, Site(())))

    def accumulate(self, call: int, tensor: Any, before: Any, contribution: Any, after: Any) -> None:
        self._quiet = True
        try:
            self._accumulated(call, tensor, before, contribution, after)
        finally:
            self._quiet = False

    def _accumulated(self, call: int, tensor: Any, before: Any, contribution: Any, after: Any) -> None:
        number = self._number(tensor)
        self._grads[id(after)] = (weakref.ref(after), weakref.ref(tensor))
        event = Accumulated(
            step=len(self.drafts),
            call=self._calls[call],
            tensor=number,
            node=self._accumulators.get(number),
            name=None,
            before=None if before is None else self.copier.copy(autogradkit.from_numpy(before)),
            contribution=self.copier.copy(contribution),
            after=self.copier.copy(after),
            position=None,
        )
        self.drafts.append(Draft(event, self._backward_sites[self._calls[call]]))

    def backward_end(self, call: int, error: BaseException | None) -> None:
        self.drafts.append(Draft(BackwardEnd(len(self.drafts), self._calls[call], error is not None), Site(())))

    def grad_assigned(self, tensor: Any, old: Any, new: Any) -> None:
        if self._quiet:
            return
        if new is not None:
            self._grads[id(new)] = (weakref.ref(new), weakref.ref(tensor))
        if old is None and new is None:
            return
        self._note_assignment(tensor, old, new, site_of(sys._getframe(1)))

    def _note_assignment(self, tensor: Any, old: Any, new: Any, site: Site) -> None:
        after = None if new is None else self.copier.copy(new)
        how = "none" if after is None else "zeros" if after.low == after.high == 0 else "assigned"
        event = GradAssigned(
            step=len(self.drafts),
            tensor=self._number(tensor),
            name=None,
            how=how,
            before=None if old is None else self.copier.copy(old),
            after=after,
            position=None,
        )
        self.drafts.append(Draft(event, site))

    def _grad_edited(self, edited: Any) -> None:
        """An in-place edit of some leaf's `.grad`, such as `w.grad.zero_()`."""
        known = self._grads.get(id(edited))
        if known is None or known[0]() is not edited:
            return
        owner = known[1]()
        if owner is not None:
            self._note_assignment(owner, None, edited, site_of(sys._getframe(3)))

    def module_enter(self, module: Any) -> None:
        if not self._scope:
            kind = type(module).__name__
            self._layer_names = {id(each): name.rpartition(".")[2] or kind for name, each in module.named_modules()}
            self._parameter_names = {id(each): (weakref.ref(each), name) for name, each in module.named_parameters()}
        self._scope.append(self._layer_names.get(id(module), type(module).__name__))

    def module_exit(self, module: Any) -> None:
        if self._scope:
            self._scope.pop()

    # -- afterwards -------------------------------------------------------------------------------------------------

    def finish(self, error: BaseException | None = None, label: Callable[[str], str] = file_label) -> Recording:
        """Resolve places and names. `error` is what ended the cell; `label` names a file for the learner."""
        self._entry = None
        if error is not None:
            self._add_failure(error)
        first_value: dict[int, int] = {}
        for value in self.values.values():
            first_value.setdefault(value.tensor, value.id)
        known = {first_value[tensor]: name for tensor, name in self._first_names.items()}
        events, values = resolve(self.drafts, self.values, known, self._modules, label)
        numbers = {key: (seen.reference, seen.number) for key, seen in self._tensors.items()}
        return Recording(events, values, self.copier.left_out, self.dropped, numbers)

    def outermost_files(self) -> frozenset[str]:
        """The files of the code that everything recorded was called from: the traced cell."""
        return frozenset(draft.site.frames[-1][0].co_filename for draft in self.drafts if draft.site.frames)

    def _add_failure(self, error: BaseException) -> None:
        failed = self.failed if self.failed is not None and self.failed[0] is error else None
        site = failed[3] if failed is not None else _site_of_traceback(error)
        event = Failure(
            step=len(self.drafts),
            error=type(error).__name__,
            message=str(error),
            notes=tuple(getattr(error, "__notes__", ())),
            op=None if failed is None else failed[1],
            inputs=() if failed is None else failed[2],
            position=None,
        )
        self.drafts.append(Draft(event, site))


def _site_of_traceback(error: BaseException) -> Site:
    frames = []
    trace = error.__traceback__
    while trace is not None:
        frames.append((trace.tb_frame.f_code, trace.tb_lasti))
        trace = trace.tb_next
    ours = autogradkit.__file__.removesuffix("__init__.py")
    return Site(tuple(frame for frame in reversed(frames) if not frame[0].co_filename.startswith(ours)))


def _is_tensor(value: Any) -> bool:
    return isinstance(value, autogradkit.Tensor)


def _flat(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) and any(_is_tensor(each) for each in value) else [value]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _parameter_class() -> type:
    from autogradkit.core.parameter import Parameter

    return Parameter


_SAVED_NAMES: dict[type, tuple[str, ...]] = {}


def _saved(node: Any) -> tuple[str, ...]:
    """The names of the tensors that a node saved."""
    kind = type(node)
    if kind not in _SAVED_NAMES:
        _SAVED_NAMES[kind] = tuple(name for name in dir(kind) if name.startswith("_saved_"))
    return tuple(name for name in _SAVED_NAMES[kind] if _holds_tensor(node, name))


def _holds_tensor(node: Any, name: str) -> bool:
    try:
        return _is_tensor(getattr(node, name))
    except RuntimeError:  # saved, and edited by this very op, as in `y.mul_(y)`
        return True
