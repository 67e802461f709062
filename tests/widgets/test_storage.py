"""StorageMap: what Python knows of the choice, and its static form."""

from __future__ import annotations

import pytest

import autogradkit as torch
from autogradkit.tracing.failed_view import failed_view
from autogradkit.widgets.storage import failed_view_map, storage_map
from autogradkit.widgets.strides import stride_explorer
from tests.tracing.render.cells import size


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


def test_a_page_has_the_cards_that_it_has_room_for() -> None:
    a = torch.arange(12.0).reshape(3, 4)
    widget = storage_map({"a": a, "b": a.t(), "c": a[:, 1:3], "d": a[0].expand(3, 4)})
    stored = widget.static_html()
    widget.page = 600
    assert 500 < size(widget.svg)[0] <= 1.15 * 600  # its smallest text then has 10 px
    narrow = size(widget.svg)
    widget.page = 1414
    wide = size(widget.svg)
    assert narrow[0] < wide[0] <= 1414
    assert wide[1] < 0.8 * narrow[1]
    assert widget.static_html() == stored


def test_the_explorer_next_to_its_sliders_fits_what_they_leave() -> None:
    explorer = stride_explorer("a", torch.arange(12.0).reshape(3, 4))
    explorer.page = 420
    assert size(explorer.svg)[0] <= 1.15 * 420


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
