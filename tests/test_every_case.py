"""Many cases in one test: all are tried, and each that fails says which it was."""

from __future__ import annotations

import inspect

import pytest

from tests.every_case import every_case


def test_all_are_tried_and_each_that_fails_is_named() -> None:
    tried = []

    @every_case("number", range(5))
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


def test_a_case_that_raises_nothing_where_it_should_is_named_too() -> None:
    @every_case("text", ["1", "one", "2"])
    def refused(text: str) -> None:
        with pytest.raises(ValueError, match="invalid literal"):
            int(text)

    with pytest.raises(BaseExceptionGroup, match="2 of 3 cases") as raised:
        refused()
    assert [each.__notes__ for each in raised.value.exceptions] == [["text = '1'"], ["text = '2'"]]


def test_a_case_of_several_names_is_taken_apart() -> None:
    seen = []
    every_case("format dtype", [("XYXY", "int64"), ("XYWH", None)])(
        lambda format, dtype: seen.append((format, dtype))
    )()
    assert seen == [("XYXY", "int64"), ("XYWH", None)]


@pytest.mark.parametrize("call", ["f", "g"])
@every_case("kind", ["a", "b"])
def test_it_stands_beside_parametrize(call: str, kind: str) -> None:
    assert (call + kind) in {"fa", "fb", "ga", "gb"}
