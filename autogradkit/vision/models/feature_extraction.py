"""What a network computes on its way, by name: `create_feature_extractor` and `get_graph_node_names`.

Rests on `fx`: the network is traced, each node is named by the path of the module in which it ran, and the graph gets another
output. It is traced twice, as what runs in training may be other than in evaluation.
"""

from __future__ import annotations

import math
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from autogradkit import fx
from autogradkit.nn import Module
from autogradkit.vision import ops

Wanted = list[str] | dict[str, str]  # nodes, or node -> what its value is called

_SEVERAL = "When choosing nodes for feature extraction, you may need to specify output nodes for train and eval mode separately."


class LeafModuleAwareTracer(fx.Tracer):
    """A tracer that takes modules of further classes, `leaf_modules`, as one call each."""

    def __init__(self, *args: Any, leaf_modules: Iterable[type] = (), **kwargs: Any) -> None:
        self.leaf_modules = tuple(leaf_modules)
        super().__init__(*args, **kwargs)

    def is_leaf_module(self, m: Module, module_qualified_name: str) -> bool:
        """Whether a module is one call."""
        return isinstance(m, self.leaf_modules) or super().is_leaf_module(m, module_qualified_name)


class NodePathTracer(LeafModuleAwareTracer):
    """A tracer that remembers of each node the path to it, "layer1.0.relu_1": the second call of `relu` there."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.current_module_qualname = ""
        self.node_to_qualname: dict[fx.Node, str] = {}
        self._counts: Counter[str] = Counter()

    def call_module(self, m: Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """What a call of a module does, under its path."""
        outer, self.current_module_qualname = self.current_module_qualname, self.path_of_module(m)
        try:
            return super().call_module(m, forward, args, kwargs)
        finally:
            self.current_module_qualname = outer

    def create_proxy(self, *args: Any, **kwargs: Any) -> Any:
        """Make a node, and name it."""
        proxy = super().create_proxy(*args, **kwargs)
        node, path = proxy.node, self.current_module_qualname
        if node.op != "call_module":
            path = f"{path}.{node}" if path else str(node)
        bare = re.sub(r"(?<=.)_[0-9]+$", "", path)
        number = self._counts[bare]
        self._counts[bare] += 1
        self.node_to_qualname[node] = f"{bare}_{number}" if number else bare
        return proxy


class DualGraphModule(fx.GraphModule):
    """A module with one graph for training, and another for evaluation."""

    def __init__(
        self, root: Module, train_graph: fx.Graph, eval_graph: fx.Graph, class_name: str = "GraphModule"
    ) -> None:
        super().__init__(root, train_graph, class_name)
        for node in eval_graph.nodes:
            if node.op in ("call_module", "get_attr"):
                self._take(root, str(node.target))
        self.train_graph, self.eval_graph = train_graph, eval_graph
        self.training = True

    def train(self, mode: bool = True) -> DualGraphModule:
        """Run the graph of this mode from now on."""
        if mode is not self.training:
            self.graph = self.train_graph if mode else self.eval_graph
        return super().train(mode)


def get_graph_node_names(
    model: Module, tracer_kwargs: dict[str, Any] | None = None, suppress_diff_warning: bool = False,
    concrete_args: dict[str, Any] | None = None,
) -> tuple[list[str], list[str]]:  # fmt: skip
    """The names of all nodes in training and in evaluation, in the order in which they run.

    >>> from autogradkit.vision.models import alexnet
    >>> train, _ = get_graph_node_names(alexnet())
    >>> train[:4], train[-1]
    (['x', 'features.0', 'features.1', 'features.2'], 'classifier.6')
    """
    traced = _traced(model, tracer_kwargs, concrete_args)
    names = [list(tracer.node_to_qualname.values()) for tracer in traced]
    if not suppress_diff_warning:
        _warn_of_difference(*names)
    return names[0], names[1]


def create_feature_extractor(
    model: Module, return_nodes: Wanted | None = None, train_return_nodes: Wanted | None = None,
    eval_return_nodes: Wanted | None = None, tracer_kwargs: dict[str, Any] | None = None,
    suppress_diff_warning: bool = False, concrete_args: dict[str, Any] | None = None,
) -> DualGraphModule:  # fmt: skip
    """A module with the parameters of `model` that gives a dict: what the nodes that are asked for compute.

    A node may be the path of a module, which stands for the last node in it. Raises ValueError for a node that is not there,
    and where it is not said what to return.

    >>> import autogradkit as torch
    >>> from autogradkit.vision.models import alexnet
    >>> early = create_feature_extractor(alexnet(), {"features.1": "first", "classifier": "last"})
    >>> {name: tuple(value.shape) for name, value in early(torch.zeros(1, 3, 64, 64)).items()}
    {'first': (1, 64, 15, 15), 'last': (1, 1000)}
    """
    if return_nodes is None and train_return_nodes is None and eval_return_nodes is None:
        raise ValueError(
            "Either `return_nodes` or `train_return_nodes` and `eval_return_nodes` together, should be specified"
        )
    if (train_return_nodes is None) is not (eval_return_nodes is None):
        raise ValueError(
            "If any of `train_return_nodes` and `eval_return_nodes` are specified, then both should be specified"
        )
    if return_nodes is not None and train_return_nodes is not None:
        raise ValueError("If `train_return_nodes` and `eval_return_nodes` are specified, then both should be specified")
    wanted = [each if return_nodes is None else return_nodes for each in (train_return_nodes, eval_return_nodes)]
    traced = _traced(model, tracer_kwargs, concrete_args)
    for tracer, nodes in zip(traced, wanted, strict=True):
        assert nodes is not None
        named = (
            {str(k): str(v) for k, v in nodes.items()} if isinstance(nodes, dict) else {str(k): str(k) for k in nodes}
        )
        _return_instead(tracer, named)
    if not suppress_diff_warning:
        _warn_of_difference(*[list(tracer.node_to_qualname.values()) for tracer in traced])
    made = DualGraphModule(model, traced[0].graph, traced[1].graph, type(model).__name__)
    made.train(model.training)
    return made


def _traced(
    model: Module, options: dict[str, Any] | None, concrete_args: dict[str, Any] | None
) -> list[NodePathTracer]:
    """Tracers that ran the model in training and in evaluation; it is left in its own mode."""
    options = dict(options or {})
    layers = [each for each in vars(ops).values() if isinstance(each, type) and issubclass(each, Module)]
    options["autowrap_modules"] = (*options.get("autowrap_modules", ()), math, ops)
    options["leaf_modules"] = [*options.get("leaf_modules", ()), *layers]
    mode = model.training
    traced: list[NodePathTracer] = []
    try:
        for training in (True, False):
            tracer = NodePathTracer(**options)
            tracer.trace(model.train(training), concrete_args=concrete_args)
            traced.append(tracer)
    finally:
        model.train(mode)
    return traced


def _return_instead(tracer: NodePathTracer, wanted: dict[str, str]) -> None:
    """Have a graph return what these nodes compute, and compute nothing else."""
    graph, paths = tracer.graph, tracer.node_to_qualname
    for query in wanted:
        if not any(path == query or path.startswith(f"{query}.") for path in paths.values()):
            raise ValueError(
                f"node: '{query}' is not present in model. Hint: use `get_graph_node_names` to make sure the `return_nodes` you "
                "specified are present. It may even be that you need to specify `train_return_nodes` and `eval_return_nodes` "
                "separately."
            )
    graph.erase_node(graph.output_node())
    last: dict[str, fx.Node] = {}  # of each query, the last node that is it or in it
    for node, path in paths.items():
        for query in wanted:
            if path == query or path.startswith(f"{query}."):
                last[query] = node
    places = {node: place for place, node in enumerate(graph.nodes)}
    graph.output({wanted[query]: last[query] for query in sorted(last, key=lambda query: places[last[query]])})
    graph.owning_module = tracer.root  # whose layers say whether they do something beside their result
    graph.eliminate_dead_code()


def _warn_of_difference(train: list[str], evaluation: list[str]) -> None:
    if train == evaluation:
        return
    if _is_within(evaluation, train):
        message = "NOTE: The nodes obtained by tracing the model in eval mode are a subsequence of those obtained in train mode. "
    elif _is_within(train, evaluation):
        message = "NOTE: The nodes obtained by tracing the model in train mode are a subsequence of those obtained in eval mode. "
    else:
        message = "The nodes obtained by tracing the model in train mode are different to those obtained in eval mode. "
    warnings.warn(message + _SEVERAL, stacklevel=3)


def _is_within(some: list[str], all_of_them: list[str]) -> bool:
    """Whether these follow one another among those."""
    left = iter(all_of_them)
    return all(each in left for each in some)
