"""All that the front end shows of a graph, as plain JSON values: the picture, its walk, details and table, and what is folded.

Rests on `picture.py`, `steps.py` and `text.py`. GraphView sends it, and a page (`tracing/page.py`) holds it, so the two are
one; `widgets/schema.json` says what is in it.
"""

from __future__ import annotations

from typing import Any

from autogradkit.tracing.collecting import collected_later
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph.drawing.picture import Drawn
from autogradkit.tracing.render.graph.telling.steps import details_of, steps_of
from autogradkit.tracing.render.graph.telling.text import HEADER, joined_rows, table_cells
from autogradkit.tracing.render.graph.telling.why import Why
from autogradkit.tracing.render.graph.wording.words import overview


@collected_later
def state_of(drawn: Drawn, trace: Recording, why: Why | None = None) -> dict[str, Any]:
    """The traits of a GraphView, but for the reader's choices. `why` remembers what was told when it was folded otherwise.

    >>> from autogradkit.tracing.render.graph.drawing.picture import draw_graph
    >>> sorted(state_of(draw_graph(Recording()), Recording()))
    ['calls', 'description', 'details', 'foldable', 'folded', 'known', 'opened', 'overview', 'steps', 'svg', 'table']
    """
    graph = drawn.graph
    cells = table_cells(graph)
    return {
        "svg": drawn.svg,
        "description": drawn.alt,
        "table": [list(HEADER), *map(list, joined_rows(cells))],
        "known": [[[event for event, _ in cell] for cell in row] for row in cells],
        "steps": steps_of(graph, trace, why),
        "details": details_of(graph, why),
        "calls": [f"backward {call.number + 1}" for call in graph.calls],
        "foldable": graph.unfoldable,
        "folded": graph.folded,
        "opened": graph.opened,
        "overview": overview(graph),
    }
