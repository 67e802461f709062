"""A recording as a self-contained page.

Rests on serial, table and the graph renderer; `Trace.to_html()` is this.
"""

from __future__ import annotations

from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph import draw_graph
from autogradkit.tracing.render.svg import esc
from autogradkit.tracing.serial import to_json
from autogradkit.tracing.table import table

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body{{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1b1f24;background:#fff}}
pre{{background:#f6f8fa;padding:.8rem;overflow:auto;border-radius:6px}}figure{{margin:1rem 0;overflow:auto}}</style></head>
<body><h1>{title}</h1>{source}<figure role="img" aria-label="{alt}">{svg}</figure>
<details><summary>as a table</summary><pre>{table}</pre></details>
<script type="application/json" id="autogradkit-trace">{json}</script></body></html>
"""


def page(recording: Recording) -> str:
    """A page that needs nothing else: the picture, the table, and the recording itself as JSON."""
    title = next((line for line in recording.source.splitlines() if line.strip()), "A trace")
    drawn = draw_graph(recording)
    return _PAGE.format(
        title=esc(title),
        source=f"<pre>{esc(recording.source)}</pre>" if recording.source else "",
        alt=esc(drawn.alt),
        svg=drawn.svg,
        table=esc(table(recording)),
        json=to_json(recording),
    )
