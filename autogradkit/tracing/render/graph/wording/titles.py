"""The title of a picture: the one expression that backward started from, or the one statement that ran; else none.

Rests on the event stream and on the cell's source, as text. A title is a whole piece of what was written, never a summary of
the program: where several expressions could be meant, there is no title.
"""

from __future__ import annotations

import ast
import bisect
import functools
import io
from collections.abc import Iterator

from autogradkit.tracing.events import BackwardBegin, Failure, Op, Position
from autogradkit.tracing.parsing import nodes_of, parsed, without_magics
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph.structure.model import is_maker

_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)


def title(trace: Recording) -> str:
    """The title of a trace's picture, an empty string where there is none.

    >>> title(Recording(source="loss"))
    ''
    """
    begun = [event for event in trace.events if isinstance(event, BackwardBegin)]
    if begun:
        places = {None if event.position is None else event.position.line: event for event in begun}
        found = _one(_started_from(event, trace) for event in places.values())
    else:
        made = [event for event in trace.events if isinstance(event, Op)]
        told = [op for op in made if not is_maker(op)] or made
        if told and all(op.position is None for op in told):  # found afterwards: the source is what was asked for
            return trace.source if _statement(trace.source) is not None else ""
        positions = [op.position for op in told]
        positions += [
            event.position for event in trace.events if isinstance(event, Failure) and event.position is not None
        ]
        places = {None if position is None else position.code: position for position in positions}
        found = (
            _one(_statement_text(position, trace.source) for position in places.values()) if len(places) == 1 else ""
        )
    return found


def _one(titles: Iterator[str]) -> str:
    """The title that all of these are, an empty string where they differ."""
    first = next(titles, "")
    return first if all(each == first for each in titles) else ""


def _started_from(event: BackwardBegin, trace: Recording) -> str:
    """The expression whose backward was called; of a variable, what was assigned to it last."""
    root, is_name = _root(_statement_text(event.position, trace.source))
    return (is_name and _assigned(root, event, trace)) or root


@functools.lru_cache(maxsize=64)
def _root(code: str) -> tuple[str, bool]:
    """What a statement calls backward of, and whether that is a variable."""
    statement = _statement(code)
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)] if statement is not None else []
    for call in calls:
        function = call.func
        if not isinstance(function, ast.Attribute) or function.attr not in ("backward", "grad"):
            continue
        if function.attr == "grad" and not _has_inputs(call):  # `torch.func.grad(f)`, of a function
            continue
        root = function.value if function.attr == "backward" else call.args[0] if call.args else None
        return ("", False) if root is None else (ast.unparse(root), isinstance(root, ast.Name))
    return "", False


def _has_inputs(call: ast.Call) -> bool:
    """Whether a call of `grad` says what to differentiate with respect to, by tensors and not by numbers of arguments."""
    given = [*call.args[1:2], *(each.value for each in call.keywords if each.arg == "inputs")]
    return any(not isinstance(each, ast.Constant) for each in given)


def _assigned(name: str, event: BackwardBegin, trace: Recording) -> str:
    """The statement that gave a variable the value that backward started from."""
    before = event.position.line if event.position is not None else 0
    cell = _cell(trace.source)
    given = cell.assigned.get(name, ())
    last = bisect.bisect_right(given, before, key=lambda node: node.lineno)
    if last:  # of what was added to, `loss += penalty`, no one statement tells
        return "" if isinstance(given[last - 1], ast.AugAssign) else _one_line(cell.text(given[last - 1]))
    if trace.source.strip():
        return ""
    makers = [op for op in trace.events if isinstance(op, Op) and set(op.outputs) & set(event.roots)]
    position = makers[0].position if makers else None
    code = "" if position is None else position.code
    statement = _statement(code)
    return code if isinstance(statement, ast.Assign) and _is_name(statement.targets[0], name) else ""


def _statement_text(position: Position | None, source: str) -> str:
    """The statement at a place, in one line; nothing where it is part of a compound statement's head, or unknown."""
    if position is None:
        return ""
    if position.file != "cell":
        return _without_comment(position.code)
    cell = _cell(source)
    place = position.line, position.code
    if place not in cell.written:
        texts = (cell.text(node) for node in cell.statements.get(position.line, ()))
        found = next((text for text in texts if text.startswith(position.code)), None)
        cell.written[place] = _without_comment(position.code) if found is None else _one_line(found)
    return cell.written[place]


class _Cell:
    """A cell's simple statements, by the lines that they stand on and by the names that they assign."""

    def __init__(self, source: str) -> None:
        self._lines = [line.encode() for line in io.StringIO(source, newline="")]  # as Python counts lines and columns
        self.statements: dict[int, list[ast.stmt]] = {}
        self.assigned: dict[str, list[ast.stmt]] = {}  # in the order of the lines
        self.written: dict[tuple[int, str], str] = {}  # what `_written` has found, for one picture asks several times
        for node in nodes_of(without_magics(source)):
            if isinstance(node, _SIMPLE):
                for line in range(node.lineno, (node.end_lineno or 0) + 1):
                    self.statements.setdefault(line, []).append(node)
            if isinstance(node, ast.Assign | ast.AugAssign):
                target = node.target if isinstance(node, ast.AugAssign) else node.targets[0]
                if isinstance(target, ast.Name):
                    self.assigned.setdefault(target.id, []).append(node)
        for given in self.assigned.values():
            given.sort(key=lambda node: node.lineno)

    def text(self, node: ast.stmt) -> str:
        """What was written; `ast.get_source_segment` would split the whole cell into lines each time."""
        lines = self._lines[node.lineno - 1 : node.end_lineno]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"".join(lines).decode()


_cell = functools.lru_cache(4)(_Cell)


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


@functools.lru_cache(maxsize=64)  # a loop's line stands behind each of its turns
def _statement(code: str) -> ast.stmt | None:
    """A line as a simple statement; None for anything else."""
    body = parsed(without_magics(code)).body
    return body[0] if len(body) == 1 and isinstance(body[0], _SIMPLE) else None


@functools.lru_cache(maxsize=64)
def _without_comment(code: str) -> str:
    statement = _statement(code)
    return _one_line(ast.get_source_segment(code, statement) or "") if statement is not None else ""


def _one_line(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines())
