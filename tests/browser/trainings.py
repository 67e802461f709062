"""Trainings that the browser tests of the live view run, and how they look at one."""

from __future__ import annotations

from playwright.sync_api import Locator

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


def sentence(cell: Locator) -> Locator:
    return cell.locator(".ak-sentence")


def stage(cell: Locator) -> Locator:
    return cell.locator(".ak-stage svg")


def press_on(target: Locator, key: str) -> None:
    target.focus()
    target.page.keyboard.press(key)
