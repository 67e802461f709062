"""Primitives of the pictures: safe text, known widths, readable colours, ids that never meet."""

import doctest
import re
from xml.etree import ElementTree

import pytest

from autogradkit.tracing.render.marks import colours, html, numbers, svg, widths


@pytest.mark.parametrize("module", [svg, numbers], ids=lambda m: m.__name__)
def test_examples_in_docstrings_run(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("palette", "grounds"), [(colours.LIGHT, ["#ffffff"]), (colours.DARK, ["#111111", "#1e1e1e", "#111317"])]
)
def test_text_has_contrast_of_4_5_and_marks_of_3(palette, grounds):
    for ground in [*grounds, palette["panel"]]:
        for role in ("ink", "muted", "gradient", "error", "leaf"):
            assert colours.contrast(palette[role], ground) >= 4.5, (role, ground)
        assert colours.contrast(palette["mark"], ground) >= 3, ground
    assert colours.contrast(palette["gradient"], palette["glow"]) >= 4.5
    assert colours.contrast(palette["error"], palette["blush"]) >= 4.5


def test_both_palettes_know_the_same_roles():
    assert set(colours.LIGHT) == set(colours.DARK)


def picture(name: str) -> str:
    drawing = svg.Picture()
    drawing.text(4, 20, name, mono=True)
    drawing.path("M0 0L8 8", arrow=True, stroke="gradient", dashed=True)
    return drawing.finish(60, 40, f"a picture of {name}")


def test_names_stay_text():
    markup = picture("<script>alert('x')</script>")
    root = ElementTree.fromstring(markup)
    assert not [node for node in root.iter() if node.tag.endswith("script")]
    assert "<script>alert('x')</script>" in [node.text for node in root.iter()]


def test_ids_come_from_the_content():
    ids = [re.findall(r'id="([^"]+)"', picture(name)) for name in ("W", "W", "b")]
    assert ids[0] == ids[1] != ids[2]
    assert f"url(#{ids[0][0]})" in picture("W")


def test_wide_characters_take_a_full_em():
    assert widths.text_width("权重", 10, mono=True) == 20
    assert widths.text_width("e\u0301", 10, mono=True) == widths.text_width("e", 10, mono=True)


def test_the_ground_is_white_unless_a_theme_is_set():
    assert 'class="ak-ground" width="60" height="40" fill="#ffffff"' in picture("W")
    assert "[data-ak-theme] .ak-ground{fill:none}" in picture("W")


def test_tables_escape_their_cells():
    assert "<td>&lt;b&gt;</td>" in html.table_html(("name",), [("<b>",)])


def test_lines_stay_lines():
    assert svg.esc("a\nb\tc\x1b") == "a\nb\tc\ufffd"
