"""`autogradkit run`: a script or a module that says `import torch`, run as Python runs it."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autogradkit import cli

ROOT = Path(__file__).resolve().parent.parent


TRAINS = """
import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.autograd import Variable
from torch.utils.data import DataLoader, TensorDataset

class Net(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.first = nn.Linear(2, hidden)
        self.second = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.second(F.relu(self.first(x)))

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--hidden", type=int, default=3)
    hidden = parser.parse_args().hidden
    torch.manual_seed(1)
    net = Net(hidden)
    print(net, type(net.first.weight), net.first.weight.type(), torch.Size([hidden]))
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    x = torch.rand(12, 2)
    loader = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=4, shuffle=True)
    for epoch in range(2):
        for inputs, targets in loader:
            loss = F.mse_loss(net(Variable(inputs)), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch}: {loss.item():.4f}", loss)

if __name__ == "__main__":
    main()
"""


@pytest.mark.long
def test_a_script_prints_what_it_prints_with_pytorch(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    path = tmp_path / "trains.py"
    path.write_text(TRAINS.replace("Variable(inputs)", "inputs"))
    commands = [[sys.executable, str(path)], [sys.executable, "-m", "autogradkit", "run", str(path)]]
    ran = [
        subprocess.run([*each, "--hidden", "4"], capture_output=True, text=True, cwd=ROOT, timeout=120, check=True)
        for each in commands
    ]
    assert ran[0].stdout == ran[1].stdout
    assert "epoch 1: " in ran[1].stdout


WORKERS = """
import torch
from torch.utils.data import DataLoader, Dataset, get_worker_info

class Squares(Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        return torch.tensor(index) ** 2, get_worker_info().id

if __name__ == "__main__":
    for batch, numbers in DataLoader(Squares(), 2, num_workers=1, multiprocessing_context="spawn"):
        print(batch, numbers.tolist())
"""


@pytest.mark.long
def test_workers_that_are_spawned_run_the_script_alike(tmp_path: Path) -> None:
    path = tmp_path / "workers.py"
    path.write_text(WORKERS)
    command = [sys.executable, "-m", "autogradkit", "run", str(path)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert (ran.stdout, ran.stderr) == ("tensor([0, 1]) [0, 0]\ntensor([4, 9]) [0, 0]\ntensor([16]) [0]\n", "")


def test_a_script_is_run_as_python_runs_it(script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    status, said, complained = script(
        """
        import sys, torch
        print(__name__, sys.argv[1:], sys.path[0] == __file__.rpartition("/")[0], sys.modules["__main__"].torch is torch)
        print(__file__ == sys.argv[0], "annotations" in globals(), __doc__)
        """,
        "--lr", "-1", "x y", capture=capsys,
    )  # fmt: skip
    assert (status, complained) == (0, "")
    assert said == "__main__ ['--lr', '-1', 'x y'] True True\nTrue False None\n"


def test_a_script_knows_its_whole_path_as_pythons_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "where.py"
    path.write_text("import os, sys\nprint(sys.argv[0])\nos.chdir('/')\nprint(os.path.abspath(__file__))\n1 / 0\n")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["run", "where.py"]) == 1
    said = capsys.readouterr()
    assert said.out == f"where.py\n{path}\n"
    assert f'File "{path}", line 5' in said.err


def test_a_module_is_run_as_python_m_runs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "a_package_of_mine"
    package.mkdir()
    (package / "__init__.py").write_text("import torch\nZERO = torch.zeros(1)\n")
    (package / "train.py").write_text(
        "import sys\nfrom . import ZERO\n"
        "print(ZERO, __name__, __package__, sys.argv[1:], sys.argv[0] == __file__, __spec__.name)\nZERO.view(2)\n"
    )
    (package / "__main__.py").write_text("from a_package_of_mine import ZERO\nprint('whole', ZERO, __spec__.name)\n")
    monkeypatch.chdir(tmp_path)

    assert cli.main(["run", "-m", "a_package_of_mine.train", "--lr", "1", "-m", "x"]) == 1
    said = capsys.readouterr()
    assert said.out == (
        "tensor([0.]) __main__ a_package_of_mine ['--lr', '1', '-m', 'x'] True a_package_of_mine.train\n"
    )
    assert f'File "{package / "train.py"}", line 4' in said.err
    assert said.err.splitlines()[-1].startswith("RuntimeError: shape '[2]' is invalid")
    assert cli.main(["run", "-m", "a_package_of_mine"]) == 0
    assert capsys.readouterr().out == "whole tensor([0.]) a_package_of_mine.__main__\n"
    for theirs in ("torch.utils.collect_env", "torch.version"):
        assert cli.main(["run", "-m", theirs]) == 0
    assert capsys.readouterr().out.startswith("Collecting environment information...\nPyTorch version: 2.13.0")
    for wrong in (
        "a_package_of_mine.test",
        "no_package_of_mine",
        "no_package_of_mine.train",
        "torch.nothing",
        "torch.nn",
    ):
        assert cli.main(["run", "-m", wrong]) == 1
        assert capsys.readouterr().err.startswith(f"autogradkit run: No module named {wrong.removesuffix('.train')}")
    assert cli.main(["run"]) == 2
    assert capsys.readouterr().err == "autogradkit run: what is to be run? A SCRIPT, or -m MODULE\n"


def test_a_script_may_have_an_option_m(script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        script("import sys; print(sys.argv[1:])", "-m", "x", "--help", capture=capsys)[1] == "['-m', 'x', '--help']\n"
    )


def test_what_it_needs_lies_beside_it(script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "networks_of_mine.py").write_text("import torch\nnet = torch.nn.Linear(1, 1)\n")
    assert script("import networks_of_mine; print(networks_of_mine.net)", capture=capsys)[:2] == (
        0,
        "Linear(in_features=1, out_features=1, bias=True)\n",
    )


def test_an_error_shows_the_scripts_frames(script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "import torch\ndef inner(x):\n    return x.view(6)\ninner(torch.ones(2, 3).t())\n"
    status, _, complained = script(text, capture=capsys)
    assert status == 1
    assert complained.count("File ") == 2
    assert f'File "{tmp_path / "script.py"}", line 3, in inner' in complained
    assert "view size is not compatible" in complained


@pytest.mark.parametrize(("code", "status", "said"), [("3", 3, ""), ("", 0, ""), ("'gone'", 1, "gone\n")])
def test_the_scripts_status_is_the_commands(
    code: str, status: int, said: str, script: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert script(f"import sys; sys.exit({code})", capture=capsys) == (status, "", said)


def test_a_script_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", str(tmp_path / "no.py")]) == 2
    said = f"autogradkit run: can't open file '{tmp_path / 'no.py'}': [Errno 2] No such file or directory\n"
    assert capsys.readouterr().err == said
    (tmp_path / "circle.py").symlink_to(tmp_path / "circle.py")
    assert cli.main(["run", str(tmp_path / "circle.py")]) == 2
    assert "circle.py': [Errno" in capsys.readouterr().err


def test_a_script_may_come_through_a_pipe() -> None:
    command = [sys.executable, "-m", "autogradkit", "run", "/dev/stdin"]
    ran = subprocess.run(
        command, input="import torch; print(torch.ones(1))", capture_output=True, text=True, cwd=ROOT, timeout=120
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "tensor([1.])\n", "")


def test_a_script_may_close_what_it_prints_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for closing in ("sys.stdout.close(); sys.stderr.close()", "sys.stdout = sys.stderr = None"):
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, io.StringIO())
        (tmp_path / "script.py").write_text(f"import sys\n{closing}")
        assert cli.main(["run", str(tmp_path / "script.py")]) == 0, closing


def test_a_syntax_error_is_shown_as_python_shows_it(script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, complained = script("def f(:\n    pass\n", capture=capsys)
    assert status == 1
    assert "SyntaxError" in complained
    assert "autogradkit" not in complained


def test_the_report_of_the_environment(script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """What people paste into questions: by PyTorch's names, of this package."""
    code = "from torch.utils.collect_env import get_env_info, main; main(); print(get_env_info().is_cuda_available)"
    lines = script(code, capture=capsys)[1].splitlines()
    assert lines[0] == "Collecting environment information..."
    for begins in ("PyTorch version: ", "OS: ", "Python version: 3.", "Is CUDA available: False", "[pip3] numpy=="):
        assert any(line.startswith(begins) for line in lines), begins
    assert lines[-1] == "False"
