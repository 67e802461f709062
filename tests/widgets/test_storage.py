"""StorageMap: what Python knows of the choice, and its static form."""

from __future__ import annotations

import pytest

import autogradkit as torch
from autogradkit.tracing.failed_view import failed_view
from autogradkit.widgets.storage import failed_view_map, storage_map


def test_the_chosen_element_reaches_python() -> None:
    a = torch.arange(6).view(2, 3)
    widget = storage_map({"a": a, "b": a.t()})
    assert widget.element is None
    widget.selected = "t1-3"
    assert widget.element == ("b", (1, 1))
    widget.selected = "s0-4"
    assert widget.element is None


def test_the_static_form_is_an_image_with_a_table() -> None:
    html = storage_map({"x": torch.ones(2)}).static_html()
    assert html.startswith(
        '<div tabindex="0" style="max-height:70vh;overflow:auto"><img alt="1 tensor and its storage.'
    )
    assert "<details>" in html


def test_the_map_shows_the_moment_it_was_made() -> None:
    x = torch.zeros(2)
    widget = storage_map({"x": x})
    x.add_(5)
    assert "storage 0 (8 bytes): 0. 0." in widget.plain()


def test_a_failed_view_is_drawn_with_its_walk_and_the_copy() -> None:
    b = torch.arange(6.0).view(2, 3).t()
    with pytest.raises(RuntimeError) as caught:
        b.view(6)
    failed = failed_view(caught.value)
    assert failed is not None
    view = failed_view_map(failed)
    for text in (
        "b[0, 0] → b[0, 1]: +3 ✓",
        "b[0, 1] → b[1, 0]: −2 ✗",
        "expected: +3, to cell 6, outside of the storage",
    ):
        assert text in view.svg
    assert '<img alt="Why b.view(6) fails: b.view(6) needs dims 0 and 1 of b to be one' in view.static_html()
    assert view.plain().endswith("storage 0 (24 bytes): 0. 1. 2. 3. 4. 5.\nstorage 1 (24 bytes): 0. 3. 1. 4. 2. 5.")
    assert "to be one in memory" in view.svg
    assert "to be one in memory" not in " ".join(view.sentences.values())  # the picture says it once
    view.selected = "t0-1"
    assert view.element == ("b", (0, 1))
