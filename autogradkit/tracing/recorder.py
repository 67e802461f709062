"""The recorder: listens to ops, backward and modules in one thread, and turns what it hears into an event stream.

Rests on `core.recording` (the contract), `calls`, `copying`, `failure`, `gradients` (what backward did), `visits`, `numbering`,
`naming` and `remembered`. While the cell runs it notes places as (code, offset) pairs and copies numbers, within bounds; names
and positions are found afterwards, by `resolve`.
"""

from __future__ import annotations

import atexit
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import numpy as np

from autogradkit.core.facts import Declaration
from autogradkit.core.own import is_own
from autogradkit.core.parameter import Parameter
from autogradkit.core.recording import RECORDERS, Recorder
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import is_grad_enabled
from autogradkit.nn.modules.container import Sequential
from autogradkit.tracing.calls import (
    as_written,
    call_in,
    called_as,
    facts_of,
    flat,
    in_order,
    is_constructor,
    short,
    why_not,
)
from autogradkit.tracing.collecting import collected_later
from autogradkit.tracing.copying import Copier
from autogradkit.tracing.events import Argument, Layer, Op, Saved, moves, quickly_made, spelled
from autogradkit.tracing.failure import Failed, caught, ended_by
from autogradkit.tracing.gradients import Gradients
from autogradkit.tracing.labels import file_label
from autogradkit.tracing.naming import Naming, left_in, names_of
from autogradkit.tracing.numbering import Numbering
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.remembered import Remembered
from autogradkit.tracing.resolve import Draft, resolve
from autogradkit.tracing.saved import Watched, saved_by
from autogradkit.tracing.turns import TurnCounter, loop_variables
from autogradkit.tracing.visits import Visits

MOST_EVENTS = 20_000  # beyond it events are counted, not kept
_argument, _op = quickly_made(Argument), quickly_made(Op)
_TENSORS = (Tensor, Parameter)
_PLAIN = (int, float, bool)


class EventRecorder(Recorder):
    """Records one trace."""

    def __init__(self) -> None:
        super().__init__()
        self.copier = Copier()
        # What they ask is no part of a circle: all that a recording has made goes when the recorder does, not when the garbage
        # collector comes by.
        visits = self._visits = Visits()
        self.naming = Naming(lambda: visits.of(sys._getframe(1)))
        drafts: list[Draft] = []
        self.drafts = drafts
        self.numbering = Numbering(self.copier, self.naming.name_of, drafts.__len__)
        self.saved = Watched()
        self.dropped = 0
        self.failed: Failed | None = None  # the op that raised last
        self._gradients = Gradients(self.numbering, self.copier, self.drafts)
        self._variables: dict[str, Any] = {}  # of the cell
        self._passing: set[str] = set()  # those of them that its loops bind
        self._at_end: dict[int, str] = {}  # tensor number -> the variable that holds it when the cell has ended
        self._turns = TurnCounter()
        self._pauses_by_layers = 0  # of its pauses those that running layers of this package made
        # By visit the learner's call, where several ops ran in it, and it is one that a picture shows as one
        self._functions: dict[int, Layer | None] = {}
        self._notes: tuple[str, ...] = ()
        self._remembered = Remembered(self.copier)  # by an optimizer

    def start(self, frame: FrameType | None = None) -> None:
        """Begin to listen. `frame` is the learner's where it runs already, as at a `with record():`."""
        atexit.register(self.stop)  # what is never left must not listen while Python takes its modules down
        self.begin()
        self._turns.start(frame)

    def stop(self) -> None:
        """Listen no more."""
        atexit.unregister(self.stop)
        self._turns.stop()
        if not (self in RECORDERS or self.rests or self.ended):
            self._notes = ("The recorder was stopped before the cell ended: what ran after that is not here.",)
        self.end()
        self._look(self._settle)

    def _settle(self) -> None:
        """Note what the cell has left."""
        self.numbering.settle()
        for name, tensor in left_in(self._variables, self._passing):
            number = self.numbering.number_of(tensor)
            if number is not None:
                self._at_end.setdefault(number, name)
        self._variables = {}

    # -- the contract -----------------------------------------------------------------------------------------------

    def op_begins(self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._turns.pause()  # what runs now is not the learner's code
        writes = kind == "inplace" or "out" in kwargs or bool(declaration.facts.writes)
        if writes:
            self.copier.forget()
        if writes and len(self.drafts) < MOST_EVENTS:
            for value in (*args, *kwargs.values()):
                for each in flat(value):
                    if isinstance(each, Tensor):
                        self._note(each)
            self._remembered.before(declaration)

    def _note(self, tensor: Tensor) -> None:
        """Know the value of a tensor into which may be written, and that of its base, into which it is written then."""
        if tensor._base is not None:  # first: where NumPy wrote into it, the view has other numbers, too
            self.numbering.value(tensor._base)
        self.numbering.value(tensor)

    def memory_given(self, tensor: Any) -> None:
        if len(self.drafts) < MOST_EVENTS:  # what they are before NumPy writes into them
            self._look(self._note, tensor)

    def op(
        self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        if len(self.drafts) >= MOST_EVENTS:
            self.dropped += 1
            return
        alone = result.__class__ in _TENSORS
        results = [result] if alone else [each for each in flat(result) if isinstance(each, Tensor)]
        edited = results[0] if kind == "inplace" and results else None
        into = "out" in kwargs
        for each in results if into or edited is not None else ():
            (self.numbering.moved if moves(declaration.name) else self.numbering.edited)(each)
        visit = self._visits.of(sys._getframe(1))
        entry = visit.entry
        written = as_written(entry, args)
        inputs, operands, places = self._arguments(
            written, kwargs, into or edited is not None or bool(declaration.facts.writes)
        )
        fresh = kind in ("op", "create", "random") and not into
        outputs = tuple(self.numbering.value(each, made=True, fresh_storage=fresh) for each in results)
        # Of P, L and U the first has no gradient, and no node.
        maker = next((each._node for each in results if each._node is not None), None)
        if edited is not None:
            # Through a view: the base's CopySlices is what will run. Where nothing is recorded the node is an older one.
            base = edited._base
            maker = None if not is_grad_enabled() else maker if base is None or base._node is None else base._node
        facts = facts_of(declaration, inputs)
        event = _op(
            step=len(self.drafts),
            name=spelled(declaration.name, kind),
            facts=facts,
            kind=kind,
            node=self.numbering.node(maker),
            node_name=None if maker is None else type(maker).__name__,
            inputs=inputs,
            outputs=outputs + self._outputs_written(facts.writes, facts.parameters, args),
            saved=() if maker is None else self._saved(maker, declaration, inputs, outputs),
            position=None,
            scope=tuple(self.naming.scope),
            why_not=None if maker is not None else why_not(declaration, kind, args),
            layers=tuple(self.naming.layers),
            state=self._remembered.after(declaration),
            called=called_as(entry, declaration.name, facts, kind),
        )
        frame = visit.frames[0] if visit.frames else None
        self.naming.note_python_modules(frame)
        standing = names_of(places, frame)
        numbered = len(args) == 2 and isinstance(args[0], Tensor) and isinstance(args[1], int | float | complex)
        numbers = standing[1] if numbered else None
        ordered = in_order(entry, args)
        # In a constructor, or with a library in between: the line names what that call gives, not this.
        through_library = frame is not entry.f_back
        within = through_library or is_constructor(entry)
        if visit.frames:
            self._variables = visit.frames[-1].f_globals
            self._passing.update(loop_variables(visit.frames[-1].f_code))  # IPython compiles each statement by itself
        if self.drafts and self.drafts[-1].visit == visit.number not in self._functions:
            self._functions[visit.number] = None if through_library else call_in(entry, visit.number)
        self.drafts.append(
            Draft(event, visit.site, outputs, operands, standing, ordered, numbers, within, visit.turns, visit.number)
        )
        if edited is not None:
            # Such as `w.grad.zero_()`, `w.grad.data[0] = 1`.
            for owner, grad in self.numbering.gradients_in(outputs[0]):
                self._gradients.note_assignment(owner, None, grad, visit.site)

    def _outputs_written(
        self, names: tuple[str, ...], parameters: tuple[str, ...], args: tuple[Any, ...]
    ) -> tuple[int, ...]:
        """The values that the op in hand has given to tensors that it writes beside its result."""
        if not names:  # as nearly all
            return ()
        written = [
            each for name, each in zip(parameters, args, strict=False) if name in names and isinstance(each, Tensor)
        ]
        return tuple([value for each in written if (value := self.numbering.rewritten(each)) is not None])

    def _arguments(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], wrote: bool
    ) -> tuple[tuple[Argument, ...], tuple[int | None, ...], list[Any]]:
        """The arguments; the value of each that was given by its place, a list's one by one; and these themselves."""
        inputs: list[Argument] = []
        operands: list[int | None] = []
        places: list[Any] = []
        for place, value in enumerate(args):
            kind = value.__class__
            if kind in _TENSORS:
                number = self._given(value, wrote)
                inputs.append(_argument(None, number, None, place))
                operands.append(number)
                places.append(value)
            elif kind in _PLAIN:
                inputs.append(_argument(None, None, short(value), place))
                operands.append(None)
                places.append(value)
            else:
                for each in flat(value):
                    number = None
                    if isinstance(each, Tensor):
                        number = self._given(each, wrote)
                        inputs.append(_argument(None, number, None, place))
                    elif each is not None or kind in (list, tuple):  # the `:` of X[:, rows]
                        inputs.append(_argument(None, None, short(each), place))
                    operands.append(number)
                    places.append(each)
        for name, value in kwargs.items():
            for each in flat(value):
                if isinstance(each, Tensor):
                    inputs.append(_argument(name, self._given(each, wrote), None, None))
                elif each is not None or value.__class__ in (list, tuple):
                    inputs.append(_argument(name, None, short(each), None))
        return tuple(inputs), tuple(operands), places

    def _given(self, tensor: Tensor, wrote: bool) -> int:
        """The value of a tensor that an op was given: of one that `wrote`, what there was before it, also in what shares the
        memory."""
        before = self.numbering.known_number(tensor) if wrote else None
        return self.numbering.value(tensor) if before is None else before

    def _saved(
        self, node: Any, declaration: Declaration, inputs: tuple[Argument, ...], outputs: tuple[int, ...]
    ) -> tuple[Saved, ...]:
        numbering = self.numbering
        found = saved_by(node, inputs, declaration.facts.parameters, outputs, numbering.value, short, numbering.keep)
        if found:
            self.saved.add(len(self.drafts), node)
        return found

    def op_failed(
        self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], error: BaseException
    ) -> None:
        if self.failed is None or self.failed.error is not error:
            visit = self._visits.of(sys._getframe(1))
            for draft in reversed(self.drafts):  # what the call did before it failed is not what it gave
                if 0 < draft.visit < visit.number:
                    break
                draft.within = draft.within or draft.visit == visit.number
            self._functions[visit.number] = None
            inputs, _, _ = self._arguments(as_written(visit.entry, args), kwargs, wrote=False)
            facts = facts_of(declaration, inputs)
            operands = kind == "op" and all(each.value is not None for each in inputs)
            signed = operands and facts.sign and " " not in facts.sign  # `@ +` of addmm is nothing that somebody wrote
            label = facts.sign if signed else spelled(facts.label, kind)
            self.failed = Failed(error, label, inputs, visit.site, tuple(self.naming.scope), tuple(self.naming.layers))

    def backward_begin(self, call: int, roots: tuple[Any, ...], accumulate: bool, options: dict[str, bool]) -> None:
        self._turns.pause()
        self.copier.forget()
        visit = self._visits.of(sys._getframe(1))
        self._gradients.begin(call, roots, accumulate, options, visit)

    def node(self, call: int, node: Any, received: tuple[Any, ...], sent: tuple[Any, ...]) -> None:
        if len(self.drafts) >= MOST_EVENTS:
            self.dropped += 1
        else:
            self._look(self._gradients.node_ran, call, node, received, sent)

    def gradients_may_change(self) -> None:
        self.copier.forget()

    def gradients_given(self, target: Any, gradients: Sequence[Any]) -> None:
        for place, gradient in enumerate(gradients):
            if isinstance(gradient, np.ndarray):  # else it is a tensor, of which is known what gave it
                self.numbering.give(gradient, target, place)

    def accumulate(self, call: int, tensor: Any, before: Any, contribution: Any, after: Any) -> None:
        self._look(self._gradients.accumulated, call, tensor, before, contribution, after)

    def grad_returned(self, inputs: tuple[Any, ...], results: tuple[Any, ...]) -> None:
        self._look(self._gradients.returned, inputs, results)

    def backward_end(self, call: int, error: BaseException | None) -> None:
        self.copier.forget()
        self._gradients.end(call, error)

    def grad_assigned(self, tensor: Any, old: Any, new: Any) -> None:
        self._look(self._grad_assigned, tensor, old, new, sys._getframe(1))

    def _grad_assigned(self, tensor: Any, old: Any, new: Any, frame: FrameType) -> None:
        if self._gradients.assigned(tensor, old, new):
            self._gradients.note_assignment(tensor, old, new, self._visits.of(frame).site)

    def composition_begins(
        self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self._turns.pause()

    def module_enter(self, module: Any) -> None:
        pauses, by_layers = self._turns.pauses, self._pauses_by_layers
        self._turns.pause()
        self.naming.enter(module)
        alone = pauses == by_layers  # nothing else has them paused
        if not _runs_no_code_of_the_learners(module):
            self._turns.back(0 if alone else pauses)  # in a Sequential there may be layers of the learner's
            self._pauses_by_layers = 0
        elif alone:
            self._pauses_by_layers += 1

    # -- what begins and ends ---------------------------------------------------------------------------------------

    def mark(self) -> Any:
        return self.rests, self._turns.pauses, self._pauses_by_layers, len(self.naming.scope)

    def back(self, mark: Any) -> None:
        rests, pauses, self._pauses_by_layers, depth = mark
        super().back(rests)
        if len(self.naming.scope) > depth:
            self.naming.leave(depth)
        self._turns.back(pauses)

    def _look(self, look: Callable[..., None], *args: Any) -> None:
        """Look at tensors: what is done here is no part of the trace, and its lines are not counted."""
        mark = self.mark()
        try:
            try:
                self.rests += 1
                if self in RECORDERS:
                    RECORDERS.remove(self)
                self._turns.pause()
                look(*args)
            finally:
                self.back(mark)
        except BaseException:
            self.back(mark)
            raise

    # -- afterwards -------------------------------------------------------------------------------------------------

    @collected_later
    def finish(
        self, error: BaseException | None = None, label: Callable[[str], str] = file_label, source: str = ""
    ) -> Recording:
        """What was heard, with places and names. `error` is what ended the cell; `label` names a file for the learner."""
        self._visits.end()
        if error is not None:
            self.drafts.append(ended_by(error, self.failed, len(self.drafts), self._visits.sites))
        elif self.failed is not None and not self.drafts:
            self._notes += (caught(self.failed),)
        self.failed = None  # its traceback would keep the learner's tensors alive
        numbering = self.numbering
        for draft in self.drafts:
            event = draft.event
            if isinstance(event, Op):
                draft.saved = self.saved.at_end(event.step, event.saved)
        modules = self.naming.python_modules
        events, values = resolve(
            self.drafts, numbering.values, numbering.names, self._at_end, modules, self._functions, label
        )
        return Recording(events, values, source, self.copier.left_out, self.dropped, self._notes)

    def outermost_files(self) -> frozenset[str]:
        """The files of the code that everything recorded was called from: the traced cell."""
        return frozenset(draft.site.frames[-1].code.co_filename for draft in self.drafts if draft.site.frames)


def _runs_no_code_of_the_learners(module: Any) -> bool:
    """Whether what runs in a module is this package's, but for layers in it, which say so themselves: a Sequential, or a layer
    of this package without others in it, that has no hooks."""
    kind = type(module)
    return is_own(kind) and (kind is Sequential or not module._modules) and not module._has_hooks()
