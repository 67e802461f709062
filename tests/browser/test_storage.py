"""The map of storages in real JupyterLab: hover, click, keys, steps, themes, and what Python received."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.harness import Lab

SETUP = "import autogradkit as torch\n%load_ext autogradkit\na = torch.arange(6.0).view(2, 3)\nb = a.t()\nc = a[:, 1:]"
SHOW = "from autogradkit.widgets.storage import storage_map\nview = storage_map({'a': a, 'b': b, 'c': c})\nview"


def test_elements_light_their_cell_and_python_knows(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(SETUP, SHOW))
    lab.run_all()
    cell = lab.drawn(1)
    sentence = cell.locator(".ak-sentence")
    lit = cell.locator(".ak-lit")
    expect(sentence).to_contain_text("3 tensors, 1 storage: a, b and c share memory")

    cell.locator('[data-key="t1-3"]').hover()
    expect(sentence).to_contain_text("b[1, 1] = storage[ 0 + 1·1 + 1·3 ] = storage[4] = 4.")
    expect(sentence).to_contain_text("the same cell is a[1, 1] and c[1, 0]")
    expect(lit).to_have_count(4)
    assert lit.evaluate_all("all => all.map(each => each.dataset.key).sort()") == ["s0-4", "t0-4", "t1-3", "t2-2"]
    lab.screenshot("storage-light", cell)

    cell.locator('[data-key="t2-0"]').click()
    lab.wait_for("view.element", "('c', (0, 0))")
    lab.page.keyboard.press("ArrowRight")
    lab.wait_for("view.element", "('c', (0, 1))")
    expect(sentence).to_contain_text("c[0, 1] = storage[ 1 + 0·3 + 1·1 ] = storage[2] = 2.")

    cell.get_by_role("button", name="Next tensor").click()
    expect(cell.locator(".ak-which")).to_have_text("a")
    cell.get_by_role("button", name="Step forward").click()
    expect(sentence).to_contain_text("a[0, 1] = storage[ 0 + 0·3 + 1·1 ]")
    cell.get_by_role("button", name="Table").click()
    expect(cell.get_by_role("table")).to_contain_text("(1, 3)")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.theme("dark")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("storage-dark", cell)
    assert lab.failures() == []
    assert lab.errors == []


def test_the_magic_shows_it_and_says_what_is_wrong(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(SETUP, "%storage a b a[0]", "%storage nope", "%storage [1]", "%storage"))
    lab.run_all()
    expect(lab.cell(1).locator(".ak-sentence")).to_contain_text("a, b and a[0] share memory")
    messages = ["name 'nope' is not defined", "'[1]' is a list, not a tensor", "name one or more tensors"]
    for index, text in enumerate(messages, start=2):
        (output,) = lab.outputs(index)
        assert output["text"].startswith("UsageError: %storage")
        assert text in output["text"]
        assert "Traceback" not in output["text"]
    assert lab.errors == []


def test_a_view_that_fails_is_drawn_beside_the_error(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(SETUP, "%%trace\nb.view(6)", "b.view(6)", "%why"))
    lab.run_all()
    traced, plain, drawn = (lab.cell(index) for index in (1, 2, 3))
    assert [output["output_type"] for output in lab.outputs(1)] == ["display_data", "display_data", "error"]
    for cell in (traced, plain):
        expect(cell).to_contain_text("From b[0, 1] to b[1, 0] the hop is −2, where +3 is expected.")
    assert [output["output_type"] for output in lab.outputs(2)] == ["error"]
    for cell in (traced, drawn):
        whole = cell.locator(".ak-widget").last
        expect(whole.locator(".ak-stage")).to_contain_text("Why b.view(6) fails")
        reason = "b.view(6) needs dims 0 and 1 of b to be one in memory"
        expect(whole.locator(".ak-stage")).to_contain_text(reason)
        expect(whole.locator(".ak-sentence")).to_have_text(re.compile("^Step through the elements"))
    cell = lab.drawn(3)
    cell.get_by_role("button", name="Step forward").click()
    expect(cell.locator(".ak-sentence")).to_contain_text("b[0, 1] = storage[ 0 + 0·1 + 1·3 ] = storage[3] = 3.")
    cell.get_by_role("button", name="Step forward").press("Enter")
    expect(cell.locator(".ak-sentence")).to_contain_text("b[1, 0] = storage[ 0 + 1·1 + 0·3 ] = storage[1] = 1.")
    cell.get_by_role("button", name="Next tensor").click()
    expect(cell.locator(".ak-which")).to_have_text("b.reshape(6)")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("failed-view-light", cell)
    lab.theme("dark")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("failed-view-dark", cell)
    assert lab.errors == []


def test_an_array_that_shares_the_memory_is_shown(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(SETUP, "n = b.numpy()\nwide = a[:, :1].expand(2, 4)\n%storage a wide"))
    lab.run_all()
    cell = lab.drawn(1)
    expect(cell.locator(".ak-sentence")).to_contain_text(
        "2 tensors and 1 NumPy array, 1 storage: a, wide and n share memory"
    )
    cell.locator('[data-key="s0-3"]').click()
    expect(cell.locator(".ak-sentence")).to_contain_text(
        "storage[3] = 3. is a[1, 0], wide[1, 0], wide[1, 1], wide[1, 2], 1 more element of wide and n[0, 1]"
    )
    for _ in range(3):
        lab.page.keyboard.press("ArrowLeft")
    expect(cell.locator('[data-key="s0-0"]')).to_be_focused()
    lab.screenshot("storage-array", cell)
    assert lab.failures() == []
    assert lab.errors == []
