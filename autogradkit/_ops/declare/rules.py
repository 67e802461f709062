"""The rule that a picture shows, read from a formula's source: `mul` has "∂self = ∂ · other".

`k.conj`, which does nothing to real numbers, is dropped, and the gradient is spelled ∂. A formula without source (in a zip,
say) shows as a function of what it asks for. What is written here `tracing/notation.py` reads. Rests on ast alone; overload.py
calls it when a picture is drawn.
"""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable

_SYMBOLS = {
    ast.Mult: "·", ast.Div: "/", ast.Add: "+", ast.Sub: "−", ast.MatMult: "@", ast.BitAnd: "∧",
    ast.BitOr: "∨", ast.Mod: "mod", ast.FloorDiv: "//", ast.Eq: "=", ast.NotEq: "≠", ast.Lt: "<", ast.LtE: "≤",
    ast.Gt: ">", ast.GtE: "≥", ast.Is: "is", ast.IsNot: "is not", ast.And: "and", ast.Or: "or",
}  # fmt: skip
_RANKS = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 2, ast.FloorDiv: 2, ast.MatMult: 2, ast.Mod: 2}
# What helpers are called in formulas, and what they do in a learner's words.
_WORDS = {"spread": "spread over dim", "math.log": "log"}
_OPERATIONS: dict[str, ast.operator] = {"product": ast.Mult(), "quotient": ast.Div()}  # k's, which know half precision
_LAMBDAS: dict[str, list[ast.Lambda]] = {}


def rule_of(formulas: dict[str, Callable[..., object]], group: Callable[..., object] | None) -> str:
    """One line for each differentiable input: "∂self = ∂ · other"."""
    if group is not None:
        inputs = ", ".join(f"∂{name}" for name in formulas)
        return f"{inputs} = {_name(group.__name__)}(∂, …)"
    return "\n".join(f"∂{name} = {_spelled(formula)}" for name, formula in formulas.items())


def _spelled(formula: Callable[..., object]) -> str:
    found = _source_of(formula)
    if found is None:
        code = formula.__code__
        names = [_argument(name) for name in code.co_varnames[1 : code.co_argcount]]
        return f"{_name(formula.__name__)}({', '.join(['∂', *names])})"
    return _Speller(found.args.args[0].arg).text(found.body)


def _source_of(formula: Callable[..., object]) -> ast.Lambda | None:
    """A lambda's own source: among those of its file, the one that holds the positions of its code."""
    code = formula.__code__
    if code.co_name != "<lambda>":
        return None
    found = _LAMBDAS.get(code.co_filename)
    if found is None:
        source = "".join(linecache.getlines(code.co_filename))
        found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Lambda)]
        _LAMBDAS[code.co_filename] = found
    places = [place for place in code.co_positions() if place[0] is not None and place[2]]
    names = code.co_varnames[: code.co_argcount]
    for node in found:
        if tuple(argument.arg for argument in node.args.args) != names:
            continue
        begin, end = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
        if places and all(begin <= (place[0] or 0, place[2] or 0) <= end for place in places):
            return node
    return None


def _name(name: str) -> str:
    bare = name.removeprefix("k.").lstrip("_")
    return _WORDS.get(bare, bare)


def _argument(name: str) -> str:
    return name.replace("_sym_sizes", ".shape").replace("_sym_strides", ".stride()")


class _Speller:
    """Spells an expression as text; parentheses where the order of operations asks for them."""

    def __init__(self, gradient: str) -> None:
        self.gradient = gradient

    def text(self, node: ast.expr, rank: int = -1) -> str:
        spelled, own = self._spell(node)
        return f"({spelled})" if own < rank else spelled

    def _spell(self, node: ast.expr) -> tuple[str, int]:
        match node:
            case ast.Name(id=name):
                return ("∂" if name == self.gradient else _argument(name)), 9
            case ast.Constant(value=value):
                return (f"{value:g}" if isinstance(value, float) else str(value)), 9
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"−{self.text(operand, 2)}", 2
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return f"{self.text(left, 4)}^{self.text(right, 4)}", 3
            case ast.BinOp(op=ast.Mult(), right=ast.Constant(value=0 | 0.0)):
                return "0", 9
            case ast.BinOp(left=left, op=ast.Mult(), right=ast.UnaryOp(op=ast.USub(), operand=operand)):
                return f"−{self.text(left, 2)} · {self.text(operand, 3)}", 2
            case ast.BinOp(left=left, op=ast.Mult(), right=right) if ast.dump(left) == ast.dump(right):
                return f"{self.text(left, 4)}²", 3
            case ast.BinOp(left=left, op=op, right=right):
                rank = _RANKS.get(type(op), 0)
                return f"{self.text(left, rank)} {_SYMBOLS[type(op)]} {self.text(right, rank + 1)}", rank
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                rest = [f"{_SYMBOLS[type(o)]} {self.text(c, 1)}" for o, c in zip(ops, comparators, strict=True)]
                return " ".join([self.text(left, 1), *rest]), 0
            case ast.IfExp(test=ast.Compare(comparators=[ast.Constant()]), orelse=general):
                return self._spell(general)  # `g if alpha == 1 else g * alpha` is g · alpha
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return f"{self.text(body)} if {self.text(test)}, else {self.text(orelse)}", -1
            case ast.Attribute(value=value, attr=attribute):
                return f"{self.text(value)}.{attribute}", 9
            case ast.Call(func=function, args=arguments):
                return self._call(_name(ast.unparse(function)), arguments)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                return "(" + ", ".join(self.text(each) for each in elements) + ")", 9
        return ast.unparse(node), 0

    def _call(self, name: str, arguments: list[ast.expr]) -> tuple[str, int]:
        texts = [self.text(each) for each in arguments]
        match name, texts:
            case "conj", [_]:
                return self._spell(arguments[0])
            case "product" | "quotient", [_, _]:
                return self._spell(ast.BinOp(arguments[0], _OPERATIONS[name], arguments[1]))
            case "zeros_like", [_]:
                return "0", 9
            case "where", [condition, value, "0" | "0.0"]:
                return f"{value} where {condition}, else 0", -1
            case "where", [condition, "0" | "0.0", value]:
                return f"{value} where not {condition}, else 0", -1
        return f"{name}({', '.join(texts)})", 9
