"""`Variable`, what a tensor that is differentiated was called before PyTorch 0.4; pages that teach it are still read.

Rests on tensors. Calling it gives a tensor on the same memory, and every tensor is an instance of it.
"""

from __future__ import annotations

from typing import Any

from autogradkit.core.errors import c_type_name
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.engine.backward import backward, grad
from autogradkit.engine.callbacks import queue_callback
from autogradkit.engine.modes import MODE


class _EveryTensor(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


def _is_checkpoint_valid() -> bool:
    """Whether the backward that is under way, if one is, accumulates into every leaf."""
    return not MODE.wants_some


def _run_backward(
    tensors: tuple[Any, ...],
    grad_tensors: tuple[Any, ...],
    keep_graph: bool,
    create_graph: bool,
    inputs: tuple[Any, ...] = (),
    allow_unreachable: bool = True,
    accumulate_grad: bool = False,
) -> tuple[Tensor | None, ...] | None:
    """`autograd.backward` where it accumulates, `autograd.grad` else, as PyTorch's Python calls its engine.

    Raises RuntimeError for what is no tuple, for a gradient that is missing, and as those two do.
    """
    for name, each in (("tensors", tensors), ("grad_tensors", grad_tensors), ("inputs", inputs)):
        if not isinstance(each, tuple):
            raise RuntimeError(f"{name} argument is expected to be a tuple, but got {c_type_name(each)}")
    if len(tensors) != len(grad_tensors):
        raise RuntimeError(f"got {len(tensors)} tensors and {len(grad_tensors)} gradients")
    for index, (tensor, gradient) in enumerate(zip(tensors, grad_tensors, strict=True)):
        if gradient is None and tensor.requires_grad:
            raise RuntimeError(
                f"element {index} of gradients tuple is None, but the corresponding Tensor requires grad"
            )
    if accumulate_grad:
        backward(tensors, grad_tensors, keep_graph, create_graph, inputs=inputs or None)
        return None
    if not inputs:
        raise RuntimeError("grad requires non-empty inputs.")
    return grad(tensors, inputs, grad_tensors, keep_graph, create_graph, allow_unused=allow_unreachable)


class _Engine:
    """What packages ask of PyTorch's engine itself."""

    run_backward = staticmethod(_run_backward)
    queue_callback = staticmethod(queue_callback)
    is_checkpoint_valid = staticmethod(_is_checkpoint_valid)


class Variable(metaclass=_EveryTensor):
    """A tensor on the memory of `data`, outside its graph, which requires grad if asked. Raises TypeError for no tensor.

    What asked for as little as `no_grad` does, `volatile`, warns, as in PyTorch, and does nothing.

    >>> import autogradkit as torch
    >>> torch.autograd.Variable(torch.ones(2), requires_grad=True)
    tensor([1., 1.], requires_grad=True)
    """

    _execution_engine = _Engine()

    def __new__(
        cls, data: Any = None, requires_grad: bool = False, volatile: bool = False, name: str | None = None
    ) -> Any:
        if volatile:
            warn("volatile was removed and now has no effect. Use `with torch.no_grad():` instead.")
            if requires_grad:
                raise ValueError("Variable can't be volatile and require_grad at the same time!")
        if data is None:
            data = Tensor()
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {c_type_name(data)}")
        return data.detach().requires_grad_(requires_grad)
