"""NAdam."""

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
from autogradkit.optim.optimizer import require_betas, require_not_negative, require_rate, spelled
from autogradkit.optim.saving import Group, count


class NAdam(FormulaOptimizer):
    """Adam with Nesterov's look-ahead (Dozat, 2016, openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ).

    With μ(t) = β₁·(1 − 0.96^(t·momentum_decay) / 2) and Πμ its product so far, the average m of the gradients and v of their
    squares: θ ← θ − lr·((1 − μ(t))·g / (1 − Πμ) + μ(t + 1)·m / (1 − Πμ·μ(t + 1))) / (√(v / (1 − β₂ᵗ)) + eps). Raises ValueError
    for options out of range.

    >>> import autogradkit as torch
    >>> torch.optim.NAdam([torch.nn.Parameter(torch.ones(1))]).defaults["momentum_decay"]
    0.004
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
        require_not_negative("momentum_decay value", momentum_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    _counts = ("step", "mu_product")
    _later_options = MappingProxyType({**FormulaOptimizer._later_options, "decoupled_weight_decay": False})
    _captured = ("params, mu_products and state_steps", "params, mu_products, and state_steps")
    _symbols = MappingProxyType({"step": "t", "mu_product": "mus", "exp_avg": "m", "exp_avg_sq": "v"})

    def _initial_state(self, parameter: Tensor, group: Group) -> dict[str, Tensor]:
        averages = {name: zeros(parameter) for name in ("exp_avg", "exp_avg_sq")}
        return {"step": count(0.0), "mu_product": count(1.0), **averages}

    def _numbers(self, group: Group, counts: Counts) -> tuple[Counts, Numbers]:
        step, rate = counts["step"] + 1, group["lr"]
        beta1, beta2 = group["betas"]
        now, ahead = (beta1 * (1 - 0.5 * 0.96 ** (each * group["momentum_decay"])) for each in (step, step + 1))
        product = count(counts["mu_product"])._array
        product = (product * np.asarray(now, product.dtype)).item()  # in the dtype that it is kept in
        numbers = {
            "to_gradient": rate * (1 - now) / (1 - product),
            "to_average": rate * ahead / (1 - product * ahead),
            "average": 1 - beta1,
            "keep": beta2,
            "square": 1 - beta2,
            "correction": 1 - beta2**step,
            "eps": group["eps"],
        }
        if group["weight_decay"] and group["decoupled_weight_decay"]:
            numbers["shrink"] = 1 - rate * group["weight_decay"]
        return {"step": step, "mu_product": product}, numbers

    @staticmethod
    def _formula(xp: Any, of: Values, n: Numbers) -> dict[str, Any]:
        g = of["grad"]
        average = of["exp_avg"] + (g - of["exp_avg"]) * n["average"]
        square = of["exp_avg_sq"] * n["keep"] + g * g * n["square"]
        size = xp.sqrt(square / n["correction"]) + n["eps"]
        kept = of["self"] * n["shrink"] if "shrink" in n else of["self"]
        return {
            "exp_avg": average,
            "exp_avg_sq": square,
            "self": kept - g / size * n["to_gradient"] - average / size * n["to_average"],
        }

    def _edits(self, group: Group) -> Mapping[str, int]:
        decayed = bool(group["weight_decay"] and group["decoupled_weight_decay"])
        return {"exp_avg": 1, "exp_avg_sq": 2, "self": 2 + decayed}

    def _lines(self, group: Group, state: Mapping[str, Any]) -> list[str]:
        directed, g = self._towards(group)
        rate, decay, (beta1, beta2) = spelled(group["lr"]), group["weight_decay"], group["betas"]
        slower = spelled(group["momentum_decay"])
        if decay and group["decoupled_weight_decay"]:
            directed = [f"self = self · (1 − {rate} · {spelled(decay)})", *directed]
        lines = [
            "t = t + 1",
            *directed,
            f"mu = {spelled(beta1)} · (1 − 0.5 · 0.96^(t · {slower}))",
            f"ahead = {spelled(beta1)} · (1 − 0.5 · 0.96^((t + 1) · {slower}))",
            "mus = mus · mu",
            f"m = {spelled(beta1)} · m + {spelled(1 - beta1)} · {g}",
            f"v = {spelled(beta2)} · v + {spelled(1 - beta2)} · {g}²",
            f"m_hat = ahead · m / (1 − mus · ahead) + (1 − mu) · {g} / (1 − mus)",
            f"v_hat = v / (1 − {spelled(beta2)}^t)",
            f"self = self − {rate} · m_hat / (sqrt(v_hat) + {spelled(group['eps'])})",
        ]
        return lines if state else ["mus = 1", *lines]


@entry
def nadam(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    mu_products: list[Tensor],
    state_steps: list[Tensor],
    decoupled_weight_decay: bool = False,
    foreach: bool | None = None,
    capturable: bool = False,
    differentiable: bool = False,
    has_complex: bool = False,
    maximize: bool = False,
    *,
    beta1: float,
    beta2: float,
    lr: float,
    weight_decay: float,
    momentum_decay: float,
    eps: float,
) -> None:
    """One step of NAdam, on lists: parameters, gradients, and what is remembered of each, as `step` has it.

    Whether a parameter is complex (`has_complex`), its dtype says."""
    options = {
        "lr": lr,
        "betas": (beta1, beta2),
        "weight_decay": weight_decay,
        "momentum_decay": momentum_decay,
        "eps": eps,
        "decoupled_weight_decay": decoupled_weight_decay,
        "foreach": foreach,
        "capturable": capturable,
        "differentiable": differentiable,
        "maximize": maximize,
    }
    step_on_lists(
        NAdam,
        params,
        grads,
        {"exp_avg": exp_avgs, "exp_avg_sq": exp_avg_sqs, "mu_product": mu_products, "step": state_steps},
        options,
    )
