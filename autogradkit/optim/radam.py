"""RAdam."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.optim.formula import Counts, FormulaOptimizer, Values, initial_state
from autogradkit.optim.kernels import Numbers
from autogradkit.optim.on_lists import step_on_lists
from autogradkit.optim.optimizer import require_betas, require_not_negative, require_rate, spelled
from autogradkit.optim.saving import Group


class RAdam(FormulaOptimizer):
    """Adam that adapts only once its squares can be trusted (Liu et al., 2020, arxiv.org/abs/1908.03265).

    With ρ∞ = 2 / (1 − β₂) − 1 and ρ = ρ∞ − 2t·β₂ᵗ / (1 − β₂ᵗ): θ ← θ − lr·m / (1 − β₁ᵗ), from ρ > 5 on times
    r·√(1 − β₂ᵗ) / (√v + eps), where r² = (ρ − 4)(ρ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρ). Raises ValueError for options out of range.

    >>> import autogradkit as torch
    >>> torch.optim.RAdam([torch.nn.Parameter(torch.ones(1))]).defaults["lr"]
    0.001
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        require_rate(lr)
        require_not_negative("epsilon value", eps)
        require_betas(betas)
        require_not_negative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    _later_options = MappingProxyType({**FormulaOptimizer._later_options, "decoupled_weight_decay": False})
    _symbols = MappingProxyType({"step": "t", "exp_avg": "m", "exp_avg_sq": "v"})

    def _initial_state(self, parameter: Tensor, group: Group) -> dict[str, Tensor]:
        return initial_state(parameter, "exp_avg", "exp_avg_sq")

    def _numbers(self, group: Group, counts: Counts) -> tuple[Counts, Numbers]:
        step, rate = counts["step"] + 1, group["lr"]
        beta1, beta2 = group["betas"]
        numbers = {
            "lr": rate,
            "average": 1 - beta1,
            "keep": beta2,
            "square": 1 - beta2,
            "correction": 1 - beta1**step,
        }
        rectified = _rectification(beta2, step)
        if rectified is not None:
            numbers |= {"rectified": rectified, "size": math.sqrt(1 - beta2**step), "eps": group["eps"]}
        if group["weight_decay"] and group["decoupled_weight_decay"]:
            numbers["shrink"] = 1 - rate * group["weight_decay"]
        return {"step": step}, numbers

    @staticmethod
    def _formula(xp: Any, of: Values, n: Numbers) -> dict[str, Any]:
        average = of["exp_avg"] + (of["grad"] - of["exp_avg"]) * n["average"]
        square = of["exp_avg_sq"] * n["keep"] + of["grad"] * of["grad"] * n["square"]
        change = average / n["correction"] * n["lr"]
        if "rectified" in n:
            change = change * (n["size"] / (xp.sqrt(square) + n["eps"])) * n["rectified"]
        kept = of["self"] * n["shrink"] if "shrink" in n else of["self"]
        return {"exp_avg": average, "exp_avg_sq": square, "self": kept - change}

    def _edits(self, group: Group) -> Mapping[str, int]:
        decayed = bool(group["weight_decay"] and group["decoupled_weight_decay"])
        return {"exp_avg": 1, "exp_avg_sq": 2, "self": 1 + decayed}

    def _lines(self, group: Group, state: Mapping[str, Any]) -> list[str]:
        directed, g = self._towards(group)
        rate, decay, (beta1, beta2) = spelled(group["lr"]), group["weight_decay"], group["betas"]
        if decay and group["decoupled_weight_decay"]:
            directed = [f"self = self · (1 − {rate} · {spelled(decay)})", *directed]
        lines = [
            "t = t + 1",
            *directed,
            f"m = {spelled(beta1)} · m + {spelled(1 - beta1)} · {g}",
            f"v = {spelled(beta2)} · v + {spelled(1 - beta2)} · {g}²",
            f"m_hat = m / (1 − {spelled(beta1)}^t)",
        ]
        rectified = _rectification(beta2, state["step"].item() + 1 if state else 1)
        if rectified is None:
            return [*lines, f"self = self − {rate} · m_hat"]
        return [
            *lines,
            f"adapted = sqrt(1 − {spelled(beta2)}^t) / (sqrt(v) + {spelled(group['eps'])})",
            f"self = self − {rate} · m_hat · adapted · {spelled(rectified)}",
        ]


def _rectification(beta2: float, step: float) -> float | None:
    """By how much a step is smaller as its squares are of few gradients; None where they are of too few."""
    most = 2 / (1 - beta2) - 1
    length = most - 2 * step * beta2**step / (1 - beta2**step)
    if length <= 5:
        return None
    return math.sqrt((length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length))


@entry
def radam(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    state_steps: list[Tensor],
    decoupled_weight_decay: bool = False,
    foreach: bool | None = None,
    differentiable: bool = False,
    capturable: bool = False,
    has_complex: bool = False,
    maximize: bool = False,
    *,
    beta1: float,
    beta2: float,
    lr: float,
    weight_decay: float,
    eps: float,
) -> None:
    """One step of RAdam, on lists: parameters, gradients, and what is remembered of each, as `step` has it.

    Whether a parameter is complex (`has_complex`), its dtype says."""
    options = {
        "lr": lr,
        "betas": (beta1, beta2),
        "weight_decay": weight_decay,
        "eps": eps,
        "decoupled_weight_decay": decoupled_weight_decay,
        "foreach": foreach,
        "differentiable": differentiable,
        "capturable": capturable,
        "maximize": maximize,
    }
    step_on_lists(RAdam, params, grads, {"exp_avg": exp_avgs, "exp_avg_sq": exp_avg_sqs, "step": state_steps}, options)
