"""Optimizers whose step is one formula of a parameter, its gradient and what is remembered of both.

Rests on `optimizer`, `kernels` and `program`; all optimizers beside SGD, Adam and Muon are such. A class gives the formula once.
An ordinary step takes it as a program of steps in place, if it goes element by element; a step that is to be differentiated
computes it on tensors, each operation being recorded like any other.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from operator import setitem
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from autogradkit._ops.declare import k
from autogradkit._ops.declare.memory import like
from autogradkit.core.dtype import is_half
from autogradkit.core.meta import CLASSES, emptied, hollow_of
from autogradkit.core.steps import Step
from autogradkit.core.tensor import Tensor, wrap, write_at_once
from autogradkit.optim.kernels import Array, Numbers, narrowing, widened
from autogradkit.optim.optimizer import (
    Optimizer,
    counted,
    number,
    refuse_capturable,
    require_fusible,
    spelled,
    squeezed,
)
from autogradkit.optim.program import Formula, Program
from autogradkit.optim.saving import Group, count

Counts = dict[str, float]
Values = Mapping[str, Any]


class FormulaOptimizer(Optimizer):
    """The base of these optimizers: `_initial_state` of a parameter, `_numbers` of a step, and `_formula`, the step itself."""

    _counts = ("step",)
    _later_options: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"foreach": None, "maximize": False, "differentiable": False, "capturable": False}
    )
    _moves_parts_apart = True
    # What PyTorch wants on a device that can capture, without foreach and with it.
    _captured: ClassVar[tuple[str, str]] = ("params and state_steps", "params and state_steps")
    _captures_xla: ClassVar[tuple[bool, bool]] = (True, False)

    def _initial_state(self, parameter: Tensor, group: Group) -> dict[str, Tensor]:
        """The state of a parameter that has none: counts, and tensors like the parameter."""
        raise NotImplementedError

    def _numbers(self, group: Group, counts: Counts) -> tuple[Counts, Numbers]:
        """From the counts of a parameter before its step: those after it, and the numbers of the formula."""
        raise NotImplementedError

    @staticmethod
    def _formula(xp: Any, of: Values, n: Numbers) -> dict[str, Any]:
        """What becomes of the parameter (`self`) and of what is remembered; `xp` is NumPy, or the same functions on tensors."""
        raise NotImplementedError

    def _edits(self, group: Group) -> Mapping[str, int]:
        """How many edits PyTorch makes of the parameter and of what is remembered."""
        raise NotImplementedError

    def _state_of(self, parameter: Tensor, group: Group) -> tuple[dict[str, Tensor], bool]:
        known = self.state.get(parameter)
        return known or self._initial_state(parameter, group), not known

    def _updater(self, group: Group) -> Callable[[Tensor, Tensor], Tensor]:
        foreach = bool(group.get("foreach"))
        refuse_capturable(group, self._captured[foreach], self._captures_xla[foreach])
        require_fusible(group)
        options = {**group, "lr": number(group["lr"])}
        edits = {} if group.get("fused") else self._edits(group)
        maximize, decay = group["maximize"], self._added_decay(group)
        made: tuple[Any, Counts] | None = None
        after: Counts = {}
        numbers: Numbers = {}

        def update(parameter: Tensor, gradient: Tensor) -> Tensor:
            nonlocal made, after, numbers
            state, begins = self._state_of(parameter, group)
            written = {"self": parameter._array}
            written |= {name: each._array for name, each in state.items() if name not in self._counts}
            seen = {name: _as_real_array(each) for name, each in written.items()}
            of = {"grad": _as_real_array(gradient._array), **seen}
            kind = seen["self"].dtype
            half = is_half(kind)
            if half:  # computed in float32, as PyTorch's kernels do
                kind = np.dtype(np.float32)
                of = {name: widened(each) for name, each in of.items()}
            before = {name: state[name]._array.item() for name in self._counts}
            if made != (kind, before):
                after, plain = self._numbers(options, before)
                if decay:
                    plain = {**plain, "decay": decay}
                numbers = {name: np.asarray(each, kind) for name, each in plain.items()}
                made = (kind, before)
            steps = self._computed(of, numbers, maximize)
            if half:
                steps += narrowing((seen[name], of[name]) for name in seen)
            for name, value in after.items():
                steps += [(setitem, state[name]._array, ..., value), counted(state[name], 1)]
            steps += [counted(state[name], times) for name, times in edits.items() if name != "self" and name in state]
            if begins:
                steps.append((setitem, self.state, parameter, state))
            write_at_once(parameter, steps, edits.get("self", 0))
            return parameter

        return update

    def _computed(self, of: Mapping[str, Array], numbers: Numbers, maximize: bool) -> list[Step]:
        """The steps that write what the formula makes of these arrays."""
        program = _program(self._formula, maximize, tuple(of), tuple(numbers))
        return program.steps(list(of.values()), numbers.values())

    def _differentiated(self, group: Group, parameter: Tensor, gradient: Tensor) -> None:
        if group.get("foreach"):
            raise AssertionError("_foreach ops don't support autograd")
        state, begins = self._state_of(parameter, group)
        if begins:
            self.state[parameter] = state
        group = {**group, "lr": squeezed(group["lr"])}
        after, numbers = self._numbers(group, {name: state[name].item() for name in self._counts})
        decay = self._added_decay(group)
        decays = not isinstance(decay, float | int) or decay
        gradient = direction(gradient, parameter, group["maximize"], decay if decays else None)
        tensors = {"self": parameter, **{name: each for name, each in state.items() if name not in self._counts}}
        of = {"grad": gradient, **{name: each.clone() for name, each in tensors.items()}}  # these are edited below
        apart = parameter.is_complex()
        if apart:
            of = {name: k.view_as_real(each) for name, each in of.items()}
        for name, value in self._formula(k, of, numbers).items():
            tensors[name].copy_(k.view_as_complex(value) if apart else value)
        for name, value in after.items():
            state[name].fill_(value)

    def _added_decay(self, group: Group) -> Any:
        """The weight decay that is added to the gradient."""
        return 0 if group.get("decoupled_weight_decay") else group.get("weight_decay", 0)

    def _towards(self, group: Group) -> tuple[list[str], str]:
        """The lines that give the direction of a step, and what they call it."""
        decay = self._added_decay(group)
        if not (decay or group["maximize"]):
            return [], "grad"
        added = f" + {spelled(decay)} · self" if decay else ""
        return [f"g = {'−' * bool(group['maximize'])}grad{added}"], "g"


def direction(gradient: Any, parameter: Any, maximize: bool, decay: Any) -> Any:
    """±gradient + decay · parameter, of arrays or tensors; without decay if that is None."""
    if maximize:
        gradient = -gradient
    return gradient if decay is None else gradient + parameter * decay


@functools.lru_cache(256)
def _program(formula: Formula, maximize: bool, arrays: tuple[str, ...], numbers: tuple[str, ...]) -> Program:
    """The program of an optimizer's formula with what it goes by in place of the gradient."""

    def directed(xp: Any, of: Values, n: Values) -> Mapping[str, Any]:
        return formula(xp, {**of, "grad": direction(of["grad"], of["self"], maximize, n.get("decay"))}, n)

    return Program(directed, arrays, numbers)


def zeros(parameter: Tensor) -> Tensor:
    """Zeros with a parameter's shape, dtype and strides; on the meta device where the parameter is."""
    if parameter.__class__ in CLASSES:
        return emptied(hollow_of(parameter))
    made = wrap(like(parameter._array))
    made._array.fill(0)
    return made


def initial_state(parameter: Tensor, *names: str) -> dict[str, Tensor]:
    """The usual first state of a parameter: no step yet, and zeros under each of the `names`."""
    return {"step": count(0.0), **{name: zeros(parameter) for name in names}}


def _as_real_array(array: Array) -> Array:
    """An array of one dimension at least, complex numbers as pairs of real ones; in the same memory."""
    if array.dtype.kind == "c":
        return array[..., None].view(array.real.dtype)
    return array if array.ndim else array[None]
