"""Changes of what a module consists of, made as a whole: parametrizations, pruning, norms of weights.

Rests on steps that no interrupt comes between. Used by what takes a parameter off a module and puts others in its place.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from autogradkit.core.parameter import Parameter
from autogradkit.core.steps import Step, at_once
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.nn.modules.hooks import ModuleHooks
from autogradkit.nn.modules.module import Module
from autogradkit.nn.modules.state_hooks import StateHooks

P = ParamSpec("P")
R = TypeVar("R")


def as_a_whole(change: Callable[P, R]) -> Callable[P, R]:
    """A function that changes the first module it is given: where it is interrupted, the module is as before.

    So are the modules below, with their parameters, buffers, hooks and class, and the memory that each tensor has; not what is
    written into that.
    """

    @wraps(change)
    def changed(*args: P.args, **kwargs: P.kwargs) -> R:
        module = next((each for each in (*args, *kwargs.values()) if isinstance(each, Module)), None)
        before = [] if module is None else [_as_it_is(each) for each in module.modules()]
        tensors = [] if module is None else [(each, each._array) for each in _tensors_of(module)]
        try:
            return change(*args, **kwargs)
        except KeyboardInterrupt:
            at_once([step for each in before for step in _steps_back(*each)])
            for tensor, memory in tensors:
                if tensor._array is not memory:
                    tensor.data = wrap(memory)
            raise

    return changed


def _tensors_of(module: Module) -> list[Any]:
    return [each for each in (*module.parameters(), *module.buffers()) if each.__class__ in (Tensor, Parameter)]


def _as_it_is(module: Module) -> tuple[Any, ...]:
    kind = type(module)
    own = vars(module)
    hooks = [vars(each) for each in own.values() if isinstance(each, (ModuleHooks, StateHooks))]
    held = [each for within in (own, *hooks) for each in within.values() if each.__class__ in (dict, OrderedDict, set)]
    return module, kind, dict(vars(kind)), [(each, each.copy()) for each in (*held, *hooks, own)]


def _steps_back(module: Module, kind: type, members: dict[str, Any], held: list[Any]) -> list[Step]:
    steps: list[Step] = [(object.__setattr__, module, "__class__", kind)]
    steps += [(setattr, kind, name, value) for name, value in members.items() if name not in vars(kind)]
    steps += [(delattr, kind, name) for name in vars(kind) if name not in members]
    for each, was in held:
        steps += [(each.clear,), (each.update, was)]
    return steps
