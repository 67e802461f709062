"""`Graph`: what a function does, node by node, to be read, changed and written as code again (`code.py`)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from autogradkit.fx.code import PythonCode, written
from autogradkit.fx.naming import Namespace, name_of, snake_case
from autogradkit.fx.node import Argument, Node, Target, map_arg


class _Nodes:
    """The nodes of a graph in their order."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def __iter__(self) -> Iterator[Node]:
        node = self._graph._root.next
        while node is not self._graph._root:
            if not node._erased:
                yield node
            node = node.next

    def __reversed__(self) -> Iterator[Node]:
        node = self._graph._root.prev
        while node is not self._graph._root:
            if not node._erased:
                yield node
            node = node.prev

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Graph:
    """A program of nodes; each method that makes one puts it before `inserting_before`'s node, or at the end.

    >>> from autogradkit import fx
    >>> graph = fx.Graph()
    >>> x = graph.placeholder("x")
    >>> _ = graph.output(graph.call_method("relu", (x,)))
    >>> print(graph)
    graph():
        %x : [num_users=1] = placeholder[target=x]
        %relu : [num_users=1] = call_method[target=relu](args = (%x,), kwargs = {})
        return relu
    """

    def __init__(self, owning_module: Any = None, tracer_cls: Any = None, tracer_extras: Any = None) -> None:
        del tracer_extras
        self._root = Node(self, "", "root", "", (), {})
        self._before = self._root
        self._names = Namespace()
        self.owning_module = owning_module
        self._tracer_cls = tracer_cls

    @property
    def nodes(self) -> Any:
        """The nodes, in the order in which they run."""
        return _Nodes(self)

    def create_node(
        self, op: str, target: Target, args: tuple[Argument, ...] | None = None, kwargs: dict[str, Argument] | None = None,
        name: str | None = None, type_expr: Any = None,
    ) -> Node:  # fmt: skip
        """Make a node. Raises AssertionError for an unknown `op`."""
        if op not in ("call_function", "call_method", "get_attr", "call_module", "placeholder", "output"):
            raise AssertionError(f"op '{op}' must be one of the valid ops")
        node = Node(
            self, self._names.name(name or self._target_to_str(target)), op, target, args or (), kwargs or {}, type_expr
        )
        self._before.prepend(node)
        return node

    def _target_to_str(self, target: Target) -> str:
        text = target if isinstance(target, str) else name_of(target)
        if text.startswith("__") and text.endswith("__"):
            text = text[2:-2]
        return snake_case(text.lstrip("*") if not text.startswith("*") else "_" + text.lstrip("*"))

    def placeholder(self, name: str, type_expr: Any = None, default_value: Any = ...) -> Node:
        """An argument of the function."""
        return self.create_node(
            "placeholder", name, () if default_value is ... else (default_value,), type_expr=type_expr
        )

    def get_attr(self, qualified_name: str, type_expr: Any = None) -> Node:
        """A tensor or module that the module has."""
        return self.create_node("get_attr", qualified_name, type_expr=type_expr)

    def call_module(self, module_name: str, args: Any = None, kwargs: Any = None, type_expr: Any = None) -> Node:
        """A call of a module within the module."""
        return self.create_node("call_module", module_name, args, kwargs, type_expr=type_expr)

    def call_method(self, method_name: str, args: Any = None, kwargs: Any = None, type_expr: Any = None) -> Node:
        """A call of a method of the first argument."""
        return self.create_node("call_method", method_name, args, kwargs, type_expr=type_expr)

    def call_function(
        self, the_function: Callable[..., Any], args: Any = None, kwargs: Any = None, type_expr: Any = None,
        name: str | None = None,
    ) -> Node:  # fmt: skip
        """A call of a function."""
        return self.create_node("call_function", the_function, args, kwargs, name, type_expr)

    def output(self, result: Argument, type_expr: Any = None) -> Node:
        """What the function gives."""
        return self.create_node("output", "output", (result,), type_expr=type_expr)

    def output_node(self) -> Node:
        """The node of what it gives."""
        return next(node for node in reversed(self.nodes) if node.op == "output")

    def find_nodes(self, *, op: str, target: Target | None = None, sort: bool = True) -> list[Node]:
        """The nodes of this kind, and with this target where one is given."""
        del sort
        return [node for node in self.nodes if node.op == op and (target is None or node.target == target)]

    def node_copy(self, node: Node, arg_transform: Callable[[Node], Argument] = lambda node: node) -> Node:
        """Make a node as one of another graph, whose nodes among its arguments `arg_transform` turns into some of this."""
        made = self.create_node(
            node.op, node.target, map_arg(node.args, arg_transform), map_arg(node.kwargs, arg_transform), node.name,
            node.type,
        )  # fmt: skip
        made.meta = dict(node.meta)
        return made

    def graph_copy(self, g: Graph, val_map: dict[Node, Node], return_output_node: bool = False) -> Any:
        """Make all nodes of another graph here, which `val_map` is told of; gives what its output is given."""
        for node in g.nodes:
            if node in val_map:
                continue
            if node.op == "output":
                result = map_arg(node.args[0], lambda each: val_map[each])
                return (result, node) if return_output_node else result
            val_map[node] = self.node_copy(node, lambda each: val_map[each])
        return None

    def __deepcopy__(self, memo: Any = None) -> Graph:
        made = Graph(tracer_cls=self._tracer_cls)
        known: dict[Node, Node] = {}
        for node in self.nodes:
            known[node] = made.node_copy(node, lambda each: known[each])
        return made

    @contextmanager
    def _inserting(self, before: Node) -> Generator[None]:
        kept, self._before = self._before, before
        try:
            yield
        finally:
            self._before = kept

    def inserting_before(self, n: Node | None = None) -> Any:
        """In its block nodes are made before `n`, or at the beginning."""
        return self._inserting(self._root.next if n is None else n)

    def inserting_after(self, n: Node | None = None) -> Any:
        """In its block nodes are made behind `n`, or at the end."""
        return self._inserting(self._root if n is None else n.next)

    def erase_node(self, to_erase: Node) -> None:
        """Take a node out. Raises RuntimeError while others use it."""
        if to_erase.users:
            raise RuntimeError(
                f"Tried to erase Node {to_erase} but it still had {len(to_erase.users)} users in the graph: {to_erase.users}!"
            )
        to_erase._unlink()
        to_erase._erased = True
        to_erase._take((), {})

    def eliminate_dead_code(self, is_impure_node: Callable[[Node], bool] | None = None) -> bool:
        """Take out what nobody uses; gives whether there was something."""
        before = len(self.nodes)
        for node in reversed(self.nodes):
            if not node.users and not (is_impure_node or Node.is_impure)(node):
                self.erase_node(node)
        return len(self.nodes) < before

    def lint(self) -> None:
        """Raises RuntimeError where a node uses one that comes later, or is of another graph."""
        seen: set[Node] = set()
        for node in self.nodes:
            for each in node.all_input_nodes:
                if each.graph is not self:
                    raise RuntimeError(f"Argument '{each}' of Node '{node}' does not belong to this Graph")
                if each not in seen:
                    raise RuntimeError(f"Argument '{each}' of Node '{node}' was used before it has been defined!")
            seen.add(node)

    def python_code(self, root_module: str = "self", *, verbose: bool = False) -> PythonCode:
        """The graph as a function `forward`; `verbose` annotates what `ShapeProp` has run."""
        return written(self, root_module, verbose)

    def on_generate_code(self, make_transformer: Any) -> None:
        """Raises NotImplementedError: the code is as it is."""
        raise NotImplementedError("autogradkit does not have transformers of generated code")

    def print_tabular(self) -> None:
        """Print the nodes as a table."""
        heads = ("opcode", "name", "target", "args", "kwargs")
        rows = [tuple(map(str, (n.op, n.name, n.target, n.args, n.kwargs))) for n in self.nodes]
        widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(5)]
        for row in (heads, tuple("-" * width for width in widths), *rows):
            print("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())

    def __str__(self) -> str:
        return "graph():" + "".join(f"\n    {node.format_node()}" for node in self.nodes)
