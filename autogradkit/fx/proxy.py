"""`Proxy`: stands for a value while a function is traced, and records what is done with it as nodes of the graph."""

from __future__ import annotations

import dis
import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any

from autogradkit.fx.graph import Graph
from autogradkit.fx.node import Node, Target
from autogradkit.fx.operators import OTHERS, REFLECTED
from autogradkit.overrides import is_tensor_method_or_property


class TraceError(ValueError):
    """What a program does with a value depends on the value, which is not known while it is traced."""


class Proxy:
    """The result of `node`, for the program that `tracer` runs."""

    def __init__(self, node: Node, tracer: TracerBase | None = None) -> None:
        self.tracer = GraphAppendingTracer(node.graph) if tracer is None else tracer
        self.node = node

    def __repr__(self) -> str:
        return f"Proxy({self.node.name})"

    def __getattr__(self, k: str) -> Attribute:
        return Attribute(self, k)

    def __call__(self, *args: Any, **kwargs: Any) -> Proxy:
        return self.tracer.create_proxy("call_method", "__call__", (self, *args), kwargs)

    def __iter__(self) -> Iterator[Proxy]:
        frame = sys._getframe(1)
        step = next(each for each in dis.get_instructions(frame.f_code) if each.offset == frame.f_lasti)
        if step.opname == "UNPACK_SEQUENCE":  # a, b = proxy: it is known how many
            return (
                self.tracer.create_proxy("call_function", operator.getitem, (self, i), {}) for i in range(step.argval)
            )
        return self.tracer.iter(self)

    def __bool__(self) -> bool:
        return self.tracer.to_bool(self)

    def keys(self) -> Any:
        """What `**proxy` asks for."""
        return self.tracer.keys(self)

    def __len__(self) -> int:
        raise RuntimeError(
            "'len' is not supported in symbolic tracing by default. If you want this call to be recorded, please call "
            "torch.fx.wrap('len') at module scope"
        )

    @classmethod
    def __torch_function__(cls, orig_method: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        tracer = _tracer_in((args, kwargs))
        if is_tensor_method_or_property(orig_method):
            return tracer.create_proxy("call_method", orig_method.__name__, args, kwargs)
        return tracer.create_proxy("call_function", orig_method, args, kwargs)


class Attribute(Proxy):
    """An attribute of a proxy: a node of its own only where it is used otherwise than in a call."""

    def __init__(self, root: Proxy, attr: str) -> None:
        self.root = root
        self.attr = attr
        self.tracer = root.tracer
        self._node: Node | None = None

    @property
    def node(self) -> Node:
        """The node that gets it."""
        if self._node is None:
            self._node = self.tracer.create_proxy("call_function", getattr, (self.root, self.attr), {}).node
        return self._node

    def __call__(self, *args: Any, **kwargs: Any) -> Proxy:
        return self.tracer.create_proxy("call_method", self.attr, (self.root, *args), kwargs)


def proxies_in(value: Any) -> Iterator[Proxy]:
    """The proxies in arguments, also in lists and dicts."""
    if isinstance(value, Proxy):
        yield value
    elif isinstance(value, (tuple, list)):
        for each in value:
            yield from proxies_in(each)
    elif isinstance(value, dict):
        yield from proxies_in(list(value.values()))
    elif isinstance(value, slice):
        yield from proxies_in((value.start, value.stop, value.step))


def _tracer_in(values: Any) -> TracerBase:
    return next(proxies_in(values)).tracer


def _operator(name: str) -> Callable[..., Any]:
    target: Target = getattr(operator, name)

    def run(self: Proxy, *others: Any) -> Proxy:
        return self.tracer.create_proxy("call_function", target, (self, *others), {})

    return run


def _reflected(name: str) -> Callable[..., Any]:
    target: Target = getattr(operator, name)

    def run(self: Proxy, other: Any) -> Proxy:
        return self.tracer.create_proxy("call_function", target, (other, self), {})

    return run


for _name in (*OTHERS, *REFLECTED):
    setattr(Proxy, f"__{_name.rstrip('_')}__", _operator(_name))
for _name in REFLECTED:
    setattr(Proxy, f"__r{_name.rstrip('_')}__", _reflected(_name))
Proxy.__hash__ = object.__hash__


class TracerBase:
    """What makes nodes and proxies; a class of a user's may do it otherwise."""

    graph: Graph

    def create_node(
        self, kind: str, target: Target, args: Any, kwargs: Any, name: str | None = None, type_expr: Any = None
    ) -> Node:
        """Make a node."""
        return self.graph.create_node(kind, target, args, kwargs, name, type_expr)

    def proxy(self, node: Node) -> Proxy:
        """What the program gets for a node."""
        return Proxy(node, self)

    def create_proxy(
        self, kind: str, target: Target, args: Any, kwargs: Any, name: str | None = None, type_expr: Any = None,
        proxy_factory_fn: Callable[[Node], Proxy] | None = None,
    ) -> Proxy:  # fmt: skip
        """Make a node with arguments of the program, and what it gets for it."""
        node = self.create_node(kind, target, self.create_arg(args), self.create_arg(kwargs), name, type_expr)
        return (proxy_factory_fn or self.proxy)(node)

    def create_arg(self, a: Any) -> Any:
        """An argument of the program as one of a node. Raises NotImplementedError for what a graph cannot hold."""
        if isinstance(a, Proxy):
            return a.node
        if isinstance(a, tuple):
            several = [self.create_arg(each) for each in a]
            return type(a)(*several) if hasattr(a, "_fields") else tuple(several)
        if isinstance(a, list):
            return [self.create_arg(each) for each in a]
        if isinstance(a, dict):
            return {key: self.create_arg(value) for key, value in a.items()}
        if isinstance(a, slice):
            return slice(*[self.create_arg(each) for each in (a.start, a.stop, a.step)])
        if isinstance(a, range):
            return range(*[self.create_arg(each) for each in (a.start, a.stop, a.step)])
        return a

    def to_bool(self, obj: Proxy) -> bool:
        """What `if proxy` does. Raises TraceError."""
        raise TraceError("symbolically traced variables cannot be used as inputs to control flow")

    def iter(self, obj: Proxy) -> Iterator[Any]:
        """What `for each in proxy` does. Raises TraceError."""
        raise TraceError(
            "Proxy object cannot be iterated. This can be attempted when the Proxy is used in a loop or as a *args or **kwargs "
            "function argument. See the torch.fx docs on pytorch.org for a more detailed explanation of what types of control "
            "flow can be traced, and check out the Proxy docstring for help troubleshooting Proxy iteration errors"
        )

    def keys(self, obj: Proxy) -> Any:
        """What `**proxy` asks for."""
        return getattr(obj, "keys")()  # noqa: B009 - of the proxy's own attributes


class GraphAppendingTracer(TracerBase):
    """Makes nodes of a graph that is there."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
