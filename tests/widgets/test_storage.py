"""StorageMap: what Python knows of the choice, and its static form."""

from __future__ import annotations

import autogradkit as torch
from autogradkit.widgets.storage import storage_map


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
