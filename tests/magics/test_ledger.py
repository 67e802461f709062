"""`%ledger` in a shell: what untraced cells did, frozen at the end of its own, and going on where asked to."""

from __future__ import annotations

from typing import Any

import pytest
from IPython.utils.capture import capture_output

from autogradkit.core.recording import GRAD_LISTENERS, RECORDERS
from autogradkit.widgets.ledger import GradLedger
from tests.magics.conftest import Notebook


@pytest.fixture
def pictures() -> list[str]:
    """The pictures beside the texts of `shown`."""
    return []


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, pictures: list[str]) -> list[str]:
    """What was displayed, and displayed anew, as text."""
    texts: list[str] = []

    class Handle:
        def __init__(self, ledger: GradLedger) -> None:
            self.ledger = ledger

        def update(self, data: dict[str, str], raw: bool, metadata: dict[str, Any]) -> None:
            texts.append(data["text/plain"])
            pictures.append(self.ledger.static_svg())

    def display(ledger: GradLedger, display_id: bool) -> Handle:
        texts.append(ledger.plain())
        pictures.append(ledger.static_svg())
        return Handle(ledger)

    monkeypatch.setattr("autogradkit.widgets.ledger.display", display)
    return texts


def run(notebook: Notebook, cell: str) -> None:
    with capture_output():
        notebook.run(cell).raise_error()


def test_an_untraced_backward_is_known_with_its_cell(notebook: Notebook, shown: list[str]) -> None:
    run(notebook, "w = torch.ones(2, requires_grad=True)")
    run(notebook, "(w * 3).sum().backward()\n\n(w * 4).sum().backward()")
    run(notebook, "opt = torch.optim.SGD([w], lr=1.)\nopt.zero_grad()")
    run(notebook, "%ledger w")
    assert shown == [
        "w.grad after 2 backward calls: None\n"
        "  backward at In[3] line 1 added [3., 3.]: w.grad is now [3., 3.].\n"
        "  backward at In[3] line 3 added [4., 4.] to what was there: w.grad is now [7., 7.].\n"
        "  .grad was set to None at In[4] line 2: the next backward starts afresh."
    ]


def test_cells_that_ipython_does_not_count_are_numbered_by_their_order(notebook: Notebook, shown: list[str]) -> None:
    """As nbval runs a notebook: to IPython each of them is In[1]."""
    shell = notebook.shell
    shell.execution_count = 1
    backward = "(w * 3).sum().backward()\n"
    for cell in (
        "w = torch.ones(2, requires_grad=True)",
        backward,
        f"get_ipython().run_cell('1')\n\n{backward}",
        "%ledger w",
    ):
        with capture_output():
            shell.run_cell(cell).raise_error()
    assert [line.partition(" added")[0] for line in shown[0].splitlines()[1:]] == [
        "  backward at In[3] line 1",
        "  backward at In[4] line 3",
    ]
    run(notebook, f"w.grad = None\n{backward}")  # counted, so In[1] is what the notebook shows
    run(notebook, backward)
    run(notebook, "%ledger w")
    assert [line.partition(" at ")[2].partition(" added")[0] for line in shown[1].splitlines()[3:]] == [
        "In[1] line 1: the next backward starts afresh.",
        "In[1] line 2",
        "In[2] line 1",
    ]


def test_it_is_complete_at_the_end_of_its_cell_and_frozen_then(
    notebook: Notebook, shown: list[str], pictures: list[str]
) -> None:
    run(notebook, "w = torch.tensor(1., requires_grad=True)")
    run(notebook, "%ledger w\n(w * 3).backward()")
    run(notebook, "(w * 4).backward()")
    assert len(shown) == 2
    assert "frozen at the end of In[3]: it does not show what comes later" in pictures[1]
    assert shown[1].startswith("w.grad after 1 backward call: 3.")


def test_followed_it_goes_on(notebook: Notebook, shown: list[str]) -> None:
    run(notebook, "w = torch.tensor(1., requires_grad=True)\n%ledger --follow w")
    run(notebook, "(w * 3).backward()")
    run(notebook, "1 + 1")
    run(notebook, "w.grad = None")
    assert [text.partition(":")[0] for text in shown] == [
        "w.grad is None",
        "w.grad after 1 backward call",
        "w.grad after 1 backward call",
    ]
    assert shown[2].endswith("the next backward starts afresh.")


def test_it_listens_while_the_extension_is_loaded_and_slows_no_op(notebook: Notebook) -> None:
    assert len(GRAD_LISTENERS) == 1
    assert RECORDERS == []
    notebook.run("%load_ext autogradkit")
    assert len(GRAD_LISTENERS) == 1
    notebook.run("%unload_ext autogradkit")
    assert GRAD_LISTENERS == []
