"""What the tests of the widgets share."""

import pytest

from autogradkit.widgets.base import PagePicture


@pytest.fixture
def unknown_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """No page has told its width yet, and what one tells is forgotten after the test."""
    monkeypatch.setattr(PagePicture, "_told", 0)
