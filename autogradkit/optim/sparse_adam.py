"""SparseAdam."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.optim.optimizer import Optimizer, require_betas
from autogradkit.optim.saving import Group


class SparseAdam(Optimizer):
    """Adam that leaves alone, averages too, what a sparse gradient does not name (after Kingma and Ba, 2015).

    There are no sparse gradients here yet, and dense ones it refuses. Raises ValueError for options out of range.

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
