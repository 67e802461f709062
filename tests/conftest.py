"""What every test of the package has."""

import gc
import sys
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays: the collector, which a test may ask, need not look through a million objects."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """No page has told its width yet: what one told in an earlier test is forgotten."""
    if (base := sys.modules.get("autogradkit.widgets.base")) is not None:
        base.PagePicture._told = 0
