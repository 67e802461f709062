"""The base of the widgets: live where there is a front end, a picture, a table and a text everywhere."""

import re
from pathlib import Path

from autogradkit.tracing.render.svg import DARK, LIGHT, Picture
from autogradkit.widgets.base import PictureWidget


class Dot(PictureWidget):
    name = "<b>W</b>"

    def static_svg(self):
        picture = Picture()
        picture.text(4, 16, self.name)
        return picture.finish(40, 20, self.alt())

    def alt(self):
        return f"a dot named {self.name}"

    def table_rows(self):
        return ("name",), [(self.name,)]

    def plain(self):
        return f"• {self.name}"


def test_output_holds_the_live_view_the_picture_and_the_text():
    data, _ = Dot()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/html"].startswith('<img alt="a dot named &lt;b&gt;W&lt;/b&gt;" src="data:image/svg+xml;base64,')
    assert "<td>&lt;b&gt;W&lt;/b&gt;</td>" in data["text/html"]
    assert data["text/plain"] == "• <b>W</b>"


def test_the_static_form_is_the_same_every_time():
    assert Dot().static_html() == Dot().static_html()


def test_refresh_fills_the_traits_that_the_front_end_reads():
    dot = Dot()
    dot.refresh()
    assert dot.svg == dot.static_svg()
    assert dot.table == [["name"], ["<b>W</b>"]]


def test_controls_and_pictures_have_the_same_colours():
    sheet = (Path(__file__).parents[2] / "widgets" / "src" / "shared" / "widget.css").read_text()
    light, dark = re.findall(r"\{([^}]*--ak-ink: [^}]*)\}", sheet)
    for block, palette in ((light, LIGHT), (dark, DARK)):
        for role, colour in re.findall(r"--ak-(\w+): (#\w{6})", block):
            same = {"border": "mark", "accent": "leaf"}.get(role, role)
            assert palette[same] == colour, role
