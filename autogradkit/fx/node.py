"""`Node`: one step of a graph, what it calls with what, and who uses its result.

Rests on `naming.py`. A node stands in a ring of nodes (`graph.py`), and knows its users, which it keeps as its arguments change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from autogradkit.fx.naming import qualified_name, type_text

if TYPE_CHECKING:
    from autogradkit.fx.graph import Graph

Target = str | Callable[..., Any]
Argument = Any


def map_aggregate(a: Argument, fn: Callable[[Argument], Argument]) -> Argument:
    """`a` with `fn` of everything in it that is no tuple, list, dict or slice."""
    if isinstance(a, tuple):
        several = [map_aggregate(each, fn) for each in a]
        return type(a)(*several) if hasattr(a, "_fields") else tuple(several)
    if isinstance(a, list):
        return [map_aggregate(each, fn) for each in a]
    if isinstance(a, dict):
        return {key: map_aggregate(value, fn) for key, value in a.items()}
    if isinstance(a, slice):
        return slice(*[map_aggregate(each, fn) for each in (a.start, a.stop, a.step)])
    return fn(a)


def map_arg(a: Argument, fn: Callable[[Node], Argument]) -> Argument:
    """`a` with `fn` of every node in it."""
    return map_aggregate(a, lambda each: fn(each) if isinstance(each, Node) else each)


def _shown(a: Any) -> str:
    """An argument as a graph is printed: nodes by their names behind %, text without quotes."""
    if isinstance(a, Node):
        return f"%{a.name}"
    if isinstance(a, list):
        return f"[{', '.join(map(_shown, a))}]"
    if isinstance(a, tuple):
        return f"({_shown(a[0])},)" if len(a) == 1 else f"({', '.join(map(_shown, a))})"
    if isinstance(a, dict):
        return "{" + ", ".join(f"{key}: {_shown(value)}" for key, value in a.items()) + "}"
    return str(a)


_ACTING = ("_assert", "_assert_async", "setitem", "_set_grad_enabled")
_DRAWING = (
    "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "normal", "poisson", "bernoulli",
    "multinomial",
)  # fmt: skip
_EFFECTS: set[Any] = set()  # what `has_side_effect` was told of

F = TypeVar("F", bound=Callable[..., Any])


def has_side_effect(fn: F) -> F:
    """`fn` itself, whose calls stay in a graph where nobody uses what they give. Also a decorator."""
    _EFFECTS.add(fn)
    return fn


class Node:
    """A step: an argument (`placeholder`), a tensor of the module (`get_attr`), a call, or the result (`output`)."""

    def __init__(
        self, graph: Graph, name: str, op: str, target: Target, args: tuple[Any, ...], kwargs: Mapping[str, Any],
        return_type: Any = None,
    ) -> None:  # fmt: skip
        if op == "call_function" and not callable(target):
            raise ValueError(
                f"Node [graph = {graph}, name = '{name}'] target {target} has type {type(target)} but a Callable is expected"
            )
        self.graph = graph
        self.name = name
        self.op = op
        self.target = target
        self.type = return_type
        self.meta: dict[str, Any] = {}
        self.users: dict[Node, None] = {}
        self._input_nodes: dict[Node, None] = {}
        self._args: tuple[Any, ...] = ()
        self._kwargs: dict[str, Any] = {}
        self._prev = self._next = self
        self._erased = False
        self._take(args, kwargs)

    def _take(self, args: Any, kwargs: Any) -> None:
        for each in self._input_nodes:
            each.users.pop(self, None)
        self._input_nodes = {}

        def used(node: Node) -> Node:
            self._input_nodes[node] = None
            node.users[self] = None
            return node

        self._args = map_arg(tuple(args), used)
        self._kwargs = map_arg(dict(kwargs), used)

    @property
    def args(self) -> tuple[Any, ...]:
        """What it is called with."""
        return self._args

    @args.setter
    def args(self, args: tuple[Any, ...]) -> None:
        self._take(args, self._kwargs)

    @property
    def kwargs(self) -> dict[str, Any]:
        """What it is called with by name."""
        return self._kwargs

    @kwargs.setter
    def kwargs(self, kwargs: dict[str, Any]) -> None:
        self._take(self._args, kwargs)

    def update_arg(self, idx: int, arg: Argument) -> None:
        """Put another argument into this place."""
        args = list(self._args)
        args[idx] = arg
        self.args = tuple(args)

    def insert_arg(self, idx: int, arg: Argument) -> None:
        """Put an argument before this place."""
        self.args = (*self._args[:idx], arg, *self._args[idx:])

    def update_kwarg(self, key: str, arg: Argument) -> None:
        """Put another argument under this name."""
        self.kwargs = {**self._kwargs, key: arg}

    @property
    def next(self) -> Node:
        """The node after it in its graph; after the last, the ring's beginning."""
        return self._next

    @property
    def prev(self) -> Node:
        """The node before it."""
        return self._prev

    @property
    def all_input_nodes(self) -> list[Node]:
        """The nodes whose results it is given, each once."""
        return list(self._input_nodes)

    @property
    def stack_trace(self) -> str | None:
        """Where the program had it made, if somebody put that into `meta`."""
        return self.meta.get("stack_trace")

    def prepend(self, x: Node) -> None:
        """Move `x` before this node. Raises AssertionError for a node of another graph."""
        if self.graph is not x.graph:
            raise AssertionError("Attempting to move a Node into a different Graph")
        if self is x:
            return
        x._unlink()
        before = self._prev
        before._next, x._prev = x, before
        x._next, self._prev = self, x

    def append(self, x: Node) -> None:
        """Move `x` behind this node."""
        self._next.prepend(x)

    def _unlink(self) -> None:
        before, after = self._prev, self._next
        before._next, after._prev = after, before

    def replace_all_uses_with(
        self, replace_with: Node, delete_user_cb: Callable[[Node], bool] = lambda user: True
    ) -> list[Node]:
        """Have its users use another node; those that the function says no to keep it. Gives those that were changed."""
        changed = [user for user in self.users if delete_user_cb(user)]
        for user in changed:
            user.replace_input_with(self, replace_with)
        return changed

    def replace_input_with(self, old_input: Node, new_input: Node) -> None:
        """Use another node in the place of one."""

        def exchanged(node: Node) -> Node:
            return new_input if node is old_input else node

        self._take(map_arg(self._args, exchanged), map_arg(self._kwargs, exchanged))

    def is_impure(self, impure_random: bool = True) -> bool:
        """Whether it does something beside its result, so that it stays where nobody uses it.

        An operator of `torch.ops` that draws is such if `impure_random`.
        Raises AssertionError for the call of a module in a graph that has none.
        """
        if self.op in ("placeholder", "output"):
            return True
        if self.op == "call_function":
            name = getattr(self.target, "__name__", "")
            if name in _ACTING or name in _DRAWING or self.target in _EFFECTS:
                return True
            schema = getattr(self.target, "_schema", None)  # that of an operator of `torch.ops`
            drawn = impure_random and (name.partition(".")[0] in _DRAWING or "dropout" in name)
            return schema is not None and (schema.is_mutable or drawn)
        if self.op != "call_module":
            return False
        if self.graph.owning_module is None:
            raise AssertionError("self.graph.owning_module not set for purity check")
        return getattr(self.graph.owning_module.get_submodule(str(self.target)), "_is_impure", False)

    def format_node(self) -> str:
        """The node as a line of its printed graph."""
        kind = f"{type_text(self.type)} " if self.type is not None else ""
        head = f"%{self.name} : {kind}[num_users={len(self.users)}] = {self.op}"
        if self.op == "placeholder":
            return f"{head}[target={self.target}]" + (f"(default={self.args[0]})" if self.args else "")
        if self.op == "get_attr":
            return f"{head}[target={self.target}]"
        if self.op == "output":
            return f"return {self.args[0]}"
        target = self.target if isinstance(self.target, str) else qualified_name(self.target)
        return f"{head}[target={target}](args = {_shown(self.args)}, kwargs = {_shown(self.kwargs)})"

    def __repr__(self) -> str:
        return self.name
