"""Modules taken apart into a function and its parameters, as the package `functorch` did before `func.functional_call`.

Rests on that. The module that stays has its tensors on the meta device: it computes with those that it is given, or not at all.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from autogradkit._ops.selection.joining import stack
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.func.modules import functional_call, require_alike
from autogradkit.nn.modules.module import Module


def _all_names(tensors: Iterable[tuple[str, Tensor]]) -> dict[str, list[str]]:
    """By the first name of each tensor all that it has."""
    names: dict[int, list[str]] = {}
    for name, tensor in tensors:
        names.setdefault(id(tensor), []).append(name)
    return {each[0]: each for each in names.values()}


class FunctionalModuleWithBuffers(Module):
    """A module that is called with its parameters and buffers: `module(parameters, buffers, *inputs)`."""

    def __init__(self, model: Module) -> None:
        super().__init__()
        self.stateless_model = copy.deepcopy(model).to("meta")
        parameters = _all_names(model.named_parameters(remove_duplicate=False))
        buffers = _all_names(model.named_buffers(remove_duplicate=False))
        self.param_names, self.buffer_names = tuple(parameters), tuple(buffers)
        self.all_names_map = {**parameters, **buffers}

    def forward(self, params: Iterable[Tensor], buffers: Iterable[Tensor], *args: Any, **kwargs: Any) -> Any:
        return self._called((*self.param_names, *self.buffer_names), (*params, *buffers), args, kwargs)

    def _called(self, names: Sequence[str], tensors: Sequence[Tensor], args: Any, kwargs: Any) -> Any:
        given = {
            each: tensor for name, tensor in zip(names, tensors, strict=False) for each in self.all_names_map[name]
        }
        return functional_call(self.stateless_model, given, args, kwargs)


class FunctionalModule(FunctionalModuleWithBuffers):
    """A module that is called with its parameters: `module(parameters, *inputs)`."""

    @property
    def names_map(self) -> dict[str, list[str]]:
        """By the first name of each parameter all that it has."""
        return self.all_names_map

    def forward(self, params: Iterable[Tensor], *args: Any, **kwargs: Any) -> Any:
        return self._called(self.param_names, tuple(params), args, kwargs)


def _copies(model: Module, disable_autograd_tracking: bool) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    copied = copy.deepcopy(model)
    if disable_autograd_tracking:
        copied.requires_grad_(False)
    return tuple(copied.parameters()), tuple(copied.buffers())


@entry
def make_functional(
    model: Module, disable_autograd_tracking: bool = False
) -> tuple[FunctionalModule, tuple[Tensor, ...]]:
    """(the module as a function, copies of its parameters). Raises RuntimeError for a module that has buffers.

    >>> import autogradkit as torch
    >>> f, parameters = make_functional(torch.nn.Linear(2, 1))
    >>> f([torch.tensor([[1.0, 2.0]]), torch.zeros(1)], torch.tensor([3.0, 4.0]))
    tensor([11.])
    """
    parameters, buffers = _copies(model, disable_autograd_tracking)
    if buffers:
        raise RuntimeError(
            "make_functional(model): `model` has buffers. Please use make_functional_with_buffers(model) instead."
        )
    return FunctionalModule(model), parameters


@entry
def make_functional_with_buffers(
    model: Module, disable_autograd_tracking: bool = False
) -> tuple[FunctionalModuleWithBuffers, tuple[Tensor, ...], tuple[Tensor, ...]]:
    """(the module as a function, copies of its parameters, copies of its buffers)."""
    return FunctionalModuleWithBuffers(model), *_copies(model, disable_autograd_tracking)


@entry
def combine_state_for_ensemble(
    models: Sequence[Module],
) -> tuple[FunctionalModuleWithBuffers, tuple[Tensor, ...], tuple[Tensor, ...]]:
    """(one of several modules of a class as a function, their parameters stacked, their buffers stacked), to be mapped over.

    Raises RuntimeError where there is no module, or where they differ in class or mode.

    >>> import autogradkit as torch
    >>> f, parameters, buffers = combine_state_for_ensemble([torch.nn.Linear(2, 1) for _ in range(3)])
    >>> torch.vmap(f, (0, 0, None))(parameters, buffers, torch.ones(4, 2)).shape
    torch.Size([3, 4, 1])
    """
    require_alike("combine_state_for_ensemble", models)
    functions, parameters, buffers = zip(*(make_functional_with_buffers(model) for model in models), strict=True)
    return functions[0], _stacked(parameters), _stacked(buffers)


def _stacked(states: Sequence[Sequence[Tensor]]) -> tuple[Tensor, ...]:
    return tuple(stack(each).detach() for each in zip(*states, strict=True))
