"""A real IPython shell with the extension loaded, and what its cells showed."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import autogradkit.traced_cells as traced_cells
from autogradkit.tracing.trace import Trace


class Notebook:
    """Runs cells and remembers what was displayed."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.shown: list[Trace] = []

    def run(self, cell: str) -> Any:
        self.shown.clear()
        return self.shell.run_cell(cell, store_history=True)

    def trace(self, cell: str) -> Trace:
        """Run a cell that succeeds and give the one trace it showed."""
        result = self.run(cell)
        result.raise_error()
        assert len(self.shown) == 1
        return self.shown[0]


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    InteractiveShell.clear_instance()
    # Neither a thread nor a database for its history.
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.run_line_magic("colors", "nocolor")
    book = Notebook(shell)

    def show(self: traced_cells.TracedCells, trace: Trace, source: str) -> None:
        trace.source = source
        book.shown.append(trace)

    monkeypatch.setattr(traced_cells.TracedCells, "show", show)
    shell.run_cell("import autogradkit as torch\n%load_ext autogradkit", store_history=True).raise_error()
    yield book
    shell.run_cell("%unload_ext autogradkit")
    InteractiveShell.clear_instance()
    # At exit each shell would empty itself and collect the whole process's garbage: seconds, once torch is loaded.
    atexit.unregister(shell.atexit_operations)
