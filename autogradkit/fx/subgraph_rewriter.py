"""`replace_pattern`: parts of a graph that another graph describes are exchanged for a third. Rests on `fx/graph.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from autogradkit.core.frames import entry
from autogradkit.fx._symbolic_trace import symbolic_trace
from autogradkit.fx.graph import Graph
from autogradkit.fx.graph_module import GraphModule
from autogradkit.fx.node import Node, map_arg
from autogradkit.nn import Module


class Match(NamedTuple):
    """A part that was found: the pattern's node that gives the result, and for each of its nodes the one that it stands for."""

    anchor: Node
    nodes_map: dict[Node, Any]


@entry
def replace_pattern(
    gm: GraphModule, pattern: Callable[..., Any] | GraphModule, replacement: Callable[..., Any] | GraphModule
) -> list[Match]:
    """Exchange each part of `gm` that calls what `pattern` calls for what `replacement` calls; gives the parts.

    Arguments of `pattern` stand for any value, those of `replacement` for the same ones in their order. A part whose values in
    between are used elsewhere, or that overlaps one before it, stays. Raises NotImplementedError for several results.

    >>> import autogradkit as torch
    >>> traced = torch.fx.symbolic_trace(lambda x: torch.relu(x) + 1)
    >>> found = torch.fx.replace_pattern(traced, lambda x: torch.relu(x), lambda x: torch.tanh(x))
    >>> len(found), traced(torch.zeros(1))
    (1, tensor([1.]))
    """
    wanted, put = _graph_of(pattern), _graph_of(replacement)
    result = _result_of(wanted)
    _result_of(put)
    found: list[Match] = []
    taken: set[Node] = set()
    for node in gm.graph.nodes:
        match = Match(result, {})
        if _stands_for(result, node, match.nodes_map):
            inside = {
                match.nodes_map[each] for each in wanted.nodes if each in match.nodes_map and each.op != "placeholder"
            }
            if not inside & taken and all(inside.issuperset(each.users) for each in inside if each is not node):
                found.append(match)
                taken |= inside
    exchanged: dict[Node, Any] = {}
    for match in found:
        _exchange(gm.graph, match, wanted, put, exchanged)
    if isinstance(replacement, Module):
        for node in put.nodes:
            if found and node.op in ("call_module", "get_attr"):
                gm._take(replacement, str(node.target))
        gm.delete_all_unused_submodules()
    gm.recompile()
    return found


def _graph_of(what: Callable[..., Any] | GraphModule) -> Graph:
    return what.graph if isinstance(what, GraphModule) else symbolic_trace(what).graph


def _result_of(graph: Graph) -> Node:
    (result,) = graph.output_node().args
    if not isinstance(result, Node):
        raise NotImplementedError(
            "replace_pattern(): a pattern and its replacement give one value each; PyTorch takes several, autogradkit does not "
            "have it yet"
        )
    return result


def _stands_for(pattern: Any, value: Any, known: dict[Node, Any]) -> bool:
    """Whether the value is what the pattern describes; `known` is told which node stands for which."""
    if isinstance(pattern, Node):
        if pattern in known:
            return known[pattern] is value
        if isinstance(value, Node) and any(each is value for each in known.values()):
            return False  # as in PyTorch two nodes of a pattern stand for two nodes
        if pattern.op == "placeholder":
            known[pattern] = value
            return True
        if not (isinstance(value, Node) and pattern.op == value.op and pattern.target == value.target):
            return False
        known[pattern] = value
        return _stands_for(pattern.args, value.args, known) and _stands_for(pattern.kwargs, value.kwargs, known)
    if isinstance(pattern, list | tuple):
        same = isinstance(value, list | tuple) and len(pattern) == len(value)
        return same and all(_stands_for(one, other, known) for one, other in zip(pattern, value, strict=True))
    if isinstance(pattern, Mapping):
        same = isinstance(value, Mapping) and pattern.keys() == value.keys()
        return same and all(_stands_for(one, value[name], known) for name, one in pattern.items())
    return not isinstance(value, Node) and type(pattern) is type(value) and pattern == value


def _exchange(graph: Graph, match: Match, wanted: Graph, put: Graph, exchanged: dict[Node, Any]) -> None:
    """Put the nodes of `put` in the place of those that matched; values of parts before this one are those of now."""
    for each, value in match.nodes_map.items():
        if each.op == "placeholder" and isinstance(value, Node):
            match.nodes_map[each] = exchanged.get(value, value)
    given = [match.nodes_map.get(each) for each in wanted.nodes if each.op == "placeholder"]
    made: dict[Node, Any] = dict(zip((each for each in put.nodes if each.op == "placeholder"), given, strict=False))
    old = match.nodes_map[match.anchor]
    with graph.inserting_before(next((each for each in graph.nodes if each in old.users), old)):
        for node in put.nodes:
            if node.op == "output":
                result = map_arg(node.args[0], made.__getitem__)
            elif node.op != "placeholder":
                made[node] = graph.node_copy(node, made.__getitem__)
    old.replace_all_uses_with(result)
    exchanged[old] = result
    for node in reversed(wanted.nodes):
        if node.op not in ("placeholder", "output") and node in match.nodes_map:
            graph.erase_node(match.nodes_map[node])
