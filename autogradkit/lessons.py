"""What lessons are written with: `predict` asks before something is revealed, `check` claims and proves it.

    from autogradkit.lessons import check, predict

Rests on the widgets, and on `tracing.source` for what a failing claim was written as.
"""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Any

from IPython.display import display

from autogradkit.tracing.frames import Spot
from autogradkit.tracing.source import SourceReader
from autogradkit.tracing.targets import written_name
from autogradkit.widgets.prediction import Prediction
from autogradkit.widgets.prose import prose_html


def predict(question: str, choices: Sequence[Any] | Mapping[Any, str], answer: Any | Callable[[], Any]) -> Prediction:
    """A question before a reveal: who reads chooses, and is then told whether that was right.

    `choices` are strings, numbers, tensors, lists; with a reason for each, they are a mapping from choice to reason. What
    stands between backticks is shown as code. `answer` is the right one: let Python compute it, so that neither is it given
    away by the cell nor can it be wrong. It may be a function to be called; where that raises, the answer is the error's
    name. Numbers and tensors agree to the precision of float32.

    In a notebook it is answered by mouse or keyboard; without a kernel the answer is inside of a closed `<details>`.

    Raises ValueError where there are fewer than two choices, two are the same, or the answer is none of them.

    >>> import autogradkit as torch
    >>> w = torch.tensor(1.0, requires_grad=True)
    >>> (2 * w).backward()
    >>> (5 * w).backward()
    >>> print(predict("What is `w.grad`?", {5: "the second replaces the first", 7: "they are added"}, w.grad).plain())
    Predict. What is `w.grad`?
      ○ `5`
      ○ `7`
    >>> predict("What does this do?", ["gives 1", "RuntimeError"], lambda: torch.ones(2).view(3)).choices
    ['gives 1', 'RuntimeError']
    """
    if not callable(answer):
        return Prediction(question, choices, answer)
    try:
        computed = answer()
    except Exception as error:  # it is the answer, or, where it is not among the choices, the cause that is shown
        return Prediction(question, choices, type(error).__name__)
    return Prediction(question, choices, computed)


def check(sentence: str, condition: Any) -> None:
    """A claim that is proved where it stands: shows ✓ and the sentence, or raises.

    `condition` is True or False, or a tensor of them, all of which must be True. What stands between backticks in the
    sentence is shown as code.

    Raises AssertionError where it is not true, with the values of the names that it was written with, TypeError for what is
    neither true nor false, and ValueError for an empty tensor, of which anything is true.

    >>> import autogradkit as torch
    >>> a = torch.tensor([1.0, 2.0])
    >>> check("Every element of `a` is positive", a > 0)
    ✓ Every element of `a` is positive
    >>> check("Every element of `a` is large", a > 1)
    Traceback (most recent call last):
      ...
    AssertionError: this does not hold: Every element of `a` is large
        a > 1 is [False, True]
        a is tensor([1., 2.])
    """
    value = condition.tolist() if hasattr(condition, "tolist") else condition
    truths = list(_flat(value))
    wrong = [truth for truth in truths if not isinstance(truth, bool)]
    if wrong:
        raise TypeError(f"check needs a condition that is True or False, not {condition!r}: compare it with something")
    if not truths:
        raise ValueError(f"check cannot tell whether '{sentence}' holds: the condition is an empty tensor")
    if not all(truths):
        raise AssertionError("\n    ".join([f"this does not hold: {sentence}", *_why(sys._getframe(1), value)]))
    display(_Proved(sentence))


@dataclass(frozen=True, repr=False)
class _Proved:
    """How a claim that holds is shown."""

    sentence: str

    def _repr_html_(self) -> str:
        return f"<p><strong>✓</strong> {prose_html(self.sentence)}</p>"

    def __repr__(self) -> str:
        return f"✓ {self.sentence}"


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _flat(each)
    else:
        yield value


def _why(frame: FrameType, value: Any) -> Iterator[str]:
    """The condition as it was written in the call that runs in `frame`, and what its names stand for."""
    place = SourceReader().place(Spot(frame.f_code, frame.f_lasti))
    call = None if place is None else place.expression
    call = call.value if isinstance(call, ast.Expr) else call  # the call is the whole statement
    if not isinstance(call, ast.Call):  # code without a source
        return
    keywords = {each.arg: each.value for each in call.keywords}
    condition = keywords["condition"] if "condition" in keywords else call.args[1]
    yield f"{ast.unparse(condition)} is {value}"
    known = frame.f_globals | frame.f_locals
    for name in dict.fromkeys(_names(condition)):
        first, *attributes = name.split(".")
        if first not in known:  # a built-in
            continue
        found = functools.reduce(getattr, attributes, known[first])
        if not callable(found) and not isinstance(found, ModuleType):
            yield f"{name} is {' '.join(repr(found).split())}"


def _names(node: ast.AST) -> Iterator[str]:
    """The names in an expression, dotted ones whole; of a method that is called, its owner. What binds names is left out."""
    name = written_name(node)
    if name is not None:
        yield name
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        for part in (node.func.value, *node.args, *node.keywords):
            yield from _names(part)
    elif not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        for part in ast.iter_child_nodes(node):
            yield from _names(part)
