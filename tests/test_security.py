"""SECURITY.md names a test for each promise: it is there, under that name."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w./]+)::([^`]+)`", TEXT)


def is_there(file: str, name: str) -> bool:
    source = (ROOT / file).read_text(encoding="utf-8") if (ROOT / file).is_file() else ""
    found = rf"^def {re.escape(name)}\(" if file.endswith(".py") else rf"^\s*(it|test)\(\"{re.escape(name)}\""
    return re.search(found, source, re.MULTILINE) is not None


def test_each_named_test_is_there() -> None:
    assert [f"{file}::{name}" for file, name in NAMED if not is_there(file, name)] == []


def test_each_promise_names_a_test_or_says_that_there_is_none() -> None:
    rows = [line.strip("| \n").split(" | ") for line in TEXT.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 10
    assert {row[0] for row in rows if "::" not in row[2]} == {"Tensors by pickle, and `load(weights_only=False)`"}


def test_a_test_that_is_not_there_would_be_missed() -> None:
    assert not is_there("tests/test_files.py", "test_of_nothing")
    assert not is_there("tests/test_nothing.py", "test_a_link_is_followed")
    assert not is_there("widgets/test/shared.test.ts", "shows nothing")
