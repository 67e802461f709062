"""Adam, and AdamW which decays the weights apart from the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autogradkit.core.tensor import Tensor, bump_version, wrap
from autogradkit.optim.optimizer import Group, Optimizer, number, require_not_negative


class Adam(Optimizer):
    """Adaptive moment estimation (Kingma and Ba, 2015).

    Averages m of the gradient and v of its square, both corrected for starting at zero; θ ← θ − lr·m / (√v + eps).
    `amsgrad` uses the largest v so far (Reddi et al., 2018). `weight_decay` adds λθ to the gradient. Raises ValueError for
    options out of range.

    >>> import autogradkit as torch
    >>> torch.optim.Adam([torch.nn.Parameter(torch.ones(1))]).defaults["betas"]
    (0.9, 0.999)
    """

    _in_place = "addcdiv_"

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
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        require_not_negative("learning rate", lr)
        require_not_negative("epsilon value", eps)
        for index, beta in enumerate(betas):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {index}: {beta}")
        require_not_negative("weight_decay value", weight_decay)
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

    def _moments(self, parameter: Tensor, group: Group) -> dict[str, Tensor]:
        state = self.state[parameter]
        if not state:
            state["step"] = wrap(np.zeros((), np.float32))
            state["exp_avg"] = wrap(np.zeros_like(parameter._array))
            state["exp_avg_sq"] = wrap(np.zeros_like(parameter._array))
            if group["amsgrad"]:
                state["max_exp_avg_sq"] = wrap(np.zeros_like(parameter._array))
        return state

    def _update(self, parameter: Tensor, gradient: Tensor, group: Group) -> Tensor:
        state = self._moments(parameter, group)
        values, slope = parameter._array, gradient._array
        beta1, beta2 = group["betas"]
        rate, decay = number(group["lr"]), group["weight_decay"]
        if group["maximize"]:
            slope = -slope
        if decay and group["decoupled_weight_decay"]:
            values *= 1 - rate * decay
            bump_version(parameter)
        elif decay:
            slope = slope + values * decay
        count = state["step"]._array
        count += 1
        step = count.item()
        mean, square = state["exp_avg"]._array, state["exp_avg_sq"]._array
        change = slope - mean
        change *= 1 - beta1
        mean += change
        square *= beta2
        np.multiply(slope, slope, out=change)
        change *= 1 - beta2
        square += change
        if group["amsgrad"]:
            square = np.maximum(state["max_exp_avg_sq"]._array, square, out=state["max_exp_avg_sq"]._array)
        np.sqrt(square, out=change)
        change /= math.sqrt(1 - beta2**step)
        change += group["eps"]
        np.divide(mean, change, out=change)
        change *= rate / (1 - beta1**step)
        values -= change
        bump_version(parameter)
        return parameter


class AdamW(Adam):
    """Adam with the weight decay applied to the weights themselves (Loshchilov and Hutter, 2019).

    >>> import autogradkit as torch
    >>> torch.optim.AdamW([torch.nn.Parameter(torch.ones(1))]).defaults["weight_decay"]
    0.01
    """

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
