"""Pictures outlive their kernel: in notebooks that were run, saved and opened again, and in what nbconvert makes of them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Locator, expect

from tests.browser.harness import TRUST, Lab
from tests.browser.notebook7 import Notebook7
from tests.browser.notebook_files import write_notebook
from tests.browser.processes import ROOT, Server

SETUP = "import autogradkit as torch\n%load_ext autogradkit\nw = torch.tensor([1.0, 2.0], requires_grad=True)"
SHOWN = {
    "graph": "%%trace trace\nloss = (w * w).sum()\nloss.backward()",
    "ledger": "%ledger w",
    "storage": "%storage w",
    "training": (
        "from autogradkit.widgets.training import TrainingView\nview = TrainingView('a line')\n"
        "for i in view.track(range(5)):\n    view.log(loss=1 / (1 + i))"
    ),
    "an object": "from autogradkit.widgets.graph import GraphView\ngraph = GraphView(trace)\ngraph",
}
CELLS = range(1, 1 + len(SHOWN))
LOST = ("Error displaying widget", "Loading widget", "Click to show javascript error")


def pictures(lab: Lab, index: int) -> tuple[Locator, Locator]:
    """The living views and the still pictures of a cell."""
    outputs = lab.cell(index).locator(".jp-OutputArea")
    return outputs.locator(".ak-widget"), outputs.locator('img[src^="data:image/svg+xml"]')


def assert_alive(lab: Lab) -> None:
    for index in CELLS:
        living, still = pictures(lab, index)
        expect(living).to_have_count(1)
        expect(living).to_be_visible()
        for image in still.all():
            expect(image).not_to_be_visible()
    assert_no_error_text(lab)


def assert_still(lab: Lab) -> None:
    for index in CELLS:
        living, still = pictures(lab, index)
        expect(still).to_have_count(1)
        expect(still).to_be_visible()
        assert still.evaluate("image => image.decode().then(() => image.naturalWidth > 50)")
        expect(living).to_have_count(0)
    assert_no_error_text(lab)


def assert_no_error_text(lab: Lab) -> None:
    text = lab.page.locator(".jp-Notebook").inner_text()
    assert not [lost for lost in LOST if lost in text]


def step_back(lab: Lab) -> int:
    """One step back in the last cell's graph; the step that Python then knows of, which it hears a moment later."""
    before = lab.ask("graph.step")
    lab.drawn(5).get_by_role("button", name="Step back").click()
    lab.wait_for(f"graph.step != {before}", "True")
    return int(lab.ask("graph.step"))


def run_and_save(lab: Lab, path: Path) -> None:
    """Run a notebook and save it, as learners do; it stays open."""
    lab.open(path)
    lab.run_all()
    assert lab.failures() == []
    assert_alive(lab)
    lab.save()


@pytest.fixture
def saved(lab: Lab, notebook: Callable[..., Path]) -> Path:
    """A notebook that was run and saved, and is still open."""
    path = notebook(SETUP, *SHOWN.values())
    run_and_save(lab, path)
    return path


@pytest.fixture(scope="module")
def stored(page: Lab) -> bytes:
    """Such a notebook's file; the page has been loaded anew since, as its models outlive their kernel."""
    path = write_notebook(page.server.root / "stored.ipynb", [SETUP, *SHOWN.values()])
    run_and_save(page, path)
    page.clear()
    page.reload()
    return path.read_bytes()


@pytest.fixture
def again(server: Server, stored: bytes, request: pytest.FixtureRequest) -> Path:
    """The file under another name, to be opened."""
    path = server.root / f"{request.node.originalname}.ipynb"
    path.write_bytes(stored)
    return path


def test_no_output_that_is_saved_names_a_view(stored: bytes) -> None:
    saved = nbformat.reads(stored.decode(), as_version=4)
    kinds = [set(output.data) for cell in saved.cells for output in cell.outputs if "data" in output]
    assert kinds == [{"text/html", "text/plain"}] * len(SHOWN)
    assert "widgets" not in saved.metadata


def test_opened_again_beside_the_same_kernel_they_live(lab: Lab, saved: Path) -> None:
    stepped = step_back(lab)
    assert stepped > 0
    lab.close(keep_kernel=True)
    lab.reload()
    lab.open(saved)
    assert_alive(lab)
    lab.wait_for("graph.step", str(stepped))
    assert step_back(lab) == stepped - 1
    assert lab.axe(lab.cell(5).locator("autogradkit-picture")) == []


@pytest.mark.parametrize("trusted", TRUST)
def test_opened_again_with_a_fresh_kernel_they_are_still_until_run(lab: Lab, again: Path, trusted: bool) -> None:
    lab.open(again, trusted=trusted)
    assert_still(lab)
    assert lab.axe(lab.cell(1).locator(".jp-OutputArea")) == []
    lab.screenshot(f"survival-{'trusted' if trusted else 'untrusted'}", lab.cell(1))
    lab.run_all()
    assert_alive(lab)
    assert lab.errors == []


def test_opened_without_a_kernel_they_are_still(lab: Lab, again: Path) -> None:
    lab.open(again, kernel=False)
    assert_still(lab)


def test_a_closed_view_leaves_its_still_picture(lab: Lab, saved: Path) -> None:
    lab.ask("graph.close()")
    living, still = pictures(lab, 5)
    expect(living).to_have_count(0)
    expect(still).to_be_visible()


def test_a_view_shown_twice_lives_twice_and_keeps_the_keyboard(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(
        notebook(
            SETUP,
            SHOWN["graph"],
            "from autogradkit.widgets.graph import GraphView\nv = GraphView(trace)",
            "display(v)\nprint('between')\nv",
        )
    )
    lab.run_all()
    living, _ = pictures(lab, 3)
    expect(living).to_have_count(2)
    lab.settle()
    living.nth(1).get_by_role("button", name="Step back").click()
    expect(living.nth(1).locator(".ak-step")).to_contain_text(re.compile("step [1-9]"))
    lab.page.keyboard.press("Tab")
    expect(living.nth(0).locator(".ak-sentence")).to_have_text(living.nth(1).locator(".ak-sentence").inner_text())
    assert lab.errors == []


def test_a_page_that_is_too_slow_for_anywidget_hears_python_all_the_same(
    lab: Lab, notebook: Callable[..., Path]
) -> None:
    lab.page.evaluate(  # the two seconds in which a model's module has to stand are over at once
        "() => { window.timeout = AbortSignal.timeout; AbortSignal.timeout = () => window.timeout.call(AbortSignal, 0); }"
    )
    try:
        lab.open(notebook(SETUP, SHOWN["graph"], SHOWN["an object"]))
        lab.run_all()
        cell = lab.drawn(2)
        lab.ask("setattr(graph, 'step', 0)")
        expect(cell.locator(".ak-step")).to_contain_text("step 1 of")
        cell.get_by_role("button", name="Step forward").click()
        lab.wait_for("graph.step", "1")
        assert lab.errors == []
    finally:
        lab.page.evaluate("() => { AbortSignal.timeout = window.timeout; }")


@pytest.mark.one_in(2)
@pytest.mark.parametrize("stored_state", [True, False], ids=["with-state", "without-state"])
def test_nbconvert_shows_every_picture_without_a_network(
    lab: Lab, notebook: Callable[..., Path], tmp_path: Path, stored_state: bool
) -> None:
    path = notebook(SETUP, *SHOWN.values())
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "html", "--output-dir", str(tmp_path), str(path)]
    command.append(f"--ExecutePreprocessor.store_widget_state={stored_state}")
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    context = lab.page.context.browser.new_context(offline=True)
    try:
        page = context.new_page()
        page.goto((tmp_path / path.with_suffix(".html").name).as_uri())
        images = page.locator('.jp-OutputArea img[src^="data:image/svg+xml"]')
        expect(images).to_have_count(len(SHOWN))
        for image in images.all():
            expect(image).to_be_visible()
        text = page.locator("body").inner_text()
        assert not [lost for lost in LOST if lost in text]
    finally:
        context.close()


@pytest.mark.parametrize("trusted", TRUST)
def test_in_jupyter_notebook_too(notebook7: Notebook7, notebook: Callable[..., Path], trusted: bool) -> None:
    path = notebook(SETUP, *SHOWN.values())
    notebook7.open(path)
    notebook7.run_all()
    assert notebook7.failures() == []
    assert_alive(notebook7)
    assert step_back(notebook7) > 0
    notebook7.save()
    notebook7.close()
    notebook7.open(path, trusted=trusted)
    assert_still(notebook7)
    notebook7.screenshot(f"survival-notebook7-{'trusted' if trusted else 'untrusted'}", notebook7.cell(1))
