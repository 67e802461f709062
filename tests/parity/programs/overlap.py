"""Whether what a line writes depends on the order in which a kernel visits elements. Used by `runs`.

PyTorch refuses an overlap that it can see cheaply (dense memory, expanded targets). Beyond that an edit may read what it has
just written, in an order that depends on the processor's vector width and on how many elements there are: nothing to compare.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import Any

import torch

_SAFE = frozenset(
    ("t", "transpose", "view", "detach", "data", "select", "narrow", "unfold", "diagonal", "as_strided", "permute", "expand",
     "squeeze", "unsqueeze", "flatten", "reshape", "T", "mT", "movedim", "swapaxes", "unbind", "grad")
)  # fmt: skip


# What hands its memory to a library of matrix products, which writes before it has read all.
_PRODUCTS = ("addmm_(", "addmv_(", "addbmm_(", "baddbmm_(", "linear(", "matmul(", "mm(", "mv(")


def depends_on_order(text: str, space: dict[str, Any]) -> bool:
    """Whether a line that both libraries ran writes into memory that it reads elsewhere, or into one place several times."""
    for target, operands in _writes(ast.parse(text)):
        written = _tensor(target, space)
        if written is None:
            continue
        read = [each for each in (_tensor(operand, space) for operand in operands) if each is not None]
        shared = [each for each in read if _begin(each) == _begin(written)]
        twice = _overlaps_itself(written)
        product = any(each in text for each in _PRODUCTS)
        if any(product or _geometry(each) != _geometry(written) for each in shared) or (twice and (shared or not read)):
            return True
    return False


def _writes(tree: ast.AST) -> Iterator[tuple[ast.expr, list[ast.expr]]]:
    """(what is written, what is read) of each edit, assignment and `out=` in a line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given = [*node.args, *[each.value for each in node.keywords if each.arg != "out"]]
            if isinstance(node.func, ast.Attribute) and node.func.attr.endswith("_"):
                yield node.func.value, given
            for each in node.keywords:
                if each.arg == "out":
                    owner = [node.func.value] if isinstance(node.func, ast.Attribute) else []
                    outs = each.value.elts if isinstance(each.value, ast.Tuple) else [each.value]
                    yield from ((out, [*owner, *given]) for out in outs)
        elif isinstance(node, ast.AugAssign):
            yield node.target, [node.value]
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            yield node.targets[0], [node.value]
            yield node.targets[0].value, [node.value]  # a place that only an assignment can reach


def _tensor(expression: ast.expr, space: dict[str, Any]) -> torch.Tensor | None:
    """The tensor of PyTorch's that an expression of variables, indices and views shows."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Attribute) and node.attr not in _SAFE and not _is_library(node):
            return None
    code = compile(ast.Expression(_loading(expression)), "<operand>", "eval")
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = eval(code, space)
    except (RuntimeError, IndexError, TypeError, ValueError):  # what cannot be read now is none that was written
        return None
    return found if isinstance(found, torch.Tensor) else None


def _is_library(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "T"


def _loading(expression: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(expression), mode="eval").body


def _begin(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _geometry(tensor: torch.Tensor) -> tuple[Any, ...]:
    return tensor.storage_offset(), tuple(tensor.shape), tensor.stride()


def _overlaps_itself(tensor: torch.Tensor) -> bool:
    """Whether an element may be reached in two ways: a step is shorter than what the smaller steps span."""
    span = 0
    for size, step in sorted(zip(tensor.shape, tensor.stride(), strict=True), key=lambda each: each[1]):
        if size > 1 and step <= span:
            return True
        span += (size - 1) * step
    return False
