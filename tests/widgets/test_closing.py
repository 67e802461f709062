"""A widget that is closed leaves nothing behind: no model, no callback in the shell, nothing that keeps it alive."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets.widgets import widget as ipywidgets_widget
from traitlets.config import Config

import autogradkit as torch
from autogradkit.widgets import base, cells
from autogradkit.widgets.graph import GraphView
from autogradkit.widgets.ledger import GradLedger, grad_ledger
from autogradkit.widgets.storage import storage_map
from autogradkit.widgets.strides import stride_explorer
from autogradkit.widgets.train_magic import train_from_magic

W = torch.ones(2, requires_grad=True)


def followed() -> Any:
    view = grad_ledger("W", W, follow=True)
    view.show()
    return view


def graph() -> Any:
    with torch.record() as trace:
        (W * 2).sum().backward()
    return GraphView(trace)


MADE: dict[str, Callable[[], Any]] = {
    "graph": graph,
    "ledger": lambda: grad_ledger("W", W, follow=False),
    "a ledger that follows": followed,
    "storage": lambda: storage_map({"W": W}, {}),
    "strides": lambda: stride_explorer("W", W, {}),
    "training": lambda: train_from_magic("mlp", {}, epochs=1),
}


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    yield InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    InteractiveShell.clear_instance()


@pytest.mark.parametrize("kind", MADE)
def test_what_is_closed_is_collected(kind: str, shell: InteractiveShell) -> None:
    before = len(ipywidgets_widget._instances)
    callbacks = len(shell.events.callbacks["post_run_cell"])
    view = MADE[kind]()
    known = weakref.ref(view)
    view.close()
    assert len(shell.events.callbacks["post_run_cell"]) == callbacks
    del view
    gc.collect()
    assert known() is None
    assert len(ipywidgets_widget._instances) == before
    shell.run_cell("1").raise_error()


def test_a_terminal_keeps_no_picture_of_a_traced_cell(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("import autogradkit as torch\n%load_ext autogradkit\nx = torch.ones(2, requires_grad=True)")
    before = len(ipywidgets_widget._instances)
    for _ in range(2):
        shell.run_cell("%%trace\ny = (x * 2).sum()", store_history=True).raise_error()
        assert "○ mul(x, 2) → mul₁ = [2., 2.]" in capsys.readouterr().out
    assert len(ipywidgets_widget._instances) == before
    shell.run_cell("%unload_ext autogradkit")


def test_a_cell_that_is_run_anew_closes_what_it_alone_had_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = SimpleNamespace(user_ns={}, execution_count=0)
    monkeypatch.setattr(base, "get_ipython", lambda: shell)
    monkeypatch.setattr(cells, "get_ipython", lambda: shell)

    def run(cell: str, *views: Any) -> None:
        shell.execution_count += 1
        request = {"header": {"msg_type": "execute_request"}, "metadata": {"cellId": cell}}
        shell.kernel = SimpleNamespace(get_parent=lambda: request)
        for view in views:
            view._repr_mimebundle_()

    first, kept, second = graph(), graph(), storage_map({"W": W}, {})
    run("a", first, kept)
    run("b", kept)
    run("a", second)
    assert first.comm is None
    assert kept.comm is not None
    assert second.comm is not None
    run("c", first)  # what was closed lives again where it is shown again
    assert first.comm is not None
    run("a")  # which shows nothing; the next view to be shown there tells
    run("a", first)
    assert second.comm is None
    for each in (first, kept):
        each.close()


def test_what_was_closed_can_be_opened_again() -> None:
    view = graph()
    view.close()
    view.open()
    assert view.comm is not None
    assert view.layout.comm is not None
    view.close()


def test_nothing_is_printed_at_the_end_of_a_process() -> None:
    script = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("import autogradkit as torch\\n%load_ext autogradkit\\nw = torch.ones(2, requires_grad=True)")
shell.run_cell("%ledger --follow w\\n%ledger w\\n%graph (w * 2).sum()\\n%storage w\\n%strides w")
shell.run_cell("from autogradkit.widgets.training import TrainingView\\nview = TrainingView('mine')\\nview.log(loss=1.0)")
import autogradkit.widgets.training
kept = autogradkit.widgets.training.TrainingView("another")
kept.log(loss=1.0)
autogradkit.record().__enter__()  # and never left; IPython's functions run in a later stage of the end
autogradkit.ones(2) * 2
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    assert done.stderr == ""


def test_a_ledger_that_could_not_be_made_is_closed_quietly(recwarn: pytest.WarningsRecorder) -> None:
    with pytest.raises(TypeError):
        GradLedger()  # type: ignore[call-arg]
    gc.collect()
    assert not recwarn.list
