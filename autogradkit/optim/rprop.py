"""Rprop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.optim.formula import Counts, FormulaOptimizer, Values, initial_state, zeros
from autogradkit.optim.kernels import Numbers
from autogradkit.optim.on_lists import step_on_lists
from autogradkit.optim.optimizer import number, require_rate, spelled
from autogradkit.optim.saving import Group


class Rprop(FormulaOptimizer):
    """Steps that only follow the gradient's sign, each element by its own size (Riedmiller and Braun, 1993).

    A size grows by etas[1] while the sign stays and shrinks by etas[0] where it turns, between step_sizes; where it turned, the
    gradient counts as 0 once. θ ← θ − size·sign(g). Raises ValueError for options out of range.

    >>> import autogradkit as torch
    >>> torch.optim.Rprop([torch.nn.Parameter(torch.ones(1))]).defaults["etas"]
    (0.5, 1.2)
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        require_rate(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    _captures_xla = (True, True)
    _symbols = MappingProxyType({"step": "t", "prev": "before", "step_size": "size"})

    def _initial_state(self, parameter: Tensor, group: Group) -> dict[str, Tensor]:
        rate, size = number(group["lr"]), zeros(parameter if parameter.grad is None else parameter.grad)
        if not size.is_meta:
            size._array.fill(complex(rate, rate) if parameter.is_complex() else rate)
        return {**initial_state(parameter, "prev"), "step_size": size}

    def _numbers(self, group: Group, counts: Counts) -> tuple[Counts, Numbers]:
        (less, more), (least, most) = group["etas"], group["step_sizes"]
        return {"step": counts["step"] + 1}, {"less": less, "more": more, "least": least, "most": most}

    @staticmethod
    def _formula(xp: Any, of: Values, n: Numbers) -> dict[str, Any]:
        turned = of["grad"] * of["prev"]
        size = of["step_size"]
        size = xp.where(turned > 0, size * n["more"], xp.where(turned < 0, size * n["less"], size))
        size = xp.where(size < n["least"], n["least"], xp.where(size > n["most"], n["most"], size))
        counting = xp.where(turned < 0, 0, of["grad"])
        moved = xp.where(counting > 0, size, xp.where(counting < 0, -size, 0))  # a NaN has no sign, as in PyTorch
        return {"prev": counting, "step_size": size, "self": of["self"] - moved}

    def _edits(self, group: Group) -> Mapping[str, int]:
        return {"prev": 2 if group["foreach"] else 1, "step_size": 2, "self": 1}

    def _lines(self, group: Group, state: Mapping[str, Any]) -> list[str]:
        directed, g = self._towards(group)
        (less, more), (least, most) = (map(spelled, group[name]) for name in ("etas", "step_sizes"))
        lines = [
            "t = t + 1",
            *directed,
            f"turned = before · {g}",
            f"size = size · {more} where turned > 0, size · {less} where turned < 0, else size",
            f"size = {least} where size < {least}, {most} where size > {most}, else size",
            f"before = 0 where turned < 0, else {g}",
            "self = self − sign(before) · size",
        ]
        return lines if state else [f"size = {spelled(group['lr'])}", *lines]


@entry
def rprop(
    params: list[Tensor],
    grads: list[Tensor],
    prevs: list[Tensor],
    step_sizes: list[Tensor],
    state_steps: list[Tensor],
    foreach: bool | None = None,
    capturable: bool = False,
    maximize: bool = False,
    differentiable: bool = False,
    has_complex: bool = False,
    *,
    step_size_min: float,
    step_size_max: float,
    etaminus: float,
    etaplus: float,
) -> None:
    """One step of Rprop, on lists: parameters, gradients, and what is remembered of each, as `step` has it.

    Whether a parameter is complex (`has_complex`), its dtype says."""
    options = {
        "lr": 0.0,
        "etas": (etaminus, etaplus),
        "step_sizes": (step_size_min, step_size_max),
        "foreach": foreach,
        "capturable": capturable,
        "maximize": maximize,
        "differentiable": differentiable,
    }
    step_on_lists(Rprop, params, grads, {"prev": prevs, "step_size": step_sizes, "step": state_steps}, options)
