"""A recording of a graph that exists already: `%graph loss` on what was computed without a recorder.

Rests on recording and on what a graph shows publicly: `grad_fn`, `next_functions`, `_saved_*`, `_input_metadata`. Forward
values are known only where a node saved them, where a name stands for them and where they are leaves; of the others only the
shape is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from autogradkit.core.facts import Declaration, named
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor, version_of
from autogradkit.engine.saved import FREED, OpNode, SavedCast
from autogradkit.tracing.calls import facts_of
from autogradkit.tracing.copying import Copier, place_of, value_of
from autogradkit.tracing.events import Argument, Numbers, Op, Saved, Value
from autogradkit.tracing.namespace import parameters_of, those_of
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.saved import names_saved_by, saved_by

UNKNOWN = "?"
_RESULTS = ("result", "out", "output")


@entry
def recording_of(root: Any, names: Mapping[str, Any] | None = None) -> Recording:
    """The forward ops behind `root`, in the order in which their nodes were made.

    `names` is a namespace, such as a notebook's, in which tensors are looked up by identity. Raises ValueError where
    `root` has no graph.
    """
    if root.grad_fn is None:
        raise ValueError(_no_graph(root))
    return _Rebuilder(root, names or {}).recording()


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
        plain = object.__getattribute__  # a subclass that overrides it has code of the learner's run by every look
        tensors = [(name, each) for name, each in those_of(names, Tensor) if type(each).__getattribute__ is plain]
        self._names = {id(tensor): name for name, tensor in tensors}
        for name, value in those_of(names, object):
            for inner, parameter in parameters_of(value):
                self._names.setdefault(id(parameter), f"{name}.{inner}")
        self._by_node = {
            (id(tensor.grad_fn), tensor.output_nr): (name, tensor)
            for name, tensor in tensors
            if tensor.grad_fn is not None
        }
        self._copier = Copier()
        self._values: dict[int, Value] = {}
        self._of_tensor: dict[int, int] = {}
        self._of_output: dict[tuple[int, int], int] = {}
        self._keep: list[Any] = []  # while we number objects by id
        self._at_hand: dict[int, Any] = {}  # id(tensor) -> the tensor
        self._as_saved: set[int] = set()  # ids of tensors that no edit has changed since a node saved them

    def recording(self) -> Recording:
        nodes = self._nodes()
        events = tuple(self._op(step, number, node) for step, (number, node) in enumerate(nodes.values()))
        notes = tuple(self._edited())
        if any(argument.text == UNKNOWN for event in events for argument in event.inputs):
            notes += (f"{UNKNOWN} stands for an operand that no node has kept.",)
        return Recording(events=events, values=self._values, left_out=self._copier.left_out, notes=notes)

    def _edited(self) -> Iterator[str]:
        """A sentence for each tensor that was edited in place, maybe after the graph was made."""
        for key, value in self._of_tensor.items():
            tensor = self._at_hand[key]
            if version_of(tensor) and key not in self._as_saved:
                name = self._values[value].name or "A tensor without a name"
                yield f"{name} is drawn as it is now: it was edited in place, maybe after this graph was made."

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
        declaration: Declaration = getattr(node, "declaration", None) or named(
            type(node).__name__.removesuffix("Backward")
        )
        recipe = getattr(declaration, "recipe", None)
        places: tuple[int, ...] = () if recipe is None or recipe.list_input else recipe.differentiable
        inputs: list[Argument] = []
        unknown = 0  # operands without a gradient, of which only what was saved is known
        for edge, (target, output) in enumerate(node.next_functions):
            if target is None:
                unknown += 1
                continue
            variable = getattr(target, "variable", None)
            value = self._tensor(variable) if variable is not None else self._output(target, output)
            inputs.append(Argument(None, value, None, places[edge] if edge < len(places) else None))
        self._note_versions(node)
        given = {each.place for each in inputs}
        parameters = declaration.facts.parameters
        for role in [name.removeprefix("_saved_") for name in dir(type(node)) if name.startswith("_saved_")]:
            tensor = _saved(node, f"_saved_{role}")
            if not isinstance(tensor, Tensor):
                usual = (role, tensor) in (("alpha", 1), ("keepdim", False))
                if tensor is not None and role in parameters and not usual:
                    inputs.append(Argument(role, None, str(tensor)))
                continue
            known = parameters.index(role) in given if places and role in parameters else id(tensor) in self._of_tensor
            if role in _RESULTS or tensor.grad_fn is not None or known:
                continue
            unknown -= 1
            if tensor.dim() == 0 and id(tensor) not in self._names:  # a number in the learner's code
                inputs.append(Argument(role, None, str(tensor.item())))
            else:
                inputs.append(Argument(role, self._tensor(tensor), None))
        inputs += [Argument(None, None, UNKNOWN)] * max(0, unknown)
        outputs = tuple(self._output(node, n) for n in range(len(node._input_metadata)))
        saved = saved_by(node, tuple(inputs), declaration.facts.parameters, outputs, self._any, repr)
        if not saved:  # freed by a backward that ran before
            saved = tuple(Saved(name, None, None, 0, 0, None) for name in names_saved_by(node))
        return Op(
            step=step,
            name=declaration.name,
            facts=facts_of(declaration, tuple(inputs)),
            kind="op",
            node=number,
            node_name=type(node).__name__,
            inputs=tuple(inputs),
            outputs=outputs,
            saved=saved,
            position=None,
            scope=(),
            why_not=None,
        )

    def _note_versions(self, node: Any) -> None:
        """Remember which saved tensors are as they were when they were saved."""
        if isinstance(node, OpNode) and node.saved is not FREED and node.saved:
            for kept, version in zip(node.saved, node.versions, strict=False):
                tensor = kept.tensor if isinstance(kept, SavedCast) else kept
                if isinstance(tensor, Tensor) and version_of(tensor) == version:
                    self._as_saved.add(id(tensor))

    def _any(self, tensor: Any) -> int:
        """The value of a tensor, be it a leaf or the output of a node."""
        return self._tensor(tensor) if tensor.grad_fn is None else self._output(tensor.grad_fn, tensor.output_nr)

    def _tensor(self, tensor: Any) -> int:
        """The value of a tensor at hand."""
        if id(tensor) not in self._of_tensor:
            self._at_hand[id(tensor)] = tensor
            self._of_tensor[id(tensor)] = self._add(tensor, self._names.get(id(tensor)))
        return self._of_tensor[id(tensor)]

    def _output(self, node: Any, number: int) -> int:
        """The value of a node's output: from the root or a saved result where one is at hand, else only its shape."""
        key = (id(node), number)
        if key not in self._of_output:
            known = self._root if (self._root.grad_fn is node and self._root.output_nr == number) else None
            if known is None and number == 0:
                known = next((t for name in _RESULTS if isinstance(t := _saved(node, f"_saved_{name}"), Tensor)), None)
            name, alive = self._by_node.get(key, (None, None))
            known = alive if known is None else known
            meta = node._input_metadata[number]
            self._of_output[key] = self._add_unknown(meta, name) if known is None else self._add(known, name)
        return self._of_output[key]

    def _add(self, tensor: Any, name: str | None) -> int:
        number = len(self._values)
        _, stride, offset = place_of(tensor)
        self._values[number] = value_of(
            tensor, self._copier, id=number, number=number, stride=stride, offset=offset, storage=number,
            version=version_of(tensor), name=name,
        )  # fmt: skip
        return number

    def _add_unknown(self, meta: Any, name: str | None) -> int:
        """The value of a tensor that is not at hand: of its numbers, only how many there are."""
        number = len(self._values)
        shape = tuple(meta.shape)
        self._values[number] = Value(
            id=number,
            tensor=number,
            name=name,
            numbers=Numbers(shape, meta.dtype.name, None, "", None, None, None, 0, 0, math.prod(shape)),
            stride=(),
            offset=0,
            storage=number,
            version=0,
            requires_grad=True,
            is_leaf=False,
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
