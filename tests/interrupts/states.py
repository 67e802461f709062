"""What a user can see of tensors, modules, optimizers and of the process, as plain values that can be compared.

Works for autogradkit and for PyTorch. Rests on public names only, but for the lists that say who listens.
"""

from __future__ import annotations

import signal
import sys
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import autogradkit as T
from autogradkit.core.recording import GRAD_LISTENERS, RECORDERS
from autogradkit.engine.modes import MODE, NO_GRAD


def graph(node: Any, depth: int = 6) -> Any:
    """The names of the nodes that lead here."""
    if node is None or not depth:
        return None
    return node.name(), tuple((graph(each, depth - 1), number) for each, number in node.next_functions)


def state(value: Any) -> Any:
    """A value as others see it."""
    if isinstance(value, T.Tensor):
        grad = None if value.grad_fn is not None and not value.retains_grad else state_of_grad(value.grad)
        return (
            str(value.detach().flatten().tolist()), tuple(value.shape), value.stride(), str(value.dtype), value._version,
            value.requires_grad, value.is_leaf, value.output_nr, graph(value.grad_fn), value.retains_grad, grad,
        )  # fmt: skip
    if isinstance(value, T.nn.Module):
        parts = {name: state(each) for name, each in [*value.named_parameters(), *value.named_buffers()]}
        return parts, {name: each.training for name, each in value.named_modules()}
    if isinstance(value, T.optim.Optimizer):
        return state(value.state_dict())
    if isinstance(value, T.Generator):
        return value.get_state().numpy().tobytes()
    if isinstance(value, (dict, OrderedDict, Mapping)):
        return {key: state(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return tuple(state(each) for each in value)
    return value


def state_of_grad(grad: Any) -> Any:
    """A `.grad`, without what it was made by."""
    return None if grad is None else (str(grad.detach().flatten().tolist()), tuple(grad.shape), grad._version)


def process() -> dict[str, Any]:
    """What belongs to the whole process."""
    return {
        "grad mode": T.is_grad_enabled(),
        "threads without grad": len(NO_GRAD),
        "anomaly": MODE.anomaly,
        "default dtype": str(T.get_default_dtype()),
        "default device": str(T.get_default_device()),
        "recorders": len(RECORDERS),
        "listeners": len(GRAD_LISTENERS),
        "trace function": sys.gettrace(),
        "handler": signal.getsignal(signal.SIGINT),
    }


def works() -> None:
    """The usual things work, whatever was interrupted before."""
    x: Any = T.tensor([1.0, 2.0], requires_grad=True)
    with T.no_grad():
        assert not (x * 2).requires_grad
        with T.enable_grad():
            assert (x * 2).requires_grad
    (x * x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]
