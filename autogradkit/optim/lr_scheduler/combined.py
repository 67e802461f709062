"""Schedules made of others: one after the other, or all at once."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.steps import at_once
from autogradkit.optim.lr_scheduler.base import LRScheduler, rates_of, set_option
from autogradkit.optim.lr_scheduler.plateau import ReduceLROnPlateau
from autogradkit.optim.optimizer import Optimizer


class _Combined(LRScheduler):
    """Schedules of one optimizer, whose states are saved with this one's."""

    _schedulers: Sequence[LRScheduler]

    def _check(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler]) -> None:
        name = type(self).__name__
        for index, each in enumerate(schedulers):
            if not hasattr(each, "optimizer"):
                raise TypeError(f"{name} at index {index} should have `optimizer` as its attribute.")
            if isinstance(each, ReduceLROnPlateau):
                raise ValueError(
                    f"{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be specified "
                    f"when calling `step`, but got one at index {index} in the given schedulers sequence."
                )
            if optimizer != each.optimizer:
                raise ValueError(
                    f"{name} expects all schedulers to belong to the same optimizer, but got scheduler "
                    f"{type(each).__name__} at index {index} has {each.optimizer}, which is different from "
                    f"{type(optimizer).__name__}."
                )

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer, with the states of the schedules."""
        state = super().state_dict()
        del state["_schedulers"]  # which stand last, as in PyTorch
        return {**state, "_schedulers": [each.state_dict() for each in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "_schedulers"})
        for own, saved in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            own.load_state_dict(saved)


class SequentialLR(_Combined):
    """One schedule after the other: the next one begins at each of the epochs in `milestones`.

    >>> import autogradkit as torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> kinds = torch.optim.lr_scheduler
    >>> first, then = kinds.ConstantLR(optimizer, factor=0.5), kinds.ExponentialLR(optimizer, gamma=0.1)
    >>> schedule = kinds.SequentialLR(optimizer, [first, then], milestones=[1])
    >>> optimizer.step(); schedule.step()
    >>> schedule.get_last_lr()
    [1.0]
    """

    @entry
    def __init__(
        self, optimizer: Optimizer, schedulers: list[LRScheduler], milestones: list[int], last_epoch: int = -1
    ) -> None:
        if len(schedulers) < 1:
            raise ValueError(f"{type(self).__name__} expects at least one scheduler, but got no scheduler.")
        self._check(optimizer, schedulers)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number of milestone "
                f"points, but got number of schedulers {len(schedulers)} and the number of milestones to be equal to "
                f"{len(milestones)}"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            set_option(group, "lr", group["initial_lr"])
        self.recursive_undo()
        first = schedulers[bisect.bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def recursive_undo(self, sched: LRScheduler | None = None) -> None:
        """Take back the epoch that each schedule entered when it was made."""
        schedule = self if sched is None else sched
        if hasattr(schedule, "_schedulers"):
            for each in schedule._schedulers:  # type: ignore[attr-defined]
                self.recursive_undo(each)
        elif hasattr(schedule, "last_epoch"):
            schedule.last_epoch -= 1

    @entry
    def step(self) -> None:
        """Go to the next epoch."""
        reached = self.last_epoch + 1
        index = bisect.bisect_right(self._milestones, reached)
        schedule = self._schedulers[index]
        if index > 0 and self._milestones[index - 1] == reached:
            schedule._update_lr(0)
        else:
            schedule.step()
        at_once([(setattr, self, "last_epoch", reached), (setattr, self, "_last_lr", schedule.get_last_lr())])


class ChainedScheduler(_Combined):
    """All schedules in each epoch, each from the rate that the one before it set.

    >>> import autogradkit as torch
    >>> optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    >>> kinds = torch.optim.lr_scheduler
    >>> schedule = kinds.ChainedScheduler([kinds.ExponentialLR(optimizer, gamma=0.5), kinds.StepLR(optimizer, 1, gamma=0.5)])
    >>> optimizer.step(); schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    @entry
    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        if len(schedulers) < 1:
            raise ValueError(
                f"{type(self).__name__} expects at least one scheduler to be chained, but got no scheduler."
            )
        optimizer = optimizer or schedulers[0].optimizer
        self._check(optimizer, schedulers)
        self._schedulers = schedulers
        self.optimizer = optimizer
        self._last_lr = rates_of(optimizer)

    @entry
    def step(self) -> None:
        """Go to the next epoch."""
        for each in self._schedulers:
            each.step()
        self._last_lr = rates_of(self._schedulers[-1].optimizer)
