"""What optimizers share: parameter groups, their options, per-parameter state, and saving and loading both.

Rests on tensors. A subclass gives `defaults` and `_updater`, which gets a group's options ready and returns what edits one
parameter by a kernel of `kernels.py`: no op runs and no graph is made, only the parameter's version counts on as it does in
PyTorch. An interrupt between two parameters leaves each of them with its state either before the step or after it.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from autogradkit.core.facts import named
from autogradkit.core.frames import entry, shorten
from autogradkit.core.recording import RECORDERS, observed
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.engine.modes import enable_grad
from autogradkit.nn.modules.members import type_text
from autogradkit.nn.modules.module import clear_gradient

Group = dict[str, Any]
Array = Any


class Optimizer:
    """The base of all optimizers.

    `params` are tensors, (name, tensor) pairs, or dicts with a key "params" and the options in which that group differs
    from `defaults`. Raises TypeError or ValueError for what cannot be optimized.

    >>> import autogradkit as torch
    >>> w = torch.nn.Parameter(torch.ones(2))
    >>> optimizer = torch.optim.SGD([w], lr=0.5)
    >>> w.sum().backward()
    >>> optimizer.step()
    >>> w.tolist()
    [0.5, 0.5]
    """

    @entry
    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                + type_text(params)
            )
        self.defaults = defaults
        self.state: defaultdict[Tensor, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[Group] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    @entry
    def add_param_group(self, param_group: Group) -> None:
        """Add a group of parameters, such as layers unfrozen later. Options left out take the defaults."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        given = param_group["params"]
        if isinstance(given, Tensor):
            param_group["params"] = [given]
        elif isinstance(given, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets will "
                "change between runs. Please use a list instead."
            )
        else:
            param_group["params"] = list(given)
        if param_group["params"] and isinstance(param_group["params"][0], tuple):
            param_group["param_names"] = [name for name, _ in param_group["params"]]
            param_group["params"] = [parameter for _, parameter in param_group["params"]]
        parameters = param_group["params"]
        for parameter in parameters:
            if not isinstance(parameter, Tensor):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type_text(parameter)}")
            if not (parameter.is_leaf or self.defaults.get("differentiable")):
                raise ValueError("can't optimize a non-leaf Tensor")
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        if len(parameters) != len({id(parameter) for parameter in parameters}):
            warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this will cause an error; see "
                "github.com/pytorch/pytorch/issues/40967 for more information"
            )
        taken = {id(parameter) for group in self.param_groups for parameter in group["params"]}
        if any(id(parameter) in taken for parameter in parameters):
            raise ValueError("some parameters appear in more than one parameter group")
        self.param_groups.append(param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Reset the gradients of all parameters: to None, or to zeros."""
        for group in self.param_groups:
            for parameter in group["params"]:
                clear_gradient(parameter, set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change every parameter that has a gradient. `closure` recomputes the loss, which is returned."""
        try:
            loss = None
            if closure is not None:
                with enable_grad():
                    loss = closure()
            for group in self.param_groups:
                self._update_group(group)
            return loss
        except BaseException as error:
            shorten(error)
            raise

    def _update_group(self, group: Group) -> None:
        update = self._updater(group)
        # What a trace says of the options.
        shown = {"lr": number(group["lr"]), **self._unusual(group)} if RECORDERS else {}
        for parameter in group["params"]:
            gradient = parameter._grad
            if gradient is None:
                continue
            if RECORDERS:
                observed(
                    named(type(self).__name__.lower()),  # `sgd_` in a trace
                    "inplace",
                    lambda parameter, gradient, **_shown: update(parameter, gradient),
                    (parameter, gradient),
                    shown,
                )
            else:
                update(parameter, gradient)

    def _unusual(self, group: Group) -> Group:
        """The options of a group, beside its learning rate, that are not as they are when nobody gives them."""
        defaults = _defaults(type(self))
        return {name: value for name, value in group.items() if name in defaults and value != defaults[name]}

    def _updater(self, group: Group) -> Callable[[Tensor, Tensor], Tensor]:
        """What changes a parameter of the group by its gradient, and returns it."""
        raise NotImplementedError

    # -- saving -----------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The state of each parameter, by its number, and the groups' options; tensors are shared, not copied."""
        numbers: dict[int, int] = {}
        groups: list[Group] = []
        for group in self.param_groups:
            for parameter in group["params"]:
                numbers.setdefault(id(parameter), len(numbers))
            packed = {name: value for name, value in group.items() if name != "params"}
            packed["params"] = [numbers[id(parameter)] for parameter in group["params"]]
            groups.append(packed)
        state = {numbers[id(parameter)]: value for parameter, value in self.state.items()}
        return {"state": state, "param_groups": groups}

    @entry
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned. Raises ValueError where the groups do not match."""
        saved = state_dict["param_groups"]
        if len(saved) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        for own, group in zip(self.param_groups, saved, strict=True):
            if len(own["params"]) != len(group["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
                )
        parameters: dict[int, Tensor] = {}
        for own, group in zip(self.param_groups, saved, strict=True):
            parameters.update(zip(group["params"], own["params"], strict=True))
            options = {name: value for name, value in group.items() if name != "params"}
            kept = {"params": own["params"]}
            own.clear()
            own.update(options)
            own.update(kept)
        self.state = defaultdict(dict)
        for number, values in state_dict["state"].items():
            if number not in parameters:
                self.state[number] = values
                continue
            parameter = parameters[number]
            self.state[parameter] = {name: _fitted(parameter, name, value) for name, value in values.items()}

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for number, group in enumerate(self.param_groups):
            options = (f"    {name}: {group[name]}\n" for name in sorted(group) if name != "params")
            text += f"\nParameter Group {number}\n" + "".join(options)
        return text + ")"


def _fitted(parameter: Tensor, name: str, value: Any) -> Any:
    """A loaded value in the parameter's dtype; step counts stay float32."""
    if not isinstance(value, Tensor) or name == "step" or not parameter.is_floating_point():
        return value
    return value.to(parameter.dtype)


def number(value: Any) -> float:
    """A learning rate as a float; it may be given as a tensor of one element."""
    return value.item() if isinstance(value, Tensor) else value


@entry
def require_not_negative(name: str, value: Any) -> None:
    """Raise ValueError for a negative option, or NaN."""
    if not value >= 0.0 or math.isnan(value):
        raise ValueError(f"Invalid {name}: {value}")


@functools.cache
def _defaults(kind: type[Optimizer]) -> dict[str, Any]:
    """The options of a class of optimizers, beside the learning rate, as they are when nobody gives them."""
    parameters = inspect.signature(kind).parameters
    return {name: each.default for name, each in parameters.items() if name not in ("params", "lr")}
