"""What optimizers that others wrote call of `torch.optim.optimizer`: copies of PyTorch's own begin with these imports.

Rests on tensors and grad modes; `core/borrowed.py` lets them be found there, with an underscore before each.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from autogradkit._ops.views.complex_parts import view_as_real as real_view
from autogradkit.core.dtype import dtype, float32, float64, get_default_dtype
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import set_grad_enabled

params_doc = "params (iterable): parameters, pairs of name and parameter, or dicts that are groups"
foreach_doc = "foreach (bool, optional): whether all parameters are updated by one call for each step of the formula"
maximize_doc = "maximize (bool, optional): whether to go up along the gradient"
capturable_doc = "capturable (bool, optional): whether a CUDA graph can have the step"
differentiable_doc = "differentiable (bool, optional): whether a gradient can go through the step"
fused_doc = "fused (bool, optional): whether one kernel updates a parameter"


def use_grad_for_differentiable(func: Callable[..., Any]) -> Callable[..., Any]:
    """A `step` that records only where the optimizer's "differentiable" is set."""

    @functools.wraps(func)
    def step(*args: Any, **kwargs: Any) -> Any:
        with set_grad_enabled(args[0].defaults["differentiable"]):
            return func(*args, **kwargs)

    return step


def disable_dynamo_if_unsupported(
    single_tensor_fn: Callable[..., Any] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that returns its function: nothing is compiled here."""
    return lambda func: func


def get_value(x: Any) -> Any:
    """A one-element tensor as a number, a number as it is."""
    return x.item() if isinstance(x, Tensor) else x


def stack_if_compiling(x: Any) -> Any:
    """The same list: nothing is compiled here."""
    return x


def to_scalar(x: Any) -> Any:
    """A tensor without its dimensions of one."""
    return x.squeeze() if isinstance(x, Tensor) and x.dim() != 0 else x


def get_scalar_dtype(is_fused: bool | None = None) -> dtype:
    """The dtype of a count of steps."""
    return float64 if not is_fused and get_default_dtype() is float64 else float32


def view_as_real(params: list[Any], *state_and_grads: list[Any]) -> None:
    """Replace complex parameters in the list, and what belongs to them, by views as real numbers."""
    for place, each in enumerate(params):
        if each.is_complex():
            for values in (params, *state_and_grads):
                values[place] = real_view.owner(values[place])


def default_to_fused_or_foreach(
    params: Sequence[Any], differentiable: bool, use_fused: bool = False
) -> tuple[bool, bool]:
    """Whether to take one kernel for a parameter, and whether lists: neither where a gradient goes through the step."""
    plain = all(each is None or type(each) in (Tensor, Parameter) for each in params)
    if differentiable or not plain:
        return False, False
    if use_fused and all(each is None or each.is_floating_point() for each in params):
        return True, False
    return False, False
