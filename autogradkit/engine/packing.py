"""What users' hooks make of saved tensors: `pack` when a node saves one, `unpack` when it is asked for.

Rests on modes and history. While such hooks are set, every op takes the general way, on which a node asks `packed` for each
tensor that it saves. What was packed has no version to be checked, as nobody knows what became of it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np

from autogradkit.core.errors import c_type_name
from autogradkit.core.recording import RECORDERS
from autogradkit.core.steps import Step, at_once
from autogradkit.core.tensor import Tensor, version_of, wrap
from autogradkit.engine.history import edge_of, requires_grad
from autogradkit.engine.modes import ATTENTION, MODE, no_grad
from autogradkit.engine.node import Node
from autogradkit.engine.required import OPS

Hooks = tuple[Callable[[Tensor], Any], Callable[[Any], Any]]


class Packed:
    """A saved tensor as a pack hook left it, and where it belongs in the graph."""

    __slots__ = ("_dtype", "_leaf", "_maker", "_requires_grad", "number", "packed", "unpack_hook")

    def __init__(
        self,
        tensor: Tensor,
        hooks: Hooks,
        number: int | None,
        dtype: np.dtype[Any] | None,
        seen: Tensor | None = None,  # what the hook is given in its place
    ) -> None:
        pack, self.unpack_hook = hooks
        self.number = number  # of the output that it is of the very node that saves it
        self._dtype = dtype  # what it is cast to before it is used
        self._requires_grad = requires_grad(tensor)
        target, at = edge_of(tensor) if number is None else (None, 0)
        self._leaf = target if isinstance(target, Tensor) else None
        self._maker = (target, at) if isinstance(target, Node) else None
        seen = tensor if seen is None else seen
        version = version_of(seen)
        with no_grad():
            self.packed = pack(seen)
        if version_of(seen) != version:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot be "
                "modified by in-place operations as this can lead to unexpected side-effects. Please open an issue if you "
                "need to perform in-place operations on the input to a pack hook."
            )

    def shown(self, node: Node) -> Tensor:
        """As `tensor`, for somebody who looks: of a leaf a leaf of its own, as PyTorch shows it."""
        if self._leaf is None:
            return self.tensor(node)
        seen = wrap(self._unpacked()._array)
        seen._requires_grad = self._requires_grad
        return seen

    def _unpacked(self) -> Tensor:
        with no_grad():
            data = self.unpack_hook(self.packed)
        if not isinstance(data, Tensor):
            raise TypeError(
                f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {c_type_name(data)}"
            )
        return data

    def tensor(self, node: Node) -> Tensor:
        """What the unpack hook makes of it, in the graph where the saved tensor was; `node` saved it."""
        data = self._unpacked()
        if not self._requires_grad:
            return data if self._dtype is None else OPS.cast(data, self._dtype)
        if self._leaf is not None:
            if data._array is self._leaf._array:
                return self._leaf
            seen = OPS.clone(self._leaf)  # whose gradient goes to the leaf as it is
            seen._array = data._array
            return seen
        seen = wrap(data._array)
        seen._node, seen._output_nr = (node, self.number or 0) if self._maker is None else self._maker
        seen._requires_grad = True
        return seen


def packed(tensor: Tensor, number: int | None = None, dtype: np.dtype[Any] | None = None) -> Packed:
    """A tensor that is to be saved, as the hooks of this thread leave it."""
    return Packed(tensor, MODE.packing, number, dtype)


def _set(hooks: Hooks | None) -> None:
    steps: list[Step] = []
    if hooks is not None and MODE.packing is None:
        steps = [(RECORDERS.append, ATTENTION)]
    elif MODE.packing is not None and hooks is None:
        steps = [(RECORDERS.remove, ATTENTION)]
    at_once([*steps, (setattr, MODE, "packing", hooks)])


class saved_tensors_hooks:  # noqa: N801 - PyTorch's name
    """In its block, `pack_hook` gets each tensor that a node saves, and `unpack_hook` what that gave when the tensor is needed.

    >>> import autogradkit as torch
    >>> x = torch.tensor([2.0], requires_grad=True)
    >>> with torch.autograd.graph.saved_tensors_hooks(lambda x: x * 10, lambda x: x / 10):
    ...     y = x**2
    >>> y.backward()
    >>> x.grad
    tensor([4.])
    """

    def __init__(self, pack_hook: Callable[[Tensor], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        if MODE.packing_refused is not None:
            raise RuntimeError(MODE.packing_refused)
        if not (callable(self.pack_hook) and callable(self.unpack_hook)):
            raise TypeError(
                "_push_saved_tensors_default_hooks(): incompatible function arguments. The following argument types are "
                "supported:"
            )
        self._previous = MODE.packing
        try:
            _set((self.pack_hook, self.unpack_hook))
        except BaseException:  # an interrupt: `with` does not leave what it has not entered
            _set(self._previous)
            raise

    def __exit__(self, *_error: object) -> None:
        try:
            _set(self._previous)
        except BaseException:  # an interrupt that came just then
            _set(self._previous)
            raise


class save_on_cpu(saved_tensors_hooks):  # noqa: N801 - PyTorch's name
    """In its block, what nodes save is kept on the processor, which is where it is; with `pin_memory`, in a copy."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        super().__init__(OPS.clone if pin_memory else lambda tensor: tensor, lambda packed: packed)


class disable_saved_tensors_hooks:  # noqa: N801 - PyTorch's name
    """In its block, hooks on saved tensors cannot be set: who tries is told `error_message`."""

    def __init__(self, error_message: str) -> None:
        self.error_message = error_message

    def __enter__(self) -> None:
        if MODE.packing is not None:
            raise RuntimeError(self.error_message)
        self._previous = MODE.packing_refused
        MODE.packing_refused = self.error_message

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        MODE.packing_refused = self._previous
