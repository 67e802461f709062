"""Adam, and AdamW which decays the weights apart from the gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor, bump_version, wrap
from autogradkit.optim import kernels
from autogradkit.optim.optimizer import Group, Optimizer, number, require_not_negative

_OPTIONS = ("betas", "eps", "weight_decay", "decoupled_weight_decay", "maximize")
_ONE = np.asarray(1, np.float32)


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
        state["step"] = wrap(np.zeros((), np.float32))
        state["exp_avg"] = wrap(np.zeros_like(parameter._array))
        state["exp_avg_sq"] = wrap(np.zeros_like(parameter._array))
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = wrap(np.zeros_like(parameter._array))
        return state

    def _updater(self, group: Group) -> Callable[[Tensor, Tensor], Tensor]:
        options = {name: group[name] for name in _OPTIONS}
        options["lr"] = number(group["lr"])
        shrinks = options["weight_decay"] and options["decoupled_weight_decay"]
        directed = options["maximize"] or (options["weight_decay"] and not shrinks)
        amsgrad = group["amsgrad"]
        dtype: np.dtype[Any] | None = None
        step = 0.0
        numbers: kernels.Numbers = {}

        def update(parameter: Tensor, gradient: Tensor) -> Tensor:
            nonlocal dtype, step, numbers
            values = parameter._array
            state = self.state[parameter] or self._moments(parameter, group)
            count = state["step"]._array
            np.add(count, _ONE, count)
            now = count.item()
            if values.dtype is not dtype or now != step:
                dtype, step = values.dtype, now
                numbers = kernels.adam_numbers(values.dtype, now, **options)
            kernels.adam(
                values,
                gradient._array,
                state["exp_avg"]._array,
                state["exp_avg_sq"]._array,
                state["max_exp_avg_sq"]._array if amsgrad else None,
                np.empty_like(values),
                np.empty_like(values) if directed else None,
                **numbers,
            )
            if shrinks:
                bump_version(parameter)  # PyTorch shrinks the weights by an edit of their own
            bump_version(parameter)
            return parameter

        return update


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
