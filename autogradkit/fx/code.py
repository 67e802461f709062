"""A graph as the Python code of a function, in PyTorch's text; each variable is let go of where it was last used."""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import autogradkit
from autogradkit.core.device import device
from autogradkit.core.dtype import dtype
from autogradkit.fx.naming import Namespace, is_pytorchs, qualified_name, type_text
from autogradkit.fx.node import Node, map_arg
from autogradkit.fx.operators import EDITS, FORMATS
from autogradkit.fx.wrapping import NAMED

if TYPE_CHECKING:
    from autogradkit.fx.graph import Graph


@dataclass
class PythonCode:
    """The text, and what its names mean."""

    src: str
    globals: dict[str, Any] = field(default_factory=dict)


class _Paths:
    """`torch` in the code: what the code names by a path, else what this package has."""

    def __init__(self, path: str, known: dict[str, Any], here: Any) -> None:
        self._path, self._known, self._here = path, known, here

    def __getattr__(self, name: str) -> Any:
        path = f"{self._path}.{name}"
        if path in self._known:
            return self._known[path]
        if any(each.startswith(f"{path}.") for each in self._known):
            return _Paths(path, self._known, getattr(self._here, name, None))
        return getattr(self._here, name)

    def __reduce__(self) -> Any:
        return _paths, (self._known,)


def _paths(known: dict[str, Any]) -> _Paths:
    return _Paths("torch", known, autogradkit)


def _marked(name: str) -> str:
    """`wrap` as the code calls it: a function of that name in the code stands as one call where the code is traced."""
    NAMED.append((sys._getframe(1).f_globals, name))
    return name


class _Writer:
    """The code that is being written."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.names = Namespace()
        self.known: dict[str, Any] = {"torch.fx._symbolic_trace.wrap": _marked}
        self.globals: dict[str, Any] = {"torch": _paths(self.known)}
        self.wrapped: list[str] = []

    def called(self, function: Any) -> str:
        """How the code names a function."""
        name = qualified_name(function)
        if is_pytorchs(function):
            self.known[name] = function
            return name
        return self.name_of(name, function)

    def name_of(self, hint: str, value: Any) -> str:
        """A name for what is no part of the package."""
        for name, each in self.globals.items():
            if each is value:
                return name
        hint = hint.removeprefix("builtins.")
        hint = f"_{hint}" if hint.startswith("operator.") else hint
        name = hint if "." not in hint else self.names.name(hint)
        self.globals[name] = value
        return name

    def value(self, a: Any) -> str:
        """An argument as code."""
        if isinstance(a, Node):
            return a.name
        if isinstance(a, tuple) and hasattr(a, "_fields"):
            return f"{self.name_of(f'{type(a).__module__}.{type(a).__name__}', type(a))}({self.list(a)})"
        if isinstance(a, tuple):
            return f"({self.list(a)},)" if len(a) == 1 else f"({self.list(a)})"
        if isinstance(a, list):
            return f"[{self.list(a)}]"
        if isinstance(a, dict):
            return "{" + ", ".join(f"{key!r}: {self.value(value)}" for key, value in a.items()) + "}"
        if isinstance(a, slice):
            return f"slice({self.list((a.start, a.stop, a.step))})"
        if isinstance(a, dtype):
            return repr(a)
        if isinstance(a, device):
            self.globals["device"] = device
            return repr(a)
        if isinstance(a, float) and not math.isfinite(a):
            self.globals |= {"inf": math.inf, "nan": math.nan}
            return repr(a)
        if isinstance(a, type) or (callable(a) and hasattr(a, "__name__") and hasattr(a, "__module__")):
            return self.called(a)
        return repr(a)

    def list(self, values: Any) -> str:
        return ", ".join(map(self.value, values))

    def arguments(self, args: Any, kwargs: Any) -> str:
        return ", ".join([*map(self.value, args), *(f"{name} = {self.value(value)}" for name, value in kwargs.items())])

    def line(self, node: Node) -> str:
        """What a node does."""
        name, args, kwargs = node.name, node.args, node.kwargs
        if node.op == "get_attr":
            return f"{name} = {attribute(self.root, str(node.target))}"
        if node.op == "call_module":
            return f"{name} = {attribute(self.root, str(node.target))}({self.arguments(args, kwargs)})"
        if node.op == "call_method":
            called = attribute(self.value(args[0]), str(node.target))
            return f"{name} = {called}({self.arguments(args[1:], kwargs)})"
        if node.op == "output":
            return f"return {self.value(args[0])}"
        target: Any = node.target
        if target.__module__ == "_operator" and target.__name__ in FORMATS:
            return f"{name} = {FORMATS[target.__name__].format(*map(self.value, args))}"
        if target.__module__ == "_operator" and target.__name__ in EDITS:
            edited, other = map(self.value, args)
            return f"{edited} {EDITS[target.__name__]}= {other};  {name} = {edited}"
        if target is getattr and isinstance(args[1], str) and args[1].isidentifier() and len(args) == 2:
            return f"{name} = {attribute(self.value(args[0]), args[1])}"
        called = self.called(target)
        if node.meta.get("is_wrapped", False):
            self.wrapped.append(called)
        return f"{name} = {called}({self.arguments(args, kwargs)})"


def attribute(base: str, path: str) -> str:
    """An attribute of an attribute as code has it.

    >>> attribute("self", "layers.0")
    'getattr(self.layers, "0")'
    """
    for each in path.split("."):
        base = f"{base}.{each}" if each.isidentifier() else f'getattr({base}, "{each}")'
    return base


def _last_uses(graph: Graph) -> dict[Node, list[Node]]:
    """The nodes that each node is the last one to use."""
    last: dict[Node, list[Node]] = {}
    seen: set[Node] = set()
    for node in reversed(graph.nodes):

        def used(each: Node, by: Node = node) -> None:
            if each not in seen:
                seen.add(each)
                last.setdefault(by, []).append(each)

        map_arg(node.args, used)
        map_arg(node.kwargs, used)
    return last


def _kind(node: Node) -> str:
    """How verbose code annotates what a node gave when it was run: its dtype and sizes."""
    meta: Any = node.meta.get("tensor_meta")
    if not hasattr(meta, "dtype"):  # of what gives several tensors, a tuple
        return ""
    found = re.fullmatch(r"(bf|[a-z])[a-z]*(\d*)", str(meta.dtype).removeprefix("torch."))
    assert found is not None
    return f': "{found[1]}{found[2] or 8}{list(meta.shape)}"'


def written(graph: Graph, root: str, verbose: bool = False) -> PythonCode:
    """The code of a graph; `verbose` has dtypes and sizes of what was run, as far as `ShapeProp` has noted them."""
    writer = _Writer(root)
    last = _last_uses(graph)
    parameters: list[str] = []
    lines: list[str] = []
    result = ""
    traced = False  # whether it was said that no node knows a line of the program
    for node in graph.nodes:
        if node.op == "placeholder":
            kind = (verbose and _kind(node)) or (f" : {type_text(node.type)}" if node.type is not None else "")
            default = f" = {node.args[0]!r}" if node.args else ""
            parameters.append(f"{node.target}{kind}{default}")
            bare = str(node.target).replace("*", "")
            if bare != node.name:
                lines.append(f"{node.name} = {bare}")
            continue
        line = writer.line(node)
        if verbose and node.op != "output":
            if not traced:
                lines.append("# No stacktrace found for following nodes")
                traced = True
            line = line.replace(node.name, node.name + _kind(node), 1)
        if node.op == "output":
            result = f" -> {type_text(node.type)}" if node.type is not None else ""
        else:
            gone = [each.name for each in [*last.get(node, ()), *([] if node.users else [node])]]
            line += f";  {' = '.join([*gone, 'None'])}" if gone else ""
        lines.append(line)
    wraps = "\n".join(f'torch.fx._symbolic_trace.wrap("{name}")' for name in dict.fromkeys(writer.wrapped))
    body = "".join(f"    {line}\n" for line in lines or ["pass"])
    head = f"def forward({', '.join(['self', *parameters])}){result}:"
    return PythonCode(f"\n{wraps}\n\n{head}\n{body}    ", writer.globals)
