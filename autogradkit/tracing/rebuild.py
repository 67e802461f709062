"""A trace of a graph that exists already: `%graph loss` on what was computed without a recorder.

Rests on trace and on what a graph shows publicly: `grad_fn`, `next_functions`, `_saved_*`, `_input_metadata`. Forward
values are known only where a node saved them, where they are leaves, and at the root; of the others only the shape is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import autogradkit
from autogradkit.tracing.copying import Copier
from autogradkit.tracing.events import Argument, Numbers, Op, Value
from autogradkit.tracing.trace import Trace

_RESULTS = ("result", "out", "output")


def trace_of(root: Any, names: Mapping[str, Any] | None = None) -> Trace:
    """The forward ops behind `root`, in the order in which their nodes were made.

    `names` is a namespace, such as a notebook's, in which tensors are looked up by identity. Raises ValueError where
    `root` has no graph.
    """
    if root.grad_fn is None:
        raise ValueError(_no_graph(root))
    return _Rebuilder(root, names or {}).trace()


def _no_graph(root: Any) -> str:
    if root.requires_grad:
        return "this tensor is a leaf: no operation made it, so there is no graph behind it"
    return (
        "there is no graph behind this tensor: it was computed from tensors that do not require grad, or under no_grad, or "
        "it was detached"
    )


class _Rebuilder:
    def __init__(self, root: Any, names: Mapping[str, Any]) -> None:
        self._root = root
        self._names = {
            id(value): name for name, value in names.items() if _is_tensor(value) and not name.startswith("_")
        }
        for name, value in names.items():
            if not name.startswith("_") and hasattr(value, "named_parameters") and not isinstance(value, type):
                for inner, parameter in value.named_parameters():
                    self._names.setdefault(id(parameter), f"{name}.{inner}")
        self._by_node = {
            (id(value.grad_fn), value.output_nr): name
            for name, value in names.items()
            if _is_tensor(value) and not name.startswith("_") and value.grad_fn is not None
        }
        self._copier = Copier()
        self._values: dict[int, Value] = {}
        self._of_tensor: dict[int, int] = {}
        self._of_output: dict[tuple[int, int], int] = {}
        self._keep: list[Any] = []  # while we number objects by id

    def trace(self) -> Trace:
        nodes = self._nodes()
        events = tuple(self._op(step, number, node) for step, (number, node) in enumerate(nodes.values()))
        return Trace(events=events, values=self._values, left_out=self._copier.left_out)

    def _nodes(self) -> dict[int, tuple[int, Any]]:
        """Every node behind the root but the leaves', oldest first, with its number."""
        found: dict[int, Any] = {}
        stack = [self._root.grad_fn]
        while stack:
            node = stack.pop()
            if id(node) in found or getattr(node, "variable", None) is not None:
                continue
            found[id(node)] = node
            self._keep.append(node)
            stack.extend(target for target, _ in node.next_functions if target is not None)
        ordered = sorted(found.values(), key=lambda node: node._sequence_nr())
        return {id(node): (number, node) for number, node in enumerate(ordered)}

    def _op(self, step: int, number: int, node: Any) -> Op:
        inputs: list[Argument] = []
        for target, output in node.next_functions:
            if target is None:
                continue
            variable = getattr(target, "variable", None)
            value = self._tensor(variable) if variable is not None else self._output(target, output)
            inputs.append(Argument(None, value, None))
        saved = [name for name in dir(type(node)) if name.startswith("_saved_")]
        kept: list[str] = []
        for name in saved:
            tensor = _saved(node, name)
            if not _is_tensor(tensor):
                continue
            kept.append(name)
            role = name.removeprefix("_saved_")
            if role in _RESULTS or tensor.grad_fn is not None or id(tensor) in self._of_tensor:
                continue
            if tensor.dim() == 0 and id(tensor) not in self._names:  # a number in the learner's code
                inputs.append(Argument(role, None, str(tensor.item())))
            else:
                inputs.append(Argument(role, self._tensor(tensor), None))
        outputs = tuple(self._output(node, n) for n in range(len(node._input_metadata)))
        return Op(
            step=step,
            name=node.name().split("Backward")[0].lower(),
            kind="op",
            node=number,
            node_name=node.name(),
            inputs=tuple(inputs),
            outputs=outputs,
            saved=tuple(kept),
            position=None,
            scope=(),
            why_not=None,
        )

    def _tensor(self, tensor: Any) -> int:
        """The value of a tensor at hand."""
        if id(tensor) not in self._of_tensor:
            self._keep.append(tensor)
            self._of_tensor[id(tensor)] = self._add(
                self._names.get(id(tensor)), self._copier.copy(tensor), tensor.requires_grad, tensor.is_leaf, tensor
            )
        return self._of_tensor[id(tensor)]

    def _output(self, node: Any, number: int) -> int:
        """The value of a node's output: from the root or a saved result where one is at hand, else only its shape."""
        key = (id(node), number)
        if key not in self._of_output:
            known = self._root if (self._root.grad_fn is node and self._root.output_nr == number) else None
            if known is None and number == 0:
                known = next((t for name in _RESULTS if _is_tensor(t := _saved(node, f"_saved_{name}"))), None)
            meta = node._input_metadata[number]
            numbers = self._copier.copy(known) if known is not None else _unknown(tuple(meta.shape), meta.dtype.name)
            name = self._by_node.get(key)
            self._of_output[key] = self._add(name, numbers, True, False, known)
        return self._of_output[key]

    def _add(self, name: str | None, numbers: Numbers, requires_grad: bool, leaf: bool, tensor: Any) -> int:
        number = len(self._values)
        self._values[number] = Value(
            id=number,
            tensor=number,
            name=name,
            numbers=numbers,
            stride=() if tensor is None else tuple(tensor.stride()),
            offset=0 if tensor is None else tensor.storage_offset(),
            storage=number,
            version=0 if tensor is None else tensor._version,
            requires_grad=requires_grad,
            is_leaf=leaf,
            is_parameter=False,
            base=None,
        )
        return number


def _saved(node: Any, name: str) -> Any:
    """A saved value, or None where the node has none such or its saved tensors were freed by backward."""
    if not hasattr(type(node), name):
        return None
    try:
        return getattr(node, name)
    except RuntimeError:
        return None


def _unknown(shape: tuple[int, ...], dtype: str) -> Numbers:
    size = 1
    for each in shape:
        size *= each
    return Numbers(shape, dtype, None, "", None, None, None, 0, 0, size)


def _is_tensor(value: Any) -> bool:
    return isinstance(value, autogradkit.Tensor)
