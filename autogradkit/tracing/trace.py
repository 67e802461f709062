"""`Trace`: a recording, with its views as methods: what `record()` and `%%trace NAME` give to users.

Rests on recording and on every view. Nothing in this package but `record` imports it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autogradkit.tracing import serial
from autogradkit.tracing.page import page
from autogradkit.tracing.rebuild import recording_of
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.marks.html import img_tag
from autogradkit.tracing.table import difference, table

if TYPE_CHECKING:
    from graphviz import Digraph


class Trace(Recording):
    """What happened in a cell or a `with record()` block. It keeps no tensor alive, and shows no later value.

    >>> import autogradkit as torch
    >>> x = torch.tensor([1.0, 2.0], requires_grad=True)
    >>> with torch.record() as t:
    ...     y = (x * x).sum()
    ...     y.backward()
    >>> [op.name for op in t.ops], len(t.events), t.label(t.ops[0].outputs[0])
    (['mul', 'sum'], 7, 'mul₁')
    """

    @classmethod
    def of(cls, recording: Recording) -> Trace:
        """A recording as a trace."""
        trace = cls()
        trace.fill(recording)
        return trace

    def fill(self, recording: Recording) -> None:
        """Become the trace of a recording: `record()` hands its trace out before anything is recorded."""
        vars(self).clear()
        vars(self).update(vars(recording))

    def table(self) -> str:
        """What ran, line by line, as text.

        >>> import autogradkit as torch
        >>> with torch.record() as t:
        ...     y = torch.ones(2) + 1
        >>> print(t.table())  # doctest: +ELLIPSIS
        step  line ...what ran...
        """
        return table(self)

    def diff(self, other: Recording) -> str:
        """The rows of the two tables that differ, marked - and +; empty where the tables agree.

        >>> import autogradkit as torch
        >>> def run(x):
        ...     with torch.record() as t:
        ...         y = x * 2
        ...     return t
        >>> run(torch.ones(1)).diff(run(torch.ones(1)))
        ''
        """
        return difference(self, other)

    def to_graphviz(self) -> Digraph:
        """The graph for Graphviz, every operation on its own: `.source` is DOT text, `.render("graph")` draws a PDF.

        Raises ModuleNotFoundError without the package `graphviz`; drawing raises `graphviz.ExecutableNotFound` without
        the program `dot`. Both say what to install.

        >>> import autogradkit as torch
        >>> x = torch.tensor(2.0, requires_grad=True)
        >>> with torch.record() as t:
        ...     (x * x).backward()
        >>> "MulBackward0" in t.to_graphviz().source
        True
        """
        from autogradkit.tracing.dot import to_graphviz  # loads graphviz, which is needed nowhere else

        return to_graphviz(self)

    def to_html(self) -> str:
        """A page of its own, as text: the picture to step through, to fold and to look into, as in a notebook.

        It is one file that needs no network and no kernel, and is safe to open: nothing of the traced program runs in it.
        Modules are opened and closed one at a time, or all of them. To keep the trace itself, use `save`.

        >>> import autogradkit as torch
        >>> x = torch.tensor(2.0, requires_grad=True)
        >>> with torch.record() as t:
        ...     (x * x).backward()
        >>> t.to_html().startswith("<!doctype html>")
        True
        """
        return page(self)

    def save(self, path: str | Path) -> None:
        """Write the trace to a file, as JSON."""
        serial.save(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Trace:
        """Read a trace from a file. Raises TraceFormatError (a ValueError) for a file that holds something else."""
        return cls.of(serial.load(path))

    @classmethod
    def from_tensor(cls, root: Any, names: Mapping[str, Any] | None = None) -> Trace:
        """The graph behind a tensor that was computed without a recorder.

        `names` is a namespace, such as a notebook's, in which tensors are looked up by identity. Raises ValueError where
        `root` has no graph.

        >>> import autogradkit as torch
        >>> w = torch.ones(2, requires_grad=True)
        >>> [op.name for op in torch.Trace.from_tensor((w * 2).sum(), {"w": w}).ops]
        ['mul', 'sum']
        """
        return cls.of(recording_of(root, names))

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        drawn = draw_graph(self)
        return {"text/plain": self.table(), "text/html": img_tag(drawn.svg, drawn.alt)}
