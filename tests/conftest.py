"""What every test of the package has."""

import pytest

from autogradkit.widgets.base import PagePicture


@pytest.fixture(autouse=True)
def _unknown_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """No page has told its width yet, and what one tells is forgotten after the test."""
    monkeypatch.setattr(PagePicture, "_told", 0)
