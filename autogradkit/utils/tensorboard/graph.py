"""A model's ops as the graph that TensorBoard draws: a node for each op that one call of the model runs, within its modules.

Rests on what recorders hear (`core/recording.py`) and on tensorboardX's messages. In PyTorch the nodes are those of its compiler.
"""

# pyright: reportAttributeAccessIssue=false
# protobuf makes the classes of its messages at run time.

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tensorboardX.proto.attr_value_pb2 import AttrValue
from tensorboardX.proto.graph_pb2 import GraphDef
from tensorboardX.proto.node_def_pb2 import NodeDef
from tensorboardX.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboardX.proto.versions_pb2 import VersionDef

from autogradkit.core.facts import Declaration
from autogradkit.core.recording import Recorder
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad


def graph_of(model: Any, inputs: Any) -> Any:
    """The graph of `model(*inputs)`, or of `model(inputs)` for what is no tuple or list. Raises what the model raises."""
    inputs = tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)
    heard = _Ops(model)
    for number, tensor in enumerate(tensors_in(inputs)):
        heard.add(f"input/input_{number}", "IO Node", [], tensor)
    with no_grad():
        heard.begin()
        try:
            result = model(*inputs)
        finally:
            heard.end()
    for number, tensor in enumerate(tensors_in(result)):
        heard.add(f"output/output_{number}", "IO Node", heard.sources([tensor]), tensor)
    return GraphDef(node=heard.nodes, versions=VersionDef(producer=22))


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors in nested tuples, lists and dicts."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, dict):
        yield from tensors_in(list(value.values()))
    elif isinstance(value, tuple | list):
        for each in value:
            yield from tensors_in(each)


class _Ops(Recorder):
    """Makes a node of each op, named by the modules that are being called."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.nodes: list[Any] = []
        self._made: dict[
            int, tuple[str, Tensor]
        ] = {}  # by identity: the node that made a tensor, which is kept meanwhile
        self._used: dict[str, int] = {}
        self._scopes = {id(module): path for module, path in _paths(model)}
        self._open = [type(model).__name__]
        self._parameters = {
            id(tensor): f"{path}/{name}"
            for module, path in _paths(model)
            for name, tensor in [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
        }

    def module_enter(self, module: Any) -> None:
        self._open.append(self._scopes.get(id(module), f"{self._open[-1]}/{type(module).__name__}"))

    def module_exit(self, module: Any) -> None:
        self._open.pop()

    def op(
        self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        sources = self.sources([*tensors_in(args), *tensors_in(kwargs)])
        results = list(tensors_in(result))
        if results:
            self.add(f"{self._open[-1]}/{declaration.name}", declaration.name, sources, *results)

    def sources(self, tensors: list[Tensor]) -> list[str]:
        """The nodes that made these tensors; of parameters and of what came from elsewhere they are made now."""
        for tensor in tensors:
            if id(tensor) not in self._made:
                is_own = id(tensor) in self._parameters
                name = self._parameters[id(tensor)] if is_own else f"{self._open[-1]}/constant"
                self.add(name, "Parameter" if is_own else "Constant", [], tensor)
        return [self._made[id(tensor)][0] for tensor in tensors]

    def add(self, name: str, op: str, sources: list[str], *results: Tensor) -> None:
        """A node that makes these tensors; its name gets a number where it is taken."""
        number = self._used[name] = self._used.get(name, -1) + 1
        name = f"{name}_{number}" if number else name
        shapes = [TensorShapeProto(dim=[TensorShapeProto.Dim(size=n) for n in each.shape]) for each in results]
        attributes = {"_output_shapes": AttrValue(list=AttrValue.ListValue(shape=shapes))}
        self.nodes.append(NodeDef(name=name, op=op, input=sources, attr=attributes))
        for each in results:
            self._made[id(each)] = name, each


def _paths(model: Any) -> Iterator[tuple[Any, str]]:
    """Each module with its place, such as "Net/Sequential[body]/Linear[0]"."""
    paths = {"": type(model).__name__}
    for name, module in model.named_modules():
        if name:
            above, _, own = name.rpartition(".")
            paths[name] = f"{paths[above]}/{type(module).__name__}[{own}]"
        yield module, paths[name]
