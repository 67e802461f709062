"""Adadelta."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.optim.formula import Counts, FormulaOptimizer, Values, initial_state
from autogradkit.optim.kernels import Numbers
from autogradkit.optim.on_lists import step_on_lists
from autogradkit.optim.optimizer import require_not_negative, require_rate, spelled
from autogradkit.optim.saving import Group


class Adadelta(FormulaOptimizer):
    """Steps as large as the recent ones were, for the recent gradients' size (Zeiler, 2012, arxiv.org/abs/1212.5701).

    v ← rho·v + (1 − rho)·g², Δ = √(u + eps) / √(v + eps) · g, u ← rho·u + (1 − rho)·Δ², θ ← θ − lr·Δ. Raises ValueError for
    options out of range.

    >>> import autogradkit as torch
    >>> torch.optim.Adadelta([torch.nn.Parameter(torch.ones(1))]).defaults["rho"]
    0.9
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        require_rate(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        require_not_negative("epsilon value", eps)
        require_not_negative("weight_decay value", weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    _captures_xla = (False, False)
    _symbols = MappingProxyType({"step": "t", "square_avg": "v", "acc_delta": "u"})

    def _initial_state(self, parameter: Tensor, group: Group) -> dict[str, Tensor]:
        return initial_state(parameter, "square_avg", "acc_delta")

    def _numbers(self, group: Group, counts: Counts) -> tuple[Counts, Numbers]:
        numbers = {"lr": group["lr"], "keep": group["rho"], "to_square": 1 - group["rho"], "eps": group["eps"]}
        return {"step": counts["step"] + 1}, numbers

    @staticmethod
    def _formula(xp: Any, of: Values, n: Numbers) -> dict[str, Any]:
        square = of["square_avg"] * n["keep"] + of["grad"] * of["grad"] * n["to_square"]
        delta = xp.sqrt(of["acc_delta"] + n["eps"]) / xp.sqrt(square + n["eps"]) * of["grad"]
        return {
            "square_avg": square,
            "acc_delta": of["acc_delta"] * n["keep"] + delta * delta * n["to_square"],
            "self": of["self"] - delta * n["lr"],
        }

    def _edits(self, group: Group) -> Mapping[str, int]:
        return {"square_avg": 2, "acc_delta": 2, "self": 1}

    def _lines(self, group: Group, state: Mapping[str, Any]) -> list[str]:
        directed, g = self._towards(group)
        rho, eps = spelled(group["rho"]), spelled(group["eps"])
        rest = spelled(1 - group["rho"])
        return [
            "t = t + 1",
            *directed,
            f"v = {rho} · v + {rest} · {g}²",
            f"delta = sqrt(u + {eps}) / sqrt(v + {eps}) · {g}",
            f"u = {rho} · u + {rest} · delta²",
            f"self = self − {spelled(group['lr'])} · delta",
        ]


@entry
def adadelta(
    params: list[Tensor],
    grads: list[Tensor],
    square_avgs: list[Tensor],
    acc_deltas: list[Tensor],
    state_steps: list[Tensor],
    capturable: bool = False,
    foreach: bool | None = None,
    differentiable: bool = False,
    has_complex: bool = False,
    *,
    lr: float,
    rho: float,
    eps: float,
    weight_decay: float,
    maximize: bool,
) -> None:
    """One step of Adadelta, on lists: parameters, gradients, and what is remembered of each, as `step` has it.

    Whether a parameter is complex (`has_complex`), its dtype says."""
    options = {
        "lr": lr,
        "rho": rho,
        "eps": eps,
        "weight_decay": weight_decay,
        "maximize": maximize,
        "capturable": capturable,
        "foreach": foreach,
        "differentiable": differentiable,
    }
    step_on_lists(
        Adadelta, params, grads, {"square_avg": square_avgs, "acc_delta": acc_deltas, "step": state_steps}, options
    )
