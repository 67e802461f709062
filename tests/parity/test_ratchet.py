"""The ratchet itself: it notices what fell, and lowers no number that it was not told to."""

from __future__ import annotations

import json

import pytest

from .committed import FILE, fallen, load
from .ratchet import known, settled, totals, written
from .replay import FOUND
from .samples import Raised, Tally, same

BEFORE = {"abs": {"forward": [9, 8], "out": [4, 4]}, "exp": {"forward": [5, 5]}}


def test_less_passed_and_less_compared_are_falls() -> None:
    assert fallen("abs", BEFORE["abs"], {"forward": [9, 9], "out": [5, 4]}) == []
    assert fallen("abs", BEFORE["abs"], {"forward": [9, 7], "out": [4, 4]}) == ["abs, forward: 7 of 9 pass, 8 of 9 did"]
    assert fallen("abs", BEFORE["abs"], {"forward": [8, 8], "out": [4, 4]}) == ["abs, forward: 8 of 8 pass, 8 of 9 did"]
    assert fallen("abs", BEFORE["abs"], {"forward": [9, 8]}) == ["abs, out: 0 of 0 pass, 4 of 4 did"]


def test_an_update_lowers_nothing_that_it_was_not_told_to() -> None:
    lower = {"abs": {"forward": [9, 7], "out": [4, 4]}, "exp": {"forward": [5, 5]}}
    with pytest.raises(ValueError, match="abs, forward: 7 of 9 pass, 8 of 9 did"):
        settled(BEFORE, lower, whole=True, allow_falling=False)
    assert settled(BEFORE, lower, whole=True, allow_falling=True) == lower
    with pytest.raises(ValueError, match="exp: no longer here"):
        settled(BEFORE, {"abs": BEFORE["abs"]}, whole=True, allow_falling=False)


def test_an_update_of_some_names_keeps_the_others() -> None:
    higher = {"abs": {"forward": [9, 9], "out": [4, 4]}}
    assert settled(BEFORE, higher, whole=False, allow_falling=False) == {**BEFORE, **higher}


def test_the_file_has_one_sorted_line_a_name_and_is_as_the_command_writes_it() -> None:
    lines = load()
    text = FILE.read_text(encoding="utf-8")
    assert text == written(lines)
    assert [next(iter(json.loads("{" + line.rstrip(",") + "}"))) for line in text.splitlines()[1:-1]] == sorted(lines)


def test_no_more_pass_than_were_compared() -> None:
    for name, line in load().items():
        for kind, (compared, passed) in line.items():
            assert 0 <= passed <= compared, (name, kind)


def test_the_database_was_read() -> None:
    """A guard for the net itself: a broken import of the database would compare nothing."""
    assert len(FOUND) > 200
    sums = totals(load().values())
    assert sums["forward"][1] > 10_000
    assert min(sums[kind][1] for kind in ("complex", "gradient", "second_gradient", "in_place", "out")) > 1_000


def test_a_check_that_raises_was_compared_and_has_not_passed() -> None:
    tally = Tally()

    def refused() -> None:
        raise NotImplementedError("no such mode")

    tally.check("first", refused)
    tally.check("second", lambda: None)
    assert (tally.compared, tally.passed) == (2, 1)
    assert tally.failures == ["first\n    NotImplementedError: no such mode"]


def test_errors_agree_in_type_and_text_only() -> None:
    error = Raised("ValueError", "no")
    same(Raised("ValueError", "no"), error)
    for other in (Raised("TypeError", "no"), Raised("ValueError", "yes"), 3):
        with pytest.raises(AssertionError):
            same(other, error)


def test_every_committed_name_is_still_here() -> None:
    assert sorted(set(load()) - set(known())) == []
