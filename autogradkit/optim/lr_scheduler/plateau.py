"""The schedule that waits for a measure to stop getting better."""

from __future__ import annotations

import math
from typing import Any, SupportsFloat

from autogradkit.core.frames import entry
from autogradkit.core.warning import warn
from autogradkit.optim.lr_scheduler.base import EPOCH_DEPRECATION_WARNING, LRScheduler, rates_of
from autogradkit.optim.optimizer import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """The rate times `factor` where a measure has not got better for more than `patience` epochs.

    Better is lower (`mode` "min") or higher ("max"), by more than `threshold`: of the best so far ("rel") or by itself ("abs").
    After a change `cooldown` epochs do not count.

    >>> import autogradkit as torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
    >>> schedule.step(3.0); schedule.step(3.0)
    >>> schedule.get_last_lr()
    [0.5]
    """

    @entry
    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: list[float] | float = 0,
        eps: float = 1e-8,
    ) -> None:
        if factor >= 1.0:
            raise ValueError("Factor should be < 1.0.")
        self.factor = factor
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        groups = len(optimizer.param_groups)
        if isinstance(min_lr, list | tuple):
            if len(min_lr) != groups:
                raise ValueError(f"expected {groups} min_lrs, got {len(min_lr)}")
            self.default_min_lr = None
            self.min_lrs = list(min_lr)
        else:
            self.default_min_lr = min_lr
            self.min_lrs = [min_lr] * groups
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = rates_of(optimizer)
        self._init_is_better(mode, threshold, threshold_mode)
        self._reset()

    def _reset(self) -> None:
        """Forget what was measured."""
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    @entry
    def step(self, metrics: SupportsFloat, epoch: int | None = None) -> None:
        """Go to the next epoch, in which this was measured."""
        measured = float(metrics)
        if epoch is None:
            epoch = self.last_epoch + 1
        else:
            warn(EPOCH_DEPRECATION_WARNING)
        best, bad, cooling = self.best, self.num_bad_epochs + 1, self.cooldown_counter
        if self._is_better(measured, best):
            best, bad = measured, 0
        if self.in_cooldown:
            bad, cooling = 0, cooling - 1
        rates = self._rates()
        if bad > self.patience:
            rates, bad, cooling = self._reduced(rates), 0, self.cooldown
        self._publish(rates, last_epoch=epoch, best=best, num_bad_epochs=bad, cooldown_counter=cooling)

    def _reduced(self, rates: list[Any]) -> list[Any]:
        """Smaller rates, but for those that would hardly change."""
        if len(rates) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(
                    f"The number of param groups in the `optimizer` ({len(rates)}) differs from when `ReduceLROnPlateau` was "
                    f"initialized ({len(self.min_lrs)}), usually due to a new param group being added to the optimizer. Please "
                    "modify the `min_lrs` field to match the length of the `optimizer` param groups."
                )
            self.min_lrs = [self.default_min_lr] * len(rates)
        smaller: list[Any] = []
        for rate, least in zip(rates, self.min_lrs, strict=True):
            old = float(rate)
            new = max(old * self.factor, least)
            smaller.append(new if old - new > self.eps else rate)
        return smaller

    @property
    def in_cooldown(self) -> bool:
        """Whether the rate was changed so recently that epochs do not count."""
        return self.cooldown_counter > 0

    def _is_better(self, a: float, best: float) -> bool:
        if self.threshold_mode == "rel":
            return a < best * (1.0 - self.threshold) if self.mode == "min" else a > best * (self.threshold + 1.0)
        return a < best - self.threshold if self.mode == "min" else a > best + self.threshold

    def _init_is_better(self, mode: str, threshold: float, threshold_mode: str) -> None:
        if mode not in {"min", "max"}:
            raise ValueError("mode " + mode + " is unknown!")
        if threshold_mode not in {"rel", "abs"}:
            raise ValueError("threshold mode " + threshold_mode + " is unknown!")
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        super().load_state_dict(state_dict)
        self._init_is_better(self.mode, self.threshold, self.threshold_mode)
