"""Schedules along a cosine, from the rate to the smallest one; once, or again and again."""

from __future__ import annotations

import math
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.optim.lr_scheduler.base import LRScheduler
from autogradkit.optim.optimizer import Optimizer


class CosineAnnealingLR(LRScheduler):
    """The rate on half a cosine from its start to `eta_min` in `T_max` epochs (Loshchilov and Hutter, 2017).

    >>> import autogradkit as torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
    >>> optimizer.step(); schedule.step()
    >>> optimizer.step(); schedule.step()
    >>> schedule.get_last_lr()
    [0.0]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:  # noqa: N803 - PyTorch's name
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_if_asked()
        if self._is_initial:
            return self._rates()
        if self._step_count == 1 and self.last_epoch > 0:
            return self._get_closed_form_lr()
        # From the rate of the epoch before, so that what else changed the rate keeps its effect.
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            rise = (1 - math.cos(math.pi / self.T_max)) / 2
            return [
                rate + (base - self.eta_min) * rise for rate, base in zip(self._rates(), self.base_lrs, strict=True)
            ]
        now, before = (1 + math.cos(math.pi * epoch / self.T_max) for epoch in (self.last_epoch, self.last_epoch - 1))
        return [now / before * (rate - self.eta_min) + self.eta_min for rate in self._rates()]

    def _get_closed_form_lr(self) -> list[Any]:
        done = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * done for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half cosines to `eta_min`, the first in `T_0` epochs and each next in `T_mult` times as many (Loshchilov and Hutter, 2017).

    `step(epoch)` goes to an epoch, which may be a fraction of one, without a warning.

    >>> import autogradkit as torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> schedule = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> optimizer.step(); schedule.step()
    >>> schedule.get_last_lr()
    [0.5]
    """

    @entry
    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803 - PyTorch's name
        T_mult: int = 1,  # noqa: N803
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, float | int):
            raise ValueError(f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0 = T_0
        self.T_i: Any = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: Any = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        self._warn_if_asked()
        done = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * done / 2 for base in self.base_lrs]

    @entry
    def step(self, epoch: float | None = None) -> None:
        """Go to the next epoch, or to epoch number `epoch`."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        length, done = self.T_i, self.T_cur
        if epoch is None:
            epoch = self.last_epoch + 1
            done += 1
            if done >= length:
                done, length = done % length, length * self.T_mult
        elif epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        elif epoch < self.T_0:
            done, length = epoch, self.T_0
        elif self.T_mult == 1:
            done = epoch % self.T_0
        else:
            turns = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            done = epoch - self.T_0 * (self.T_mult**turns - 1) / (self.T_mult - 1)
            length = self.T_0 * self.T_mult**turns
        new = {"last_epoch": math.floor(epoch), "T_i": length, "T_cur": done}
        with self._within_step(**new):
            rates = self.get_lr()
        self._publish(rates, **new)
