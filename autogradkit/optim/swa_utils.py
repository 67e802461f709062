"""Averages of weights over a training: of all steps alike, or most of the last ones; and what goes with them.

Rests on modules and on schedules. `AveragedModel` keeps the averages, `update_bn` measures for them what batch norms remember,
`SWALR` brings the rate to where one averages (Izmailov et al., 2018, arxiv.org/abs/1803.05407).
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.modes import no_grad
from autogradkit.nn.modules.batchnorm import _BatchNorm
from autogradkit.nn.modules.module import Module
from autogradkit.optim.lr_scheduler.base import LRScheduler, for_each_group
from autogradkit.optim.optimizer import Optimizer

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]

Average = Callable[[Tensor, Tensor, Any], Tensor]
Averages = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


def _require_decay(decay: float) -> None:
    if decay < 0.0 or decay > 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def get_ema_multi_avg_fn(decay: float = 0.999) -> Averages:
    """What moves averages in place: decay·average + (1 − decay)·value."""
    _require_decay(decay)

    @no_grad()
    def ema_update(ema_param_list: Sequence[Tensor], current_param_list: Sequence[Tensor], _: Any) -> None:
        for average, value in zip(ema_param_list, current_param_list, strict=True):
            if average.is_floating_point() or average.is_complex():
                average.lerp_(value, 1 - decay)
            else:
                average.copy_(average * decay + value * (1 - decay))

    return ema_update


def get_swa_multi_avg_fn() -> Averages:
    """What moves means in place, by one value more than they are of."""

    @no_grad()
    def swa_update(
        averaged_param_list: Sequence[Tensor], current_param_list: Sequence[Tensor], num_averaged: Any
    ) -> None:
        weight = 1 / (num_averaged + 1)
        for average, value in zip(averaged_param_list, current_param_list, strict=True):
            if average.is_floating_point() or average.is_complex():
                average.lerp_(value, float(weight))
            elif isinstance(num_averaged, Tensor):
                average.add_((value - average).div(num_averaged + 1, rounding_mode="trunc"))
            else:
                average.add_(value - average, alpha=weight)

    return swa_update


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """A function of an average and a value: decay·average + (1 − decay)·value."""
    _require_decay(decay)

    @no_grad()
    def ema_update(ema_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn() -> Average:
    """A function of a mean, a value and how many the mean is of: that of one more."""

    @no_grad()
    def swa_update(averaged_param: Tensor, current_param: Tensor, num_averaged: Any) -> Tensor:
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


class AveragedModel(Module):
    """A copy of a model whose weights are averages of the model's at each `update_parameters`.

    `avg_fn` says how one average moves, `multi_avg_fn` how many do in place; without them it is the mean. With `use_buffers` what
    the model remembers is averaged too, otherwise copied.

    >>> import autogradkit as torch
    >>> model = torch.nn.Linear(1, 1)
    >>> averaged = torch.optim.swa_utils.AveragedModel(model)
    >>> averaged.update_parameters(model)
    >>> averaged.n_averaged
    tensor(1)
    """

    n_averaged: Tensor

    @entry
    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: Averages | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = copy.deepcopy(model)
        self.register_buffer("n_averaged", wrap(np.zeros((), np.int64)))
        if device is not None:
            self.to(device)
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the model with the averages gives."""
        return self.module(*args, **kwargs)

    @entry
    def update_parameters(self, model: Module) -> None:
        """Take the model's weights into the averages; the first time they are copied."""
        own, given = (
            itertools.chain(each.parameters(), each.buffers()) if self.use_buffers else each.parameters()
            for each in (self.module, model)
        )
        averages, values = ([each.detach() for each in tensors] for tensors in (own, given))
        if self.n_averaged == 0:
            for average, value in zip(averages, values, strict=False):
                average.copy_(value)
        elif self.avg_fn is not None:
            for average, value in zip(averages, values, strict=False):
                average.copy_(self.avg_fn(average, value, self.n_averaged))
        else:
            together = self.multi_avg_fn or get_swa_multi_avg_fn()
            by_dtype: dict[Any, tuple[list[Tensor], list[Tensor]]] = {}
            for average, value in zip(averages, values, strict=False):
                for tensors, each in zip(by_dtype.setdefault(average.dtype, ([], [])), (average, value), strict=True):
                    tensors.append(each)
            for alike in by_dtype.values():
                together(*alike, self.n_averaged)
        if not self.use_buffers:
            for mine, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
                mine.detach().copy_(theirs.detach())
        self.n_averaged += 1


@entry
@no_grad()
def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Measure anew what a model's batch norms remember, over all batches of `loader`; of a tuple the first is the input."""
    momenta = {each: each.momentum for each in model.modules() if isinstance(each, _BatchNorm)}
    for norm in momenta:
        norm.reset_running_stats()
    if not momenta:
        return
    was_training = model.training
    model.train()
    for norm in momenta:
        norm.momentum = None  # the mean over all batches
    for batch in loader:
        values = batch[0] if isinstance(batch, list | tuple) else batch
        model(values if device is None else values.to(device))
    for norm, momentum in momenta.items():
        norm.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """From the rate that there is to `swa_lr` in `anneal_epochs`, along half a cosine or a line; there it stays.

    >>> import autogradkit as torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> schedule = torch.optim.swa_utils.SWALR(optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear")
    >>> optimizer.step(); schedule.step()
    >>> schedule.get_last_lr()
    [0.75]
    """

    @entry
    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        for group, rate in zip(optimizer.param_groups, for_each_group("swa_lr", optimizer, swa_lr), strict=True):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._set_anneal_func(anneal_strategy)
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    @staticmethod
    def _linear_anneal(t: float) -> float:
        return t

    @staticmethod
    def _cosine_anneal(t: float) -> float:
        return (1 - math.cos(math.pi * t)) / 2

    def _set_anneal_func(self, anneal_strategy: str) -> None:
        self._anneal_strategy = anneal_strategy
        self.anneal_func = self._cosine_anneal if anneal_strategy == "cos" else self._linear_anneal

    @staticmethod
    def _get_initial_lr(lr: Any, swa_lr: Any, alpha: float) -> Any:
        return swa_lr if alpha == 1 else (lr - alpha * swa_lr) / (1 - alpha)

    def get_lr(self) -> list[Any]:
        """The rate of each group in this epoch, from the one that it has now."""
        self._warn_if_asked()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = (self.anneal_func(max(0, min(1, each / max(1, self.anneal_epochs)))) for each in (step - 1, step))
        rates: list[Any] = []
        for group in self.optimizer.param_groups:
            begin = self._get_initial_lr(group["lr"], group["swa_lr"], before)
            rates.append(group["swa_lr"] * now + begin * (1 - now))
        return rates

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {name: value for name, value in super().state_dict().items() if name != "anneal_func"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        super().load_state_dict(state_dict)
        self._set_anneal_func(self._anneal_strategy)


__getattr__ = _absent_from("optim.swa_utils")
