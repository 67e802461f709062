"""`Tracer`: runs a function or module once on proxies, and keeps what it does as a graph.

While it runs, `Module.__call__` and the attributes of modules are exchanged for ones that record, and so are functions that
`wrap` was told of, and those of `math`.
"""

from __future__ import annotations

import builtins
import inspect
import math
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FunctionType
from typing import Any, get_type_hints

from autogradkit._ops.asserting import _assert
from autogradkit._ops.declare.asking import asked_in
from autogradkit.core.own import home_of
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.fx.graph import Graph
from autogradkit.fx.proxy import TracerBase, proxies_in
from autogradkit.fx.wrapping import NAMED
from autogradkit.nn import Module, Sequential

_MISSING = object()


class Tracer(TracerBase):
    """Traces modules and functions; `is_leaf_module` says which modules become one call.

    >>> import autogradkit as torch
    >>> print(torch.fx.Tracer().trace(lambda x: torch.relu(x) + 1))
    graph():
        %x : [num_users=1] = placeholder[target=x]
        %relu : [num_users=1] = call_function[target=torch.relu](args = (%x,), kwargs = {})
        %add : [num_users=1] = call_function[target=operator.add](args = (%relu, 1), kwargs = {})
        return add
    """

    def __init__(
        self, autowrap_modules: tuple[Any, ...] = (math,), autowrap_functions: tuple[Any, ...] = (),
        param_shapes_constant: bool = False,
    ) -> None:  # fmt: skip
        self._autowrapped = [
            function
            for module in autowrap_modules
            for name, function in vars(module).items()
            if not name.startswith("_") and callable(function)
        ] + list(autowrap_functions)
        self._autowrap_modules = autowrap_modules
        self.param_shapes_constant = param_shapes_constant
        self.root: Any = Module()

    def is_leaf_module(self, m: Module, module_qualified_name: str) -> bool:
        """Whether a module is one call: those of `nn` are, Sequential is not."""
        home = type(m).__module__
        return home.startswith(("autogradkit.nn", "torch.nn")) and not isinstance(m, Sequential)

    def path_of_module(self, mod: Module) -> str:
        """The name of a module within the root. Raises NameError where it is no part of it."""
        for name, each in self.root.named_modules():
            if each is mod:
                return name
        raise NameError("module is not installed as a submodule")

    def call_module(self, m: Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """What a call of a module does: a node where it is a leaf, else what it does itself."""
        path = self.path_of_module(m)
        if self.is_leaf_module(m, path):
            return self.create_proxy("call_module", path, args, kwargs)
        return forward(*args, **kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        """What reading an attribute of a module gives: a proxy for a parameter."""
        if not isinstance(attr_val, Parameter):
            return attr_val
        for name, each in self.root.named_parameters():
            if each is attr_val:
                if name not in parameter_proxy_cache:
                    parameter_proxy_cache[name] = self.create_proxy("get_attr", name, (), {})
                return parameter_proxy_cache[name]
        return attr_val

    def create_arg(self, a: Any) -> Any:
        """An argument; tensors are attributes of the root, which gets those that it has not."""
        if isinstance(a, Tensor):
            return self.create_node("get_attr", self._name_of(a), (), {})
        if isinstance(a, Module):
            return self.create_node("get_attr", self.path_of_module(a), (), {})
        return super().create_arg(a)

    def _name_of(self, tensor: Tensor) -> str:
        for name, each in (*self.root.named_parameters(), *self.root.named_buffers(), *self._constants):
            if each is tensor:
                return name
        for path, module in self.root.named_modules():
            for name, each in vars(module).items():
                if each is tensor:
                    return f"{path}.{name}" if path else name
        number = 0
        while hasattr(self.root, f"_tensor_constant{number}"):
            number += 1
        name = f"_tensor_constant{number}"
        setattr(self.root, name, tensor)
        self._constants.append((name, tensor))
        return name

    def trace(self, root: Module | Callable[..., Any], concrete_args: dict[str, Any] | None = None) -> Graph:
        """The graph of what `root` does; arguments that are `concrete_args` have that value."""
        self._constants: list[tuple[str, Tensor]] = []
        self._is_module = isinstance(root, Module)
        self.root = root if isinstance(root, Module) else Module()
        function: Any = type(root).forward if isinstance(root, Module) else root
        self.graph = Graph(tracer_cls=type(self))
        plain = inspect.unwrap(function)
        with asked_in(), self._recording(plain):
            args, stars = self._placeholders(plain, concrete_args or {})
            result = self.create_arg((_by_place(plain) if stars else function)(*args[0], **args[1]))
        returned = _annotations(plain).get("return")
        self.create_node("output", "output", (result,), {}, type_expr=returned)
        return self.graph

    def _placeholders(self, function: Any, concrete: dict[str, Any]) -> tuple[tuple[list[Any], dict[str, Any]], bool]:
        """((arguments by place, by name), whether there are `*args` or `**kwargs`: then all go by place)."""
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        kinds = inspect.Parameter
        annotations = _annotations(function)
        parameters = list(inspect.signature(function).parameters.values())
        several = {kinds.VAR_POSITIONAL: "*", kinds.VAR_KEYWORD: "**"}
        stars = any(each.kind in several for each in parameters)
        if stars:  # as the code has them: what goes by name alone stands before `*args`
            parameters.sort(key=lambda each: list(several).index(each.kind) if each.kind in several else -1)
        for place, parameter in enumerate(parameters):
            name = parameter.name
            if place == 0 and self._is_module:
                args.append(self.root)
                continue
            default = () if parameter.default is kinds.empty else (parameter.default,)
            if name in concrete:
                proxy = self.create_proxy("placeholder", f"{name}_1", default, {})
                value = concrete[name]
                text = f"{name} has been specialized to have value {value} but got another value"
                if value is None:
                    self.create_proxy("call_function", _assert_is_none, (proxy, text), {})
                else:
                    _assert(proxy == value, text)
            else:
                target = several.get(parameter.kind, "") + name
                value = self.create_proxy("placeholder", target, default, {}, type_expr=annotations.get(name))
            if parameter.kind is kinds.KEYWORD_ONLY and not stars:
                kwargs[name] = value
            else:
                args.append(value)
        return (args, kwargs), stars

    @contextmanager
    def _recording(self, function: Any) -> Generator[None]:
        cache: dict[str, Any] = {}
        call, get = Module.__call__, Module.__getattr__

        def called(module: Module, *args: Any, **kwargs: Any) -> Any:
            return self.call_module(module, lambda *a, **k: call(module, *a, **k), args, kwargs)

        def got(module: Module, name: str) -> Any:
            return self.getattr(name, get(module, name), cache)

        changes: list[tuple[Any, str, Any]] = [(Module, "__call__", called), (Module, "__getattr__", got)]
        spaces = [getattr(function, "__globals__", {}), *[vars(each) for each in self._autowrap_modules]]
        before: list[tuple[Any, str, Any]] = []
        own = {id(each) for each in self._autowrapped}
        for space in spaces:
            for name, value in list(space.items()):
                if id(value) in own:
                    before.append((space, name, value))
                    space[name] = _recording(value)
        for space, name in NAMED:
            value = space.get(name, _MISSING)
            original = getattr(builtins, name) if value is _MISSING else value
            before.append((space, name, value))
            space[name] = _recording(original)
        kept = [(each, name, vars(each).get(name, _MISSING)) for each, name, _ in changes]
        try:
            for each, name, value in changes:
                setattr(each, name, value)
            yield
        finally:
            for each, name, value in kept:
                delattr(each, name) if value is _MISSING else setattr(each, name, value)
            for space, name, value in reversed(before):
                if value is _MISSING:
                    del space[name]
                else:
                    space[name] = value


def _annotations(function: Any) -> dict[str, Any]:
    """The annotations of a function as the program has them; none of what PyTorch's layers do without."""
    home = home_of(function)
    if home.startswith("autogradkit.nn"):
        return {}
    if home.startswith("autogradkit."):
        return get_type_hints(function)
    return getattr(function, "__annotations__", {})


def _by_place(function: Any) -> Any:
    """The function with `*args` and `**kwargs` as two usual parameters, each of which a proxy can be."""
    code = function.__code__
    stars = sum(bool(code.co_flags & flag) for flag in (inspect.CO_VARARGS, inspect.CO_VARKEYWORDS))
    flags = code.co_flags & ~(inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
    count = code.co_argcount + code.co_kwonlyargcount + stars
    changed = code.replace(co_argcount=count, co_posonlyargcount=0, co_kwonlyargcount=0, co_flags=flags)
    return FunctionType(changed, function.__globals__, function.__name__, None, function.__closure__)


def _assert_is_none(value: Any, msg: str) -> None:
    """Raise AssertionError unless the value is None, as a traced function was told it would be."""
    assert value is None, msg


_assert_is_none.__module__ = f"{__package__}._symbolic_trace"  # where PyTorch has it


def _recording(function: Any) -> Any:
    """A function that becomes a node where it is given a proxy."""

    def recorded(*args: Any, **kwargs: Any) -> Any:
        proxy = next(proxies_in((args, kwargs)), None)
        if proxy is None:
            return function(*args, **kwargs)
        made = proxy.tracer.create_proxy("call_function", function, args, kwargs)
        made.node.meta["is_wrapped"] = True  # the code of the graph says so for it
        return made

    return recorded
