"""What a node keeps of the forward pass, and the nodes of declared ops, which differentiate from it.

Rests on node and history. A saved value is checked against the version it had when it was saved, and let go once used.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, ClassVar, Never

import numpy as np

from autogradkit.core import errors
from autogradkit.core.meta import wrap_either
from autogradkit.core.sparse import SparseArray
from autogradkit.core.storage import Array, Bytes, CounterAfterDetach, VersionCounter
from autogradkit.core.tensor import Tensor, counter_of, reading_of
from autogradkit.engine.history import grad_fn
from autogradkit.engine.modes import DUAL_LEVELS, MODE
from autogradkit.engine.naming import short_name, tensor_type
from autogradkit.engine.node import Gradients, Node
from autogradkit.engine.packing import Packed
from autogradkit.engine.required import OPS


class SavedOutput:
    """A node's own result, saved without the tensor: the tensor owns the node, so the node must not own the tensor."""

    __slots__ = ("array", "counter", "maker", "number")

    def __init__(self, tensor: Tensor, number: int, maker: Node | None = None) -> None:
        self.array = tensor._array
        self.counter: VersionCounter = counter_of(tensor)
        self.number = number
        # A view that was edited in place comes, while that is known, from its base and not from the edit's own node.
        node = None if tensor._view is None else maker or tensor._node
        self.maker = None if node is None else weakref.ref(node)

    def maker_or(self, node: Node) -> Node:
        """The node that this result comes from: `node`, which saved it, or the one that replaced it since."""
        return (self.maker and self.maker()) or node

    def alone(self) -> Tensor:
        """A tensor on what is saved, outside the graph."""
        return wrap_either(self.array)


class SavedTold(SavedOutput):
    """One that somebody hears ops on: as in PyTorch, who does is told that the result is detached, and again when it is used."""

    __slots__ = ("detached",)

    def __init__(self, tensor: Tensor, number: int, maker: Node | None = None) -> None:
        super().__init__(tensor, number, maker)
        self.detached = OPS.detach(tensor)

    def alone(self) -> Tensor:
        return OPS.detach(self.detached)


class SavedResult(VersionCounter):
    """The first result of a call, saved by the straight line that just made it: its version counter as well, in one object."""

    __slots__ = ("array",)

    array: Array
    number = 0

    @property
    def counter(self) -> VersionCounter:
        """What counts its edits."""
        return self

    def maker_or(self, node: Node) -> Node:
        """The node that this result comes from: `node`, which saved it."""
        return node

    def alone(self) -> Tensor:
        """A tensor on what is saved, outside the graph."""
        return wrap_either(self.array)


class SavedCast:
    """An operand that was cast for the computation: the tensor itself, whose edits count, and the dtype to cast it to."""

    __slots__ = ("dtype", "tensor")

    def __init__(self, tensor: Tensor, dtype: np.dtype[Any]) -> None:
        self.tensor = tensor
        self.dtype = dtype


def cast_to_save(tensor: Tensor, dtype: np.dtype[Any]) -> Tensor | SavedCast:
    """An operand that is cast for the computation as it is saved: of whole numbers that is noted, others are kept alone."""
    own = tensor._array.dtype
    return SavedCast(tensor, dtype) if own.kind in "biu" and own != dtype else tensor


FREED: Any = "freed"


class OpNode(Node):
    """The node of a declared op. Subclasses are made by the declaration and carry its formulas.

    A subclass may bring an `apply(gradients, create_graph, edges=None, release=False)` of its own instead of `differentiate`; it
    then does what `apply` and `unpack` do here, and computes nothing for an edge whose target is None in `edges`, which else are
    the node's own. With `release` it ends by doing what `release()` does:

    - Where no gradient arrived (all of `gradients` are None) it gives None for every edge, before anything else: also
      of a node whose saved values were freed.
    - `saved is FREED`: errors.backward_twice(self). Only a node that saved something is ever freed (`release`):
      one without `saved_names` need not ask.
    - For each saved value in order, before any formula runs: a tensor's `_counter` (None: never edited) or a saved
      output's `counter` must still read what stands in `versions`, else `raise edited(...)` of that value.
    - Formulas get arrays (`_array`, a saved output's `array`) in plain backward; under `create_graph` the tensor itself,
      or for a saved output the tensor that `output_tensor` makes. None and numbers stay what they are.
    - It gives one gradient for each edge, None where the target is None (unless it is that of a list's tensor), and need not
      bring any to its shape or dtype. It must not write into the `gradients` it got, and may pass them or saved arrays on.
    """

    __slots__ = ("saved", "settings", "versions")

    saved: Any  # tensors, saved outputs, numbers or None, one per name in `saved_names`; FREED after backward
    versions: tuple[Any, ...]  # what each saved tensor's counter read; a tuple of them where several were saved
    settings: tuple[Any, ...]  # what is no tensor, one per name in `setting_names`

    saved_names: ClassVar[tuple[str, ...]] = ()
    setting_names: ClassVar[tuple[str, ...]] = ()
    differentiate: ClassVar[Callable[..., Gradients]]

    def __new__(cls) -> Never:
        raise TypeError(f"cannot create '{cls.__name__}' instances")

    def apply(
        self, gradients: Gradients, create_graph: bool, edges: tuple[Any, ...] | None = None, release: bool = False
    ) -> Gradients:
        sent: Gradients = (None,) * (len(self.edges) // 2)
        if gradients[0] is not None or any(gradient is not None for gradient in gradients):
            sent = self.differentiate(gradients, self.unpack(create_graph) if self.saved else ())
        if release:
            self.release()
        return sent

    def unpack(self, as_tensors: bool) -> list[Any]:
        """The saved values in order of `saved_names`, as arrays or as tensors of the graph.

        Raises RuntimeError, with PyTorch's text, where one was edited since or all were freed.
        """
        saved = self.saved
        if saved is FREED:
            raise errors.backward_twice(self)
        values: list[Any] = []
        for value, version in zip(saved, self.versions, strict=True):
            if value is None:
                values.append(None)
            elif value.__class__ is Tensor or isinstance(value, Tensor):
                counter = value._counter
                if counter is not None and counter.value != version:
                    raise self.edited(value, version)
                values.append(value if as_tensors else value._array)
            elif value.__class__ is SavedResult or isinstance(value, SavedOutput):
                if value.counter.value != version:
                    raise self.edited(value, version)
                values.append(self.output_tensor(value) if as_tensors else value.array)
            elif value.__class__ is SavedCast:
                if reading_of(value.tensor) != version:
                    raise self.edited(value.tensor, version)
                tensor = value.tensor
                values.append(OPS.cast(tensor, value.dtype) if as_tensors else tensor._array.astype(value.dtype))
            elif value.__class__ is Packed:
                tensor = value.tensor(self)
                values.append(tensor if as_tensors else tensor._array)
            elif value.__class__ is tuple:
                for each, its_version in zip(value, version, strict=True):
                    if isinstance(each, Tensor) and reading_of(each) != its_version:
                        raise self.edited(each, its_version)
                value = tuple([each.tensor(self) if each.__class__ is Packed else each for each in value])
                values.append(value if as_tensors else tuple(each if each is None else each._array for each in value))
            else:
                values.append(value)
        return values

    def output_tensor(self, value: SavedOutput | SavedResult) -> Tensor:
        """The tensor of the graph that a saved output is."""
        tensor = value.alone()
        tensor._counter = value.counter
        if 2 * value.number >= len(self.outputs):
            return tensor  # such as the positions of a pooling: no gradient flows through them
        tensor._node = value.maker_or(self)
        tensor._output_nr = value.number
        tensor._requires_grad = True
        for level in DUAL_LEVELS:
            level.recall(tensor)
        return tensor

    def edited(self, value: Tensor | SavedOutput | SavedResult, expected: int) -> RuntimeError:
        """The error for a saved value that was edited since its version was `expected`."""
        if isinstance(value, (SavedOutput, SavedResult)):
            differentiable = 2 * value.number < len(self.outputs)
            maker = value.maker_or(self) if differentiable else None
            return saved_was_edited(value.array, maker, value.number, value.counter.value, expected)
        counter = value._counter
        if isinstance(counter, CounterAfterDetach) and not counter.has_read(expected):
            return RuntimeError(_DETACHED)
        return saved_was_edited(value._array, grad_fn(value), value._output_nr, counter_of(value).value, expected)

    def release(self) -> None:
        for value in self.saved:
            if value is not None:
                self.saved = FREED
                return


_DETACHED = (
    "Trying to use a saved tensor that has been detached in-place, i.e. with .detach_().This is not supported, please use "
    "out-of-place `.detach()` instead"
)


def saved_was_edited(array: Array, maker: Node | None, number: int, version: int, expected: int) -> RuntimeError:
    """The error for a saved tensor whose memory was edited after it was saved; `maker` is the node that made it."""
    output = "" if maker is None else f", which is output {number} of {short_name(maker.name())},"
    hint = (
        "Hint: the backtrace further above shows the operation that failed to compute its gradient. The variable in "
        "question was changed in there or anywhere later. Good luck!"
        if MODE.anomaly
        else "Hint: enable anomaly detection to find the operation that failed to compute its gradient, with "
        "torch.autograd.set_detect_anomaly(True, check_nan=False)."
    )
    storage = None if isinstance(array, SparseArray) else Bytes(array)
    place = None if storage is None else (storage.data_ptr(), storage.nbytes())
    return errors.modified_in_place(tensor_type(array), array.shape, output, version, expected, hint, place)
