"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import setitem
from types import MappingProxyType
from typing import Any

import numpy as np

from autogradkit.core.dtype import is_half
from autogradkit.core.frames import entry
from autogradkit.core.storage import Array
from autogradkit.core.strides import dense_strides_like, element_strides, empty_strided, output_strides
from autogradkit.core.tensor import Tensor, wrap, write_at_once
from autogradkit.engine.modes import no_grad
from autogradkit.optim import kernels
from autogradkit.optim.on_lists import step_on_lists
from autogradkit.optim.optimizer import Optimizer, counted, number, refuse_fused, require_fusible, spelled, squeezed
from autogradkit.optim.saving import Group

_OPTIONS = ("momentum", "dampening", "weight_decay", "nesterov", "maximize")


class SGD(Optimizer):
    """θ ← θ − lr·g, optionally with momentum (Sutskever et al., 2013), weight decay and Nesterov's look-ahead.

    With momentum the direction is b ← momentum·b + (1 − dampening)·g, starting from b = g; `nesterov` takes
    g + momentum·b. `weight_decay` adds λθ to g, `maximize` goes uphill. Raises ValueError for options out of range.

    >>> import autogradkit as torch
    >>> torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1, momentum=0.9).defaults["momentum"]
    0.9
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        for name, value in (("learning rate", lr), ("momentum value", momentum), ("weight_decay value", weight_decay)):
            if value < 0.0:
                raise ValueError(f"Invalid {name}: {value}")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        super().__init__(params, defaults)
        refuse_fused(differentiable, foreach, fused)

    _later_options = MappingProxyType(
        {"nesterov": False, "maximize": False, "foreach": None, "differentiable": False, "fused": False}
    )

    _symbols = MappingProxyType({"momentum_buffer": "buf"})

    def _lines(self, group: Group, state: Mapping[str, Any]) -> list[str]:
        lines: list[str] = []
        direction = "grad"
        if group["maximize"] or group["weight_decay"]:
            decayed = f" + {spelled(group['weight_decay'])} · self" if group["weight_decay"] else ""
            lines.append(f"g = {'−' * bool(group['maximize'])}grad{decayed}")
            direction = "g"
        if group["momentum"]:
            momentum = spelled(group["momentum"])
            undamped = f"{spelled(1 - group['dampening'])} · " if group["dampening"] else ""
            begins = state.get("momentum_buffer") is None
            lines.append("buf = " + (direction if begins else f"{momentum} · buf + {undamped}{direction}"))
            if group["nesterov"]:
                lines.append(f"ahead = {direction} + {momentum} · buf")
            direction = "ahead" if group["nesterov"] else "buf"
        return [*lines, f"self = self − {spelled(group['lr'])} · {direction}"]

    def _updater(self, group: Group) -> Callable[[Tensor, Tensor], Tensor]:
        options = {name: group[name] for name in _OPTIONS}
        options |= {name: number(group[name]) for name in ("lr", "weight_decay")}
        momentum = options["momentum"]
        edits = 0 if group["fused"] else 1
        require_fusible(group)
        dtype: np.dtype[Any] | None = None
        half = False
        numbers: kernels.Numbers = {}
        # Of a parameter that stands here twice PyTorch has looked for a buffer before it makes one.
        begun: set[Tensor] = set()

        def update(parameter: Tensor, gradient: Tensor) -> Tensor:
            nonlocal dtype, half, numbers
            values, slope = parameter._array, gradient._array
            narrow: Array | None = None
            if values.dtype is not dtype:
                dtype, half = values.dtype, is_half(values.dtype)
                numbers = kernels.sgd_numbers(np.dtype(np.float32) if half else values.dtype, **options)
            if half:
                narrow, values, slope = values, kernels.widened(values), kernels.widened(slope)
            if not momentum:
                steps = kernels.sgd(values, slope, None, numbers)
                if narrow is not None:
                    steps += kernels.narrowing([(narrow, values)])
                write_at_once(parameter, steps, edits)
                return parameter
            state = self.state.get(parameter)
            buffer = None if state is None or (begun and parameter in begun) else state.get("momentum_buffer")
            if buffer is None:
                begun.add(parameter)
                average = _buffer(gradient._array, parameter._array if options["weight_decay"] else gradient._array)
            else:
                average = buffer._array
            kept = average if narrow is None else kernels.widened(average)
            steps = kernels.sgd(values, slope, kept, numbers if buffer is not None else {**numbers, "first": True})
            if narrow is not None:
                steps += kernels.narrowing([(narrow, values), (average, kept)])
            if buffer is None:
                steps.append((setitem, self.state, parameter, {**(state or {}), "momentum_buffer": wrap(average)}))
            else:
                steps.append(counted(buffer, 2 * edits))  # PyTorch shrinks it, then adds to it
            write_at_once(parameter, steps, edits)
            return parameter

        return update

    _sparse_refusal = None

    def _update_sparse(self, group: Group, parameter: Tensor, gradient: Tensor) -> Tensor:
        with no_grad():
            if group["weight_decay"]:
                gradient = gradient.add(parameter, alpha=group["weight_decay"])  # which refuses, as in PyTorch
            state = dict(self.state.get(parameter, {}))
            parameter.add_(_sparse_direction(group, state, gradient), alpha=-number(group["lr"]))
            if state:
                self.state[parameter] = state
        return parameter

    def _differentiated(self, group: Group, parameter: Tensor, gradient: Tensor) -> None:
        momentum, decay = group["momentum"], group["weight_decay"]
        direction = -gradient if group["maximize"] else gradient
        if isinstance(decay, Tensor) or decay:
            direction = direction + parameter * decay
        if momentum:
            state = self.state[parameter]
            buffer = state.get("momentum_buffer")
            if buffer is None:
                buffer = state["momentum_buffer"] = direction.detach().clone()
            else:
                buffer.mul_(momentum).add_(direction * (1 - group["dampening"]))
            direction = direction + buffer * momentum if group["nesterov"] else buffer
        parameter.sub_(direction * squeezed(group["lr"]))


def _sparse_direction(group: Group, state: dict[str, Any], gradient: Tensor) -> Any:
    """Where a sparse gradient leads to, by ops of sparse tensors, as in PyTorch; `state` keeps the momentum."""
    direction: Any = -gradient if group["maximize"] else gradient
    if group["momentum"]:
        buffer = state.get("momentum_buffer")
        if buffer is None:
            buffer = state["momentum_buffer"] = direction.clone()
        else:
            buffer.mul_(group["momentum"]).add_(direction, alpha=1 - group["dampening"])
        direction = direction.add(buffer, alpha=group["momentum"]) if group["nesterov"] else buffer
    return direction


def _buffer(gradient: Array, decayed: Array) -> Array:
    """Memory for momentum, laid out as PyTorch's: as a clone of the gradient, to which `decayed` was added."""
    strides = element_strides(gradient)
    if decayed is not gradient:
        strides = output_strides([(each.shape, element_strides(each)) for each in (gradient, decayed)], gradient.shape)
    return empty_strided(gradient.shape, dense_strides_like(gradient.shape, strides), gradient.dtype)


@entry
def sgd(
    params: list[Tensor],
    d_p_list: list[Tensor],
    momentum_buffer_list: list[Tensor | None],
    has_sparse_grad: bool = False,
    foreach: bool | None = None,
    fused: bool | None = None,
    grad_scale: Tensor | None = None,
    found_inf: Tensor | None = None,
    *,
    weight_decay: float,
    momentum: float,
    lr: float,
    dampening: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    """One step of SGD, on lists: parameters, gradients, and their momentum (None of what has none yet, and then gets one).

    Whether gradients are sparse (`has_sparse_grad`), they say themselves."""
    options = {
        "weight_decay": weight_decay,
        "momentum": momentum,
        "lr": lr,
        "dampening": dampening,
        "nesterov": nesterov,
        "maximize": maximize,
        "foreach": foreach,
        "fused": fused,
        "grad_scale": grad_scale,
        "found_inf": found_inf,
    }
    step_on_lists(SGD, params, d_p_list, {"momentum_buffer": momentum_buffer_list}, options)
