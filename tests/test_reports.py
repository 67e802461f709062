"""What tests report from one process to another is all they have to say: results, output, errors, properties."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TESTS = """
import warnings
import pytest


@pytest.mark.parametrize("n", [1, 2])
def test_it_fails_once(n, record_property):
    record_property("of", str(n))
    print(f"said {n}")
    assert n == 1, "two is not one"


@pytest.fixture
def ends_badly():
    yield
    raise ValueError("at the end")


def test_the_fixture_fails(ends_badly):
    pass


def test_left_out():
    pytest.skip("for a reason")
"""


@pytest.mark.long
def test_reports_of_another_process_are_whole(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for name in [name for name in environment if name.startswith("PYTEST_")]:
        del environment[name]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "1", "--junitxml=told.xml"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert "said 2" in done.stdout  # what the test printed is shown where it failed
    assert [summary(case) for case in ElementTree.parse(tmp_path / "told.xml").iter("testcase")] == [
        ["test_it_fails_once[1]", "of 1"],
        ["test_it_fails_once[2]", "of 2", "failure AssertionError: two is not one\nassert 2 == 1"],
        ["test_the_fixture_fails", 'error failed on teardown with "ValueError: at the end"'],
        ["test_left_out", "skipped for a reason"],
    ]


def summary(case: ElementTree.Element) -> list[str]:
    """The test's name, and what is told of it."""
    told = [f"{each.tag} {each.get('message')}" for each in case if each.tag != "properties"]
    return [
        str(case.get("name")),
        *(f"{each.get('name')} {each.get('value')}" for each in case.iter("property")),
        *told,
    ]
