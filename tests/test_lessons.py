"""What lessons are written with: questions whose answers are computed, claims that are proved."""

from __future__ import annotations

import textwrap

import numpy as np
import pytest

import autogradkit as torch
from autogradkit.lessons import check, predict


def test_an_answer_may_be_a_function() -> None:
    assert predict("?", [3, 4], lambda: torch.tensor(4.0)).answer == 1
    assert predict("?", ["it works", "RuntimeError"], lambda: torch.ones(2).view(3)).answer == 1


def test_an_error_that_was_not_asked_for_is_shown() -> None:
    with pytest.raises(ValueError, match="the answer ZeroDivisionError is none of the choices") as refused:
        predict("?", [1, 2], lambda: 1 / 0)
    assert isinstance(refused.value.__context__, ZeroDivisionError)


def test_a_claim_that_holds_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    for truth in (True, np.True_, torch.tensor(True), torch.ones(2, 2) > 0, np.ones(3) > 0):
        check("it holds", truth)
    assert capsys.readouterr().out.splitlines() == ["✓ it holds"] * 5


def test_a_claim_that_does_not_hold_names_its_values() -> None:
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    (3 * w).sum().backward()
    with pytest.raises(AssertionError) as failed:
        check("they are added", w.grad.tolist() == [3.0, len([4])])
    assert str(failed.value) == textwrap.dedent("""\
        this does not hold: they are added
            w.grad.tolist() == [3.0, len([4])] is False
            w.grad is tensor([3., 3.])""")
    limit = 3
    with pytest.raises(AssertionError) as failed:
        check(
            condition=torch.tensor([1.0, 5.0]) > limit,
            sentence="all are large",
        )
    assert str(failed.value) == textwrap.dedent("""\
        this does not hold: all are large
            torch.tensor([1.0, 5.0]) > limit is [False, True]
            limit is 3""")


def test_names_bound_in_the_condition_are_not_taken_for_others() -> None:
    w = 100
    with pytest.raises(AssertionError) as failed:
        check("all are small", all(w < 2 for w in [1, 2, 3]))
    assert "100" not in str(failed.value)
    assert w == 100


def test_without_a_source_the_sentence_is_there() -> None:
    with pytest.raises(AssertionError, match=r"^this does not hold: one is two$"):
        exec("check('one is two', 1 == 2)", {"check": check})


def test_what_is_neither_true_nor_false_proves_nothing() -> None:
    with pytest.raises(TypeError, match=r"a condition that is True or False, not tensor\(\[1\., 0\.\]\)"):
        check("?", torch.tensor([1.0, 0.0]))
    with pytest.raises(TypeError, match="not None"):
        check("?", None)
    with pytest.raises(ValueError, match="the condition is an empty tensor"):
        check("?", torch.ones(0) > 1)
