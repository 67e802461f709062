"""Gradients made smaller before a step: all by one factor, or each number by bounds.

Rests on tensors. `foreach` changes no number: there is one way to compute it, and two refusals of what has no norm.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import GeneratorType
from typing import Any

from autogradkit._ops.foreach import norm_of_one
from autogradkit._ops.making.data import tensor
from autogradkit._ops.reduction.norms import vector_norm
from autogradkit._ops.selection.joining import stack
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor, counter_of
from autogradkit.core.warning import warn
from autogradkit.engine.modes import no_grad

Tensors = Tensor | Iterable[Tensor]


def _listed(tensors: Tensors) -> list[Tensor]:
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters: Tensors) -> list[Any]:
    return [each.grad for each in _listed(parameters) if each.grad is not None]


@entry
def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """The norm of all tensors together, as if they were one vector.

    Raises RuntimeError for one that is not finite, with `error_if_nonfinite`.

    >>> import autogradkit as torch
    >>> torch.nn.utils.get_total_norm([torch.tensor([3.0]), torch.tensor([[0.0], [4.0]])])
    tensor(5.)
    """
    order = float(norm_type)
    with no_grad():
        norm = vector_norm if foreach is not None and not foreach else norm_of_one
        norms = [norm(each, order) for each in _listed(tensors)]
        if not norms:
            return tensor.owner(0.0)
        total: Any = vector_norm(stack(norms), order)
        if error_if_nonfinite and not total.isfinite():
            raise RuntimeError(
                f"The total norm of order {order} for gradients from `parameters` is non-finite, so it cannot be clipped. To "
                "disable this error and scale the gradients by the non-finite norm anyway, set `error_if_nonfinite=False`"
            )
    return total


@entry
def clip_grads_with_norm_(parameters: Tensors, max_norm: float, total_norm: Any, foreach: bool | None = None) -> None:
    """Scale all gradients, whose norm is `total_norm`, in place by one factor so that it is at most `max_norm`.

    >>> import autogradkit as torch
    >>> x = torch.ones(1, requires_grad=True)
    >>> x.grad = torch.tensor([4.0])
    >>> torch.nn.utils.clip_grads_with_norm_(x, 1.0, torch.tensor(8.0))
    >>> x.grad
    tensor([0.5000])
    """
    found = _gradients(parameters)
    largest = float(max_norm)
    if not found:
        return
    with no_grad():
        factor = (largest / (total_norm + 1e-6)).clamp(max=1.0)
        before = [counter_of(each).value for each in found]
        try:
            for each in found:
                each.mul_(factor)
        except KeyboardInterrupt:
            # All or none, as where one call scales all: some that are scaled would stay out of proportion.
            for each, version in zip(found, before, strict=True):
                if counter_of(each).value == version:
                    each.mul_(factor)
            raise


@entry
def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients in place by one factor so that their norm is at most `max_norm`; the norm that it was.

    >>> import autogradkit as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> x.grad = torch.tensor([3.0, 4.0])
    >>> torch.nn.utils.clip_grad_norm_(x, max_norm=1.0), x.grad
    (tensor(5.), tensor([0.6000, 0.8000]))
    """
    if isinstance(parameters, GeneratorType):
        parameters = list(parameters)
        if not parameters:
            warn("`parameters` is an empty generator, no gradient clipping will occur.")
    parameters = _listed(parameters)
    total = get_total_norm(_gradients(parameters), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(parameters, max_norm, total, foreach)
    return total


def clip_grad_norm(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """The old name of `clip_grad_norm_`; calling it warns."""
    warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.", FutureWarning
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@entry
def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Bring each number of the gradients, in place, within ±`clip_value`.

    >>> import autogradkit as torch
    >>> x = torch.ones(2, requires_grad=True)
    >>> x.grad = torch.tensor([-3.0, 0.5])
    >>> torch.nn.utils.clip_grad_value_(x, 1.0)
    >>> x.grad
    tensor([-1.0000,  0.5000])
    """
    bound = float(clip_value)
    with no_grad():
        found = _gradients(parameters)
        try:
            _clamp(found, bound)
        except KeyboardInterrupt:  # all or none; what is within bounds stays there
            _clamp(found, bound)
            raise


def _clamp(gradients: list[Any], bound: float) -> None:
    for each in gradients:
        each.clamp_min_(-bound).clamp_max_(bound)
