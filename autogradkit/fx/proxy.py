"""`Proxy`: stands for a value while a function is traced, and records what is done with it as nodes of the graph."""

from __future__ import annotations

import dis
import operator
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from autogradkit.fx.node import Node, Target
from autogradkit.fx.operators import OTHERS, REFLECTED
from autogradkit.overrides import is_tensor_method_or_property

if TYPE_CHECKING:
    from autogradkit.fx.tracer import TracerBase


class TraceError(ValueError):
    """What a program does with a value depends on the value, which is not known while it is traced."""


class Proxy:
    """The result of `node`, for the program that `tracer` runs."""

    def __init__(self, node: Node, tracer: TracerBase | None = None) -> None:
        if tracer is None:
            from autogradkit.fx.tracer import GraphAppendingTracer

            tracer = GraphAppendingTracer(node.graph)
        self.tracer: TracerBase = tracer
        self.node = node

    def __repr__(self) -> str:
        return f"Proxy({self.node.name})"

    def __getattr__(self, k: str) -> Attribute:
        return Attribute(self, k)

    def __call__(self, *args: Any, **kwargs: Any) -> Proxy:
        return self.tracer.create_proxy("call_method", "__call__", (self, *args), kwargs)

    def __iter__(self) -> Iterator[Proxy]:
        frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
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
    def node(self) -> Node:  # pyright: ignore[reportIncompatibleVariableOverride]
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
Proxy.__hash__ = object.__hash__  # pyright: ignore[reportAttributeAccessIssue]
