"""`torch.fx`: a program that traces, prints, changes and runs graphs, run here and in PyTorch, prints the same."""

from __future__ import annotations

import contextlib
import gc
import io
import linecache
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import autogradkit

PROGRAMS = sorted(Path(__file__).with_name("fx_programs").glob("*.py"))


@pytest.mark.filterwarnings("default")  # as in a process of its own
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_prints_what_it_prints_with_pytorch(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(program), run_name="__main__")
    theirs = capsys.readouterr().out
    command = [sys.executable, "-m", "autogradkit.run", str(program)]
    ours = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ours.returncode == 0, ours.stderr
    assert len(theirs.splitlines()) > 4
    assert ours.stdout == theirs


def test_modules_are_as_they_were_after_a_trace_also_a_failed_one() -> None:
    before = vars(autogradkit.nn.Module)["__call__"], autogradkit.nn.functional.relu.__code__
    layer = autogradkit.nn.Linear(2, 2)
    with pytest.raises(autogradkit.fx.proxy.TraceError):
        autogradkit.fx.symbolic_trace(lambda x: layer(x) if x.sum() > 0 else x)
    assert (vars(autogradkit.nn.Module)["__call__"], autogradkit.nn.functional.relu.__code__) == before
    assert "__getattr__" not in vars(autogradkit.nn.Linear)
    assert layer(autogradkit.ones(1, 2)).shape == (1, 2)


def test_the_table_of_a_graph_has_a_row_for_each_node() -> None:
    texts = []
    for m in (autogradkit, torch):
        graph = m.fx.symbolic_trace(lambda x: (x + 1).relu()).graph
        assert [node.op for node in graph.find_nodes(op="call_method")] == ["call_method"]
        assert graph.output_node().op == "output"
        texts.append([node.format_node() for node in graph.nodes])
    assert texts[0] == texts[1]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        autogradkit.fx.symbolic_trace(lambda x: (x + 1).relu()).graph.print_tabular()
    assert [line.split()[1] for line in out.getvalue().splitlines()[2:]] == ["x", "add", "relu", "output"]


@pytest.mark.parametrize("m", [autogradkit, torch], ids=["autogradkit", "torch"])
def test_a_transformer_makes_another_graph(m: Any) -> None:
    class Softer(m.fx.Transformer):
        def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
            return super().call_function(m.sigmoid if target is m.relu else target, args, kwargs)

    made = Softer(m.fx.symbolic_trace(lambda x: m.relu(x) + 1)).transform()
    assert "torch.sigmoid(x)" in made.code
    assert made(m.zeros(1)).tolist() == [1.5]


def test_the_source_of_a_graph_module_that_is_gone_goes_with_the_next() -> None:
    traced = autogradkit.fx.symbolic_trace(autogradkit.nn.ReLU())
    file = type(traced).forward.__code__.co_filename
    assert file.startswith("<eval_with_key>")
    assert "relu" in "".join(linecache.getlines(file))
    del traced
    gc.collect()
    assert file in linecache.cache  # which Python may be going through when a collection comes
    autogradkit.fx.symbolic_trace(autogradkit.nn.ReLU())
    assert file not in linecache.cache
