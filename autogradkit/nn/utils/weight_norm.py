"""A weight as length times direction, by a hook before `forward` (Salimans and Kingma, 2016); deprecated.

`parametrizations.weight_norm` is the one to use.
"""

from __future__ import annotations

from typing import Any, TypeVar

from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.warning import warn
from autogradkit.nn.modules.module import Module
from autogradkit.nn.uninitialized import UninitializedParameter
from autogradkit.nn.utils.changes import as_a_whole
from autogradkit.nn.utils.weight_norms import norm_except_dim, of_length

M = TypeVar("M", bound=Module)


class WeightNorm:
    """The hook: before each call the weight is computed from its length `name_g` and direction `name_v`."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Any:
        """The weight."""
        return of_length(getattr(module, f"{self.name}_v"), getattr(module, f"{self.name}_g"), self.dim)

    @staticmethod
    @entry
    @as_a_whole
    def apply(module: Module, name: str, dim: int | None) -> WeightNorm:
        """Put the hook on a module. Raises RuntimeError where there is one for this weight already."""
        warn(
            "`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`.",
            FutureWarning,
        )
        for _, hook in module._before_forward():
            if isinstance(hook, WeightNorm) and hook.name == name:
                raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
        this = WeightNorm(name, dim)
        weight = getattr(module, name)
        if isinstance(weight, UninitializedParameter):
            raise ValueError(
                "The module passed to `WeightNorm` can't have uninitialized parameters. Make sure to run the dummy forward "
                "before applying weight normalization"
            )
        del module._parameters[name]
        module.register_parameter(f"{name}_g", Parameter(norm_except_dim(weight, this.dim).data))
        module.register_parameter(f"{name}_v", Parameter(weight.data))
        setattr(module, name, this.compute_weight(module))
        module.register_forward_pre_hook(this)
        return this

    def remove(self, module: Module) -> None:
        """Make the weight a parameter again."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[f"{self.name}_g"]
        del module._parameters[f"{self.name}_v"]
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Split a weight into its length along `dim` and its direction, both trained. Warns.

    >>> import autogradkit as torch
    >>> torch.nn.utils.weight_norm.__name__
    'weight_norm'
    """
    WeightNorm.apply(module, name, dim)
    return module


@entry
@as_a_whole
def remove_weight_norm(module: M, name: str = "weight") -> M:
    """Make the weight one parameter again. Raises ValueError where it was not split."""
    for number, hook in module._before_forward():
        if isinstance(hook, WeightNorm) and hook.name == name:
            hook.remove(module)
            module._remove_before_forward(number)
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
