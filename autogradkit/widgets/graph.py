"""GraphView: the graph of a trace, live. Step through it, click for detail, fold and unfold modules.

Rests on `widgets/base.py` and `tracing.render`; the front end is `widgets/src/graph/`.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

import traitlets

from ..core.frames import entry
from ..tracing.collecting import collected_later
from ..tracing.events import Op, Value
from ..tracing.probe import measured, measured_call
from ..tracing.recording import Recording
from ..tracing.render.graph.drawing.picture import Drawn, draw_graph
from ..tracing.render.graph.structure.build import build
from ..tracing.render.graph.telling.chain import Chain
from ..tracing.render.graph.telling.elements import Grid, grids_of, reason_key
from ..tracing.render.graph.telling.state import state_of
from ..tracing.render.graph.telling.text import HEADER, graph_rows, graph_text
from ..tracing.render.graph.telling.why import Why
from .base import PagePicture, static


class GraphView(PagePicture):
    """The graph of a trace: forward values in ink, the gradient on every edge dashed and marked ∂.

    `step` is the step shown (-1: all of it), `selected` the key of what was clicked or chosen, `folds` says of modules and of
    stacks of equal turns, by their path, whether they are folded, `node_names` whether PyTorch's names of the graph's nodes
    are written, too. `element` is the element chosen in the detail of what is selected: the number of its grid, then its place
    there, `[0, 1, 2]`; empty where none is. All five may be set from Python and are set by the reader's clicks. An element that
    is not there raises TraitError.

    >>> import autogradkit as torch
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> with torch.record() as t:
    ...     (x * x).backward()
    >>> view = GraphView(t)
    >>> [step["kind"] for step in view.steps]
    ['forward', 'backward', 'accumulate']
    """

    _esm = static("graph.js")
    _css = static("graph.css")
    _still: Drawn | None = None

    svg = traitlets.Unicode()
    description = traitlets.Unicode()
    table = traitlets.List()  # header first
    known = traitlets.List()  # of the table's cells
    steps = traitlets.List()
    details = traitlets.Dict()
    calls = traitlets.List()
    foldable = traitlets.List()
    folded = traitlets.List()
    opened = traitlets.List()  # paths of the stacks of equal turns that are open
    overview = traitlets.Unicode()
    packed = traitlets.Bytes().tag(sync=True)  # all these, as they are sent
    step = traitlets.Int(-1).tag(sync=True)
    selected = traitlets.Unicode("").tag(sync=True)
    folds = traitlets.Dict(value_trait=traitlets.Bool(), key_trait=traitlets.Unicode()).tag(sync=True)
    node_names = traitlets.Bool(False).tag(sync=True)
    element = traitlets.List(traitlets.Int()).tag(sync=True)
    # Why chosen elements are what they are, by the key of the node and the element: "o7 0,1,2"
    reasons = traitlets.Dict(value_trait=traitlets.Unicode(), key_trait=traitlets.Unicode()).tag(sync=True)
    measured = traitlets.Dict().tag(sync=True)  # for the keys of nodes whose derivative was measured, its rows

    @entry
    @collected_later
    def __init__(
        self, trace: Recording, *, folds: dict[str, bool] | None = None, node_names: bool = False, **kwargs: Any
    ) -> None:
        self.trace = trace
        self._whole = build(trace)  # what is folded in this way and that
        self._why = Why(self._whole)
        self.folds, self.node_names = folds or {}, node_names
        self.refresh()
        super().__init__(**kwargs)  # which opens the model in the page, with its picture
        self.observe(self._redraw, ["folds", "node_names"])
        self.observe(self._leave_element, "selected")
        self.observe(self._explain, "element")
        self.on_msg(self._hear)

    @entry
    @collected_later
    def refresh(self) -> None:
        page = self.page or None
        self._drawn = draw_graph(self.trace, self.folds, node_names=self.node_names, whole=self._whole, page=page)
        self._still = None if page else self._drawn
        drawing = state_of(self._drawn, self.trace, self._why)
        with self.hold_sync():
            for name, value in drawing.items():
                self.set_trait(name, value)
            self.packed = gzip.compress(json.dumps(drawing, ensure_ascii=False).encode(), compresslevel=6, mtime=0)
            if self.selected not in self.details:
                self.selected = ""

    def _redraw(self, change: Any) -> None:
        self.refresh()

    def _leave_element(self, change: Any) -> None:
        self.element = []

    @traitlets.validate("element")
    def _require_element(self, proposal: Any) -> list[int]:
        element: list[int] = proposal["value"]
        if element and self._grid(element) is None:
            raise traitlets.TraitError(
                f"element={element} is none of what {self.selected!r} shows: give the number of a grid in "
                "`view.details[view.selected]['grids']`, then a place within its shape"
            )
        return element

    def _grid(self, element: list[int]) -> Grid | None:
        """The grid of what is selected that has this element."""
        item = self._drawn.graph.items.get(self.selected)
        number, *index = element
        grids = [] if item is None else grids_of(item, self._why)
        found = grids[number] if 0 <= number < len(grids) else None
        return found if found is not None and found.holds(index) else None

    def _explain(self, change: Any) -> None:
        """Tell why the chosen element is what it is."""
        grid = self._grid(self.element) if self.element else None
        if grid is not None:
            reason = {reason_key(self.selected, self.element): grid.tell(tuple(self.element[1:]))}
            self.reasons = {**self.reasons, **reason}

    def measure(self) -> None:
        """Add finite differences to the detail of the selected node, computed from its recorded inputs."""
        graph = self._drawn.graph
        item = graph.items.get(self.selected)
        known = self.details.get(self.selected, {}).get("measurable")
        if item is None or known is None:
            return
        if item.op is not None:
            ran = self._why.ran(item.op)
            rows = measured(item.op, ran[-1] if ran else None, graph.values, graph.labels)
        else:
            rows = measured_call(Chain(item.ops, self._why))
        self.measured = {**self.measured, self.selected: [[*row, known] for row in rows]}

    def _hear(self, _: Any, content: dict[str, Any], buffers: Any) -> None:
        if content.get("kind") == "measure":
            self.measure()

    @property
    def selection(self) -> Value | Op | None:
        """What is selected: the value of a tensor or an edge, or the op of an ellipse."""
        graph = self._drawn.graph
        item = graph.items.get(self.selected)
        if item is not None:
            return item.value or item.op
        if self.selected.startswith("e") and self.selected in self.details:
            return graph.values[graph.links[int(self.selected[1:])].value]
        return None

    def _stored(self) -> Drawn:
        """The picture to be stored, which pages of any width show."""
        if self._still is None:
            self._still = draw_graph(self.trace, self.folds, node_names=self.node_names, whole=self._whole)
        return self._still

    def static_svg(self) -> str:
        return self._stored().svg

    def alt(self) -> str:
        return self._stored().alt

    def table_rows(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        stored = self._stored()
        rows = [tuple(row) for row in self.table[1:]] if stored is self._drawn else graph_rows(stored.graph)
        return HEADER, rows

    def plain(self) -> str:
        return graph_text(self._stored().graph, self.trace)
