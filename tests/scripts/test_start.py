"""The first command shows that something is going on, on a terminal and in a pipe, and why it failed."""

from __future__ import annotations

import io
import sys

import pytest

from scripts.start import run, step

PIP = """\
Processing /home/somebody/autogradkit
  Installing build dependencies: started
Collecting numpy>=2.0 (from autogradkit==0.1.0)
  Downloading numpy-2.1.0-cp311-cp311-manylinux_2_17_x86_64.whl.metadata (60 kB)
Requirement already satisfied: pip in ./lib
Installing collected packages: webencodings, pure-eval, numpy
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_each_of_pips_steps_is_told() -> None:
    lines = PIP.splitlines(keepends=True)
    assert [step(lines[: count + 1]) for count in range(len(lines))] == [
        "",
        "building",
        "looking for numpy",
        "fetching numpy (60 kB)",
        "fetching numpy (60 kB)",
        "installing 3 packages",
    ]


def slowly(text: str, status: int = 0) -> list[str]:
    """A command that says something, and goes on for a while."""
    return [
        sys.executable,
        "-c",
        f"import time; print({text!r}, flush=True); time.sleep(1); raise SystemExit({status})",
    ]


def test_in_a_pipe_there_are_lines(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("Installing", slowly("Collecting numpy>=2.0"), every=0.4) == 0
    said = capfd.readouterr()
    lines = said.out.splitlines()
    assert lines[0] == "Installing"
    assert lines[-2].endswith(" s  looking for numpy")
    assert lines[-1].endswith(" s  done")
    assert "\r" not in said.out
    assert said.err == ""


def test_on_a_terminal_there_is_one_line_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    assert run("Installing", slowly("Collecting a-package-with-quite-a-long-name-for-it")) == 0
    title, changing, _ = terminal.getvalue().split("\n")
    assert title == "Installing"
    shown = changing.split("\r")
    assert "looking for a-package-with-" in changing
    assert max(map(len, shown)) == 39  # it never wraps
    assert shown[-2].strip() == ""
    assert shown[-1].endswith(" s  done")


def test_a_failure_says_why(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("Installing", slowly("ERROR: No matching distribution found", status=3)) == 3
    said = capfd.readouterr()
    assert said.err == "ERROR: No matching distribution found\nThat failed; the lines above say why.\n"
    assert "done" not in said.out
