"""What schedules share: the epoch that they are in, and the step that sets each group's rate.

Rests on optimizers; an interrupt leaves all rates of a step old or new.
"""

from __future__ import annotations

import functools
import types
import weakref
from collections.abc import Generator
from contextlib import contextmanager
from operator import setitem
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.steps import Step, at_once
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.optim.optimizer import Optimizer, squeezed

_LATE = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, you should call them in "
    "the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  Failure to do this will result in PyTorch skipping "
    "the first value of the learning rate schedule. See more details at "
    "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)
_OVERRIDDEN = (
    "Seems like `optimizer.step()` has been overridden after learning rate scheduler initialization. Please, make sure to "
    "call `optimizer.step()` before `lr_scheduler.step()`. See more details at "
    "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)
EPOCH_DEPRECATION_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use "
    "`scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from None, the closed form is "
    "used instead of the new chainable form, where available. Please open an issue if you are unable to replicate your use "
    "case: https://github.com/pytorch/pytorch/issues/new/choose."
)


class LRScheduler:
    """The base of schedules: counts the epochs and asks `get_lr` for each group's rate.

    Raises TypeError for what is no optimizer, KeyError when it is to go on from `last_epoch` without the groups'
    "initial_lr". Warns of what PyTorch warns of: a first `step()` before the optimizer's, `get_lr()` called by the user.
    """

    _get_lr_called_within_step = False  # whether `get_lr` is asked by `step`
    _is_initial = False  # whether that step is the constructor's
    _last_lr: list[Any]

    @entry
    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
        self.optimizer = optimizer
        for index, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied_rate(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{index}] when resuming scheduler with "
                    "last_epoch >= 0.\nThis typically happens when:\n"
                    "1. You're trying to resume training from a checkpoint but haven't properly loaded the optimizer state\n"
                    "2. You're using last_epoch >= 0 for a fresh training run (not recommended)"
                )
        self.base_lrs = [copied_rate(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        watch_steps(optimizer)
        self._initial_step()

    def _initial_step(self) -> None:
        """Set the rates of the first epoch."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[Any]:
        """The rate of each group in this epoch."""
        raise NotImplementedError

    def get_last_lr(self) -> list[Any]:
        """The rates that the last step set."""
        return self._last_lr

    @entry
    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch; with a warning to epoch number `epoch`."""
        if self._step_count == 1:
            if not hasattr(self.optimizer.step, "_wrapped_by_lr_sched"):
                warn(_OVERRIDDEN)
            elif not getattr(self.optimizer, "_opt_called", False):
                warn(_LATE)
        if epoch is not None:
            warn(EPOCH_DEPRECATION_WARNING)
        self._enter(epoch, self._step_count + 1)

    def _update_lr(self, epoch: int | None = None) -> None:
        """Go to an epoch without counting a step."""
        self._enter(epoch, self._step_count)

    def _enter(self, epoch: int | None, count: int) -> None:
        reached = self.last_epoch + 1 if epoch is None else epoch
        closed = None if epoch is None else getattr(self, "_get_closed_form_lr", None)
        with self._within_step(last_epoch=reached, _step_count=count):
            rates = (closed or self.get_lr)()
        self._publish(rates, last_epoch=reached, _step_count=count)

    @contextmanager
    def _within_step(self, **seen: Any) -> Generator[None]:
        """While `get_lr` is asked by a step, these are the attributes that it sees."""
        seen = {"_get_lr_called_within_step": True, **seen}
        were = {name: getattr(self, name) for name in seen} | {"_get_lr_called_within_step": False}
        try:
            try:
                self.__dict__.update(seen)
                yield
            finally:
                self.__dict__.update(were)
        except BaseException:  # an interrupt may have come in these lines
            self.__dict__.update(were)
            raise

    def _publish(self, rates: list[Any], **attributes: Any) -> None:
        """Set each group's rate, and what else is new with it."""
        steps: list[Step] = []
        reached: list[Any] = []
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            if isinstance(group["lr"], Tensor):
                set_option(group, "lr", rate)
                reached.append(copied_rate(group["lr"]))
            else:
                steps.append((setitem, group, "lr", rate))
                reached.append(rate)
        steps += [(setattr, self, name, value) for name, value in attributes.items()]
        at_once([*steps, (setattr, self, "_last_lr", reached)])

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {name: value for name, value in self.__dict__.items() if name != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.__dict__.update(state_dict)

    def _rates(self) -> list[Any]:
        return rates_of(self.optimizer)

    def _warn_if_asked(self) -> None:
        if not self._get_lr_called_within_step:
            warn("To get the last learning rate computed by the scheduler, please use `get_last_lr()`.")


def _warn_get_lr_called_within_step(lr_scheduler: LRScheduler) -> None:  # for published schedules that call it
    lr_scheduler._warn_if_asked()


class _enable_get_lr_call:  # noqa: N801 - PyTorch's name
    """While it lasts a schedule's `get_lr` does not warn; published schedules with a `step` of their own enter it."""

    def __init__(self, o: LRScheduler) -> None:
        self.o = o

    def __enter__(self) -> _enable_get_lr_call:
        self.o._get_lr_called_within_step = True
        return self

    def __exit__(self, *_error: object) -> None:
        self.o._get_lr_called_within_step = False


class _LRScheduler(LRScheduler):  # its name in older programs
    pass


def copied_rate(rate: Any) -> Any:
    """A rate that nobody else changes."""
    return rate.clone() if isinstance(rate, Tensor) else rate


def rates_of(optimizer: Optimizer) -> list[Any]:
    """The rate of each group."""
    return [copied_rate(group["lr"]) for group in optimizer.param_groups]


def set_option(group: dict[str, Any], name: str, value: Any) -> None:
    """Set an option of a group; a tensor is filled."""
    if isinstance(group[name], Tensor):
        group[name].fill_(squeezed(value))
    else:
        group[name] = value


def for_each_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """An option that was given once or for each group, for each; raises ValueError where there are more or fewer."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [copied_rate(value) for _ in range(groups)]
    if len(value) != groups:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} values, param_groups has "
            f"{groups}."
        )
    return list(map(copied_rate, value))


def attributes_of(function: Any) -> dict[str, Any] | None:
    """What is saved of a function of the user's: the attributes of an object that can be called, of others nothing."""
    return None if isinstance(function, types.FunctionType) else function.__dict__.copy()


def watch_steps(optimizer: Optimizer) -> None:
    """Have the optimizer note that its `step` was called, so that a schedule that goes first can be warned of."""
    if hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        return
    function = optimizer.step.__func__
    reference = weakref.ref(optimizer)  # the optimizer holds this function

    @functools.wraps(function)
    def step(*args: Any, **kwargs: Any) -> Any:
        this: Any = reference()
        this._opt_called = True
        return function(this, *args, **kwargs)

    step._wrapped_by_lr_sched = True  # type: ignore[attr-defined]
    optimizer.step = step
