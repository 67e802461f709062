"""The page of a trace: one file, which holds what stepping, folding and detail need; tests/browser/test_page.py uses it."""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import itertools
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from autogradkit.tracing.page import MOST_TURNED, MOST_WAYS, WINDOW, page
from autogradkit.tracing.render.graph.telling.elements import reason_key
from autogradkit.tracing.trace import Trace
from autogradkit.widgets.graph import GraphView
from tests.tracing.render.cells import CELLS, trace_cell, trace_source


class Elements(HTMLParser):
    """The elements of a page, its texts and its attributes; it fails where an end tag has no beginning."""

    VOID = frozenset({"meta", "img", "link", "br"})

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(markup)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)


@functools.cache
def page_of(name: str) -> str:
    """The page of one of the cells, made once for all tests."""
    return page(trace_cell(name))


def unpacked(markup: str) -> dict[str, Any]:
    """What the page's script reads."""
    found = re.search(r'<script type="text/plain" id="autogradkit-layouts">([^<]*)</script>', markup)
    assert found is not None
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def layouts(markup: str) -> list[dict[str, Any]]:
    """The layouts, whole."""
    packed = unpacked(markup)
    pieces = packed["pieces"]
    return [
        layout
        | {
            "svg": "".join(pieces[n] for n in layout["svg"]),
            "steps": [
                step | {"keys": pieces[n]} for step, n in zip(pieces[layout["steps"]], layout["keys"], strict=True)
            ],
            "calls": pieces[layout["calls"]],
            "table": [pieces[n] for n in layout["table"]],
            "known": [pieces[n] for n in layout["known"]],
            "details": {key: pieces[n] for key, n in layout["details"].items()},
        }
        for layout in packed["layouts"]
    ]


@pytest.mark.parametrize("name", ["fan_in", "lenet", "second_backward", "chinese", "nothing"])
def test_it_begins_as_the_notebook_does(name: str):
    trace = trace_cell(name)
    first = layouts(page_of(name))[0]
    view = GraphView(trace, page=int(WINDOW))
    for trait in ("svg", "steps", "known", "table", "overview", "description", "calls", "folded"):
        assert first[trait] == getattr(view, trait), trait
    assert not any("measurable" in detail for detail in first["details"].values())  # it takes Python
    assert [detail["rows"] for detail in first["details"].values()] == [
        [list(row) for row in detail["rows"]] for detail in view.details.values()
    ]


@pytest.mark.long
def test_it_opens_and_closes_modules_as_the_notebook_does():
    trace = trace_cell("lenet")
    found = layouts(page_of("lenet"))
    asked = [layout["folds"] for layout in found]
    assert asked[:2] == [{}, {"LeNet/conv1": False}]
    parts = ["LeNet/conv1", "LeNet/conv2", "LeNet/fc1", "LeNet/fc2", "LeNet/fc3"]
    for one, other in itertools.combinations(parts, 2):
        assert {one: False, other: False} in asked
    assert dict.fromkeys(parts, False) in asked  # all of them, as the button asks
    half = len(found) // 2
    assert asked[:half] == asked[half:]
    assert [layout["node_names"] for layout in found] == [False] * half + [True] * half
    for layout in found:
        assert (
            layout["svg"]
            == GraphView(trace, page=int(WINDOW), folds=layout["folds"], node_names=layout["node_names"]).svg
        )
        for detail in layout["details"].values():  # what it offers it has
            closed = detail.get("closed")
            assert not closed or any(closed in folds for folds in asked)
            assert not detail["inside"] or detail["inside"] in layout["foldable"]


def test_where_modules_are_open_at_first_it_closes_them_and_opens_what_is_closed():
    tanh = page(trace_source("tanh(x * 1)", "tanh = torch.nn.Tanh()\nx = torch.ones(2)"))
    for markup, folds in ((page_of("helper"), {"Linear": False}), (tanh, {"Tanh": True})):
        assert [layout["folds"] for layout in layouts(markup)] == [{}, folds] * 2


@pytest.mark.long
def test_it_opens_stacks_of_turns_and_those_inside_and_stacks_them_again():
    found = layouts(page_of("deep"))
    [closed] = [detail["closed"] for detail in found[0]["details"].values() if detail.get("closed")]
    opened = found[1]
    assert opened["folds"] == {closed: False}
    assert opened["opened"] == [closed]
    assert closed in {detail["inside"] for detail in opened["details"].values() if "inside" in detail}
    assert opened["svg"] == GraphView(trace_cell("deep"), page=int(WINDOW), folds={closed: False}).svg
    inner = [layout["folds"] for layout in found if len(layout["folds"]) == 2]
    assert inner
    assert all(folds[closed] is False for folds in inner)


@pytest.mark.long
def test_it_says_what_only_a_notebook_can():
    assert "it shows the nearest; a notebook has all." in page_of("lenet")
    assert "nearest" not in page_of("fan_in")
    assert "nearest" not in page_of("helper")
    many = trace_source(  # each layer another size: none are equal turns
        "x = functools.reduce(lambda x, layer: layer(x), layers, x)",
        "import functools\nfrom autogradkit import nn\nx = torch.ones(1, 1)\n"
        "class Pair(nn.Module):\n    def __init__(self, i):\n        super().__init__()\n        self.one = nn.Linear(i, i + 1)\n"
        "    def forward(self, x):\n        return self.one(x)\n"
        f"layers = [type(f'Pair{{i}}', (Pair,), {{}})(i) for i in range(1, {MOST_TURNED} + 7)]",
    )
    markup = page(many)
    assert "6 further parts can be opened in a notebook only." in markup
    assert len(layouts(markup)) <= 2 * (MOST_TURNED + 2 + MOST_WAYS)


@pytest.mark.long
def test_a_long_trace_has_fewer_pictures():
    trace = trace_source(
        "for i in range(3500):\n    x = x * 1.01 + i\n    x = x - i", "x = torch.ones(2, requires_grad=True)"
    )
    markup = page(trace)
    found = layouts(markup)
    assert len(trace.ops) > 10_000
    assert [layout["node_names"] for layout in found].count(True) == 1
    assert max(len(layout["folds"]) for layout in found) == 1
    assert "it shows the nearest" in markup
    many = trace_source(
        "for layer in layers: x = layer(x)",
        "import autogradkit as torch\nclass Neg(torch.nn.Module):\n    def forward(self, x):\n"
        "        for _ in range(self.times): x = -x\n        return x\n"
        "layers = [type(f'Neg{i}', (Neg,), {'times': 200 + i})() for i in range(10)]\nx = torch.ones(2, requires_grad=True)",
    )
    markup = page(many)
    assert "further parts can be opened in a notebook only" in markup
    assert sum(not layout["node_names"] for layout in layouts(markup)) <= 1 + 9 + 1  # all open, too


def test_it_needs_nothing_from_elsewhere_and_runs_nothing_but_its_own_script():
    markup = page_of("lenet")
    assert not re.search(r'(?:src|href)="(?!data:)', markup)
    assert not re.search(r"url\((?!#)|@import|import\(", markup)
    policy = re.search(r'content="(default-src[^"]*)"', markup)
    script = re.search(r'<script type="module">(.*?)</script>', markup, re.DOTALL)
    assert policy is not None
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy[1]
    assert "default-src 'none'" in policy[1]


def test_it_is_whole_html_with_a_title_a_heading_a_language_and_one_picture():
    markup = page_of("fan_in")
    page_ = Elements(markup)
    assert markup.startswith("<!doctype html>")
    assert ("html", {"lang": "en"}) in page_.found
    assert page_.texts["title"] == page_.texts["h1"]
    assert "loss" in page_.texts["title"][0]
    [image] = [attributes for tag, attributes in page_.found if tag == "img"]
    assert (image["alt"] or "").startswith("Graph of")
    ids = [attributes["id"] for _, attributes in page_.found if "id" in attributes]
    assert len(ids) == len(set(ids))


@pytest.mark.one_in(3)
@pytest.mark.long
@pytest.mark.parametrize("name", CELLS)
def test_every_page_is_well_formed_and_the_same_each_time(name: str):
    markup = page_of(name)
    Elements(markup)
    assert markup == page(trace_cell(name))


def test_markup_in_the_program_is_text():
    source = 'z = "</script><script>alert(1)</script>"; y = x * 2\nw = y + 1  # </pre><img src=x onerror=alert(1)>'
    found = Elements(page(trace_source(source, "x = torch.ones(2)")))
    scripts = [attributes for tag, attributes in found.found if tag == "script"]
    assert [attributes.get("type") for attributes in scripts] == ["text/plain", "module"]
    assert len([tag for tag, _ in found.found if tag == "img"]) == 1
    assert source in "".join(found.texts["pre"])


def test_nothing_traced_is_a_page_too():
    markup = Trace().to_html()
    assert layouts(markup)[0]["steps"] == []
    assert "there is nothing to draw" in markup
    assert Elements(markup).texts["title"][0].strip()


def test_it_tells_of_the_elements_of_a_tensor_that_is_drawn_again():
    source = "y = torch.sin(w) + torch.cos(w) + torch.exp(w)\ny.sum().backward()"
    markup = page(trace_source(source, "w = torch.tensor([1., 2.], requires_grad=True)"))
    again = next(key for key in layouts(markup)[0]["details"] if "." in key)
    assert reason_key(again, [0, 1]) in unpacked(markup)["reasons"]


@pytest.mark.long
def test_it_tells_of_the_elements_that_it_shows_and_of_no_hidden_turn():
    source = "for i in range(300):\n    h = torch.sin(h) * w\nh.sum().backward()"
    trace = trace_source(source, "w = torch.ones(9, requires_grad=True)\nh = torch.ones(9)")
    markup = page(trace)
    shown = {key for layout in layouts(markup) for key in layout["details"]}
    told = {key.split()[0] for key in unpacked(markup)["reasons"]}
    assert told <= shown
    assert f"o{trace.ops[-2].step}" in told  # of the last turn


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "most"), [("lenet", 230_000), ("deep", 260_000), ("network", 180_000), ("fan_in", 60_000)]
)
def test_it_is_small(name: str, most: int):
    assert len(page_of(name).encode()) < most
