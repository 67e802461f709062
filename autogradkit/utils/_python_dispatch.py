"""`torch.utils._python_dispatch`: modes that hear every op below autograd, and what packages ask of such classes."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
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


def is_in_torch_dispatch_mode(include_infra_modes: bool = True) -> bool:
    """Whether a mode is on; there are none of PyTorch's own here (`include_infra_modes`)."""
    return bool(MODES.stack)


@contextmanager
def _with_modes(modes: tuple[Any, ...]) -> Generator[None]:
    before = MODES.stack
    MODES.stack = modes
    try:
        yield
    finally:
        MODES.stack = before


@contextmanager
def _disable_current_modes() -> Generator[list[Any]]:
    """In its block no mode hears; gives those that did."""
    stack = MODES.stack
    with _with_modes(()):
        yield list(stack)


@contextmanager
def _pop_mode_temporarily(k: None = None) -> Generator[Any]:
    """In its block the innermost mode does not hear; gives that."""
    stack = MODES.stack
    with _with_modes(stack[:-1]):
        yield stack[-1]


def return_and_correct_aliasing(func: Any, args: Any, kwargs: Any, out: Any) -> Any:
    """What a class's `__torch_dispatch__` returns of an operator: the argument that it wrote into, if it did, else `out`."""
    given = dict(zip((each.name for each in func._schema.arguments), args, strict=False)) | (kwargs or {})
    written = [given[each.name] for each in func._schema.arguments if each.is_write]
    if not written:
        return out
    return written[0] if len(written) == 1 else type(out)(written)


def transform_subclass(
    t: Any, callback: Callable[[str, Tensor], Tensor], outer_size: Any = None, outer_stride: Any = None
) -> Any:
    """A tensor like `t`, a wrapper that says what it is made of, with `callback(name, tensor)` of each tensor in it."""
    size = t.size() if outer_size is None else outer_size
    stride = t.stride() if outer_stride is None else outer_stride
    names, context = t.__tensor_flatten__()
    made = {name: callback(name, getattr(t, name)) for name in names}
    return type(t).__tensor_unflatten__(made, context, size, stride)


def is_traceable_wrapper_subclass_type(t: type) -> bool:
    """Whether a class of tensors says which tensors it is made of."""
    return (
        issubclass(t, Tensor)
        and t is not Tensor
        and hasattr(t, "__tensor_flatten__")
        and hasattr(t, "__tensor_unflatten__")
    )


def is_traceable_wrapper_subclass(t: object) -> bool:
    """Whether a tensor is of a class that says which tensors it is made of."""
    return is_traceable_wrapper_subclass_type(type(t))


__getattr__ = _absent_from("utils._python_dispatch")
