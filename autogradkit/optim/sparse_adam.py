"""SparseAdam, by ops of sparse tensors in PyTorch's order."""

from __future__ import annotations

import functools
import math
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.sparse import SparseTensor
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.optim.formula import zeros
from autogradkit.optim.optimizer import Optimizer, number, require_betas
from autogradkit.optim.saving import Group
from autogradkit.optim.sparse_steps import at_places_of


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
        for kind, has, refused in (
            ("Sparse", operator.attrgetter("is_sparse"), "requires dense parameter tensors"),
            ("Complex", Tensor.is_complex, "does not support complex parameters"),
        ):
            places = [
                [index, place]
                for index, group in enumerate(self.param_groups)
                for place, parameter in enumerate(group["params"])
                if has(parameter)
            ]
            if places:
                raise ValueError(f"{kind} params at indices {places}: SparseAdam {refused}")

    def _updater(self, group: Group) -> Callable[[Tensor, Tensor], Tensor]:
        gradients = [parameter._grad for parameter in group["params"]]
        if any(gradient is not None and gradient.__class__ is not SparseTensor for gradient in gradients):
            raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
        return functools.partial(self._update_sparse, group)

    _sparse_refusal = None

    def _update_sparse(self, group: Group, parameter: Tensor, gradient: Tensor) -> Tensor:
        beta1, beta2 = group["betas"]
        with no_grad():
            gradient = (-gradient if group["maximize"] else gradient).coalesce()
            state = self.state[parameter]
            if not state:
                state.update(step=0, exp_avg=zeros(parameter), exp_avg_sq=zeros(parameter))
            state["step"] += 1
            values = gradient._values()
            if not values.numel():
                return parameter
            averages = [
                _towards(state[name], gradient, new, 1 - beta)
                for name, new, beta in (("exp_avg", values, beta1), ("exp_avg_sq", values.pow(2), beta2))
            ]
            corrections = [1 - beta ** state["step"] for beta in (beta1, beta2)]
            rate = number(group["lr"]) * math.sqrt(corrections[1]) / corrections[0]
            change = -rate * averages[0].div_(averages[1].sqrt_().add_(group["eps"]))
            return parameter.add_(at_places_of(gradient, change))


def _towards(average: Tensor, gradient: Tensor, new: Tensor, part: float) -> Tensor:
    """Move an average by this part of the way to new values at the places of the gradient; what it is there now."""
    old = average.sparse_mask(gradient)._values()
    update = new.sub(old).mul_(part)
    average.add_(at_places_of(gradient, update))
    return update.add_(old)


@entry
def sparse_adam(
    params: list[Tensor],
    grads: list[Tensor],
    exp_avgs: list[Tensor],
    exp_avg_sqs: list[Tensor],
    state_steps: list[int],
    *,
    eps: float,
    beta1: float,
    beta2: float,
    lr: float,
    maximize: bool,
) -> None:
    """One step of SparseAdam, on lists: parameters, sparse gradients, averages, and how many steps there were with this one."""
    optimizer = SparseAdam.__new__(SparseAdam)
    options = {"betas": (beta1, beta2), "eps": eps, "lr": lr, "maximize": maximize}
    for place, parameter in enumerate(params):
        state = {"step": state_steps[place] - 1, "exp_avg": exp_avgs[place], "exp_avg_sq": exp_avg_sqs[place]}
        optimizer.state = defaultdict(dict, {parameter: state})
        optimizer._update_sparse(options, parameter, grads[place])
