"""Prediction: which answers and choices it takes, what it says, and its static form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import autogradkit as torch
from autogradkit.widgets.prediction import Prediction, agree
from tests.every_case import every_case


@every_case(
    "choice answer",
    [
        (7, torch.tensor(7.0)),
        (0.1, torch.tensor(0.1)),
        ((3, 1), torch.ones(2, 3).t().t().stride()),
        ([2, 3], torch.ones(2, 3).shape),
        ([[1, 2], [3, 4]], torch.tensor([[1.0, 2.0], [3.0, 4.0]])),
        (torch.tensor([1.0]), np.array([1.0])),
        (None, torch.ones(2).grad),
        (True, torch.ones(2).is_leaf),
        (math.nan, torch.tensor(0.0) / 0),
        ("RuntimeError", "RuntimeError"),
    ],
)
def test_an_answer_is_found_among_the_choices_by_its_value(choice: Any, answer: Any) -> None:
    assert agree(choice, answer)
    assert Prediction("?", ["something else", choice], answer).answer == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [(7, "7"), (7, torch.tensor([7.0])), (0.1, 0.100001), ([1, 2], [1, 2, 3]), (None, 0), (math.nan, 0.0)],
)
def test_what_only_looks_alike_does_not_agree(one: Any, other: Any) -> None:
    assert not agree(one, other)
    assert not agree(other, one)


def test_a_question_that_cannot_be_answered_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^the answer `tensor\(7\.\)` is none of the choices: `5`, `10`, they add$"):
        Prediction("?", [5, 10, "they add"], torch.tensor(7.0))
    with pytest.raises(ValueError, match=r"^two choices are the same: `tensor\(\[1\.\]\)`$"):
        Prediction("?", ["a", [1], torch.tensor([1.0])], "a")
    for choices in ([1], [], {1: "because"}, "ab"):
        with pytest.raises(ValueError, match="needs two or more choices"):
            Prediction("?", choices, 1)


def test_it_says_what_is_right_and_why() -> None:
    added = Prediction("?", {5: "the second replaces the first", 7: "they are added."}, 7)
    assert added.verdicts == [
        "No, not `5` (the second replaces the first). The answer is `7`: they are added.",
        "Right: they are added.",
    ]
    assert Prediction("?", ["yes", "no"], "no").verdicts == ["No, not yes. The answer is no.", "Right."]


def test_choices_are_shown_as_they_are_written_on_one_line() -> None:
    matrix = torch.tensor([[1.0, -2.0], [3.0, 4.0]])
    assert Prediction("?", [matrix, "a sentence", (1, 3)], matrix).choices == [
        "`tensor([[ 1., -2.], [ 3., 4.]])`",
        "a sentence",
        "`(1, 3)`",
    ]


def test_the_static_form_asks_and_keeps_the_answer_closed() -> None:
    prediction = Prediction("Is `a < b` <i>here</i>?", {"<b>yes</b>": "a & b", "no": "it is not"}, "<b>yes</b>")
    assert prediction.static_html() == (
        "<p><strong>Predict.</strong> Is <code>a &lt; b</code> &lt;i&gt;here&lt;/i&gt;?</p>"
        "<ul><li>&lt;b&gt;yes&lt;/b&gt;</li><li>no</li></ul>"
        "<details><summary>the answer</summary><p>&lt;b&gt;yes&lt;/b&gt;: a &amp; b.</p></details>"
    )
    assert prediction.plain() == "Predict. Is `a < b` <i>here</i>?\n  ○ <b>yes</b>\n  ○ no"


def test_what_was_answered_changes_nothing_that_is_stored() -> None:
    prediction = Prediction("?", [1, 2], 2)
    before = prediction.static_html(), prediction.plain()
    prediction.chosen = 0
    assert (prediction.static_html(), prediction.plain()) == before
