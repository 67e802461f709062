"""The `ctx` of a custom function: what `forward` says to `backward` and to `jvp`.

Rests on tensors and errors; the node (`function_node.py`) is one, and `function_forward.py` reads what `forward` said.
"""

from __future__ import annotations

from autogradkit.core.errors import c_type_name
from autogradkit.core.tensor import Tensor


class FunctionCtx:
    """What `forward` and `backward` share: saved tensors, flags, and any attribute the user sets."""

    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors (or None) for backward. Anything else raises TypeError after `forward`, if a graph is recorded."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Tensor | None) -> None:
        """Keep tensors (or None) for `jvp`, which finds them in `saved_tensors`. Raises TypeError for anything else."""
        for index, tensor in enumerate(tensors):
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    "save_for_forward can only save tensors, but argument "
                    f"{index} is of type {type(tensor)}, which is not a tensor."
                )
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Tensor) -> None:
        """Say which inputs `forward` edits in place; they must be returned."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Tensor) -> None:
        """Say which outputs have no gradient."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether a gradient that did not arrive is given to `backward` as zeros (the default) or as None."""
        if not isinstance(value, bool):
            raise TypeError(
                "set_materialize_grads received an invalid combination of arguments - got (), but expected (bool)"
            )
        self._materialize = value

    # What was named while `forward` runs.
    to_save: tuple[Tensor | None, ...] | None = None
    saved_for_forward: tuple[Tensor | None, ...] | None = None
    dirty_tensors: tuple[Tensor, ...] | None = None
    non_differentiable: tuple[Tensor, ...] | None = None
    _materialize: bool = True

    def _checked_marks(self) -> None:
        """Raise RuntimeError where something else than a tensor was marked; PyTorch's texts end like this."""
        if not all(isinstance(each, Tensor) for each in self.dirty_tensors or ()):
            raise RuntimeError("mark_dirty can only accept variables, but argument ")
        if not all(isinstance(each, Tensor) for each in self.non_differentiable or ()):
            raise RuntimeError("mark_non_differentiable only accepts variable arguments, but got ")

    def _checked_saved(self) -> None:
        """Raise TypeError where something else than a tensor is to be saved."""
        for index, tensor in enumerate(self.to_save or ()):
            if tensor is not None and not isinstance(tensor, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {index} is of type {c_type_name(tensor)}"
                )

    def _forget(self) -> None:
        """Let go of what `forward` named: an output among it owns the node, and would keep it alive for ever."""
        self.to_save = self.saved_for_forward = self.dirty_tensors = self.non_differentiable = None
