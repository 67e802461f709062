"""The magics over PyTorch's own tensors: a sentence that says what they are and what to do."""

from __future__ import annotations

import pytest

from autogradkit.traced_cells import TracedCells

from .conftest import Notebook

INSTEAD = (
    "With `import autogradkit as torch` in place of `import torch`, the same code runs on tensors that it sees into."
)


SHOW = TracedCells.show  # the fixture `notebook` puts another in its place


@pytest.fixture
def showing(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Traced cells show what they show."""
    monkeypatch.setattr(TracedCells, "show", SHOW)


@pytest.fixture
def real(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> Notebook:
    """A notebook in which `torch` is PyTorch."""
    notebook.run(
        "import torch\nx = torch.ones(2, 3, requires_grad=True)\nloss = (x * x).sum()\n"
        "class Net(torch.nn.Module):\n    pass\nnet = Net()\n\u6743\u91cd = x"
    ).raise_error()
    capsys.readouterr()
    return notebook


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%graph loss", "%graph: 'loss' is a tensor of PyTorch itself"),
        ("%graph \u6743\u91cd * 2", "(got 3: \u6743\u91cd, *, 2)"),
        ("%graph \u6743\u91cd", "%graph: '\u6743\u91cd' is a tensor of PyTorch itself"),
        ("%ledger x", "%ledger: 'x' is a tensor of PyTorch itself"),
        ("%train net", "%train: 'net' is of PyTorch itself"),
        ("%storage x.to_sparse()", "%storage x.to_sparse(): there is no memory to show"),
        ("%graph net", "%graph: 'net' is a Net, not a tensor"),
    ],
)
def test_a_magic_refuses_it_and_says_what_to_do(
    real: Notebook, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    assert not real.run(line).success
    text = capsys.readouterr().err
    assert text.startswith("UsageError: ")
    assert said in text
    assert ("PyTorch itself" in text) == (INSTEAD in text)


def test_storage_shows_its_memory(real: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    assert real.run("%storage x x.t()").success
    assert "stride (1, 3)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("%%trace\ny = x * 2", "y, x"),
        ("%%trace\nfrom torch import ones\nones(2)", "torch, ones"),
        ("%%trace\nnet.train()", "net"),
        ("%trace x * 2", "x"),
    ],
)
def test_a_traced_cell_says_why_nothing_was_traced(
    real: Notebook,
    capsys: pytest.CaptureFixture[str],
    showing: None,
    cell: str,
    names: str,
) -> None:
    assert real.run(cell).success
    text = capsys.readouterr().out
    assert f"Nothing was traced: this code computes with PyTorch itself ({names}), which autogradkit does not" in text
    assert INSTEAD in text


def test_a_cell_without_tensors_says_so(real: Notebook, capsys: pytest.CaptureFixture[str], showing: None) -> None:
    real.run("%%trace\nn = 1 + 1")
    assert "Nothing was traced: no tensor operation ran in this cell." in capsys.readouterr().out
