"""Whether names and turns in a picture are what the program bound.

A second run is watched by a trace function, with the loops of the program rewritten so that they count themselves.
Used by `truth`.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from inspect import CO_GENERATOR
from types import CodeType, FrameType
from typing import Any

import autogradkit
from autogradkit.core.recording import RECORDERS
from autogradkit.tracing.recorder import EventRecorder
from autogradkit.tracing.render.graph.structure.model import is_maker

from .programs import Program
from .runs import Falsity, Run


class _Counting(ast.NodeTransformer):
    """Loops that count themselves."""

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        counted: Any = self._call("counted", node)
        counted.value.args.append(node.iter)
        node.iter = counted.value
        return self._left(node)

    def visit_While(self, node: ast.While) -> ast.AST:
        self.generic_visit(node)
        node.body.insert(0, self._call("turn", node))
        return self._left(node)

    def _left(self, node: Any) -> ast.AST:
        body = [self._call("enter", node), node]
        guarded = ast.Try(body=body, handlers=[], orelse=[], finalbody=[self._call("leave", node)])
        return ast.copy_location(guarded, node)

    def _call(self, method: str, node: Any) -> ast.stmt:
        call = ast.parse(f"__loops__.{method}()").body[0]
        for each in ast.walk(call):
            ast.copy_location(each, node)
        return call


class _Loops:
    """The loops that each frame is in, and which time round."""

    def __init__(self) -> None:
        self._of_frame: dict[int, list[int]] = {}

    def enter(self) -> None:
        self._of_frame.setdefault(id(sys._getframe(1)), []).append(0)

    def turn(self) -> None:
        self._of_frame[id(sys._getframe(1))][-1] += 1

    def counted(self, values: Iterable[Any]) -> Iterator[Any]:
        """These values; what they are bound to stands for them in the turn that begins."""
        for each in values:
            self._of_frame[id(sys._getframe(1))][-1] += 1
            yield each

    def leave(self) -> None:
        self._of_frame[id(sys._getframe(1))].pop()

    def around(self, frame: FrameType | None) -> list[tuple[int, ...]]:
        """The turns of the loops around a frame, outermost first. A generator runs before the turn that it gives begins."""
        found: list[tuple[int, ...]] = [()]
        while frame is not None:
            own = tuple(self._of_frame.get(id(frame), ()))
            found = [own + rest for rest in found]
            above = frame.f_back
            if frame.f_code.co_flags & CO_GENERATOR and above is not None and self._of_frame.get(id(above)):
                outer = self._of_frame[id(above)]
                found += [(*outer[:-1], outer[-1] + 1, *rest) for rest in found]
                found = [(*outer, *rest) if len(rest) == len(own) else rest for rest in found]
                frame = above
            frame = frame.f_back
        return found


def names(program: Program) -> Callable[[Run], Iterator[Falsity]]:
    def check(run: Run) -> Iterator[Falsity]:
        """A name stood for that tensor, and in that turn."""
        wanted = {value.name for value in run.trace.values.values() if value.name is not None}
        if not wanted:
            return
        bound, made = bindings(program, wanted)
        drawn = {item.value.id for item in run.graph.items.values() if item.value is not None}
        drawn |= {link.value for link in run.graph.links}
        for value in run.trace.values.values():
            if value.name is None or value.id not in drawn:
                continue
            turns = bound.get((value.tensor, value.name))
            if turns is None and value.numbers.data in made.get(value.name, ()):  # `e[0]` is a new tensor each time
                continue
            if turns is None and value.name.endswith(".data"):
                makers = (run.graph.producer.get(v.id) for v in run.trace.values.values() if v.tensor == value.tensor)
                if any(maker is not None and maker.name == "data" for maker in makers):
                    continue
            if turns is None:
                yield Falsity("name", f"{value.name} never stood for what is drawn: {value.numbers.printed}")
            elif value.turn not in turns and value.turn and value.version == 0:  # an edit binds the tensor it had
                yield Falsity("turn", f"{value.name} (turn {value.turn}); it was bound in {sorted(turns)}")
        # What a variable of the cell stands for at the end, and an operation made, has a name.
        produced = {run.trace.values[out].tensor for op in run.graph.ops if not is_maker(op) for out in op.outputs}
        named = {value.tensor for value in run.trace.values.values() if value.name is not None}
        for name, each in run.space.items():
            number = run.number(each) if isinstance(each, autogradkit.Tensor) else None
            if number in produced and number not in named:
                yield Falsity("unnamed", f"{name} has no name in the picture")

    return check


def bindings(
    program: Program, wanted: set[str]
) -> tuple[dict[tuple[int, str], set[tuple[int, ...]]], dict[str, set[tuple[Any, ...]]]]:
    """Which tensors, by number, each name stood for while the program ran, with the turns when it began to; and the numbers
    of those that a name such as `e[0]`, which picks from a tensor, gave when it was asked."""
    tree = ast.fix_missing_locations(_Counting().visit(ast.parse(program.cell)))
    file = f"<cell {program.seed}>"
    recorder = EventRecorder()
    loops = _Loops()
    space: dict[str, Any] = {"torch": autogradkit, "__name__": "__main__", "__loops__": loops}
    exec(compile(program.before, "<before>", "exec"), space)
    held: list[tuple[Any, str, tuple[int, ...]]] = []
    made: defaultdict[str, set[tuple[Any, ...]]] = defaultdict(set)
    standing: dict[tuple[int, str], Any] = {}
    expressions = {name: code for name in wanted if (code := compiled(name)) is not None}

    def look(frame: FrameType) -> None:
        if recorder in RECORDERS:
            RECORDERS.remove(recorder)
            try:
                compare(frame)
            finally:
                RECORDERS.append(recorder)
        else:
            compare(frame)

    def compare(frame: FrameType) -> None:
        for name, expression in expressions.items():
            try:
                each = eval(expression, frame.f_globals, dict(frame.f_locals))
            except Exception:
                continue
            if isinstance(each, autogradkit.Tensor) and name.endswith("]"):
                made[name].add(tuple(each.detach().flatten().tolist()))
            if isinstance(each, autogradkit.Tensor) and standing.get((id(frame), name)) is not each:
                standing[id(frame), name] = each
                around = loops.around(frame if isinstance(frame, FrameType) else None)
                held.extend((each, name, turns) for turns in around)

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        if frame.f_code.co_filename != file:
            return None
        look(frame)
        return trace

    code = compile(tree, file, "exec")
    before = sys.gettrace()
    sys.settrace(trace)  # first: the recorder leaves a debugger its own
    recorder.start()
    try:
        exec(code, space)
    except Exception:
        pass
    finally:
        recorder.stop()
        sys.settrace(before)
    look(_TopFrame(space))  # type: ignore[arg-type]
    number = recorder.numbering.number_of
    found: dict[tuple[int, str], set[tuple[int, ...]]] = defaultdict(set)
    for each, name, turns in held:
        known = number(each)
        if known is not None:
            found[known, name].add(turns)
    return found, made


def compiled(name: str) -> CodeType | None:
    try:
        return compile(name, "<name>", "eval")
    except SyntaxError:
        return None


@dataclass
class _TopFrame:
    """The cell after it has run, to look at once more."""

    f_globals: dict[str, Any]

    @property
    def f_locals(self) -> dict[str, Any]:
        return self.f_globals
