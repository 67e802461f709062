"""Many cases in one test: all are tried, and each that fails says which it was."""

from __future__ import annotations

import inspect

import pytest

from .each import each


def test_all_are_tried_and_each_that_fails_is_named() -> None:
    tried = []

    @each("number", range(5))
    def even(call: str, number: int) -> None:
        tried.append((call, number))
        assert number % 2 == 0, "odd"

    assert list(inspect.signature(even).parameters) == ["call"]
    with pytest.RaisesGroup(AssertionError, AssertionError) as raised:
        even(call="f")
    assert tried == [("f", number) for number in range(5)]
    assert raised.value.message == "2 of 5 cases"
    assert [(str(each).splitlines()[0], each.__notes__) for each in raised.value.exceptions] == [
        ("odd", ["number = 1"]),
        ("odd", ["number = 3"]),
    ]


def test_a_case_of_several_names_is_taken_apart() -> None:
    seen = []
    each("format dtype", [("XYXY", "int64"), ("XYWH", None)])(lambda format, dtype: seen.append((format, dtype)))()
    assert seen == [("XYXY", "int64"), ("XYWH", None)]


@pytest.mark.parametrize("call", ["f", "g"])
@each("kind", ["a", "b"])
def test_it_stands_beside_parametrize(call: str, kind: str) -> None:
    assert (call + kind) in {"fa", "fb", "ga", "gb"}
