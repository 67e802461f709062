"""RMSprop."""

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


class RMSprop(FormulaOptimizer):
    """Gradients divided by their recent size (Tieleman and Hinton, 2012, lecture 6e of "Neural networks for machine learning").

    v ← alpha·v + (1 − alpha)·g², θ ← θ − lr·g / (√v + eps); `centered` takes the variance v − ḡ² instead of v (Graves, 2013), and
    `momentum` sums what is divided: b ← momentum·b + g / (√v + eps), θ ← θ − lr·b. Raises ValueError for options out of range.

    >>> import autogradkit as torch
    >>> torch.optim.RMSprop([torch.nn.Parameter(torch.ones(1))]).defaults["alpha"]
    0.99
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        require_rate(lr)
        require_not_negative("epsilon value", eps)
        require_not_negative("momentum value", momentum)
        require_not_negative("weight_decay value", weight_decay)
        require_not_negative("alpha value", alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    _later_options = MappingProxyType({"momentum": 0, "centered": False, **FormulaOptimizer._later_options})
    _captures_xla = (True, True)
    _symbols = MappingProxyType({"step": "t", "square_avg": "v", "momentum_buffer": "buf", "grad_avg": "mean_g"})

    def _initial_state(self, parameter: Tensor, group: Group) -> dict[str, Tensor]:
        more = ["momentum_buffer"] * (group["momentum"] > 0) + ["grad_avg"] * bool(group["centered"])
        return initial_state(parameter, "square_avg", *more)

    def _numbers(self, group: Group, counts: Counts) -> tuple[Counts, Numbers]:
        alpha = group["alpha"]
        numbers = {"lr": group["lr"], "keep": alpha, "rest": 1 - alpha, "eps": group["eps"]}
        if group["momentum"] > 0:
            numbers["momentum"] = group["momentum"]
        if group["centered"]:
            numbers["centered"] = 1.0
        return {"step": counts["step"] + 1}, numbers

    @staticmethod
    def _formula(xp: Any, of: Values, n: Numbers) -> dict[str, Any]:
        square = of["square_avg"] * n["keep"] + of["grad"] * of["grad"] * n["rest"]
        found = {"square_avg": square}
        if "centered" in n:
            mean = found["grad_avg"] = of["grad_avg"] + (of["grad"] - of["grad_avg"]) * n["rest"]
            square = square - mean * mean
        change = of["grad"] / (xp.sqrt(square) + n["eps"])
        if "momentum" in n:
            change = found["momentum_buffer"] = of["momentum_buffer"] * n["momentum"] + change
        return {**found, "self": of["self"] - change * n["lr"]}

    def _edits(self, group: Group) -> Mapping[str, int]:
        return {"square_avg": 2, "grad_avg": 1, "momentum_buffer": 2, "self": 1}

    def _lines(self, group: Group, state: Mapping[str, Any]) -> list[str]:
        directed, g = self._towards(group)
        alpha, rest = spelled(group["alpha"]), spelled(1 - group["alpha"])
        lines = ["t = t + 1", *directed, f"v = {alpha} · v + {rest} · {g}²"]
        square = "v"
        if group["centered"]:
            lines.append(f"mean_g = {alpha} · mean_g + {rest} · {g}")
            square = "v − mean_g²"
        change = f"{g} / (sqrt({square}) + {spelled(group['eps'])})"
        if group["momentum"] > 0:
            lines.append(f"buf = {spelled(group['momentum'])} · buf + {change}")
            change = "buf"
        return [*lines, f"self = self − {spelled(group['lr'])} · {change}"]


@entry
def rmsprop(
    params: list[Tensor],
    grads: list[Tensor],
    square_avgs: list[Tensor],
    grad_avgs: list[Tensor],
    momentum_buffer_list: list[Tensor],
    state_steps: list[Tensor],
    foreach: bool | None = None,
    maximize: bool = False,
    differentiable: bool = False,
    capturable: bool = False,
    has_complex: bool = False,
    *,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    centered: bool,
) -> None:
    """One step of RMSprop, on lists: parameters, gradients, and what is remembered of each, as `step` has it.

    Whether a parameter is complex (`has_complex`), its dtype says."""
    options = {
        "lr": lr,
        "alpha": alpha,
        "eps": eps,
        "weight_decay": weight_decay,
        "momentum": momentum,
        "centered": centered,
        "foreach": foreach,
        "maximize": maximize,
        "differentiable": differentiable,
        "capturable": capturable,
    }
    step_on_lists(
        RMSprop,
        params,
        grads,
        {
            "square_avg": square_avgs,
            "grad_avg": grad_avgs,
            "momentum_buffer": momentum_buffer_list,
            "step": state_steps,
        },
        options,
    )
