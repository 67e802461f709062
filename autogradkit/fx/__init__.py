"""PyTorch's `torch.fx`: what a function does as a graph of nodes, which can be read, changed and written as code again.

`tracer.py` runs a function on proxies (`proxy.py`), which record nodes (`node.py`) of a graph (`graph.py`); `graph_module.py` is
the module that such a graph is, by code (`code.py`), `interpreter.py` runs one node by node, `subgraph_rewriter.py` exchanges
parts, `passes/` write on nodes what they gave. Loaded when they are first named.
"""

import importlib as _importlib
import sys as _sys
from typing import Any as _Any

from autogradkit.core.absent import lookup_error as _lookup_error
from autogradkit.fx.wrapping import wrap as wrap

_HOMES = {
    "Graph": "graph", "GraphModule": "graph_module", "Interpreter": "interpreter", "Node": "node", "has_side_effect": "node",
    "map_arg": "node", "Proxy": "proxy", "Tracer": "tracer", "Transformer": "interpreter", "replace_pattern": "subgraph_rewriter",
    "symbolic_trace": "_symbolic_trace",
}  # fmt: skip
_MODULES = ("_symbolic_trace", "graph", "graph_module", "interpreter", "node", "passes", "proxy", "subgraph_rewriter")

__all__ = ["wrap", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_MODULES})


def __getattr__(name: str) -> _Any:
    if name in _MODULES:
        return _importlib.import_module(f"autogradkit.fx.{name}")
    if name in _HOMES:
        return getattr(_importlib.import_module(f"autogradkit.fx.{_HOMES[name]}"), name)
    raise _lookup_error("fx", name, _sys._getframe(1))
