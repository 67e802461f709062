"""Averaged stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.optim.formula import Counts, FormulaOptimizer, Values, zeros
from autogradkit.optim.kernels import Numbers
from autogradkit.optim.on_lists import step_on_lists
from autogradkit.optim.optimizer import number, require_not_negative, require_rate, spelled
from autogradkit.optim.saving import Group, count

_CAPTURED = "params, mus, etas, and state_steps"


class ASGD(FormulaOptimizer):
    """Steps that become smaller, and the mean of the weights from step t0 on (Polyak and Juditsky, 1992).

    θ ← (1 − lambd·η)·θ − η·g and ax ← ax + μ·(θ − ax), where η = lr / (1 + lambd·lr·t)^alpha and μ = 1 / max(1, t − t0) are
    those of the step before. Raises ValueError for options out of range.

    >>> import autogradkit as torch
    >>> torch.optim.ASGD([torch.nn.Parameter(torch.ones(1))]).defaults["alpha"]
    0.75
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        require_rate(lr)
        require_not_negative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    _asks_for_numbers = True
    _counts = ("step", "eta", "mu")
    _captured = (_CAPTURED, _CAPTURED)
    _symbols = MappingProxyType({"step": "t", "eta": "eta", "mu": "mu", "ax": "ax"})

    def _initial_state(self, parameter: Tensor, group: Group) -> dict[str, Tensor]:
        return {"step": count(0.0), "eta": count(number(group["lr"])), "mu": count(1.0), "ax": zeros(parameter)}

    def _numbers(self, group: Group, counts: Counts) -> tuple[Counts, Numbers]:
        step, rate, shrinks = counts["step"] + 1, number(group["lr"]), group["lambd"]
        if group["foreach"]:  # PyTorch computes with tensors then, and rounds to their dtype, at the reciprocal too
            eta = np.reciprocal((1 + shrinks * rate * count(step)._array) ** group["alpha"]) * rate
        else:
            eta = rate / (1 + shrinks * rate * step) ** group["alpha"]
        after = {
            "step": step,
            "eta": eta,
            "mu": 1 / max(1, step - group["t0"]),
        }
        numbers = {"eta": counts["eta"]}
        if counts["mu"] != 1:
            numbers["mu"] = counts["mu"]
        # PyTorch's own order, which decides how both round.
        return after, {
            **numbers,
            **({"shrinks": shrinks} if group["foreach"] else {"keep": 1 - shrinks * counts["eta"]}),
        }

    @staticmethod
    def _formula(xp: Any, of: Values, n: Numbers) -> dict[str, Any]:
        if "keep" in n:
            new = of["self"] * n["keep"] - of["grad"] * n["eta"]
        else:
            new = of["self"] - (of["grad"] + of["self"] * n["shrinks"]) * n["eta"]
        return {"self": new, "ax": of["ax"] + (new - of["ax"]) * n["mu"] if "mu" in n else new}

    def _edits(self, group: Group) -> Mapping[str, int]:
        return {"self": 1 if group["foreach"] else 2, "ax": 1}

    def _lines(self, group: Group, state: Mapping[str, Any]) -> list[str]:
        directed, g = self._towards(group)
        rate, shrinks = spelled(group["lr"]), spelled(group["lambd"])
        lines = [
            "t = t + 1",
            *directed,
            f"moved = self · (1 − {shrinks} · eta) − eta · {g}",
            "ax = ax + mu · (moved − ax)",
            f"eta = {rate} / (1 + {shrinks} · {rate} · t)^{spelled(group['alpha'])}",
            f"mu = 1 / maximum(1, t − {spelled(group['t0'])})",
            "self = moved",
        ]
        return lines if state else [f"eta = {rate}", "mu = 1", *lines]


@entry
def asgd(
    params: list[Tensor],
    grads: list[Tensor],
    axs: list[Tensor],
    mus: list[Tensor],
    etas: list[Tensor],
    state_steps: list[Tensor],
    foreach: bool | None = None,
    maximize: bool = False,
    differentiable: bool = False,
    capturable: bool = False,
    has_complex: bool = False,
    *,
    lambd: float,
    lr: float,
    t0: float,
    alpha: float,
    weight_decay: float,
) -> None:
    """One step of ASGD, on lists: parameters, gradients, and what is remembered of each, as `step` has it.

    Whether a parameter is complex (`has_complex`), its dtype says."""
    options = {
        "lambd": lambd,
        "lr": lr,
        "t0": t0,
        "alpha": alpha,
        "weight_decay": weight_decay,
        "foreach": foreach,
        "maximize": maximize,
        "differentiable": differentiable,
        "capturable": capturable,
    }
    step_on_lists(ASGD, params, grads, {"ax": axs, "mu": mus, "eta": etas, "step": state_steps}, options)
