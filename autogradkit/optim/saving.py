"""An optimizer's state as plain data, and back: `state_dict`, `load_state_dict`, pickling and copying.

Rests on tensors. `Saved` is a base of `Optimizer`. It has no helpers that are methods: a class of a user's may have any name.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from autogradkit.core.dtype import float32, float64, get_default_dtype
from autogradkit.core.frames import entry
from autogradkit.core.own import named_as
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.optim.hooks import Hooked

Group = dict[str, Any]


class Saved(Hooked):
    """What can be saved of an optimizer: the options of its groups, and the state of each parameter by its number."""

    defaults: dict[str, Any]
    state: defaultdict[Any, dict[str, Any]]
    param_groups: list[Group]

    # What a group that was saved by an older PyTorch may lack.
    _later_options: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    # What was saved as numbers by an older PyTorch, and is tensors now.
    _counts: ClassVar[tuple[str, ...]] = ()

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._prepare_hooks()
        self.defaults.setdefault("differentiable", False)
        for group in self.param_groups:
            for name, value in self._later_options.items():
                group.setdefault(name, value)
            for parameter in group["params"]:
                values = self.state.get(parameter)
                for name in self._counts if values else ():
                    if not isinstance(values[name], Tensor):  # type: ignore[index]
                        values[name] = count(float(values[name]), bool(group.get("fused")))  # type: ignore[index]

    @entry
    def state_dict(self) -> dict[str, Any]:
        """The state of each parameter, by its number, and the groups' options; tensors are shared, not copied."""
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        numbers: dict[int, int] = {}
        groups: list[Group] = []
        for group in self.param_groups:
            begin = sum(len(each["params"]) for each in groups)
            # A parameter that a group has twice bears the later number, as in PyTorch.
            numbers |= {
                id(each): number for number, each in enumerate(group["params"], begin) if id(each) not in numbers
            }
            packed = {name: value for name, value in group.items() if name != "params"}
            packed["params"] = [numbers[id(parameter)] for parameter in group["params"]]
            groups.append(packed)
        state = {numbers[id(key)] if isinstance(key, Tensor) else key: value for key, value in self.state.items()}
        saved: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in self._optimizer_state_dict_post_hooks.values():
            changed = hook(self, saved)
            if changed is not None:
                saved = changed
        return saved

    @entry
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned. Raises ValueError where the groups do not match."""
        state_dict = state_dict.copy()
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            changed = hook(self, state_dict)
            if changed is not None:
                state_dict = changed
        groups = copy.deepcopy(state_dict["param_groups"])
        if len(groups) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(own["params"]) != len(each["params"]) for own, each in zip(self.param_groups, groups, strict=True)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        saved, own = (chain.from_iterable(group["params"] for group in each) for each in (groups, self.param_groups))
        parameters = dict(zip(saved, own, strict=True))
        fused = {number: bool(group.get("fused")) for group in reversed(groups) for number in group["params"]}
        capturable = {number: bool(group.get("capturable")) for group in reversed(groups) for number in group["params"]}
        state: defaultdict[Any, dict[str, Any]] = defaultdict(dict)
        for number, values in state_dict["state"].items():
            if number in parameters:
                single = fused[number] or capturable[number]
                state[parameters[number]] = _fitted(parameters[number], values, None, single)
            else:
                state[number] = values
        for group, each in zip(self.param_groups, groups, strict=True):
            each["params"] = group["params"]
            if "param_names" in group:
                each.setdefault("param_names", group["param_names"])
        self.__setstate__({"state": state, "param_groups": groups})
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)


def _fitted(parameter: Tensor, value: Any, name: Any, single: bool) -> Any:
    """A loaded value in the parameter's dtype; counts of steps keep theirs, or are float32 where it is to be `single`."""
    if isinstance(value, Tensor):
        if name == "step":
            return value.to(float32) if single else value
        return value.to(parameter.dtype) if parameter.is_floating_point() else value
    if isinstance(value, dict):
        return {key: _fitted(parameter, each, key, single) for key, each in value.items()}
    if isinstance(value, Iterable):
        kind: Any = type(value)
        return kind(_fitted(parameter, each, None, single) for each in value)
    return value


def count(value: float, fused: bool = False) -> Tensor:
    """A number that is kept for a parameter: float32, unless float64 is the default dtype and the step is not `fused`."""
    return wrap(np.asarray(value, np.float64 if get_default_dtype() is float64 and not fused else np.float32))


named_as("Optimizer", Saved)
