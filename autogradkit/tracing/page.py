"""A recording as a page of its own: stepping, folding and detail, without a kernel and without a network.

The front end is GraphView's (`widgets/src/page`, built into `_static/`). Python owns the layout, so the page holds the
picture for each way of drawing that it offers, each with the nodes' names and without: as at first, with each one module or
stack turned, with all modules open or closed, then with two turned, three ..., as far as a number of pictures and of bytes
goes. Where one is missing it shows the nearest. Without JavaScript it shows the first one still.

Rests on the graph renderer; `Trace.to_html()` is this.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Container
from pathlib import Path
from typing import Any

from autogradkit.tracing.collecting import collected_later
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.structure.build import build
from autogradkit.tracing.render.graph.telling.elements import reasons_of
from autogradkit.tracing.render.graph.telling.state import state_of
from autogradkit.tracing.render.graph.telling.why import Why
from autogradkit.tracing.render.graph.wording import titles
from autogradkit.tracing.render.marks.html import img_tag, table_html
from autogradkit.tracing.render.marks.svg import esc

STATIC = Path(__file__).parent / "_static"
WINDOW = 1164.0  # pixels of a browser's window, which the page has to itself
MOST_TURNED = 24  # modules and stacks of the first picture that can be turned
MOST_WAYS = 24  # of folding, of each of which there are two pictures, beyond those with one turned
MOST_BYTES = 190_000  # compressed, that such pictures may take
MOST_REASONS = 100_000  # characters that tell of single elements
# Operations drawn for such pictures and for the nodes' names, so that a long trace takes no minutes.
MOST_DRAWN = 20_000
FEWEST_TURNED = 4  # of a trace however long

Folds = dict[str, bool]

# Nothing but this script runs here and nothing is loaded, so that no text of the traced program ever can.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; base-uri 'none'; form-action 'none'; \
img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{hash}'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style id="autogradkit-style">{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{source}<autogradkit-picture model="{id}"><div class="still">{still}</div></autogradkit-picture>
</main>
<footer><p>{note}</p><noscript><p>Stepping, folding and detail need JavaScript, which is off.</p></noscript></footer>
<script type="text/plain" id="autogradkit-layouts">{layouts}</script>
<script type="module">{script}</script>
</body>
</html>
"""


@collected_later
def page(recording: Recording) -> str:
    """The page, one file that needs nothing else."""
    why = Why(build(recording))
    layouts, unturned, all_ways = _layouts(recording, why)
    script = (STATIC / "page.js").read_text(encoding="utf-8")
    title, lines = titles.title(recording) or "A trace", [line.strip() for line in recording.source.splitlines()]
    first = layouts[0]
    header, *rows = first["table"]
    return _PAGE.format(
        hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        title=esc(title),
        style=(STATIC / "page.css").read_text(encoding="utf-8"),
        source=""
        if "; ".join(filter(None, lines)) in ("", title)
        else f'<pre tabindex="0">{esc(recording.source)}</pre>\n',
        id="0" * 32,
        still=img_tag(first["svg"], first["description"]) + table_html(tuple(header), [tuple(row) for row in rows]),
        note=esc(_note(len(layouts), unturned, all_ways)),
        layouts=base64.b64encode(_packed(layouts, _reasons(layouts, why))).decode(),
        script=script,
    )


def _reasons(layouts: list[dict[str, Any]], why: Why) -> dict[str, str]:
    """Why the elements that can be chosen are what they are, those of the first picture first, as far as a number of
    characters goes."""
    items = why.graph.items
    offered = dict.fromkeys(key for layout in layouts for key, told in layout["details"].items() if "grids" in told)
    found: dict[str, str] = {}
    size = 0
    for item in (items[key] for key in offered if key in items):
        for key, reason in reasons_of(item, why):
            size += len(key) + len(reason)
            if size > MOST_REASONS:
                return found
            found[key] = reason
    return found


def _packed(layouts: list[dict[str, Any]], reasons: dict[str, str]) -> bytes:
    """The layouts as compressed JSON. Most of each is in others too: a piece is written once, and named by its place.

    Pieces are sorted, so that those which hardly differ, as an item here and there on the page, are neighbours: compression
    looks 32 kB back, and takes half the bytes then.
    """
    pieces: dict[str, int] = {}

    def place(piece: Any) -> int:
        return pieces.setdefault(_json(piece), len(pieces))

    packed = [
        {
            "svg": [place(piece) for piece in re.split("(?=<g )", layout["svg"])],
            "steps": place([{name: told for name, told in step.items() if name != "keys"} for step in layout["steps"]]),
            "keys": [place(step["keys"]) for step in layout["steps"]],  # which alone differ from layout to layout
            "table": [place(row) for row in layout["table"]],
            "known": [place(row) for row in layout["known"]],
            "details": {key: place(detail) for key, detail in layout["details"].items()},
            "calls": place(layout["calls"]),
        }
        for layout in layouts
    ]
    in_order = sorted(pieces)
    moved = {pieces[piece]: number for number, piece in enumerate(in_order)}
    told = [layout | _renumbered(places, moved) for layout, places in zip(layouts, packed, strict=True)]
    text = f'{{"layouts":{_json(told)},"reasons":{_json(reasons)},"pieces":[{",".join(in_order)}]}}'
    return gzip.compress(text.encode(), mtime=0)


def _renumbered(places: Any, moved: dict[int, int]) -> Any:
    """Places, in lists and by keys, as they are called after a move."""
    if isinstance(places, dict):
        return {key: _renumbered(each, moved) for key, each in places.items()}
    return [moved[each] for each in places] if isinstance(places, list) else moved[places]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _note(count: int, unturned: int, all_ways: bool) -> str:
    """What the page is, and what only a notebook can."""
    note = "Written by autogradkit. This page needs no network and no Python."
    if not all_ways:
        note += f" It holds {count} pictures: of what is opened and closed together it shows the nearest; a notebook has all."
    if unturned:
        note += f" {unturned} further parts can be opened in a notebook only."
    return note


def _layouts(recording: Recording, why: Why) -> tuple[list[dict[str, Any]], int, bool]:
    """The pictures that the page holds, the first one first; how many parts of that cannot be turned; whether all ways are in.

    A layout is the state of a GraphView with the `folds` and `node_names` that ask for it. Its `folds` name only what is
    turned, which is not as it is at first.
    """
    ways = _Ways(recording, why)
    shown = ways.turnable({})
    first = dict(list(shown.items())[: min(MOST_TURNED, max(FEWEST_TURNED, ways.left))])
    front: list[Folds] = [{}]
    for path, close in first.items():
        ways.add({path: close})
        front.append({path: close})
    modules = [path for path in ways.plain[0]["foldable"] if path in first]
    for folds in _all_modules(ways.plain[0], modules):  # as GraphView's button "Fold modules" asks
        turned = {path: close for path, close in folds.items() if first.get(path) == close}
        if ways.add(turned):
            front.append(turned)
    all_ways = len(shown) == len(first) and ways.combine(front[1:], first)
    layouts = [*ways.plain, *ways.named]
    offered = {path for layout in layouts for path in layout["folds"]}
    for layout in layouts:
        _offer(layout, modules, offered)
    return layouts, len(shown) - len(first), all_ways


def _all_modules(first: dict[str, Any], modules: list[str]) -> list[Folds]:
    if not modules:
        return []
    found = [dict.fromkeys(modules, False)]
    if not first["folded"]:
        depth = min(path.count("/") for path in modules) + any("/" in path for path in modules)
        found.append({path: path.count("/") == depth for path in modules})
    return found


class _Ways:
    """The ways of folding that a page holds, each drawn without the nodes' names and with them."""

    def __init__(self, recording: Recording, why: Why) -> None:
        self.recording = recording
        self.why = why
        self.plain: list[dict[str, Any]] = []
        self.named: list[dict[str, Any]] = []
        self._drawn: dict[tuple[tuple[str, bool], ...], dict[str, Any]] = {}
        self._pictures: set[str] = set()
        self._bytes = 0
        self.left = MOST_DRAWN // max(1, len(recording.ops))  # drawings
        self.add({})

    def add(self, folds: Folds) -> bool:
        """Draw a way of folding; False where it is there, or looks like another one."""
        key = tuple(sorted(folds.items()))
        if key in self._drawn:
            return False
        layout = self._drawn[key] = self._layout(folds)
        if layout["svg"] in self._pictures:
            return False
        self._pictures.add(layout["svg"])
        self.plain.append(layout)
        if not self.named or self.left > 0:
            self.named.append(self._layout(folds, node_names=True))
            self.left -= 1
        return True

    def _layout(self, folds: Folds, node_names: bool = False) -> dict[str, Any]:
        drawn = draw_graph(self.recording, folds, node_names=node_names, whole=self.why.graph, page=WINDOW)
        return {"folds": folds, "node_names": node_names, **state_of(drawn, self.recording, self.why)}

    def turnable(self, folds: Folds) -> Folds:
        """What can be turned where these are."""
        return _turnable(self._drawn[tuple(sorted(folds.items()))])

    def combine(self, front: list[Folds], first: Folds) -> bool:
        """Turn one more, and one more, as far as the bounds go; whether they sufficed."""
        began = len(self.plain)
        while front:
            turned, front = front, []
            for folds in turned:
                for path, close in self.turnable(folds).items():
                    more = {**folds, path: close}
                    if path in folds or (path in first and first[path] != close):
                        continue
                    if len(self.plain) - began >= MOST_WAYS or self._bytes > MOST_BYTES or self.left <= 0:
                        return False
                    self.left -= 1
                    if self.add(more):
                        front.append(more)
                        added = self.plain[-1]["svg"] + self.named[-1]["svg"] + json.dumps(self.plain[-1]["steps"])
                        self._bytes += len(gzip.compress(added.encode(), 1))
        return len(self.named) == len(self.plain)


def _turnable(layout: dict[str, Any]) -> Folds:
    """What a layout can be asked for: each path that it shows closed, to open, and each module that it shows open, to close."""
    details = layout["details"].values()
    found = {detail["closed"]: False for detail in details if detail.get("closed")}
    for detail in details:
        parts = detail.get("inside", "").split("/")
        around = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
        found |= {path: True for path in around if path in layout["foldable"]}
    return found


def _offer(layout: dict[str, Any], modules: list[str], offered: Container[str]) -> None:
    """Have a layout offer what the page can do."""
    layout["foldable"] = modules
    for detail in layout["details"].values():
        detail.pop("measurable", None)  # it takes Python
        if detail.get("closed") not in offered:
            detail["closed"] = ""
        if detail.get("inside") not in layout["opened"]:
            around = [path for path in modules if f"{detail.get('inside')}/".startswith(f"{path}/")]
            detail["inside"] = max(around, key=len, default="")
