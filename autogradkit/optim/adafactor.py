"""Adafactor."""
# ruff: noqa: SIM300 - compared in PyTorch's order, which Python's words of what is no number have

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import setitem
from types import MappingProxyType
from typing import Any

import numpy as np

from autogradkit._ops.declare.memory import like
from autogradkit.core.dtype import bfloat16, dtype
from autogradkit.core.frames import entry
from autogradkit.core.steps import Step
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.optim.formula import Counts, FormulaOptimizer, Values, direction, zeros
from autogradkit.optim.kernels import Array, Numbers
from autogradkit.optim.optimizer import spelled
from autogradkit.optim.saving import Group, count


class Adafactor(FormulaOptimizer):
    """Adam that remembers of a matrix's squares only the means of rows and columns (Shazeer and Stern, 2018, 1804.04235).

    With ρ = min(lr, 1/√t): v ← v + t^beta2_decay · (g² − v), of a matrix v = row · column / mean(row); u = g / √v, which is
    made as small as d; θ ← θ − max(eps[1], rms(θ))·ρ·u. Raises ValueError for options out of range.

    >>> import autogradkit as torch
    >>> torch.optim.Adafactor([torch.nn.Parameter(torch.ones(1))]).defaults["beta2_decay"]
    -0.8
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not 0.0 <= lr:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not 0.0 >= beta2_decay:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        if eps[0] is not None and not 0.0 <= eps[0]:
            raise ValueError(f"epsilon1 should be >= 0 but is: {eps[0]}")
        if not 0.0 <= eps[1]:
            raise ValueError(f"epsilon2 should be >= 0 but is: {eps[1]}")
        if not 1.0 <= d:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not 0.0 <= weight_decay:
            raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    _asks_for_numbers = True
    _later_options = MappingProxyType({"foreach": None})
    _symbols = MappingProxyType({"step": "t", "row_var": "row", "col_var": "column", "variance": "v"})

    def _initial_state(self, parameter: Tensor, group: Group) -> dict[str, Tensor]:
        state = {"step": count(0.0)}
        if parameter.dim() < 2:
            return {**state, "variance": zeros(parameter)}
        array = parameter._array
        for name, place in (("row_var", -1), ("col_var", -2)):
            mean = like(array.take([0], place) if array.size else array[..., :1, :1])
            mean.fill(0)
            state[name] = wrap(mean)
        return state

    def _added_decay(self, group: Group) -> Any:
        return 0

    def _updater(self, group: Group) -> Callable[[Tensor, Tensor], Tensor]:
        updaters: dict[dtype, Callable[[Tensor, Tensor], Tensor]] = {}
        least, smallest = group["eps"]

        def update(parameter: Tensor, gradient: Tensor) -> Tensor:
            if parameter.is_complex():
                raise RuntimeError("Adafactor does not support complex parameters")
            kind = parameter.dtype
            if kind not in updaters:
                eps = _precision(kind) if least is None else least
                updaters[kind] = super(Adafactor, self)._updater({**group, "eps": (eps, smallest)})
            return updaters[kind](parameter, gradient)

        return update

    def _numbers(self, group: Group, counts: Counts) -> tuple[Counts, Numbers]:
        step, rate = counts["step"] + 1, group["lr"]
        least, smallest = group["eps"]
        numbers = {
            "average": step ** group["beta2_decay"],
            "rate": min(rate, 1 / step**0.5),
            "smallest": smallest,
            "d": group["d"],
            "shrink": 1 - rate * group["weight_decay"],
            "least": least,
        }
        return {"step": step}, numbers

    @staticmethod
    def _formula(xp: Any, of: Values, n: Numbers) -> dict[str, Any]:
        g, values = of["grad"], of["self"]
        found: dict[str, Any] = {}
        if "variance" in of:
            square = found["variance"] = of["variance"] + (g * g - of["variance"]) * n["average"]
        else:
            squares = g * g
            for name, over in (("row_var", -1), ("col_var", -2)):
                found[name] = of[name] + (squares.mean(over, keepdims=True) - of[name]) * n["average"]
            row, column = found["row_var"], found["col_var"]
            square = np.matmul(row, column) / np.maximum(row.mean(-2, keepdims=True), n["least"])
        change = g / np.sqrt(np.maximum(square, n["least"] * n["least"]))
        rate = np.maximum(n["smallest"], _size(values)) * n["rate"] / np.maximum(1, _size(change) / n["d"])
        return {**found, "self": values * n["shrink"] - change * rate}

    def _computed(self, of: Mapping[str, Array], numbers: Numbers, maximize: bool) -> list[Step]:
        # The formula asks for means, so that it takes arrays whole.
        of = {**of, "grad": direction(of["grad"], of["self"], maximize, None)}
        return [(setitem, of[name], ..., value) for name, value in self._formula(np, of, numbers).items()]

    def _edits(self, group: Group) -> Mapping[str, int]:
        return {"row_var": 1, "col_var": 1, "variance": 1, "self": 1 + bool(group["weight_decay"])}

    def _lines(self, group: Group, state: Mapping[str, Any]) -> list[str]:
        decay = group["weight_decay"]
        kept = f"self · (1 − {spelled(group['lr'])} · {spelled(decay)})" if decay else "self"
        return [
            "t = t + 1",
            f"self = {kept} − rate · {'−' * bool(group['maximize'])}grad / sqrt(estimate)",
        ]


def _precision(kind: dtype) -> float:
    """The distance of 1 to the next number."""
    return 2.0**-7 if kind is bfloat16 else float(np.finfo(kind.numpy).eps)


def _size(array: Array) -> Any:
    """The root of the mean square."""
    return np.sqrt((array * array).mean())
