"""`torch.utils._python_dispatch`: modes that hear every op below autograd, and what packages ask of such classes."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.recording import RECORDERS
from autogradkit.core.steps import at_once
from autogradkit.core.tensor import Tensor
from autogradkit.engine.dispatching import DISPATCHING, MODES
from autogradkit.engine.modes import ATTENTION


class TorchDispatchMode:
    """In its block, `__torch_dispatch__` hears every op that this thread runs, below autograd, and makes what it gives.

    `func` is the operator, `torch.ops.aten.mul.Tensor`. Backward runs by ops, too. What the mode calls itself, the modes around
    it hear, not it.

    >>> import autogradkit as torch
    >>> class Names(torch.utils._python_dispatch.TorchDispatchMode):
    ...     def __torch_dispatch__(self, func, types, args=(), kwargs=None):
    ...         print(func)
    ...         return func(*args, **(kwargs or {}))
    >>> with Names():
    ...     y = torch.nn.functional.linear(torch.ones(2, 3), torch.ones(4, 3))
    aten.ones.default
    aten.ones.default
    aten.t.default
    aten.mm.default
    """

    def __init__(self, _dispatch_key: Any = None) -> None:
        if _dispatch_key is not None:
            raise NotImplementedError("there is one dispatcher here, below autograd, and no keys")

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Raises NotImplementedError: a class that is derived from this one says what becomes of an op."""
        raise NotImplementedError

    def __enter__(self) -> TorchDispatchMode:
        stack = (*MODES.stack, self)
        at_once([(RECORDERS.append, ATTENTION), (DISPATCHING.append, self), (setattr, MODES, "stack", stack)])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        stack = MODES.stack[:-1]
        at_once([(setattr, MODES, "stack", stack), (DISPATCHING.remove, self), (RECORDERS.remove, ATTENTION)])


class BaseTorchDispatchMode(TorchDispatchMode):
    """A mode that changes nothing."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """What the operator gives."""
        return func(*args, **({} if kwargs is None else kwargs))


def _get_current_dispatch_mode_stack() -> list[TorchDispatchMode]:
    return list(MODES.stack)


def _get_current_dispatch_mode() -> TorchDispatchMode | None:
    return MODES.stack[-1] if MODES.stack else None


def is_traceable_wrapper_subclass(t: object) -> bool:
    """Whether a tensor is of a class that says which tensors it is made of."""
    kind = type(t)
    return (
        isinstance(t, Tensor)
        and kind is not Tensor
        and hasattr(kind, "__tensor_flatten__")
        and hasattr(kind, "__tensor_unflatten__")
    )


__getattr__ = _absent_from("utils._python_dispatch")
