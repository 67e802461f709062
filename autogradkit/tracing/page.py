"""A recording as a page of its own: stepping, folding and detail, without a kernel and without a network.

The front end is GraphView's (`widgets/src/page`, built into `_static/`). Python owns the layout, so the page holds the
picture for each way of drawing that it offers: as at first, with one module or stack turned, all modules open, all closed,
and as at first with the nodes' names. Without JavaScript it shows the first one still.

Rests on the graph renderer; `Trace.to_html()` is this.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Container
from pathlib import Path
from typing import Any

from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.telling.state import state_of
from autogradkit.tracing.render.graph.wording import titles
from autogradkit.tracing.render.marks.html import img_tag, table_html
from autogradkit.tracing.render.marks.svg import esc

STATIC = Path(__file__).parent / "_static"
MOST_TURNED = 24  # modules and stacks that can be turned, each of which is one more picture

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


def page(recording: Recording) -> str:
    """The page, one file that needs nothing else."""
    layouts, unturned = _layouts(recording)
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
        note=esc(_note(any(layout["folds"] for layout in layouts), unturned)),
        layouts=base64.b64encode(_packed(layouts)).decode(),
        script=script,
    )


def _packed(layouts: list[dict[str, Any]]) -> bytes:
    """The layouts as compressed JSON. Most details are in several of them: each is written once, and named by its place."""
    details: dict[str, int] = {}

    def place(detail: dict[str, Any]) -> int:
        return details.setdefault(json.dumps(detail, ensure_ascii=False, separators=(",", ":")), len(details))

    packed = [
        layout | {"details": {key: place(detail) for key, detail in layout["details"].items()}} for layout in layouts
    ]
    text = json.dumps(packed, ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(f'{{"layouts":{text},"details":[{",".join(details)}]}}'.encode(), mtime=0)


def _note(folds: bool, unturned: int) -> str:
    """What the page is, and what only a notebook can."""
    note = "Written by autogradkit. This page needs no network and no Python."
    if folds:
        note += " It opens one module or stack at a time, or all modules; a notebook opens any."
    if unturned:
        note += f" {unturned} further parts can be opened in a notebook only."
    return note


def _layouts(recording: Recording) -> tuple[list[dict[str, Any]], int]:
    """Each way of drawing that the page offers, the first one first; and how many modules and stacks it cannot turn.

    A layout is the state of a GraphView with the `folds` and `node_names` that ask for it, as the front end asks.
    """
    first = _layout(recording, {})
    shown = _turnable(first)
    turned = dict(list(shown.items())[:MOST_TURNED])
    modules = [path for path in first["foldable"] if path in turned]
    layouts = {first["svg"]: first}

    def add(folds: dict[str, bool], asked: dict[str, bool], node_names: bool = False) -> None:
        layout = _layout(recording, folds, node_names) | {"folds": asked}
        layouts.setdefault(layout["svg"], layout)

    for path, close in turned.items():
        add({path: close}, {path: close})
    if modules:  # as GraphView's button "Fold modules" asks
        add(dict.fromkeys(first["foldable"], False), dict.fromkeys(modules, False))
        if not first["folded"]:
            depth = min(path.count("/") for path in modules) + any("/" in path for path in modules)
            all_closed = {path: path.count("/") == depth for path in modules}
            add(all_closed, all_closed)
    add({}, {}, node_names=True)
    for layout in layouts.values():
        _offer(layout, modules, turned)
    return list(layouts.values()), len(shown) - len(turned)


def _turnable(layout: dict[str, Any]) -> dict[str, bool]:
    """What a layout can be asked for: each path that it shows closed, to open, and each module that it shows open, to close."""
    details = layout["details"].values()
    found = {detail["closed"]: False for detail in details if detail.get("closed")}
    for detail in details:
        parts = detail.get("inside", "").split("/")
        around = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
        found |= {path: True for path in around if path in layout["foldable"]}
    return found


def _layout(recording: Recording, folds: dict[str, bool], node_names: bool = False) -> dict[str, Any]:
    drawn = draw_graph(recording, folds, node_names=node_names)
    return {"folds": folds, "node_names": node_names, **state_of(drawn, recording)}


def _offer(layout: dict[str, Any], modules: list[str], turned: Container[str]) -> None:
    """Have a layout offer what the page can do."""
    layout["foldable"] = modules
    for detail in layout["details"].values():
        detail.pop("measurable", None)  # it takes Python
        if detail.get("closed") not in turned:
            detail["closed"] = ""
        if detail.get("inside") not in layout["opened"]:
            around = [path for path in modules if f"{detail.get('inside')}/".startswith(f"{path}/")]
            detail["inside"] = max(around, key=len, default="")
