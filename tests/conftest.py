"""What every test of the package has."""

import gc
from collections.abc import Generator

import pytest

from autogradkit.widgets.base import PagePicture


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays: the collector, which a test may ask, need not look through a million objects."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def _unknown_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """No page has told its width yet, and what one tells is forgotten after the test."""
    monkeypatch.setattr(PagePicture, "_told", 0)
