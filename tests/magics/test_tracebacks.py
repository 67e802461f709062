"""What a shell with the extension shows of an error: the learner's lines, the text, the notes."""

from __future__ import annotations

import itertools
import re

import pytest

from .conftest import Notebook

PREPARE = "x = torch.ones(2, 3, requires_grad=True)\ndef flat(t):\n    return t.t().view(6)"
CELLS = {
    "an operator": ("y = flat(x)", "view size is not compatible", ["y = flat(x)", "return t.t().view(6)"]),
    "a traced cell": ("%%trace\ny = flat(x)", "view size is not compatible", ["y = flat(x)", "return t.t().view(6)"]),
    "above %%time": (
        "%%trace\n%%time\ny = flat(x)",
        "view size is not compatible",
        ["get_ipython().run_cell_magic('time', '', 'y = flat(x)\\n')", "y = flat(x)", "return t.t().view(6)"],
    ),
    "%trace": (
        "%trace flat(x)",
        "view size is not compatible",
        ["get_ipython().run_line_magic('trace', 'flat(x)')", "flat(x)", "return t.t().view(6)"],
    ),
    "%train": (
        "class Net(torch.nn.Linear):\n"
        "    def forward(self, x):\n"
        "        return flat(x[0, 0, :2, :3])\n"
        "net = Net(2, 3)\n"
        "%train net",
        "view size is not compatible",
        [
            "get_ipython().run_line_magic('train', 'net')",
            "return flat(x[0, 0, :2, :3])",
            "return t.t().view(6)",
        ],
    ),
    "backward": ("y = (x * x).sum()\ny.backward()\ny.backward()", "a second time", ["y.backward()"]),
    "a layer": ("torch.nn.Linear(2, 3)(x)", "cannot be multiplied", ["torch.nn.Linear(2, 3)(x)"]),
    "a wrong call": ("torch.exp(3)", "must be Tensor, not int", ["torch.exp(3)"]),
    "the learner's own backward": (
        "class Bad(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x): return x * 1\n"
        "    @staticmethod\n"
        "    def backward(ctx, g): return 1 / 0\n"
        "Bad.apply(x).sum().backward()",
        "division by zero",
        ["Bad.apply(x).sum().backward()", "def backward(ctx, g): return 1 / 0"],
    ),
    "what led to it": (
        "try:\n    flat(x)\nexcept RuntimeError as error:\n    raise KeyError(1) from error",
        "KeyError: 1",
        ["flat(x)", "return t.t().view(6)", "raise KeyError(1) from error"],
    ),
    "an interrupt": (
        "from autogradkit.optim import SGD\n"
        "def hook(g): raise KeyboardInterrupt\n"
        "x.register_hook(hook)\n"
        "x.sum().backward()",
        "KeyboardInterrupt",
        ["x.sum().backward()", "def hook(g): raise KeyboardInterrupt"],
    ),
}


def shown(notebook: Notebook, cell: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What the shell prints of a cell that fails."""
    capsys.readouterr()
    assert not notebook.run(cell).success
    return capsys.readouterr().out


def lines_of(text: str, mode: str) -> list[str]:
    """The lines of code to which a traceback points, outermost first."""
    if mode == "Plain":
        lines = text.splitlines()
        return [below.strip() for line, below in itertools.pairwise(lines) if re.match(r"  (Cell|File) ", line)]
    return re.findall(r"^-+> \d+ +(.*)$", text, re.MULTILINE)


@pytest.mark.parametrize("mode", ["Context", "Verbose", "Plain"])
@pytest.mark.parametrize("what", CELLS)
def test_only_the_learners_lines_are_shown(
    notebook: Notebook, capsys: pytest.CaptureFixture[str], mode: str, what: str
) -> None:
    cell, message, lines = CELLS[what]
    notebook.run(PREPARE)
    notebook.run(f"%xmode {mode}")
    text = shown(notebook, cell, capsys)
    assert message in text
    assert not re.search(r"^ *File .*autogradkit", text, re.MULTILINE)
    if "%" not in what or mode != "Plain":  # in Plain mode IPython shows frames of its own
        assert [line for line in lines_of(text, mode) if "IPython" not in line] == lines


TRAINING = """
import _thread, threading
from autogradkit.vision.train import fit
model = torch.nn.Linear(4, 3)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.ones(64, 4), torch.zeros(64, dtype=torch.long)), 8)
threading.Timer(0.3, _thread.interrupt_main).start()
fit(model, loader, torch.nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), 0.1), 10**6)
"""


@pytest.mark.parametrize("mode", ["Context", "Plain"])
def test_an_interrupted_training_ends_in_the_learners_line(
    notebook: Notebook, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    notebook.run(f"%xmode {mode}")
    text = shown(notebook, TRAINING, capsys)
    assert "KeyboardInterrupt" in text
    assert lines_of(text, mode) == [TRAINING.strip().splitlines()[-1]]


def test_frames_of_a_library_that_the_learner_called_stay(
    notebook: Notebook, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "in stack(arrays" in shown(notebook, "import numpy as np\nnp.stack([])", capsys)


def test_the_notes_stand_below_the_text(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run(PREPARE)
    text = shown(notebook, "flat(x)", capsys)
    assert text.rstrip().splitlines()[-1].startswith("autogradkit: t.t().view(6) needs dims 0 and 1 of t.t() to be one")


def test_every_frame_is_shown_to_who_asks(
    notebook: Notebook, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOGRADKIT_TRACEBACK", "short")
    notebook.run(PREPARE)
    short = shown(notebook, "flat(x)", capsys)
    notebook.run("%env AUTOGRADKIT_TRACEBACK=full")
    whole = shown(notebook, "flat(x)", capsys)
    assert "in view_sizes(self, size)" in whole
    assert short.splitlines()[-2:] == whole.splitlines()[-2:]
    notebook.run("%env AUTOGRADKIT_TRACEBACK=short")
    assert "view_sizes" not in shown(notebook, "flat(x)", capsys)


def test_the_last_frame_of_ours_is_ipythons_to_hide(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    cell = "torch.set_default_dtype(3)"
    assert "in set_default_dtype(" not in shown(notebook, cell, capsys)
    notebook.run("%xmode --show")
    notebook.run("%tb")
    assert "in set_default_dtype(" in capsys.readouterr().out
    notebook.run("%xmode --hide")
    notebook.run("%unload_ext autogradkit")
    assert "in set_default_dtype(" in shown(notebook, cell, capsys)
    notebook.run("%load_ext autogradkit")
    assert "in set_default_dtype(" not in shown(notebook, cell, capsys)


def test_a_tensors_attribute_that_only_pytorch_has(notebook: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run("x = torch.ones(2)")
    sentence = "PyTorch has Tensor.to_mkldnn; autogradkit does not have it yet"
    assert shown(notebook, "x.to_mkldnn()", capsys).count(sentence) == 1
    notebook.run("%tb")
    assert capsys.readouterr().out.count(sentence) == 1
    assert sentence in shown(notebook, "torch.Tensor.to_mkldnn", capsys)
    assert "PyTorch has" not in shown(notebook, "x.no_such_thing", capsys)
    assert "PyTorch has" not in shown(notebook, "object().to_mkldnn", capsys)
