"""`symbolic_trace`: a module or function as a `GraphModule`. Published packages look here for what goes with it, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.fx.graph_module import GraphModule
from autogradkit.fx.proxy import TraceError as TraceError
from autogradkit.fx.tracer import Tracer as Tracer
from autogradkit.fx.tracer import _assert_is_none as _assert_is_none
from autogradkit.fx.wrapping import wrap as wrap
from autogradkit.nn import Module


@entry
def symbolic_trace(root: Module | Callable[..., Any], concrete_args: dict[str, Any] | None = None) -> GraphModule:
    """A module that does what `root` does, by a graph that can be read and changed.

    >>> import autogradkit as torch
    >>> print(torch.fx.symbolic_trace(lambda x: torch.relu(x) + 1).code.strip())
    def forward(self, x):
        relu = torch.relu(x);  x = None
        add = relu + 1;  relu = None
        return add
    """
    tracer = Tracer()
    graph = tracer.trace(root, concrete_args)
    return GraphModule(
        tracer.root,
        graph,
        type(root).__name__ if isinstance(root, Module) else getattr(root, "__name__", "GraphModule"),
    )
