"""A program run by both libraries, line by line, up to the first disagreement. Used by `writer`, `shrink` and the command."""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

import autogradkit as ak

from . import reasons
from .conditioning import is_rounding
from .functions import Functions
from .overlap import begin, depends_on_order, has_many_and_equal, has_near_singular, has_singular_reflections
from .state import changed, difference, facts, first_line, reachable, snapshot

# Whose memory beyond what there was holds no values yet, and whose gradients PyTorch has the wrong way around (PARITY.md). The
# positions that it gives of consecutive rows differ with what else is asked for.
GROWS, TURNED = ("resize_", "resize_as_", "resize", "resize_as"), "as_strided_scatter"
# From a start below zero, whose gradient is of nothing there wherever the part ends with the dimension.
ENDING_AT_ZERO = re.compile(r"narrow_copy\(.*-\d")
# Whose gradient goes to one of equal elements, which its sort of more than 16 finds by the processor's vectors.
SORTING = ("quantile", "nanquantile")
# Whose gradient PyTorch computes in the dtype of its whole numbers, where squares and signs overflow.
OVERFLOWING = ("atan2", "arctan2", "atan2_", "arctan2_")
# Whose gradient PyTorch finds by undoing one reflection after the other: NaN where one has no inverse.
REFLECTING = ("orgqr", "householder_product", "ormqr")
# Whose gradient is found by the inverse: of a singular matrix LAPACK's, in which NaN and infinities stand as it divided. That of
# `det` is the determinant by its factors' last pivot, and of a rounding of 0 each library has its own: `state` hands PyTorch's
# determinant on, and not the factors. That of a nuclear norm is made of the singular vectors, of which those of 0 may be any.
BY_INVERSES = ("det", "linalg_det", "_linalg_det", "logdet", "slogdet", "nuclear_norm")
# What PyTorch says of a state that it should not have come to, or of zeros that it has not written yet, and can neither edit nor
# copy deeply.
CRASHES = ("INTERNAL ASSERT", "ZeroTensors are immutable", "an invalid python storage")


@dataclass(frozen=True)
class Line:
    """One line of a program; `label` says which op it is about."""

    text: str
    label: str


@dataclass(frozen=True)
class Finding:
    """What the libraries disagree in after a line."""

    label: str
    kind: str
    dtypes: str
    text: str

    @property
    def signature(self) -> str:
        """Op, kind of difference and dtypes: what findings are grouped by."""
        return f"{self.label} | {self.kind} | {self.dtypes}"

    @property
    def is_forbidden(self) -> bool:
        """Whether it is of the kinds that no random program may show: values, gradients, and gradients that PyTorch refuses."""
        return self.kind in ("values", "grad") or (self.kind == "accepted" and self.label in ("backward", "grad"))


class Pair:
    """The namespaces of both libraries, which lines are run in."""

    def __init__(self) -> None:
        self.mine: dict[str, Any] = {"T": ak, "F": Functions(ak), "copy": copy, "np": np, "log": []}
        self.theirs: dict[str, Any] = {"T": torch, "F": Functions(torch), "copy": copy, "np": np, "log": []}
        ak.manual_seed(0)
        torch.default_generator.manual_seed(0)
        self.lines: list[str] = []  # those that were run
        self.crashed = False  # whether nothing can be said from there on, as PyTorch's state is none that may be

    def __enter__(self) -> Pair:
        return self

    def __exit__(self, *_error: object) -> None:
        ak.set_default_dtype(ak.float32)
        torch.set_default_dtype(torch.float32)

    def run(self, line: Line) -> Finding | None:
        """Run one line in both; what they disagree in."""
        self.lines.append(line.text)
        before = snapshot(self.mine)
        their_error, their_warnings = _run(line.text, self.theirs)
        my_error, my_warnings = _run(line.text, self.mine)
        kind = text = ""
        said = (their_error or ("", ""))[1]
        if any(each in said for each in CRASHES) or _is_complex_half(their_error, their_warnings):
            self.crashed = True
            return None
        if their_error != my_error:
            if my_error is None:
                kind = "accepted"
            elif their_error is None:
                kind = "refused"
            else:
                kind = reasons.of_refusals(their_error, my_error)
            if kind in ("accepted", "refused"):
                kind = f"{_reason(line.text, (their_error or my_error or ('', ''))[1], before, self.mine, self.theirs)}{kind}"
            text = f"PyTorch {their_error or 'runs'}\n    here    {my_error or 'runs'}"
        elif their_warnings != my_warnings:
            kind = reasons.of_warnings(their_warnings, my_warnings, refused=my_error is not None)
            text = f"PyTorch {sorted(their_warnings)}\n    here    {sorted(my_warnings)}"
        else:
            found = difference(self.mine, self.theirs)
            without_values = line.label in GROWS or (line.label == "unique_consecutive" and "[1]:" in str(found))
            if found is not None and found[0] == "values" and without_values:
                self.crashed = True
                found = None
            elif found is None and their_error is None and self._is_no_ground(line, before):
                self.crashed = True
            elif found is not None and _moves(line.text, found[1], before, self.mine):
                self.crashed = True
                found = None
            elif found is not None and my_error is not None:
                # PyTorch may have written part of it, or resized what `out=` names: here a refused line changes nothing.
                self.crashed = True
                found = changed(self.mine, before)
            elif found is not None and self._is_open(line, *found):
                self.crashed = True
                found = None
            if found is not None:
                kind, text = found
                if kind in ("requires_grad", "grad_fn", "is_leaf") and _is_viewed_gradient(
                    text.split(":")[0], self.mine, self.theirs
                ):
                    kind = f"gradient's {kind}"
        return Finding(line.label, kind, self.dtypes(line), text) if kind else None

    def _is_open(self, line: Line, kind: str, text: str) -> bool:
        """Whether numbers differ that no one order of computing gives."""
        if kind == "values" and depends_on_order(line.text, text.split(":")[0], self.theirs):
            return True
        return kind in ("values", "grad", "rounding") and is_rounding(self.lines, self.mine, self.theirs)

    def _is_no_ground(self, line: Line, before: dict[str, Any]) -> bool:
        """Whether later lines could not be compared: PyTorch moved other tensors along, or has a wrong gradient of them."""
        wrong = line.label == TURNED or (line.label in OVERFLOWING and "int" in self.dtypes(line))
        wrong = wrong or ENDING_AT_ZERO.search(line.text) is not None
        wrong = wrong or (line.label in REFLECTING and has_singular_reflections(line.text, self.theirs))
        wrong = wrong or (line.label in BY_INVERSES and has_near_singular(line.text, self.theirs))
        wrong = wrong or (line.label in SORTING and has_many_and_equal(line.text, self.theirs))
        return (wrong and _requires_grad(line.text, self.theirs)) or _moved_others(line.text, before, self.theirs)

    def dtypes(self, line: Line) -> str:
        """The dtypes of the tensors that a line names, in order."""
        found: list[str] = []
        for name in re.findall(r"\bv\d+\b", line.text):
            value = self.theirs.get(name)
            if isinstance(value, torch.Tensor):
                found.append(_class(value.dtype))
        return ",".join(dict.fromkeys(found)) or "-"


def _moves(text: str, found: str, before: dict[str, Any], space: dict[str, Any]) -> bool:
    """Whether `out=` was resized and the difference is one of its memory, or it is an operand of what writes first.

    PyTorch resizes it before it reads its operands, of which it may be one, and moves all views of it along.
    """
    named = re.search(r"out=\(?(v\d+(?:\[\d+\])?)", text)
    if named is None:
        return False
    out = eval(named[1], space)
    named_all = [each for each in re.findall(r"\bv\d+(?:\[\d+\])?", text) if each in before]
    alike = [each for each in named_all if np.may_share_memory(eval(each, space)._array, out._array)]
    written_first = re.search(r"T\.(normal|mean|sum|prod|norm|var|std|logsumexp|amax|amin)\(", text)
    if written_first and len(alike) > 1:
        return True  # draws, or the 0 that a sum begins with, are written over the operand before it is read
    if named[1] not in before or before[named[1]][0][1] == facts(out)[1]:
        return False
    return not found.startswith(f"{named[1]}:") or len(alike) > 1


def _reason(text: str, said: str, before: dict[str, Any], mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    """What a refusal of one library alone is about, where that is no matter of the op: the beginning of its kind.

    An edit of a gradient that PyTorch's backward made as a view; memory of NumPy's that `out=` would have to enlarge; an `out=`
    that shows an element twice, or an operand's; an `out=` that PyTorch resizes before it reads it as an operand.
    """
    named = [each for each in re.findall(r"\bv\d+(?:\[\d+\])?", text) if _is_there(each, mine)]
    of_view = "created in no_grad mode" in said or "detach views in-place" in said
    if of_view and any(_is_viewed_gradient(each, mine, theirs) for each in named):
        return "gradient "
    target = re.search(r"out=\(?(v\d+(?:\[\d+\])?)", text)
    if target is None or target[1] not in named:
        return ""
    if "not resizable" in said:
        return "held out "
    if "single memory location" in said:
        return "overlapping out "
    shape = before[target[1]][0][1] if target[1] in before else None
    resized = any(shape != tuple(eval(target[1], space).shape) for space in (mine, theirs))
    return "resized operand's out " if resized and named.count(target[1]) > 1 else ""


def _is_viewed_gradient(name: str, mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether PyTorch's backward made this gradient, or what it is a view of here, as a view; here it is a tensor of its own."""
    own = eval(name, mine)
    if own._is_view():
        bases = [each for each, tensor in reachable(mine) if tensor is own._base]
        return any(_is_viewed_gradient(each, mine, theirs) for each in bases)
    return name.partition("[")[0] in theirs and bool(eval(name, theirs)._is_view())


def _is_there(expression: str, space: dict[str, Any]) -> bool:
    """Whether a variable, or an element of one, is a tensor."""
    value = space.get(expression.partition("[")[0])
    if "[" in expression:
        value = value[int(expression.partition("[")[2][:-1])] if isinstance(value, list | tuple) else None
    return isinstance(value, ak.Tensor)


def _moved_others(text: str, before: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether PyTorch has resized an `out=` that other tensors share memory with: they moved along, and here they do not."""
    named = re.search(r"out=\(?(v\d+(?:\[\d+\])?)", text)
    if named is None or named[1] not in before:
        return False
    out = eval(named[1], theirs)
    if before[named[1]][0][1] == facts(out)[1]:
        return False
    return any(each is not out and begin(each) == begin(out) for _, each in reachable(theirs))


def _requires_grad(text: str, theirs: dict[str, Any]) -> bool:
    """Whether what a line made is to be differentiated."""
    named = re.search(r"\bv\d+", text)  # the variable that it assigns or edits stands first
    made = theirs.get(named[0]) if named else None
    return isinstance(made, torch.Tensor) and made.requires_grad


def _is_complex_half(error: tuple[str, str] | None, said: frozenset[tuple[str, str]]) -> bool:
    """Whether PyTorch computed in complex numbers of half precision, which are not here."""
    return "ComplexHalf" in (error or ("", ""))[1] or any("ComplexHalf" in text for _, text in said)


def _class(dtype: torch.dtype) -> str:
    if dtype is torch.bool:
        return "bool"
    if dtype.is_complex:
        return "complex"
    if dtype.is_floating_point:
        return "half" if dtype.itemsize == 2 else "float"
    return "int"


def _run(text: str, space: dict[str, Any]) -> tuple[tuple[str, str] | None, frozenset[tuple[str, str]]]:
    error = None
    space["T"].set_warn_always(True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's; nothing of PyTorch's is one
        try:
            exec(_compiled(text), space)
        except Exception as raised:
            error = first_line(raised)
    space["T"].set_warn_always(False)
    return error, frozenset((each.category.__name__, _warning_text(each)) for each in caught)


def _warning_text(warning: Any) -> str:
    return re.sub(r" \(Triggered internally at .*", "", (str(warning.message).splitlines() or [""])[0])


_code: dict[str, Any] = {}


def _compiled(text: str) -> Any:
    found = _code.get(text)
    if found is None:
        if len(_code) > 2000:
            _code.clear()
        found = _code[text] = compile(text, "<program>", "exec")
    return found


def run(program: Iterable[Line]) -> tuple[int, Finding | None]:
    """(lines that were run, the first disagreement)."""
    count = 0
    with Pair() as pair:
        for line in program:
            count += 1
            found = pair.run(line)
            if found is not None or pair.crashed:
                return count, found
    return count, None
