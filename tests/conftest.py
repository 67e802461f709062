"""What every test of the package has."""

import gc
import sys
import textwrap
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays: the collector, which a test may ask, need not look through a million objects."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """What a file's tests leave stays, too: what they imported, and what is kept to be asked again."""
    if nextitem is not None and nextitem.path != item.path:
        gc.collect()
        gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """No page has told its width yet: what one told in an earlier test is forgotten."""
    if (base := sys.modules.get("autogradkit.widgets.base")) is not None:
        base.PagePicture._told = 0


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Any]:
    """Writes a script; runs it by the command line in this process: (status, what it printed, what it complained of)."""

    import autogradkit
    from autogradkit import cli

    def run(text: str, *arguments: str, capture: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
        path = tmp_path / "script.py"
        path.write_text(textwrap.dedent(text))
        status = cli.main(["run", str(path), *arguments])
        said = capture.readouterr()
        return status, said.out, said.err

    yield run
    assert "torch" not in sys.modules or sys.modules["torch"] is not autogradkit
