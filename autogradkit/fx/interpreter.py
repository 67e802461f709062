"""`Interpreter`: runs a graph node by node, so that a class derived from it may do something else with each.

`Transformer` runs one on proxies, which makes another graph.
"""

from __future__ import annotations

from typing import Any

from autogradkit.fx.graph import Graph
from autogradkit.fx.graph_module import GraphModule
from autogradkit.fx.node import Node, Target, map_arg
from autogradkit.fx.proxy import GraphAppendingTracer, Proxy
from autogradkit.nn import Module


class Interpreter:
    """Runs the graph of `module`, or the one that is given; results that nobody needs any more are let go of.

    >>> import autogradkit as torch
    >>> double = torch.fx.symbolic_trace(lambda x: x * 2)
    >>> torch.fx.Interpreter(double).run(torch.tensor([1.5]))
    tensor([3.])
    """

    def __init__(self, module: Module, garbage_collect_values: bool = True, graph: Graph | None = None) -> None:
        self.module = module
        self.graph: Graph = graph if graph is not None else module.graph
        self.garbage_collect_values = garbage_collect_values
        self.env: dict[Node, Any] = {}
        self.name = "Interpreter"

    def run(self, *args: Any, initial_env: dict[Node, Any] | None = None, enable_io_processing: bool = True) -> Any:
        """What the graph gives for these arguments."""
        self.env = dict(initial_env or {})
        self.args_iter = iter(args)
        last: dict[Node, list[Node]] = {}
        seen: set[Node] = set()
        for node in reversed(self.graph.nodes):
            for each in node.all_input_nodes:
                if each not in seen:
                    seen.add(each)
                    last.setdefault(node, []).append(each)
        for node in self.graph.nodes:
            if node in self.env:
                continue
            self.env[node] = self.run_node(node)
            if node.op == "output":
                return self.env[node]
            for each in last.get(node, ()) if self.garbage_collect_values else ():
                del self.env[each]
        return None

    def run_node(self, n: Node) -> Any:
        """What a node gives."""
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        return getattr(self, n.op)(n.target, args, kwargs)

    def placeholder(self, target: Target, args: Any, kwargs: Any) -> Any:
        """The next argument. Raises RuntimeError where there is none and no default."""
        name = str(target)
        if name.startswith("*"):
            return list(self.args_iter)
        try:
            return next(self.args_iter)
        except StopIteration:
            if args:
                return args[0]
            raise RuntimeError(
                f"Expected positional argument for parameter {name}, but one was not passed in!"
            ) from None

    def get_attr(self, target: Target, args: Any, kwargs: Any) -> Any:
        """A tensor of the module."""
        return self.fetch_attr(str(target))

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        """A call of a function."""
        return target(*args, **kwargs)

    def call_method(self, target: Any, args: Any, kwargs: Any) -> Any:
        """A call of a method of the first argument."""
        return getattr(args[0], target)(*args[1:], **kwargs)

    def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:
        """A call of a module."""
        return self.fetch_attr(target)(*args, **kwargs)

    def output(self, target: Target, args: Any, kwargs: Any) -> Any:
        """The result."""
        return args[0]

    def fetch_attr(self, target: str) -> Any:
        """What the module has under this path. Raises RuntimeError where there is nothing."""
        found: Any = self.module
        parts = target.split(".")
        for i, each in enumerate(parts):
            if not hasattr(found, each):
                raise RuntimeError(f"Node referenced nonexistent target {'.'.join(parts[: i + 1])}")
            found = getattr(found, each)
        return found

    def fetch_args_kwargs_from_env(self, n: Node) -> tuple[Any, Any]:
        """The arguments of a node, with results in the place of nodes."""
        return self.map_nodes_to_values(n.args, n), self.map_nodes_to_values(n.kwargs, n)

    def map_nodes_to_values(self, args: Any, n: Node) -> Any:
        """Arguments with results in the place of nodes. Raises RuntimeError for a node that has not run."""

        def result(each: Node) -> Any:
            if each not in self.env:
                raise RuntimeError(
                    f"Node {n} referenced nonexistent value {each}! Run Graph.lint() to diagnose such issues"
                )
            return self.env[each]

        return map_arg(args, result)


class Transformer(Interpreter):
    """Runs a graph on proxies; what a class derived from it does otherwise is in the graph of `transform()`."""

    def __init__(self, module: GraphModule) -> None:
        super().__init__(module)
        self.new_graph = Graph()
        self.tracer = GraphAppendingTracer(self.new_graph)

    def placeholder(self, target: Target, args: Any, kwargs: Any) -> Proxy:
        """An argument of the new graph."""
        return Proxy(self.new_graph.placeholder(str(target), default_value=args[0] if args else ...), self.tracer)

    def get_attr(self, target: Target, args: Any, kwargs: Any) -> Proxy:
        """A tensor of the module, in the new graph."""
        return self.tracer.create_proxy("get_attr", target, args, kwargs)

    def call_module(self, target: Any, args: Any, kwargs: Any) -> Proxy:
        """A call of a module, in the new graph."""
        return self.tracer.create_proxy("call_module", target, args, kwargs)

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        """A call of a function, in the new graph."""
        return self.tracer.create_proxy("call_function", target, args, kwargs)

    def transform(self) -> GraphModule:
        """The module with the new graph."""
        result = super().run()
        self.new_graph.output(map_result(result))
        return GraphModule(self.module, self.new_graph)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """As `Interpreter.run`."""
        return super().run(*args, **kwargs)


def map_result(result: Any) -> Any:
    """A result with nodes in the place of proxies."""
    from autogradkit.fx.node import map_aggregate

    return map_aggregate(result, lambda each: each.node if isinstance(each, Proxy) else each)
