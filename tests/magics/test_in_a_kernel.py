"""Traced cells in a real kernel: what is stored, in which order, and with which status."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = pytest.mark.long

SETUP = "import autogradkit as torch\n%load_ext autogradkit\nx = torch.tensor([1.0, 2.0], requires_grad=True)"


@pytest.fixture(scope="module")
def run() -> Iterator[Callable[..., list[Any]]]:
    """Runs cells, after the setup, in a kernel that all tests share; each with its outputs."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel()

    def execute(*cells: str) -> list[Any]:
        notebook = new_notebook(cells=[new_code_cell(cell) for cell in (SETUP, *cells)])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        client = NotebookClient(notebook, km=manager, timeout=120, allow_errors=True)
        client.execute()
        assert client.kc is not None
        client.kc.stop_channels()
        nbformat.validate(notebook)
        assert not [o for o in notebook.cells[0].outputs if o.output_type == "error"]
        return [cell.outputs for cell in notebook.cells[1:]]

    yield execute
    manager.shutdown_kernel(now=True)


def kinds(outputs: list[Any]) -> list[str]:
    return [output.output_type for output in outputs]


def pictures(outputs: list[Any]) -> list[Any]:
    return [o for o in outputs if o.output_type == "display_data" and "text/html" in o.data]


def test_cells_keep_their_results_and_their_order(run: Any) -> None:
    awaited, shown, silent, printed, timed, over = run(
        "%%trace\nimport asyncio\nawait asyncio.sleep(0)\ny = x * 2",
        "%%trace\nx * 3",
        "%%trace\nx * 3;",
        "%%trace\nprint('hello')\nz = x * 4",
        "%%trace\n%%time\nw = x * 5",
        "%%time\n%%trace\nw = x * 5",
    )
    assert len(pictures(awaited)) == 1
    results = [o for o in shown if o.output_type == "execute_result"]
    assert [o.data["text/plain"] for o in results] == ["tensor([3., 6.], grad_fn=<MulBackward0>)"]
    assert "execute_result" not in kinds(silent)
    assert [o.text for o in printed if o.output_type == "stream"] == ["hello\n"]
    assert len(pictures(timed)) == len(pictures(over)) == 1


def test_the_picture_is_stored_as_an_image_with_a_table_and_as_text(run: Any) -> None:
    (outputs,) = run("%%trace\ny = (x * 2).sum()\ny.backward()")
    [picture] = pictures(outputs)
    assert picture.data["text/html"].startswith('<div tabindex="0" style="max-height:70vh;overflow:auto"><img alt=')
    assert "<details>" in picture.data["text/html"]
    assert "MulBackward0" in picture.data["text/html"] or "mul" in picture.data["text/plain"]


def test_a_failing_cell_shows_the_picture_before_the_error_and_fails(run: Any) -> None:
    (outputs,) = run("%%trace\ny = (x * x).sum()\ny.backward()\ny.backward()")
    order = kinds(outputs)
    assert order.index("display_data") < order.index("error")
    [error] = [o for o in outputs if o.output_type == "error"]
    assert error.ename == "RuntimeError"
    assert error.evalue.startswith("Trying to backward through the graph a second time")
    assert "autogradkit/engine" not in "\n".join(error.traceback)


def test_an_error_ends_in_the_learners_line(run: Any) -> None:
    (outputs,) = run("def flat(t):\n    return t.view(7)\nflat(x)")
    [error] = [o for o in outputs if o.output_type == "error"]
    assert error.evalue == "shape '[7]' is invalid for input of size 2"
    text = "\n".join(error.traceback)
    assert "flat(t)" in text
    assert "/autogradkit/" not in text


@pytest.mark.parametrize(
    ("cell", "name"),
    [("%%trace\ny = = 2", "SyntaxError"), ("%%trace 3x\ny = 2", "UsageError"), ("%%trace\n", "UsageError")],
)
def test_what_cannot_run_says_so(run: Any, cell: str, name: str) -> None:
    (outputs,) = run(cell)
    assert not pictures(outputs)
    if name == "SyntaxError":
        assert [o.ename for o in outputs if o.output_type == "error"] == [name]
    else:
        assert name in "".join(o.get("text", "") or "".join(o.get("traceback", [])) for o in outputs)


def test_reloading_does_not_draw_twice(run: Any) -> None:
    _, outputs = run("%reload_ext autogradkit\n%reload_ext autogradkit", "%%trace\ny = x + 1")
    assert len(pictures(outputs)) == 1


def test_node_names_are_in_the_stored_picture_where_they_were_asked_for(run: Any) -> None:
    cell = "y = (x * 2).sum()\ny.backward()"
    stored = run(f"%%trace\n{cell}", f"%%trace --nodes t\n{cell}", "%graph y --nodes", "%graph y", "%trace (x * 3)")
    seen = []
    for outputs in stored:
        [picture] = pictures(outputs)
        found = re.search(r"base64,([^\"]+)", picture.data["text/html"])
        assert found is not None
        seen.append("MulBackward0" in base64.b64decode(found[1]).decode())
    assert seen == [False, True, True, False, False]
