"""The sweep itself: every form of calls.py with the hard points of values.py, and what differs from PyTorch.

Rests on calls, values and compare; run by __main__.py and by test_hard_points.py.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

import autogradkit as ak

from ..valid_calls import Call
from .calls import Form
from .compare import ROUNDING, UnsupportedError, array_of, ask, carried, difference, differing
from .listed import BY_A_NUMBER, CRASHES, exemption, left_out
from .undecided import undecided
from .values import COMPLEX, EVERY_DTYPE, FILLS_MEMORY, FLOATS, PARAMETERS, PATTERNS, SMALL, filled, grid, hard_numbers

# Compositions of pointwise ops, which can be asked about one element too.
ELEMENTWISE = {"selu", "nn.functional.selu", "nn.functional.relu6"}
SIZES = ("own", "0-d", "one", "empty")


@dataclass(frozen=True)
class Finding:
    """A call that differs."""

    name: str
    dtype: str
    what: str  # where: "forward", "error", "gradient", ...
    how: str  # in words
    call: str

    @property
    def signature(self) -> str:
        """What findings are grouped by."""
        return f"{self.name} {self.what}"

    @property
    def is_settled(self) -> bool:
        """Whether listed.py says why it is left."""
        return self.what in (TWO_MINDS, UNDECIDED) or exemption(self.signature, self.dtype) is not None


def _is_hard(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and (value.is_floating_point() or value.is_complex())


def _takes_its_time(form: Form, dtype: torch.dtype) -> bool:
    """Whether PyTorch computes in as many steps as an operand says, which the largest of a dtype are too many of."""
    return "_polynomial_" in form.name and dtype in (torch.int32, torch.int64)


def _resized(shape: tuple[int, ...], size: str) -> tuple[int, ...]:
    if size == "0-d":
        return ()
    if size == "one":
        return (1,) * len(shape)
    return tuple([0] * len(shape)) if size == "empty" else shape


def _with(form: Form, dtype: torch.dtype, pattern: str, size: str, grads: bool) -> Call:
    """The call with hard points in place of its floating tensors."""
    place = 0
    call = form.call
    grads = grads and call.kwargs.get("out") is None

    def swap(value: Any) -> Any:
        nonlocal place
        if isinstance(value, list | tuple):
            return type(value)(swap(each) for each in value)
        if not isinstance(value, torch.Tensor):
            return value
        shape = _resized(tuple(value.shape), size)
        if not _is_hard(value):
            if size == "own":
                return value.clone()
            return value.reshape(-1)[0].expand(shape).clone() if value.numel() else value.clone()
        made = filled(shape, dtype, pattern, place, form.pointwise).clone()
        if _takes_its_time(form, dtype):
            made = made.clamp(-9, 9)
        place += 1
        if value.dim() == 2 and size == "own" and not value.is_contiguous() and value.numel():
            made = made.t().contiguous().t()
        return made.requires_grad_(grads)

    return Call([swap(each) for each in call.args], {name: swap(each) for name, each in call.kwargs.items()})


def _on_grid(form: Form, dtype: torch.dtype, grads: bool, number: Any = None) -> Call:
    """The call of a pointwise op with every combination of hard points, and with a number for those that go with a tensor."""
    made = form.call.copy()
    grads = grads and made.kwargs.get("out") is None
    places = _grid_places(form.call)
    for place, values in zip(places, grid(len(places), dtype), strict=True):
        (made.args if isinstance(place, int) else made.kwargs)[place] = values.clone().requires_grad_(grads)
    if number is not None:
        for place in _number_places(form.call):
            made.args[place] = number
    return made


def _has_grid(form: Form, dtype: torch.dtype) -> bool:
    others = any(isinstance(each, torch.Tensor) and not _is_hard(each) for each in _own(form.call))
    return 0 < len(_grid_places(form.call)) < 4 and not others and not _takes_its_time(form, dtype)


def _grid_places(call: Call) -> list[Any]:
    places: list[Any] = [i for i, each in enumerate(call.args) if _is_hard(each)]
    return places + [name for name, each in call.kwargs.items() if _is_hard(each)]


def _number_places(call: Call) -> list[int]:
    """Where the numbers stand that go with a tensor."""
    return [place for place, each in enumerate(call.args) if isinstance(each, float) and place]


def _own(call: Call) -> list[Any]:
    return [*call.args, *call.kwargs.values()]


Made = tuple[str, Callable[[], Call]]  # what a call is called, and how it is made


def variations(
    form: Form, dtype: torch.dtype, patterns: tuple[str, ...], sizes: tuple[str, ...], numbers: bool = False
) -> Iterator[Made]:
    """The calls of a form at hard points, none of which is made yet: most parts of the sweep ask for few."""
    grads = dtype in FLOATS + COMPLEX
    if not any(map(_is_hard, _flat(form.call))):
        if dtype is torch.float32 and patterns:
            yield "as it is", form.call.copy
        if dtype is torch.float32 and numbers:
            yield from _with_parameters(form, form.call.copy, dtype)
        return
    if form.name.startswith("aten."):  # of a kernel that no user calls: what its op gives it
        sizes = ("own",)
    for size in sizes:
        for pattern in patterns if size == "own" else patterns[:4] if size in ("0-d", "one") else patterns[:1]:
            yield f"{pattern} {size}", partial(_with, form, dtype, pattern, size, grads)
            if form.edits and grads:
                yield f"{pattern} {size} no grad", partial(_with, form, dtype, pattern, size, False)
    if numbers:
        yield from _with_parameters(form, partial(_with, form, dtype, "one:2", "own", grads), dtype)
    if form.pointwise and patterns and _has_grid(form, dtype):
        yield "grid", partial(_on_grid, form, dtype, grads)
        if _number_places(form.call):
            for number in hard_numbers(torch.float64):
                yield f"grid with {number}", partial(_on_grid, form, dtype, grads, number)


def _with_parameters(form: Form, make: Callable[[], Call], dtype: torch.dtype) -> Iterator[Made]:
    """The call with each hard number in place of each of the parameters that take numbers, one at a time.

    What would fill the memory is left out: of how many numbers a range has, the largest size that still fits none.
    """
    overload = form.overload
    if overload is None or form.name.startswith("aten."):
        return
    for at, parameter in enumerate(overload.parameters):
        if parameter.spelled not in ("Scalar", "float", "Dim") and not (parameter.spelled == "Operand" and at):
            continue
        name = parameter.public
        by_place = at < len(form.call.args) and not parameter.keyword
        if not by_place and name not in form.call.kwargs and not parameter.keyword:
            continue
        for number in PARAMETERS:
            if overload.owner.name in ("arange", "range") and number in FILLS_MEMORY:
                continue
            if isinstance(number, complex) and dtype in SMALL:  # of which PyTorch makes complex32
                continue
            yield f"{name}={number!r}", partial(_replaced, make, at if by_place else name, number)


def _replaced(make: Callable[[], Call], place: Any, number: Any) -> Call:
    made = make()
    (made.args if isinstance(place, int) else made.kwargs)[place] = number
    return made


def _flat(call: Call) -> list[Any]:
    found: list[Any] = []
    for each in _own(call):
        found += each if isinstance(each, list | tuple) else [each]
    return found


def compared(form: Form, dtype: torch.dtype, words: str, call: Call) -> list[Finding]:
    """What differs in one call."""
    try:
        mine_args = [carried(each) for each in call.args]
        mine_kwargs = {name: carried(each) for name, each in call.kwargs.items()}
    except UnsupportedError:
        return []
    args, kwargs = _apart(call, form.edits), dict(call.kwargs)
    if form.edits and mine_args and isinstance(mine_args[0], ak.Tensor) and mine_args[0].requires_grad:
        mine_args[0] = mine_args[0].clone()
    theirs = ask(torch, form.theirs, args, kwargs, True)
    mine = ask(ak, form.mine, mine_args, mine_kwargs, True)

    def found(what: str, how: str) -> list[Finding]:
        if not what.startswith("gradient") and undecided(form.theirs, form.name, call, theirs, mine):
            return [Finding(form.name, str(dtype)[6:], UNDECIDED, f"{how}  [{words}]", described(form.name, call))]
        what = f"{what}{BY_A_NUMBER}" if "=" in words else what
        return [Finding(form.name, str(dtype)[6:], what, f"{how}  [{words}]", described(form.name, call))]

    if "error" in theirs and form.name.startswith("aten."):
        return []
    if "INTERNAL ASSERT" in str(theirs.get("error", theirs.get("grad error"))):  # which is no answer
        return []
    if "error" in theirs or "error" in mine:
        if theirs.get("error") == mine.get("error"):
            return []
        if "error" not in theirs:
            return found("refused here", f"{mine['error']}")
        if "error" not in mine:
            return found("computed here", f"{theirs['error']}")
        what = "text" if theirs["error"][0] == mine["error"][0] else "error type"
        return found(what, f"{theirs['error']} | {mine['error']}")
    by_element = form.pointwise or form.name in ELEMENTWISE
    leave = left_out(form.name, dtype, form.pointwise)
    inner = [ROUNDING.get(str(each), 0.0) for each in _flat(call) if isinstance(each, torch.dtype)]
    leave = leave._replace(rounding=max(inner, default=0.0))
    unlike = difference(theirs["result"], mine["result"], leave)
    if unlike:
        if unlike.startswith("value") and by_element and _of_two_minds(form, call, theirs, mine):
            return found(TWO_MINDS, unlike)
        return found("forward", unlike)
    if "grad error" in theirs or "grad error" in mine:
        if theirs.get("grad error") == mine.get("grad error"):
            return []
        return found("gradient's error", f"{theirs.get('grad error')} | {mine.get('grad error')}")
    if ("grads" in theirs) != ("grads" in mine):
        return found("gradient", "one has gradients")
    if "grads" in theirs and not (leave.indices and not words.startswith("one")):
        shapes = {each.shape for each in _flat(call) if _is_hard(each)}
        if form.pointwise and len(shapes) > 1:  # of what is broadcast it is a sum, begun with numbers like 1
            leave = leave._replace(sums=True, least=1.0)
        unlike = difference(theirs["grads"], mine["grads"], leave)
        if unlike:
            if unlike.startswith("value") and by_element and _of_two_minds(form, call, theirs, mine):
                return found(TWO_MINDS, unlike)
            return found("gradient", unlike)
    return []


TWO_MINDS = "PyTorch itself differs"
UNDECIDED = "both are right"


def _of_two_minds(form: Form, call: Call, theirs: Any, mine: Any) -> bool:
    """Whether PyTorch, asked about the elements that differ one at a time, or many times at once, gives what we give.

    Its vectorised loops and the scalar ones at their ends do not always agree at hard points.
    """
    result, own = theirs["result"], mine["result"]
    if not isinstance(result, torch.Tensor):
        return False
    shape = result.shape
    rounding = ROUNDING.get(str(result.dtype), 0.0)
    wrong = differing(array_of(result).reshape(-1), array_of(own).reshape(-1), rounding)
    whole = all(each.shape == shape for each in _flat(call) if _is_hard(each))
    pairs = (
        []
        if "grads" not in theirs or "grads" not in mine or not whole
        else list(zip(theirs["grads"], mine["grads"], strict=True))
    )
    if "grads" in theirs and not whole and not wrong.any():
        return False
    for one, other in pairs:
        if one is not None and other is not None:
            wrong = wrong | differing(array_of(one).reshape(-1), array_of(other).reshape(-1), rounding)
    for place in np.flatnonzero(wrong)[:60].tolist():
        answers: list[list[Any]] = []
        for times in (1, 64):
            alone = _alone(call, shape, place, times)
            answer = ask(torch, form.theirs, _apart(alone, form.edits), alone.kwargs, True, place)
            if "error" in answer:
                return False
            answers.append([answer["result"], *(answer.get("grads", ()) if whole else ())])
        for index, value in enumerate([own, *(mine.get("grads", ()) if whole else ())]):
            if value is None:
                continue
            ours = array_of(value).reshape(-1)[place : place + 1]
            if not any(
                each[index] is not None and not differing(array_of(each[index]).reshape(-1)[:1], ours, rounding).any()
                for each in answers
            ):
                return False
    return True


def _alone(call: Call, shape: torch.Size, place: int, times: int) -> Call:
    """The call with the operands' elements at a place of the result, `times` times."""

    def pick(value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        one = value.detach().expand(shape).reshape(-1)[place : place + 1].repeat(times)
        return one.requires_grad_(value.requires_grad)

    return Call([pick(each) for each in call.args], {name: pick(each) for name, each in call.kwargs.items()})


def _apart(call: Call, edits: bool) -> list[Any]:
    """PyTorch's arguments; what is edited is a copy, and where it is differentiated no leaf."""
    args = list(call.args)
    if edits and args and isinstance(args[0], torch.Tensor):
        args[0] = args[0].clone()
    return args


def described(name: str, call: Call) -> str:
    """The call, with its numbers where they are few."""

    def shown(value: Any) -> str:
        if isinstance(value, torch.Tensor):
            inside = value.tolist() if value.numel() <= 12 else f"{tuple(value.shape)}"
            return f"<{inside}>"
        if isinstance(value, list | tuple):
            return "[" + ", ".join(map(shown, value)) + "]"
        return repr(value)

    parts = [shown(each) for each in call.args] + [f"{n}={shown(v)}" for n, v in call.kwargs.items()]
    return f"{name}({', '.join(parts)})"


def sweep(
    all_forms: list[Form],
    dtypes: tuple[torch.dtype, ...] = EVERY_DTYPE,
    patterns: tuple[str, ...] = PATTERNS,
    sizes: tuple[str, ...] = SIZES,
    part: tuple[int, int] = (0, 1),
    numbers: bool = False,
) -> Iterator[tuple[int, list[Finding]]]:
    """(calls, findings) of each form and dtype; of `part` (i, n) every n-th variation.

    `numbers`: hard numbers as parameters too, and without patterns only these.
    """
    for form in all_forms:
        for dtype in dtypes:
            if (form.name, dtype) in CRASHES:
                continue
            count = 0
            findings: list[Finding] = []
            for words, make in variations(form, dtype, patterns, sizes, numbers):
                if zlib.crc32(f"{form.name}{dtype}{words}".encode()) % part[1] != part[0]:
                    continue
                count += 1
                findings += compared(form, dtype, words, make())
            yield count, findings
