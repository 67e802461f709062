"""`Prediction`: a question whose answer shows once the learner has chosen one.

Rests on the widgets' base. `autogradkit.lessons.predict` makes one; the front end asks and tells. What is stored shows the
question, and the answer inside of a closed `<details>`.
"""

from __future__ import annotations

import cmath
from collections.abc import Mapping, Sequence
from numbers import Number
from typing import Any

import traitlets

from .base import StillWidget, static
from .prose import prose_html


class Prediction(StillWidget):
    """A question with its choices. `chosen` is the index of what the learner answered, -1 until then."""

    _esm = static("prediction.js")
    _css = static("prediction.css")

    question = traitlets.Unicode().tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    verdicts = traitlets.List(traitlets.Unicode()).tag(sync=True)  # what is said to who chose this one
    answer = traitlets.Int().tag(sync=True)  # index of the right choice
    chosen = traitlets.Int(-1).tag(sync=True)

    def __init__(self, question: str, choices: Sequence[Any] | Mapping[Any, str], answer: Any) -> None:
        """Ask `question`. Raises ValueError unless two or more different choices are given and `answer` is one of them."""
        values = list(choices)
        if isinstance(choices, str) or len(values) < 2:
            raise ValueError(f"a prediction needs two or more choices, not {choices!r}")
        for index, value in enumerate(values):
            if any(agree(value, other) for other in values[:index]):
                raise ValueError(f"two choices are the same: {_as_markdown(value)}")
        right = [index for index, value in enumerate(values) if agree(value, answer)]
        labels = [_as_markdown(value) for value in values]
        if not right:
            raise ValueError(f"the answer {_as_markdown(answer)} is none of the choices: {', '.join(labels)}")
        reasons = [str(choices[value]) for value in values] if isinstance(choices, Mapping) else [""] * len(values)
        truth = _because(labels[right[0]], reasons[right[0]])
        super().__init__(
            question=question,
            choices=labels,
            answer=right[0],
            verdicts=[
                _right(reason) if index == right[0] else f"No, not {_mistaken(label, reason)}. The answer is {truth}"
                for index, (label, reason) in enumerate(zip(labels, reasons, strict=True))
            ],
        )
        self._truth = truth

    def static_html(self) -> str:
        choices = "".join(f"<li>{prose_html(choice)}</li>" for choice in self.choices)
        return (
            f"<p><strong>Predict.</strong> {prose_html(self.question)}</p><ul>{choices}</ul>"
            f"<details><summary>the answer</summary><p>{prose_html(self._truth)}</p></details>"
        )

    def plain(self) -> str:
        return "\n".join([f"Predict. {self.question}", *(f"  ○ {choice}" for choice in self.choices)])


def agree(one: Any, other: Any) -> bool:
    """Whether two values are the same: tensors by their elements, numbers to the precision of float32, lists as tuples.

    >>> import autogradkit as torch
    >>> agree(torch.tensor([0.1, 2.0]), (0.1, 2))
    True
    """
    one, other = _elements(one), _elements(other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(agree(*pair) for pair in zip(one, other, strict=True))
    if isinstance(one, Number) and isinstance(other, Number):
        both_nan = one != one and other != other
        return both_nan or cmath.isclose(one, other, rel_tol=1e-6)  # type: ignore[arg-type]
    return type(one) is type(other) and one == other


def _elements(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    return list(value) if isinstance(value, list | tuple) else value


def _as_markdown(value: Any) -> str:
    """A string is prose; anything else is shown as Python writes it, on one line."""
    return value if isinstance(value, str) else f"`{' '.join(repr(value).split())}`"


def _because(label: str, reason: str) -> str:
    return f"{label}: {_ended(reason)}" if reason else _ended(label)


def _right(reason: str) -> str:
    """What the right choice, which is marked, needs no more than."""
    return f"Right: {_ended(reason)}" if reason else "Right."


def _mistaken(label: str, reason: str) -> str:
    return f"{label} ({reason.rstrip('.')})" if reason else label


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
