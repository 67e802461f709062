"""SparseAdam."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from autogradkit._ops.making.filled import zeros_like
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.optim.optimizer import Optimizer, alike, number, require_betas
from autogradkit.optim.saving import Group


class SparseAdam(Optimizer):
    """Adam that leaves alone, averages too, what a sparse gradient does not name (after Kingma and Ba, 2015).

    Its update of the rest is Adam's, with one count of steps for all elements. Dense gradients it refuses. Raises ValueError for
    options out of range.

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

    def _update_sparse(self, group: Group, parameter: Tensor, gradient: Tensor) -> Tensor:
        state = self.state[parameter]
        with no_grad():
            if not state:
                state.update(step=0, exp_avg=zeros_like.owner(parameter), exp_avg_sq=zeros_like.owner(parameter))
            state["step"] += 1
            named: Any = (-gradient if group["maximize"] else gradient).coalesce()
            values = named.values()
            if not values.numel():
                return parameter
            beta1, beta2 = group["betas"]
            average = _moved(state["exp_avg"], named, values, 1 - beta1)
            square = _moved(state["exp_avg_sq"], named, values.pow(2), 1 - beta2)
            rate = number(group["lr"]) * math.sqrt(1 - beta2 ** state["step"]) / (1 - beta1 ** state["step"])
            parameter.add_(alike(named, -rate * average.div_(square.sqrt_().add_(group["eps"]))))
        return parameter


def _moved(average: Any, named: Any, values: Any, by: float) -> Any:
    """Move an average, where the gradient names it, that part of the way to the values; where it is then."""
    before = average.sparse_mask(named).values()
    change = values.sub(before).mul_(by)
    average.add_(alike(named, change))
    return change + before
