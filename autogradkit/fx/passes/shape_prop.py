"""`ShapeProp`: runs a graph and writes on each node what kind of tensor it gave. Rests on `fx/interpreter.py`."""

from __future__ import annotations

from typing import Any, NamedTuple

import autogradkit
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.fx.interpreter import Interpreter
from autogradkit.fx.node import Node, map_aggregate

_FORMATS = (autogradkit.contiguous_format, autogradkit.channels_last, autogradkit.channels_last_3d)


class TensorMetadata(NamedTuple):
    """What a node's tensor is, without its numbers; `memory_format` is None where it lies in none of them."""

    shape: Any
    dtype: Any
    requires_grad: bool
    stride: Any
    memory_format: Any
    is_quantized: bool
    qparams: dict[str, Any]


def _metadata(tensor: Tensor) -> TensorMetadata:
    lies = (each for each in _FORMATS if tensor.is_contiguous(memory_format=each))
    return TensorMetadata(
        tensor.shape, tensor.dtype, tensor.requires_grad, tensor.stride(), next(lies, None), False, {}
    )


class ShapeProp(Interpreter):
    """Runs the graph of `gm`; afterwards `node.meta` has "tensor_meta", a TensorMetadata or a structure of some, and "type".

    Raises RuntimeError, from the error of its own, where a node cannot be run.

    >>> import autogradkit as torch
    >>> from autogradkit.fx.passes.shape_prop import ShapeProp
    >>> double = torch.fx.symbolic_trace(lambda x: x * 2)
    >>> _ = ShapeProp(double).propagate(torch.ones(2, 3))
    >>> [tuple(node.meta["tensor_meta"].shape) for node in double.graph.nodes]
    [(2, 3), (2, 3), (2, 3)]
    """

    def run_node(self, n: Node) -> Any:
        """What a node gives, noted on it."""
        try:
            result = super().run_node(n)
        except Exception as error:
            raise RuntimeError(f"ShapeProp error for: node={n.format_node()} with meta={n.meta}") from error
        found = False

        def noted(each: Any) -> Any:
            nonlocal found
            if not isinstance(each, Tensor):
                return each
            found = True
            return _metadata(each)

        meta = map_aggregate(result, noted)
        if found:
            n.meta["tensor_meta"] = meta
        n.meta["type"] = type(result)
        return result

    @entry
    def propagate(self, *args: Any) -> Any:
        """What the graph gives for these arguments."""
        return self.run(*args)
