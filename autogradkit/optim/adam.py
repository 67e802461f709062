"""Adam, and AdamW which decays the weights apart from the gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import setitem
from types import MappingProxyType
from typing import Any

import numpy as np

from autogradkit._ops.declare.memory import like
from autogradkit.core.dtype import float64, get_default_dtype
from autogradkit.core.frames import entry
from autogradkit.core.storage import Array
from autogradkit.core.tensor import Tensor, wrap, write_at_once
from autogradkit.optim import kernels
from autogradkit.optim.optimizer import Group, Optimizer, counted, number, refuse_ways, require_fusible, spelled

_OPTIONS = ("betas", "eps", "weight_decay", "decoupled_weight_decay", "maximize")
_ONE = np.asarray(1, np.float32)
_EDITS = {
    "exp_avg": 1,
    "exp_avg_sq": 2,
    "max_exp_avg_sq": 1,
}  # that PyTorch makes in a step; it shrinks squares, then adds


class Adam(Optimizer):
    """Adaptive moment estimation (Kingma and Ba, 2015).

    Averages m of the gradient and v of its square, both corrected for starting at zero; θ ← θ − lr·m / (√v + eps).
    `amsgrad` uses the largest v so far (Reddi et al., 2018). `weight_decay` adds λθ to the gradient. Raises ValueError for
    options out of range.

    >>> import autogradkit as torch
    >>> torch.optim.Adam([torch.nn.Parameter(torch.ones(1))]).defaults["betas"]
    (0.9, 0.999)
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        looped = not (foreach and not capturable)  # else PyTorch takes no numbers in tensors
        if isinstance(lr, Tensor):
            if not looped:
                raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
            if lr.numel() != 1:
                raise ValueError("Tensor lr must be 1-element")
        _require_not_negative("learning rate", lr)
        _require_not_negative("epsilon value", eps)
        for index in (0, 1):
            if not 0.0 <= betas[index] < 1.0:
                raise ValueError(f"Invalid beta parameter at index {index}: {betas[index]}")
        _require_not_negative("weight_decay value", weight_decay)
        if not any(isinstance(betas[0], kind) and isinstance(betas[1], kind) for kind in (float, Tensor)):
            raise ValueError("betas must be either both floats or both Tensors")
        for index, beta in enumerate(betas):
            if isinstance(beta, Tensor):
                if not looped:
                    raise ValueError(
                        f"betas[{index}] as a Tensor is not supported for capturable=False and foreach=True"
                    )
                if beta.numel() != 1:
                    raise ValueError(f"Tensor betas[{index}] must be 1-element")
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)
        refuse_ways(type(self).__name__, differentiable, foreach, fused)

    def _moments(self, parameter: Tensor, group: Group) -> dict[str, Tensor]:
        names = ["exp_avg", "exp_avg_sq", *["max_exp_avg_sq"] * bool(group["amsgrad"])]
        moments = {name: wrap(like(parameter._array)) for name in names}
        for moment in moments.values():
            moment._array.fill(0)
        counted_in = np.float64 if get_default_dtype() is float64 else np.float32
        return {"step": wrap(np.zeros((), counted_in)), **moments}

    def _update_sparse(self, group: Group, parameter: Tensor, gradient: Tensor) -> Tensor:
        raise RuntimeError("Adam does not support sparse gradients, please consider SparseAdam instead")

    _moves_parts_apart = True
    _symbols = MappingProxyType({"step": "t", "exp_avg": "m", "exp_avg_sq": "v", "max_exp_avg_sq": "v_max"})

    def _lines(self, group: Group, state: Mapping[str, Any]) -> list[str]:
        lr, decay = number(group["lr"]), group["weight_decay"]
        beta1, beta2 = map(number, group["betas"])
        lines = ["t = t + 1"]
        if decay and group["decoupled_weight_decay"]:
            lines.append(f"self = self · (1 − {spelled(lr)} · {spelled(decay)})")
        direction = "grad"
        added = f" + {spelled(decay)} · self" if decay and not group["decoupled_weight_decay"] else ""
        if group["maximize"] or added:
            lines.append(f"g = {'−' * bool(group['maximize'])}grad{added}")
            direction = "g"
        lines += [
            f"m = {spelled(beta1)} · m + {spelled(1 - beta1)} · {direction}",
            f"v = {spelled(beta2)} · v + {spelled(1 - beta2)} · {direction}²",
        ]
        if group["amsgrad"]:
            lines.append("v_max = maximum(v_max, v)")
        return [
            *lines,
            f"m_hat = m / (1 − {spelled(beta1)}^t)",
            f"v_hat = {'v_max' if group['amsgrad'] else 'v'} / (1 − {spelled(beta2)}^t)",
            f"self = self − {spelled(lr)} · m_hat / (sqrt(v_hat) + {spelled(group['eps'])})",
        ]

    def _updater(self, group: Group) -> Callable[[Tensor, Tensor], Tensor]:
        options = {name: group[name] for name in _OPTIONS}
        options["lr"] = number(group["lr"])
        shrinks = options["weight_decay"] and options["decoupled_weight_decay"]
        directed = options["maximize"] or (options["weight_decay"] and not shrinks)
        amsgrad = group["amsgrad"]
        counts = not group["fused"]
        require_fusible(group)
        if group["capturable"]:
            xla = "" if group["foreach"] else ", 'xla'"
            raise AssertionError(
                "If capturable=True, params and state_steps must be on supported devices: ['cuda', 'xpu', 'hpu', "
                f"'privateuseone'{xla}]."
            )
        dtype: np.dtype[Any] | None = None
        step = 0.0
        numbers: kernels.Numbers = {}
        moments = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq") if amsgrad else ("exp_avg", "exp_avg_sq")

        def update(parameter: Tensor, gradient: Tensor) -> Tensor:
            nonlocal dtype, step, numbers
            values = parameter._array
            known = self.state.get(parameter)
            state = known or self._moments(parameter, group)
            count = state["step"]._array
            now = count.item() + 1
            arrays: list[Any] = [
                values,
                gradient._array,
                state["exp_avg"]._array,
                state["exp_avg_sq"]._array,
                state["max_exp_avg_sq"]._array if amsgrad else None,
                np.empty_like(values),
                np.empty_like(values) if directed else None,
            ]
            if values.dtype.kind == "c":
                arrays = [each if each is None else _pairs(each) for each in arrays]
            if values.dtype is not dtype or now != step:
                dtype, step = values.dtype, now
                numbers = kernels.adam_numbers(arrays[0].dtype, now, **options)
            steps = kernels.adam_steps(*arrays, **numbers)
            steps += [(np.add, count, _ONE, count), counted(state["step"], 1)]
            if counts:
                steps += [counted(state[name], _EDITS[name]) for name in moments]
            if not known:
                steps.append((setitem, self.state, parameter, state))
            edits = 2 if shrinks else 1  # PyTorch shrinks the weights by an edit of their own
            write_at_once(parameter, steps, edits if counts else 0)
            return parameter

        return update


def _pairs(array: Array) -> Array:
    """Complex numbers as pairs of real ones, in the same memory: Adam moves each part by its own average, as in PyTorch."""
    return array[..., None].view(array.real.dtype)


def _require_not_negative(name: str, value: Any) -> None:
    if not 0.0 <= value:  # noqa: SIM300 - what Python says of what is no number is as in PyTorch
        raise ValueError(f"Invalid {name}: {value}")


class AdamW(Adam):
    """Adam with the weight decay applied to the weights themselves (Loshchilov and Hutter, 2019).

    >>> import autogradkit as torch
    >>> torch.optim.AdamW([torch.nn.Parameter(torch.ones(1))]).defaults["weight_decay"]
    0.01
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
