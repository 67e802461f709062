"""Adagrad."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from autogradkit._ops.making.filled import full_like
from autogradkit.core.frames import entry
from autogradkit.core.recording import unheard
from autogradkit.core.tensor import Tensor
from autogradkit.engine.inference import as_made
from autogradkit.engine.modes import no_grad
from autogradkit.optim.formula import Counts, FormulaOptimizer, Values
from autogradkit.optim.kernels import Numbers
from autogradkit.optim.on_lists import step_on_lists
from autogradkit.optim.optimizer import number, refuse_fused, require_not_negative, require_rate, spelled
from autogradkit.optim.saving import Group, count
from autogradkit.optim.sparse_steps import at_places_of


class Adagrad(FormulaOptimizer):
    """Smaller steps where gradients have been large (Duchi et al., 2011, jmlr.org/papers/v12/duchi11a.html).

    s ← s + g², θ ← θ − lr / (1 + (t − 1)·lr_decay) · g / (√s + eps). Raises ValueError for options out of range.

    >>> import autogradkit as torch
    >>> torch.optim.Adagrad([torch.nn.Parameter(torch.ones(1))]).defaults["lr"]
    0.01
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        require_rate(lr)
        require_not_negative("lr_decay value", lr_decay)
        require_not_negative("weight_decay value", weight_decay)
        require_not_negative("initial_accumulator_value value", initial_accumulator_value)
        require_not_negative("epsilon value", eps)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        refuse_fused(differentiable, foreach, fused)
        for group in self.param_groups:
            for parameter in group["params"]:
                self.state[parameter] = self._initial_state(parameter, group)

    _later_options = MappingProxyType({"foreach": None, "maximize": False, "differentiable": False, "fused": None})
    _symbols = MappingProxyType({"step": "t", "sum": "s"})

    def _initial_state(self, parameter: Tensor, group: Group) -> dict[str, Tensor]:
        value = self.defaults["initial_accumulator_value"]
        with unheard():
            total = full_like.owner.front("function")(
                parameter, complex(value, value) if parameter.is_complex() else value
            )
        return {"step": count(0.0, bool(group["fused"])), "sum": as_made(total)}

    def share_memory(self) -> None:
        """Let several processes share the sums, as those of them do that share the parameters."""
        for state in self.state.values():
            state["sum"].share_memory_()

    def _numbers(self, group: Group, counts: Counts) -> tuple[Counts, Numbers]:
        numbers = {"lr": group["lr"] / (1 + counts["step"] * group["lr_decay"]), "eps": group["eps"]}
        return {"step": counts["step"] + 1}, numbers

    @staticmethod
    def _formula(xp: Any, of: Values, n: Numbers) -> dict[str, Any]:
        total = of["sum"] + of["grad"] * of["grad"]
        return {"sum": total, "self": of["self"] - of["grad"] * n["lr"] / (xp.sqrt(total) + n["eps"])}

    _sparse_refusal = None

    def _update_sparse(self, group: Group, parameter: Tensor, gradient: Tensor) -> Tensor:
        state = self.state[parameter]
        with no_grad():
            state["step"].add_(1)
            if group["weight_decay"]:
                raise RuntimeError("weight_decay option is not compatible with sparse gradients")
            gradient = (-gradient if group["maximize"] else gradient).coalesce()
            values = gradient._values()
            total = state["sum"].add_(at_places_of(gradient, values.pow(2)))
            spread = total.sparse_mask(gradient)._values().sqrt_().add_(group["eps"])
            rate = number(group["lr"]) / (1 + (state["step"].item() - 1) * group["lr_decay"])
            return parameter.add_(at_places_of(gradient, values / spread), alpha=-rate)

    def _edits(self, group: Group) -> Mapping[str, int]:
        return {"sum": 1, "self": 1}

    def _lines(self, group: Group, state: Mapping[str, Any]) -> list[str]:
        directed, g = self._towards(group)
        rate, decay = spelled(group["lr"]), group["lr_decay"]
        rate = f"{rate} / (1 + (t − 1) · {spelled(decay)})" if decay else rate
        lines = [
            "t = t + 1",
            *directed,
            f"s = s + {g}²",
            f"self = self − {rate} · {g} / (sqrt(s) + {spelled(group['eps'])})",
        ]
        begins = spelled(self.defaults["initial_accumulator_value"])
        return lines if state else [f"s = {begins}", *lines]


@entry
def adagrad(
    params: list[Tensor],
    grads: list[Tensor],
    state_sums: list[Tensor],
    state_steps: list[Tensor],
    fused: bool | None = None,
    grad_scale: Tensor | None = None,
    found_inf: Tensor | None = None,
    has_sparse_grad: bool = False,
    foreach: bool | None = None,
    differentiable: bool = False,
    has_complex: bool = False,
    *,
    lr: float,
    weight_decay: float,
    lr_decay: float,
    eps: float,
    maximize: bool,
) -> None:
    """One step of Adagrad, on lists: parameters, gradients, and what is remembered of each, as `step` has it.

    What is complex (`has_complex`) or sparse (`has_sparse_grad`) says so itself."""
    options = {
        "lr": lr,
        "weight_decay": weight_decay,
        "lr_decay": lr_decay,
        "eps": eps,
        "maximize": maximize,
        "fused": fused,
        "grad_scale": grad_scale,
        "found_inf": found_inf,
        "foreach": foreach,
        "differentiable": differentiable,
    }
    step_on_lists(Adagrad, params, grads, {"sum": state_sums, "step": state_steps}, options)
