"""Trainings that the browser tests of the live view run, and how they look at one."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator

from tests.browser.harness import POLL

SETUP = "from autogradkit.widgets.training import TrainingView\nimport time\nview = TrainingView('a slow model')"
LOOP = """
learnt = 0
for epoch in view.epochs(2):
    for batch in view.track(range(60)):
        time.sleep(PAUSE)
        learnt += 1
        view.log(loss=2.3 / (1 + 0.05 * learnt), accuracy=1 - 0.9 / (1 + 0.1 * learnt))
    view.log(test_loss=1.5 / (epoch + 1), test_accuracy=0.8 + 0.1 * epoch)
"""
EXTENSION = "import autogradkit as torch\n%load_ext autogradkit"
TRAIN = "view = %train mlp --epochs {}"
TABS = ("Curves", "Test pictures", "Filters", "Feature maps", "Confusions")


def loop(pause: float) -> str:
    """Two epochs of 60 batches; a long pause where the run is to be caught in the middle, however slow the page is."""
    return LOOP.replace("PAUSE", str(pause))


def held_loop(gate: Path) -> str:
    """The same, but the fortieth batch lasts until there is a file of this name."""
    held = f"while learnt == 40 and not pathlib.Path({str(gate)!r}).exists():\n            time.sleep(0.05)"
    return "import pathlib\n" + LOOP.replace("time.sleep(PAUSE)", f"time.sleep(0.01)\n        {held}")


def sentence(cell: Locator) -> Locator:
    return cell.locator(".ak-sentence")


def stage(cell: Locator) -> Locator:
    return cell.locator(".ak-stage svg")


def as_wide_as_its_column(cell: Locator) -> None:
    """Wait until Python has drawn for the width of the page as it is now."""
    cell.page.wait_for_function(
        "widget => widget.querySelector('.ak-stage svg').getAttribute('width') === `${Math.max(320, widget.clientWidth - 8)}`",
        arg=cell.locator(".ak-widget").element_handle(),
        polling=POLL,
    )


def press_on(target: Locator, key: str) -> None:
    target.focus()
    target.page.keyboard.press(key)
