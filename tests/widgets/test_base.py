"""The base of the widgets: live where there is a front end, a picture, a table and a text everywhere."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autogradkit.tracing.render.marks.colours import DARK, LIGHT
from autogradkit.tracing.render.marks.svg import Picture
from autogradkit.widgets import base
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


STAGE = '<div tabindex="0" style="max-height:70vh;overflow:auto">'
STATIC = STAGE + '<img alt="a dot named &lt;b&gt;W&lt;/b&gt;" src="data:image/svg+xml;base64,'


def run_by(monkeypatch: pytest.MonkeyPatch, request: dict[str, Any], **names: Any) -> None:
    """As if a kernel ran a cell that this request asked for."""
    kernel = SimpleNamespace(get_parent=lambda: request)
    monkeypatch.setattr(base, "get_ipython", lambda: SimpleNamespace(kernel=kernel, user_ns=names))


IN_A_NOTEBOOK = {"header": {"msg_type": "execute_request"}, "metadata": {"cellId": "a"}}


def test_output_is_the_picture_in_an_element_that_names_the_model_and_the_text(monkeypatch):
    run_by(monkeypatch, IN_A_NOTEBOOK)
    dot = Dot()
    data, metadata = dot._repr_mimebundle_()
    assert set(data) == {"text/html", "text/plain"}
    opening = f'<autogradkit-picture model="{dot.picture_id}">'
    assert data["text/html"].startswith(opening + STATIC)
    assert data["text/html"].endswith("</details></autogradkit-picture>")
    assert "<td>&lt;b&gt;W&lt;/b&gt;</td>" in data["text/html"]
    assert data["text/plain"] == "• <b>W</b>"
    assert metadata == {}
    assert dot.picture_id != Dot().picture_id


def test_what_runs_for_nobody_is_the_same_every_time(monkeypatch):
    run_by(monkeypatch, {"header": {"msg_type": "execute_request"}, "metadata": {}})
    data, _ = Dot()._repr_mimebundle_()
    assert set(data) == {"text/html", "text/plain"}
    assert data["text/html"].startswith(STATIC)
    assert data == Dot()._repr_mimebundle_()[0]


def test_where_models_wait_for_a_view_there_is_one(monkeypatch):
    run_by(monkeypatch, IN_A_NOTEBOOK, __vsc_ipynb_file__="a.ipynb")
    data, _ = Dot()._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert data["text/html"].startswith(STATIC)


def test_without_a_shell_the_picture_is_there():
    data, _ = Dot()._repr_mimebundle_()
    assert STATIC in data["text/html"]


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
