"""What tests report from one process to another is what they report in one: results, output, errors, properties."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ADDRESS = re.compile("0x[0-9a-f]+")
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
def test_reports_are_the_same_from_another_process(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text((ROOT / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for name in [name for name in environment if name.startswith("PYTEST_")]:
        del environment[name]
    told = []
    for processes in ("0", "1"):
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-n",
            processes,
            "--junitxml=told.xml",
        ]
        subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
        told.append([summary(case) for case in ElementTree.parse(tmp_path / "told.xml").iter("testcase")])
    assert [len(case) for case in told[0]] == [
        2,
        3,
        2,
        2,
    ]  # names, a property of two, and what is told of all but the first
    assert told[0] == told[1]


def summary(case: ElementTree.Element) -> list[str]:
    """The test's name, and what is told of it."""
    told = [
        f"{each.tag} {each.get('message')} {ADDRESS.sub('', each.text or '')}"
        for each in case
        if each.tag != "properties"
    ]
    return [
        str(case.get("name")),
        *(f"{each.get('name')} {each.get('value')}" for each in case.iter("property")),
        *told,
    ]
