"""Scripts that train recurrent networks and transformers print the same with both libraries."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parent / "sequence_scripts").glob("*.py"))


def _printed(script: Path, library: str) -> str:
    source = script.read_text(encoding="utf-8")
    assert source.count("import autogradkit as torch\n") == 1
    source = source.replace("import autogradkit as torch\n", f"import {library} as torch\n")
    heard = io.StringIO()
    with contextlib.redirect_stdout(heard):
        exec(compile(source, script, "exec"), {"__name__": "__main__", "__file__": str(script)})
    return heard.getvalue()


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")  # of PyTorch's quick way in evaluation
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_it_prints_what_it_prints_with_pytorch(script: Path) -> None:
    ours, theirs = _printed(script, "autogradkit"), _printed(script, "torch")
    assert len(theirs.splitlines()) > 4
    assert ours == theirs
