"""Adamax."""

from __future__ import annotations

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


class Adamax(FormulaOptimizer):
    """Adam by the largest gradient instead of the mean square (Kingma and Ba, 2015, arxiv.org/abs/1412.6980, section 7.1).

    m ← β₁·m + (1 − β₁)·g, u ← max(β₂·u, |g| + eps), θ ← θ − lr / (1 − β₁ᵗ) · m / u. Raises ValueError for options out of range.

    >>> import autogradkit as torch
    >>> torch.optim.Adamax([torch.nn.Parameter(torch.ones(1))]).defaults["lr"]
    0.002
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
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
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    _symbols = MappingProxyType({"step": "t", "exp_avg": "m", "exp_inf": "u"})

    def _initial_state(self, parameter: Tensor, group: Group) -> dict[str, Tensor]:
        return initial_state(parameter, "exp_avg", "exp_inf")

    def _numbers(self, group: Group, counts: Counts) -> tuple[Counts, Numbers]:
        step = counts["step"] + 1
        beta1, beta2 = group["betas"]
        numbers = {"lr": group["lr"] / (1 - beta1**step), "to_average": 1 - beta1, "keep": beta2, "eps": group["eps"]}
        return {"step": step}, numbers

    @staticmethod
    def _formula(xp: Any, of: Values, n: Numbers) -> dict[str, Any]:
        average = of["exp_avg"] + (of["grad"] - of["exp_avg"]) * n["to_average"]
        largest = xp.maximum(of["exp_inf"] * n["keep"], xp.abs(of["grad"]) + n["eps"])
        return {"exp_avg": average, "exp_inf": largest, "self": of["self"] - average / largest * n["lr"]}

    def _edits(self, group: Group) -> Mapping[str, int]:
        return {"exp_avg": 1, "exp_inf": 2, "self": 1}

    def _lines(self, group: Group, state: Mapping[str, Any]) -> list[str]:
        directed, g = self._towards(group)
        beta1, beta2 = group["betas"]
        return [
            "t = t + 1",
            *directed,
            f"m = {spelled(beta1)} · m + {spelled(1 - beta1)} · {g}",
            f"u = maximum({spelled(beta2)} · u, |{g}| + {spelled(group['eps'])})",
            f"self = self − {spelled(group['lr'])} / (1 − {spelled(beta1)}^t) · m / u",
        ]


@entry
def adamax(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_infs: list[Tensor],
    state_steps: list[Tensor],
    foreach: bool | None = None,
    maximize: bool = False,
    differentiable: bool = False,
    capturable: bool = False,
    has_complex: bool = False,
    *,
    eps: float,
    beta1: float,
    beta2: float,
    lr: float,
    weight_decay: float,
) -> None:
    """One step of Adamax, on lists: parameters, gradients, and what is remembered of each, as `step` has it.

    Whether a parameter is complex (`has_complex`), its dtype says."""
    options = {
        "lr": lr,
        "betas": (beta1, beta2),
        "eps": eps,
        "weight_decay": weight_decay,
        "foreach": foreach,
        "maximize": maximize,
        "differentiable": differentiable,
        "capturable": capturable,
    }
    step_on_lists(Adamax, params, grads, {"exp_avg": exp_avgs, "exp_inf": exp_infs, "step": state_steps}, options)
