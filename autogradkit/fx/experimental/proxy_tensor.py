"""`torch.fx.experimental.proxy_tensor`: a function run once, and the graph of the operators that it comes to.

Rests on modes that hear operators, which know each tensor by the node that made it, and on `fx`, which keeps nodes and runs them.
Where `symbolic_trace` sees what is called on proxies, this sees what runs on numbers: so Python's branches are those that these
arguments take, and `F.linear` is a transpose and a product.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable, Mapping
from typing import Any

from autogradkit._ops.operators.beneath import lift_fresh_copy
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.fx.graph import Graph
from autogradkit.fx.graph_module import GraphModule
from autogradkit.fx.node import Node
from autogradkit.nn import Module
from autogradkit.overrides import TorchFunctionMode
from autogradkit.utils._python_dispatch import TorchDispatchMode
from autogradkit.utils._pytree import tree_map

_DEPENDS = (
    "It appears that you're trying to get value out of a tracing tensor with aten._local_scalar_dense.default - erroring out! "
    "It's likely that this is caused by data-dependent control flow or similar.  It may be possible to trace this with dynamic "
    "shapes; try setting tracing_mode='symbolic' in your make_fx call."
)


def get_proxy_mode() -> None:
    """None: what traces here is a mode that ends with `make_fx`."""


class _Tracing(TorchDispatchMode):
    """In its block, each operator becomes a node."""

    def __init__(self, graph: Graph, root: Module, instead: Mapping[Any, Callable[..., Any]]) -> None:
        super().__init__()
        self._graph = graph
        self._root = root
        self._instead = instead
        self._nodes: dict[int, Node] = {}
        self._attributes: dict[int, str] = {}
        self._kept: list[Tensor] = []  # so that no other tensor gets the number that one is known by
        self._constants = {"param": 0, "tensor": 0}

    def know(self, tensor: Tensor, node: Node) -> None:
        """From now on a tensor is what this node gives."""
        self._nodes[id(tensor)] = node
        self._kept.append(tensor)

    def node_of(self, value: Any) -> Any:
        """What stands for a value in the graph: the node of a tensor, which for one from outside is an attribute."""
        if not isinstance(value, Tensor):
            return value
        if id(value) in self._nodes:
            return self._nodes[id(value)]
        if id(value) not in self._attributes:
            self._attributes[id(value)] = self._attribute(value)
            self._kept.append(value)
        return self._graph.get_attr(self._attributes[id(value)])

    def require_constant(self, tensor: Tensor) -> None:
        """Raise RuntimeError where a number is read that depends on the arguments."""
        node = self._nodes.get(id(tensor))
        if node is not None and node.target is not lift_fresh_copy():
            raise RuntimeError(_DEPENDS)

    def _attribute(self, tensor: Tensor) -> str:
        kind = "param" if isinstance(tensor, Parameter) else "tensor"
        name = f"_{kind}_constant{self._constants[kind]}"
        self._constants[kind] += 1
        if isinstance(tensor, Parameter):
            self._root.register_parameter(name, tensor)
        else:
            self._root.register_buffer(name, tensor)
        return name

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func.name() == "aten::_local_scalar_dense":
            self.require_constant(args[0])
            return func(*args)
        if func.name() == "aten::lift_fresh":
            func = lift_fresh_copy()
        if func in self._instead:
            with self:
                return self._instead[func](*args, **kwargs)
        called, named = tree_map(self.node_of, args), tree_map(self.node_of, kwargs)
        node = self._graph.create_node("call_function", func, called, named, name=func.overloadpacket.__name__)
        output = func(*args, **kwargs)
        if isinstance(output, Tensor):
            self.know(output, node)
        elif isinstance(output, (tuple, list)):
            for at, each in enumerate(output):
                if isinstance(each, Tensor):
                    self.know(each, self._graph.call_function(operator.getitem, (node, at)))
        return output


class _Reading(TorchFunctionMode):
    """In its block, numbers that `if`, `float` and their kin read are looked at likewise."""

    def __init__(self, tracing: _Tracing) -> None:
        super().__init__()
        self._tracing = tracing

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") in ("__bool__", "__float__", "__int__", "__index__", "__complex__"):
            self._tracing.require_constant(args[0])
        return func(*args, **(kwargs or {}))


def _names_of(function: Callable[..., Any], count: int) -> list[str]:
    """What the placeholders of so many arguments are called: as the parameters of a Python function, else by their number."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or code.co_flags & inspect.CO_VARARGS:
        return [f"arg{at}_1" for at in range(count)]
    bound = inspect.ismethod(function)
    names = code.co_varnames[bound : code.co_argcount + code.co_kwonlyargcount]
    if len(names) != count:
        raise RuntimeError(f"Tracing expected {len(names)} arguments but got {count} concrete arguments")
    return [f"{name}_1" for name in names]


@entry
def make_fx(
    f: Callable[..., Any],
    decomposition_table: Mapping[Any, Callable[..., Any]] | None = None,
    tracing_mode: str = "real",
) -> Callable[..., GraphModule]:
    """A function that runs `f` on its arguments, and gives the operators that ran as a GraphModule.

    `decomposition_table` says by operator what is traced in its place. Raises RuntimeError where a number that depends on the
    arguments is read, and for another number of arguments than `f` has, NotImplementedError for other modes than "real", as
    there are no symbols for sizes here, and for tensors in containers among the arguments.

    >>> import autogradkit as torch
    >>> from autogradkit.fx.experimental.proxy_tensor import make_fx
    >>> print(make_fx(lambda x: x.sin() + 1)(torch.ones(2)).graph)
    graph():
        %x_1 : [num_users=1] = placeholder[target=x_1]
        %sin : [num_users=1] = call_function[target=torch.ops.aten.sin.default](args = (%x_1,), kwargs = {})
        %add : [num_users=1] = call_function[target=torch.ops.aten.add.Tensor](args = (%sin, 1), kwargs = {})
        return add
    """
    if tracing_mode not in ("real", "fake", "symbolic"):
        raise AssertionError(f"tracing_mode must be real/fake/symbolic, got {tracing_mode}")
    if tracing_mode != "real":
        raise NotImplementedError(
            f'make_fx(tracing_mode="{tracing_mode}") is not available: there are no symbols for sizes; "real" traces with numbers'
        )

    @entry
    def traced(*args: Any) -> GraphModule:
        graph, root = Graph(), Module()
        mode = _Tracing(graph, root, decomposition_table or {})
        given: list[Any] = []
        for name, value in zip(_names_of(f, len(args)), args, strict=True):
            if isinstance(value, (tuple, list, dict)):
                raise NotImplementedError(
                    "make_fx traces functions of tensors and numbers: give what is in a container as arguments of their own"
                )
            node = graph.placeholder(name)
            if isinstance(value, Tensor):
                mode.know(value, node)
            given.append(value)
        with _Reading(mode), mode:
            output = f(*given)
        graph.output(tree_map(mode.node_of, output))
        return GraphModule(root, graph, getattr(f, "__name__", type(f).__name__))

    return traced


__getattr__ = _absent_from("fx.experimental.proxy_tensor")
