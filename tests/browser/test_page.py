"""The page that `Trace.to_html()` writes, opened from a file in Chromium: no server, no kernel, no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.accessibility import axe
from tests.tracing.render.cells import trace_cell, trace_source


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Page]]:
    """Open the page of a cell; the test fails where it asks for anything but itself, or reports an error."""
    asked: list[str] = []
    errors: list[str] = []
    contexts = []

    def open_page(name: str, width: int = 1280, **options) -> Page:
        file = tmp_path / f"{name}.html"
        file.write_text(trace_cell(name).to_html(), encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        page.goto(file.as_uri())
        return page

    yield open_page
    assert [url for url in asked if not url.startswith(("file://", "data:"))] == []
    assert len(asked) >= len(contexts)
    assert errors == []
    for context in contexts:
        context.close()


def living(page: Page) -> Locator:
    view = page.locator(".ak-graph-view")
    view.locator("svg").wait_for()
    return view


def texts(view: Locator) -> str:
    """What can be read on the picture."""
    return " ".join(view.locator("svg text:visible").all_text_contents())


def test_it_steps_and_gives_nothing_away(opened: Callable[..., Page]) -> None:
    page = opened("fan_in")
    view = living(page)
    expect(page).to_have_title(page.locator("h1").inner_text())
    expect(view.locator("svg")).to_contain_text("44.75")
    assert "44.75" in texts(view)
    view.get_by_role("button", name="First step").click()
    expect(view.locator(".ak-sentence")).to_contain_text("line 1: mul(x, w) gives h = [0.5, -2., 6.]")
    assert "44.75" not in texts(view)
    assert "[0.5, -2., 6.]" in texts(view)
    view.get_by_role("button", name="Table").click()
    rows = view.locator("tbody tr")
    expect(rows.nth(0).locator("td").nth(3)).to_have_text("h = [0.5, -2., 6.]")
    expect(rows.nth(1).locator("td").nth(3)).to_have_text("?")
    expect(view.locator("tbody")).not_to_contain_text("44.75")
    view.get_by_role("slider", name="Step").fill("3")
    expect(rows.nth(3).locator("td").nth(3)).to_have_text("loss = 44.75")
    expect(rows.nth(3).locator("td").nth(4)).to_have_text("?")
    hover = view.locator('.ak-item[aria-label^="w, leaf"] > title')
    assert hover.text_content() == "w, leaf that requires grad, 3\n[ 0.5000, -1.0000,  2.0000]"
    view.locator('.ak-item[aria-label^="w, leaf"]').click()
    expect(view.locator("dt", has_text=".grad after call 1").locator("+ dd")).to_have_text("?")
    view.get_by_role("button", name="Last step").click()
    expect(view.locator(".ak-detail")).to_contain_text("2., -6., 39.")
    assert axe(page.locator("html")) == []


def test_it_is_walked_by_keyboard_alone(opened: Callable[..., Page]) -> None:
    page = opened("fan_in")
    view = living(page)
    step = view.locator(".ak-step")
    for _ in range(2):  # first the source, which may scroll
        page.keyboard.press("Tab")
    expect(view.get_by_role("button", name="First step")).to_be_focused()
    page.keyboard.press("Home")
    expect(step).to_have_text("step 1 of 9")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(step).to_have_text("step 2 of 9")
    page.keyboard.press("End")
    expect(step).to_have_text("step 9 of 9")
    for _ in range(2):  # the speed, the slider
        page.keyboard.press("Tab")
    for key, at in (("ArrowLeft", 8), ("Home", 1), ("ArrowRight", 2), ("End", 9)):
        page.keyboard.press(key)
        expect(step).to_have_text(f"step {at} of 9")
    expect(view.get_by_role("slider")).to_have_attribute("aria-valuetext", "step 9 of 9")
    view.locator(".ak-item[tabindex='0']").focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(view.locator(".ak-detail h4")).to_have_text("mul(x, w)")
    page.keyboard.press("Home")
    expect(step).to_have_text("step 1 of 9")


def test_it_plays_as_fast_as_it_is_told(opened: Callable[..., Page]) -> None:
    page = opened("fan_in")
    view = living(page)
    page.clock.install(time=0)
    page.clock.pause_at(60_000)
    view.get_by_role("combobox", name="Speed").select_option("4×")
    view.get_by_role("button", name="Play").click()
    page.clock.run_for(1000)
    expect(view.locator(".ak-step")).to_have_text("step 5 of 9")
    view.get_by_role("button", name="Pause").click()
    page.clock.run_for(5000)
    expect(view.locator(".ak-step")).to_have_text("step 5 of 9")
    view.get_by_role("combobox", name="Speed").select_option("0.5×")
    view.get_by_role("button", name="Play").click()
    page.clock.run_for(2000)
    expect(view.locator(".ak-step")).to_have_text("step 6 of 9")


@pytest.mark.one_in(2)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_folds(opened: Callable[..., Page], photograph: Callable[[Page, str], None], scheme: str) -> None:
    page = opened("lenet", 1600, color_scheme=scheme)
    view = living(page)
    expect(view).to_have_attribute("data-ak-theme", scheme)
    assert "it shows the nearest; a notebook has all" in page.locator("footer").inner_text()
    closed = view.locator(".ak-module")
    expect(closed).to_have_count(5)
    view.get_by_role("button", name="First step").click()
    view.locator('.ak-item[aria-label^="module model.conv1"]').click()
    view.get_by_role("button", name="Unfold LeNet/conv1").click()
    expect(closed).to_have_count(4)
    expect(view.locator(".ak-step")).to_have_text("step 1 of 44")
    view.locator('.ak-item[aria-label^="module model.fc1"]').click()
    view.get_by_role("button", name="Unfold LeNet/fc1").click()
    expect(view.locator('.ak-item[aria-label^="module model.conv1"]')).to_have_count(0)  # it stays open
    expect(closed).to_have_count(3)
    names = view.get_by_role("button", name="Node names")
    names.click()
    expect(names).to_have_attribute("aria-pressed", "true")
    assert "ConvolutionBackward0" in texts(view)
    expect(closed).to_have_count(3)
    photograph(page, f"page-lenet-two-{scheme}")
    names.press("Enter")
    expect(names).to_have_attribute("aria-pressed", "false")
    assert "ConvolutionBackward0" not in texts(view)
    expect(closed).to_have_count(3)
    folding = view.get_by_role("button", name="Fold modules")
    folding.click()
    expect(closed).to_have_count(0)
    expect(folding).to_have_attribute("aria-pressed", "false")
    folding.press("Enter")
    expect(closed).to_have_count(5)
    assert axe(page.locator("html")) == []
    photograph(page, f"page-lenet-{scheme}")


def test_it_opens_a_stack_of_turns_and_writes_the_names_of_nodes(opened: Callable[..., Page]) -> None:
    page = opened("deep")
    view = living(page)
    view.locator('.ak-stack[aria-label^="turns 2–249"]').click()
    expect(view.locator(".ak-stack")).to_have_count(8)
    view.locator(".ak-stack").first.click()  # and one in it
    expect(view.locator(".ak-item").filter(has_text="(turn 5)").first).to_be_visible()
    view.get_by_role("button", name="Stack turns").click()
    expect(view.locator(".ak-stack")).to_have_count(1)
    names = view.get_by_role("button", name="Node names")
    names.click()
    expect(names).to_have_attribute("aria-pressed", "true")
    assert "AccumulateGrad" in texts(view)
    names.click()
    expect(names).to_have_attribute("aria-pressed", "false")
    assert "AccumulateGrad" not in texts(view)
    view.locator('.ak-item[aria-label^="mul(x"]').click()
    expect(view.locator(".ak-detail")).to_contain_text("derivative")
    expect(view.get_by_role("button", name="Measure the derivative")).to_have_count(0)


def test_it_follows_a_change_of_the_system_to_dark(
    opened: Callable[..., Page], photograph: Callable[[Page, str], None]
) -> None:
    page = opened("power", 800, color_scheme="light")
    view = living(page)
    expect(view).to_have_attribute("data-ak-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(view).to_have_attribute("data-ak-theme", "dark")
    photograph(page, "page-power-dark")


@pytest.mark.wide
def test_controls_are_large_enough_and_say_what_is_written_on_them(opened: Callable[..., Page]) -> None:
    page = opened("accumulate", 800)
    view = living(page)
    controls = view.locator("button:visible, select:visible, input:visible")
    assert controls.count() > 10
    for control in controls.all():
        box = control.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
    for button in view.get_by_role("button").and_(view.locator("button:visible")).all():
        written = button.inner_text()
        said = button.get_attribute("aria-label") or written
        assert written in said or not any(letter.isalpha() for letter in written)


def test_without_scripts_it_shows_the_picture_and_says_so(opened: Callable[..., Page]) -> None:
    page = opened("fan_in", java_script_enabled=False)
    expect(page.locator("img")).to_be_visible()
    assert "JavaScript" in page.locator("footer").inner_text()
    assert page.locator(".ak-graph-view").count() == 0


def test_markup_in_the_program_does_nothing(browser: Browser, tmp_path: Path) -> None:
    source = "权重 = '</script><script>window.bad = 1</script>'; y = x * 2  # <img src=x onerror='window.bad = 1'>"
    file = tmp_path / "markup.html"
    file.write_text(trace_source(f"{source}\nz = y.sum()", "x = torch.ones(2)").to_html(), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    living(page).locator("svg .ak-item").first.click()
    page.locator(".ak-graph-view").get_by_role("button", name="Table").click()
    expect(page.get_by_role("table")).to_be_visible()
    assert page.evaluate("() => window.bad") is None
    assert "window.bad = 1</script>" in page.locator("body").inner_text()
    page.close()
