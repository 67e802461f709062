"""A `.view()` that fails: its note in every cell, and the picture that `%why` and `%%trace` draw."""

from __future__ import annotations

from typing import Any

import pytest

import autogradkit.traced_cells as traced_cells
from tests.magics.conftest import Notebook

SETUP = "b = torch.arange(6.0).view(2, 3).t()"
NOTE = (
    "autogradkit: b.view(6) needs dims 0 and 1 of b to be one in memory: stride(0) = size(1) · stride(1) = 2·3 = 6, but it "
    "is 1. From b[0, 1] to b[1, 0] the hop is −2, where +3 is expected. b.reshape(6) copies the elements, and so does "
    "b.contiguous().view(6). %why draws it."
)
PICTURE = "Why b.view(6) fails: b.view(6) needs dims 0 and 1"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was displayed as the cause, here and by `%why`."""
    import autogradkit.magics as magics

    found: list[Any] = []
    monkeypatch.setattr(traced_cells, "display", found.append)
    monkeypatch.setattr(magics, "display", found.append)
    return found


@pytest.mark.parametrize("cell", ["b.view(6)", "%%trace\nb.view(6)", "%%time\n%%trace\nb.view(6)"])
def test_every_cell_gets_the_note_and_why_draws_it(notebook: Notebook, drawn: list[Any], cell: str) -> None:
    notebook.run(SETUP)
    error = notebook.run(cell).error_in_exec
    assert type(error) is RuntimeError
    assert str(error).startswith("view size is not compatible with input tensor's size and stride")
    assert error.__notes__ == [NOTE]
    assert [view.alt().startswith(PICTURE) for view in drawn] == [True] * cell.startswith("%%")
    drawn.clear()
    assert notebook.run("%why").success
    [view] = drawn
    assert view.alt().startswith(PICTURE)
    assert view.names == ["b", "b.reshape(6)"]


def test_it_is_found_inside_functions_and_modules(notebook: Notebook, drawn: list[Any]) -> None:
    notebook.run(
        "class Net(torch.nn.Module):\n    def forward(self, x):\n        return x.transpose(1, 2).view(-1, 12)\nnet = Net()"
    )
    notebook.run("net(torch.ones(2, 3, 4))")
    assert notebook.run("%why").success
    assert drawn[0].alt().startswith("Why x.transpose(1, 2).view(2, 12) fails")


def test_only_the_last_error_counts(notebook: Notebook, drawn: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run(SETUP)
    notebook.run("b.view(6)")
    notebook.run("%storage nope")  # refused by a magic: no error of the code
    assert notebook.run("x = 1").success
    assert notebook.run("%why").success
    drawn.clear()
    notebook.run("%%trace\ny = b * 2\n%storage nope")
    assert drawn == []
    notebook.run("1 / 0")
    assert not notebook.run("%why").success
    assert "UsageError: %why: the last error was no .view()" in capsys.readouterr().err


def test_the_shell_is_left_as_it_was(notebook: Notebook) -> None:
    notebook.run("1 / 0")
    assert "showtraceback" not in vars(notebook.shell)
