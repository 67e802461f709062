"""Whole scripts, as beginners write them: `autogradkit run` prints what PyTorch prints, seeds, losses, refusals and all."""

from __future__ import annotations

import logging
import runpy
import sys
from pathlib import Path

import pytest
import torch

import tests.parity.oracle_vision  # noqa: F401 - torchvision, for the scripts that import it
from autogradkit import cli

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.py"))


@pytest.mark.one_in(2)
@pytest.mark.long
@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")  # of PyTorch's quick way in evaluation
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # of what PyTorch calls itself
@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta")  # of PyTorch's first one
@pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")  # of its tensors, where NumPy asks for them
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_it_prints_what_it_prints_with_pytorch(
    script: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # PyTorch's own test tools, which other tests here load, let nobody set its switches any more.
    monkeypatch.setitem(torch.backends.flags_frozen.__globals__, "__allow_nonbracketed_mutation_flag", True)
    # What a script compiles lets PyTorch's distributions look at no parameters any more, in the scripts after it, too.
    monkeypatch.setattr(torch.distributions.Distribution, "_validate_args", True)
    runpy.run_path(str(script), run_name="__main__")
    theirs = capsys.readouterr().out
    # A logger that a script hangs a handler on is the process's.
    monkeypatch.setattr(logging.Logger, "manager", logging.Manager(logging.root))
    status = cli.main(["run", str(script)])
    ours = capsys.readouterr()
    assert (ours.err, status) == ("", 0)
    assert len(theirs.splitlines()) > 4
    assert ours.out == theirs
    assert sys.modules["torch"] is torch  # which was set aside in the meantime
