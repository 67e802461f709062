"""The stride explorer in real JupyterLab and Notebook 7: every slider by mouse and by keyboard, on both sides."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.harness import Lab
from tests.browser.notebook7 import Notebook7

SETUP = "import autogradkit as torch\n%load_ext autogradkit\na = torch.arange(6.0).view(2, 3)"
SHOW = "from autogradkit.widgets.strides import stride_explorer\nview = stride_explorer('a', a, globals())\nview"
NAMES = ["offset", "size of dim 0", "stride of dim 0", "size of dim 1", "stride of dim 1"]
SLIDERS = "[view.setting['offset'], *sum(map(list, zip(view.setting['sizes'], view.setting['strides'])), [])]"


def slider(cell: Locator, name: str) -> Locator:
    return cell.get_by_role("slider", name=name)


def call_of(setting: list[int]) -> str:
    """What the explorer of `a` answers to a setting of two dimensions, in the order of NAMES."""
    offset, size, stride, size_1, stride_1 = setting
    return f"torch.as_strided(a, ({size}, {size_1}), ({stride}, {stride_1}), {offset})"


def click_at(lab: Lab, which: Locator, value: int) -> None:
    """Press a slider where `value` is."""
    low, high = int(which.get_attribute("min") or 0), int(which.get_attribute("max") or 0)
    box = which.bounding_box()
    assert box is not None
    thumb = 16  # the track that the thumb's middle moves on is shorter than the slider by its width
    x = box["x"] + thumb / 2 + (box["width"] - thumb) * (value - low) / (high - low)
    lab.page.mouse.click(x, box["y"] + box["height"] / 2)


def test_every_slider_by_mouse_and_by_keyboard(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.open(notebook(SETUP, SHOW))
    lab.run_all()
    cell = lab.drawn(1)
    expect(cell.locator(".ak-call")).to_have_text("torch.as_strided(a, (2, 3), (3, 1), 0)")
    expect(cell.locator(".ak-spelled")).to_have_text("= a")
    lab.screenshot("strides-start", cell)

    wanted = [0, 2, 3, 3, 1]
    for place, name in enumerate(NAMES):
        for value in (2, 1):
            click_at(lab, slider(cell, name), value)
            wanted[place] = value
            expect(cell.locator("label", has_text=name).locator("output")).to_have_text(str(value))
            lab.wait_for(SLIDERS, str(wanted))
            expect(cell.locator(".ak-call")).to_have_text(call_of(wanted))  # the answer, which moves what is beside it
    assert wanted == [1, 1, 1, 1, 1]
    cell.get_by_role("button", name="Start again").click()
    expect(cell.locator(".ak-spelled")).to_have_text("= a")
    lab.wait_for(SLIDERS, str([0, 2, 3, 3, 1]))

    for place, name in enumerate(NAMES):
        before = json.loads(lab.ask(SLIDERS))
        slider(cell, name).focus()
        lab.page.keyboard.press("ArrowRight")
        lab.wait_for(SLIDERS, str([each + (n == place) for n, each in enumerate(before)]))
        lab.page.keyboard.press("ArrowLeft")
        lab.wait_for(SLIDERS, str(before))
        expect(slider(cell, name)).to_be_focused()

    for name, key, value in [("size of dim 0", "Right", 3), ("size of dim 1", "Left", 2)]:
        slider(cell, name).focus()
        lab.page.keyboard.press(f"Arrow{key}")
        expect(cell.locator("label", has_text=name).locator("output")).to_have_text(str(value))
    expect(cell.locator(".ak-call")).to_have_text(call_of([0, 3, 3, 2, 1]))
    for name, value, setting in [("stride of dim 0", 1, [0, 3, 1, 2, 1]), ("stride of dim 1", 3, [0, 3, 1, 2, 3])]:
        click_at(lab, slider(cell, name), value)
        expect(cell.locator("label", has_text=name).locator("output")).to_have_text(str(value))
        expect(cell.locator(".ak-call")).to_have_text(call_of(setting))
    expect(cell.locator(".ak-spelled")).to_have_text("= a.t()")
    expect(cell.locator(".ak-printed")).to_have_text("tensor([[0., 3.],\n        [1., 4.],\n        [2., 5.]])")
    lab.wait_for("view.tensor.stride()", "(1, 3)")
    expect(cell.locator(".ak-sentence")).to_contain_text("torch.as_strided(a, (3, 2), (1, 3), 0)")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("strides-light", cell)

    cell.locator('[data-key="t1-1"]').click()
    expect(cell.locator(".ak-sentence")).to_contain_text("a.t()[0, 1] = storage[ 0 + 0·1 + 1·3 ] = storage[3] = 3.")
    lab.wait_for("view.selected", "'t1-1'")
    lab.page.keyboard.press("ArrowDown")
    lab.wait_for("view.selected", "'t1-3'")

    slider(cell, "offset").focus()
    for _ in range(4):
        lab.page.keyboard.press("ArrowRight")
    expect(cell.locator(".ak-problem")).to_contain_text("Element [2, 1] would lie in cell 9")
    expect(cell.locator(".ak-refusal")).to_contain_text("RuntimeError: setStorage: sizes [3, 2], strides [1, 3]")
    expect(cell.locator(".ak-printed")).to_have_count(0)
    lab.wait_for("view.tensor is None", "True")
    lab.theme("dark")
    assert lab.axe(cell.locator(".ak-widget")) == []
    lab.screenshot("strides-refused-dark", cell)
    slider(cell, "offset").focus()  # which the change of the theme may have taken
    lab.page.keyboard.press("Home")
    expect(cell.locator(".ak-spelled")).to_have_text("= a.t()")
    slider(cell, "stride of dim 1").focus()
    lab.page.keyboard.press("Home")
    expect(cell.locator(".ak-problem")).to_contain_text("A stride below 0 is refused wherever it leads")
    expect(cell.locator(".ak-refusal")).to_contain_text("Negative strides are not supported at the moment")

    fewer, more = (cell.get_by_role("button", name=f"{what} dimension") for what in ("Remove", "Add"))
    fewer.click()
    expect(cell.get_by_role("slider")).to_have_count(3)
    lab.wait_for("view.setting['sizes']", "[3]")
    more.focus()
    lab.page.keyboard.press("Enter")
    expect(cell.get_by_role("slider")).to_have_count(5)
    lab.wait_for("view.setting['strides']", "[1, 1]")
    expect(more).to_be_focused()
    cell.get_by_role("button", name="Table").click()
    expect(cell.get_by_role("table")).to_contain_text("view of an unnamed tensor of shape (6,)")
    assert lab.failures() == []
    assert lab.errors == []


def test_the_page_follows_python_and_the_still_picture_stays(lab: Lab, notebook: Callable[..., Path]) -> None:
    path = notebook(SETUP, SHOW, "view.setting = {'offset': 0, 'sizes': [2, 3], 'strides': [1, 2]}", "view")
    lab.open(path)
    lab.run_all()
    for index in (1, 3):  # two outputs of one explorer
        expect(lab.cell(index).locator(".ak-call")).to_have_text("torch.as_strided(a, (2, 3), (1, 2), 0)")
        expect(slider(lab.cell(index), "stride of dim 1")).to_have_value("2")
    slider(lab.cell(3), "stride of dim 1").focus()
    lab.page.keyboard.press("ArrowLeft")
    expect(slider(lab.cell(1), "stride of dim 1")).to_have_value("1")
    expect(lab.cell(1).locator(".ak-call")).to_have_text("torch.as_strided(a, (2, 3), (1, 1), 0)")
    assert lab.errors == []
    lab.save()
    lab.close()
    lab.reload()
    lab.open(path, kernel=False)
    picture = lab.cell(3).locator("img")
    expect(picture).to_be_visible()
    assert (picture.get_attribute("alt") or "").startswith("torch.as_strided(a, (2, 3), (1, 2), 0): it reads")
    expect(lab.cell(3).get_by_role("slider")).to_have_count(0)


@pytest.mark.wide
def test_the_magic_opens_it_in_notebook_7(notebook7: Notebook7, notebook: Callable[..., Path]) -> None:
    notebook7.open(notebook(SETUP, "%strides a.t()"))
    notebook7.run_all()
    cell = notebook7.cell(1)
    expect(cell.locator(".ak-call")).to_have_text("torch.as_strided(a.t(), (3, 2), (1, 3), 0)")
    slider(cell, "size of dim 0").focus()
    notebook7.page.keyboard.press("ArrowLeft")
    expect(cell.locator(".ak-spelled")).to_have_text("= a.t()[:2]")
    assert notebook7.failures() == []


@pytest.mark.wide
def test_the_tensor_is_read_whole_on_a_narrow_page(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.page.set_viewport_size({"width": 1050, "height": 900})  # of which JupyterLab's list of files takes a part
    lab.open(notebook(SETUP, "%strides torch.arange(12.0).view(3, 4)"))
    lab.run_all()
    cell = lab.drawn(1)
    [sliders, printed] = (cell.locator(part) for part in (".ak-sliders", ".ak-printed"))
    expect(printed).to_contain_text("11.]])")
    boxes = sliders.bounding_box(), printed.bounding_box()
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"] < boxes[0]["x"] + 400  # side by side, with little room
    assert printed.evaluate("element => element.scrollWidth - element.clientWidth") == 0


def test_sliders_and_storage_are_seen_at_once_where_there_is_room(lab: Lab, notebook: Callable[..., Path]) -> None:
    lab.side_bar(shown=False)
    lab.open(
        notebook(
            "import autogradkit as torch\n%load_ext autogradkit", "a = torch.arange(12.).reshape(3, 4)", "%strides a"
        )
    )
    lab.run_all()
    cell = lab.drawn(2)
    first, last = cell.locator(".ak-cell").first, cell.locator(".ak-cell").last
    for each in (cell.get_by_label("stride of dim 1"), first, last):
        expect(each).to_be_in_viewport()
    lab.screenshot("strides-beside", cell)
    assert lab.errors == []


@pytest.mark.wide
def test_it_is_no_higher_than_seventy_percent_of_the_window(lab: Lab, notebook: Callable[..., Path]) -> None:
    made = "from autogradkit.widgets.strides import stride_explorer\n"
    deep = "b = torch.arange(81.).view(3, 3, 3, 3).permute(3, 1, 0, 2)\nstride_explorer('b', b, globals())"
    lab.open(notebook(SETUP, made + deep))
    lab.run_all()
    cell = lab.drawn(1)
    for width, height in ((1280, 900), (800, 600), (1600, 1200)):
        lab.resize(width, height)
        box = cell.locator(".ak-widget").bounding_box()
        assert box is not None
        assert box["height"] <= 0.7 * height + 1
        for part in (".ak-columns", ".ak-explorer"):
            inner = cell.locator(part).bounding_box()
            assert inner is not None
            assert inner["height"] >= 0.15 * height  # there is something to see
            assert inner["y"] + inner["height"] <= box["y"] + box["height"] + 1
        stage = cell.locator(".ak-stage")
        stage.evaluate("stage => { stage.scrollTop = 0; }")
        expect(stage).to_have_attribute("data-more", re.compile("bottom"))  # its edge fades: there is more
        lab.screenshot(f"strides-deep-{width}", cell)
        stage.evaluate("stage => { stage.scrollTop = stage.scrollHeight; }")
        expect(stage).to_have_attribute("data-more", re.compile("top"))
    last = cell.get_by_role("slider", name="stride of dim 3")
    last.focus()
    expect(last).to_be_in_viewport()
    assert lab.axe(cell.locator(".ak-widget")) == []
    cell.get_by_role("button", name="Table").click()
    expect(cell.get_by_role("group", name="Table")).to_be_visible()
