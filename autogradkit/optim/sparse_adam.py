"""SparseAdam."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from autogradkit._ops.making.filled import zeros_like
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.optim.optimizer import Optimizer, number, require_betas, with_values
from autogradkit.optim.saving import Group


class SparseAdam(Optimizer):
    """Adam that leaves alone, averages too, what a sparse gradient does not name (after Kingma and Ba, 2015).

    Dense gradients it refuses. Raises ValueError for options out of range.

    >>> import autogradkit as torch
    >>> torch.optim.SparseAdam([torch.nn.Parameter(torch.ones(1))]).defaults["betas"]
    (0.9, 0.999)
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        for name, value in (("learning rate", lr), ("epsilon value", eps)):
            if not 0.0 < value:  # noqa: SIM300 - what Python says of what is no number is as in PyTorch
                raise ValueError(f"Invalid {name}: {value}")
        require_betas(betas)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})
        places = [
            [index, place]
            for index, group in enumerate(self.param_groups)
            for place, parameter in enumerate(group["params"])
            if parameter.is_complex()
        ]
        if places:
            raise ValueError(f"Complex params at indices {places}: SparseAdam does not support complex parameters")

    def _updater(self, group: Group) -> Callable[[Tensor, Tensor], Tensor]:
        def update(parameter: Tensor, gradient: Tensor) -> Tensor:
            raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")

        return update

    _sparse_refusal = None

    def _update_sparse(self, group: Group, parameter: Tensor, gradient: Tensor) -> Tensor:
        state = self.state[parameter]
        if not state:
            state |= {"step": 0, "exp_avg": zeros_like(parameter), "exp_avg_sq": zeros_like(parameter)}
        state["step"] += 1
        beta1, beta2 = group["betas"]
        with no_grad():
            direction: Any = (-gradient if group["maximize"] else gradient).coalesce()
            slope = direction._values()
            if not slope.numel():
                return parameter
            changes: list[Any] = []
            for name, value, beta in (("exp_avg", slope, beta1), ("exp_avg_sq", slope**2, beta2)):
                old: Any = state[name].sparse_mask(direction)._values()
                change = (value - old) * (1 - beta)
                state[name].add_(with_values(direction, change))
                changes.append(change + old)
            average, square = changes
            step = state["step"]
            size = number(group["lr"]) * math.sqrt(1 - beta2**step) / (1 - beta1**step)
            parameter.add_(with_values(direction, -size * (average / (square.sqrt() + group["eps"]))))
        return parameter
