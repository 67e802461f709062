"""From where an op ran to what the learner wrote: line, column, and the names on that line.

Rests on `parsing`, `targets` and `turns`. An op's place is recorded as code objects and instruction offsets only (`Spot`,
`Site`); here, after the cell has run, `co_positions()` gives line and column, the parsed source gives the expression, and from it
follow the name that its value was assigned to and the names of its operands. All that it returns is plain text.
"""

from __future__ import annotations

import ast
import builtins
import functools
import linecache
from dataclasses import dataclass, field
from types import CodeType

from autogradkit.tracing.frames import Site, Spot
from autogradkit.tracing.parsing import parsed
from autogradkit.tracing.targets import names_by_place, returned_at, target_of, written_name
from autogradkit.tracing.turns import bound_in, loop_variables


@dataclass(frozen=True, slots=True)
class Place:
    """A site resolved: the span, the statement's first line as text, the function, and the expression if found."""

    filename: str
    line: int
    column: int
    end_line: int
    end_column: int
    code: str
    function: str
    expression: ast.AST | None


@dataclass
class _Source:
    """A parsed file: its lines, and its nodes by span."""

    lines: tuple[str, ...]
    by_span: dict[tuple[int, int, int, int], list[ast.AST]] = field(default_factory=dict)
    parent: dict[ast.AST, ast.AST] = field(default_factory=dict)


@functools.lru_cache(8)  # a script that records each of its steps is parsed once
def _parsed(lines: tuple[str, ...]) -> _Source:
    found = _Source(lines)
    for node in ast.walk(parsed("".join(lines))):  # nothing, where the file has changed since into no Python
        for child in ast.iter_child_nodes(node):
            found.parent[child] = node
        if isinstance(node, ast.expr | ast.stmt) and not isinstance(node, ast.Expr):  # which is its expression
            span = (node.lineno, node.col_offset, node.end_lineno or 0, node.end_col_offset or 0)
            found.by_span.setdefault(span, []).append(node)
    return found


class SourceReader:
    """Resolves sites, reading each file, code object and place once."""

    def __init__(self) -> None:
        self._files: dict[str, _Source] = {}
        self._positions: dict[int, list[tuple[int | None, int | None, int | None, int | None]]] = {}  # by id(code)
        self._places: dict[tuple[int, int], Place | None] = {}  # by id(code) and offset
        self._ran: set[ast.AST] = set()  # expressions that ran an op

    def place(self, spot: Spot) -> Place | None:
        """Where an instruction stands in its file. None for code without positions."""
        key = (id(spot.code), spot.offset)
        if key not in self._places:
            self._places[key] = self._find(spot)
        return self._places[key]

    def _find(self, spot: Spot) -> Place | None:
        code = spot.code
        positions = self._positions.get(id(code))
        if positions is None:
            positions = self._positions[id(code)] = list(code.co_positions())
        index = spot.offset // 2
        if not 0 <= index < len(positions):
            return None
        line, end_line, column, end_column = positions[index]
        if line is None:
            return None
        end_line = line if end_line is None else end_line
        column = 0 if column is None else column
        end_column = 0 if end_column is None else end_column
        source = self._source(code)
        nodes = source.by_span.get((line, column, end_line, end_column), [])
        expression = nodes[0] if nodes else None
        first = self._statement_line(source, expression) or line
        text = source.lines[first - 1].strip() if 0 < first <= len(source.lines) else ""
        return Place(
            code.co_filename,
            line,
            _characters(source.lines, line, column),
            end_line,
            _characters(source.lines, end_line, end_column),
            text,
            code.co_qualname,
            expression,
        )

    def _source(self, code: CodeType) -> _Source:
        found = self._files.get(code.co_filename)
        if found is None:
            found = self._files[code.co_filename] = _parsed(tuple(linecache.getlines(code.co_filename)))
        return found

    def _statement(self, node: ast.AST | None, source: _Source) -> ast.stmt | None:
        while node is not None and not isinstance(node, ast.stmt):
            node = source.parent.get(node)
        return node

    def _statement_line(self, source: _Source, node: ast.AST | None) -> int | None:
        statement = self._statement(node, source)
        return None if statement is None else statement.lineno

    # -- names ----------------------------------------------------------------------------------------------------

    def result_names(self, site: Site, count: int, parts: bool) -> tuple[dict[int, str], int]:
        """The names that the `count` results computed at `site` get, by their place, from the targets of the assignment
        whose whole value they are; and how many frames above the innermost that assignment stands.

        All of them in `a, b = x.unbind()`, the one taken in `a = x.unbind()[0]`; `l[0]`, `l[1]` where one name stands for
        a tuple of `parts`. Of other results the first has the name, as `loss`, one of two, does. Where it is what a
        function returns, the caller's assignment counts.
        """
        path: list[int] = []  # where the value stands in the tuple that a function returns
        local: tuple[dict[int, str], int] = {}, 0  # the names of one that a function returns by its name
        for height, spot in enumerate(site.frames):
            place = self.place(spot)
            if place is None or place.expression is None:
                return local
            if isinstance(place.expression, _COMPREHENSIONS):
                return local  # of `ys = [f(x) for x in xs]` what `xs` is taken apart into
            if isinstance(place.expression, ast.Tuple | ast.List) and isinstance(place.expression.ctx, ast.Store):
                return names_by_place(place.expression, None, count, parts), height  # `a, b = x` takes x apart
            if _calls_builtin(place.expression) and (height or _callee_name(place.expression) not in _RETURNS_AN_OP):
                return local  # `sorted(xs, key=f)` is neither what f returned nor whether one was less
            source = self._source(spot.code)
            target, taken, above = target_of(place.expression, source.parent, parts, self._ran, path)
            if target is not None and target not in self._ran:
                if count == 2 and taken is None and _callee_name(place.expression).startswith("arg"):
                    taken = 1  # `argsort` gives what `sort` found besides
                found = names_by_place(target, taken, count, parts), height
                returned = returned_at(target, source.parent) if taken is None and not parts else None
                if returned is None:
                    return local if local[0] and not found[0] else found
                local, above = found, returned
            if above is None:
                return local
            path = above
        return local

    def note_op(self, site: Site) -> None:
        """An op ran here. So `h[0] = y` is an edit of a tensor and no name, and `x.contiguous()` gave a new tensor."""
        place = self.place(site.frames[0]) if site.frames else None
        if place is not None and place.expression is not None:
            self._ran.add(place.expression)

    def is_step_of_builtin(self, site: Site) -> bool:
        """Whether a function of Python's own ran the op, as the additions in `sum(terms)`: one call, many of them."""
        place = self.place(site.frames[0]) if site.frames else None
        return place is not None and _calls_builtin(place.expression)

    def operand_names(
        self, site: Site, count: int, modules: frozenset[str], op: str, numbers: frozenset[str] | None = None
    ) -> list[str | None]:
        """The names under which the first `count` operands of the op at `site` are written, None where unnamed.

        `modules` are the names that stand for modules there: `torch` in `torch.tanh(x)` is no operand. What is written
        in a call of something else, `net(x)`, are not the operands of the ops that ran inside. `numbers` is given where
        the second operand is a number: the names that stand for it. `lr * g` is `g.__rmul__(lr)`, so which of two names
        is the tensor's is told by them, and where they do not tell, neither is.
        """
        place = self.place(site.frames[0]) if site.frames else None
        expression = None if place is None else place.expression
        foreign = isinstance(expression, ast.Call) and not _calls(expression, op)
        written = [] if expression is None or foreign else _operands(expression, modules)
        written = [
            part for each in written for part in (each.elts if isinstance(each, ast.Tuple | ast.List) else [each])
        ]
        names = [written_name(each) for each in written[:count]]
        if numbers is not None and isinstance(expression, ast.BinOp | ast.AugAssign):
            plain = isinstance(expression, ast.BinOp)
            first = expression.left if plain else expression.target
            second = expression.right if plain else expression.value
            left, right = written_name(first), written_name(second)
            number_is_right = isinstance(second, ast.Constant) or right in numbers
            number_is_left = isinstance(first, ast.Constant) or left in numbers
            names = [left if number_is_right else right if number_is_left else None, None][:count]
        return names + [None] * (count - len(names))

    def receiver(self, site: Site) -> str | None:
        """The name whose method is called at `site`: `d` of `d.sample()`; None where none is."""
        place = self.place(site.frames[0]) if site.frames else None
        function = place.expression.func if place is not None and isinstance(place.expression, ast.Call) else None
        return written_name(function.value) if isinstance(function, ast.Attribute) else None

    def arguments(self, spot: Spot, name: str) -> str:
        """The arguments of the call of a function of this name that stands there, as they are written, if they are short."""
        place = self.place(spot)
        node = None if place is None else place.expression
        if place is None or not isinstance(node, ast.Call) or _callee_name(node) != name:
            return ""
        if place.end_line > place.line or place.end_column - place.column > _MOST_OF_A_CALL:
            return "…"
        return ", ".join(map(ast.unparse, [*node.args, *node.keywords]))

    def given_as(self, site: Site, name: str) -> tuple[int, str]:
        """What the innermost function calls `name` as its caller calls it, if that is the variable of a loop, and how many
        frames above: in `for x in xs: h = step(x, h)` that is `x`, in `for z in zs: h = step(z, h)` it is `z`."""
        called = name
        for height, spot in enumerate(site.frames):
            if called in loop_variables(spot.code):
                return height, called
            parameters = list(spot.code.co_varnames[: spot.code.co_argcount])
            caller = self.place(site.frames[height + 1]) if height + 1 < len(site.frames) else None
            call = None if caller is None else caller.expression
            if not isinstance(call, ast.Call) or called not in parameters or _callee_name(call) != spot.code.co_name:
                break
            if called in bound_in(spot.code) or any(isinstance(each, ast.Starred) for each in call.args):
                break
            own = parameters[parameters[:1] == ["self"] :]
            given = dict(zip(own, call.args, strict=False)).get(called)
            given = next((each.value for each in call.keywords if each.arg == called), given)
            if not isinstance(given, ast.Name):
                break
            called = given.id
        return 0, name

    def given_names(self, site: Site) -> list[str]:
        """The variables written as arguments of the call at `site`, in order: `x`, `h`, `c` of `cell(x, (h, c))`."""
        place = self.place(site.frames[0]) if site.frames else None
        expression = None if place is None else place.expression
        if not isinstance(expression, ast.Call):
            return []
        given = [*expression.args, *(each.value for each in expression.keywords)]
        parts = [part for each in given for part in (each.elts if isinstance(each, ast.Tuple | ast.List) else [each])]
        return [part.id for part in parts if isinstance(part, ast.Name)]


_MOST_OF_A_CALL = 60  # characters
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_RETURNS_AN_OP = ("abs", "divmod", "next", "pow", "round", "sum")  # functions of Python's own that give what an op did


def _calls_builtin(node: ast.AST | None) -> bool:
    """Whether an expression calls a function of Python's own by its name."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and hasattr(builtins, node.func.id)


def _characters(lines: tuple[str, ...], line: int, column: int) -> int:
    """A column counted in UTF-8 bytes, as positions are, in characters."""
    if not 0 < line <= len(lines):
        return column
    return len(lines[line - 1].encode()[:column].decode(errors="ignore"))


def _callee_name(node: ast.AST) -> str:
    """The last name of what a call calls; empty where it has none."""
    function = node.func if isinstance(node, ast.Call) else None
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _calls(node: ast.Call, op: str) -> bool:
    """Whether a call is written as a call of this op: `F.relu(x)` of relu, `W.matmul(x)` of mv."""
    called = _callee_name(node).strip("_")
    products = called == "matmul" and op in ("mm", "mv", "dot", "bmm")
    return bool(called) and (op.strip("_").startswith(called) or products)


def _operands(node: ast.AST, modules: frozenset[str]) -> list[ast.AST]:
    """The expressions that an op's operands were written as."""
    if isinstance(node, ast.BinOp):
        turned = isinstance(node.left, ast.Constant)  # 2 * x is x.__rmul__(2)
        return [node.right, node.left] if turned else [node.left, node.right]
    if isinstance(node, ast.UnaryOp):
        return [node.operand]
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.AugAssign):
        return [node.target, node.value]
    if isinstance(node, ast.Subscript):
        return [node.value]
    if isinstance(node, ast.Call):
        receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
        if receiver is None or (written_name(receiver) or "").partition(".")[0] in modules:
            return list(node.args)
        return [receiver, *node.args]
    return []
