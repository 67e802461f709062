"""A module as a function of its parameters: `functional_call`, and the parameters of several modules as batches.

Rests on nn. The tensors stand in the module's registries while it runs, and what stood there comes back whatever happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.selection.joining import stack
from autogradkit.core.frames import entry
from autogradkit.nn.modules.batchnorm import _BatchNorm
from autogradkit.nn.modules.module import Module
from autogradkit.nn.utils.replaced import called_with


def _merged(given: Any) -> dict[str, Any]:
    if isinstance(given, dict):
        return given
    if not isinstance(given, Sequence):
        raise ValueError(
            f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(given)}"
        )
    if not all(isinstance(each, dict) for each in given):
        raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
    names = [name for each in given for name in each]
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise ValueError(f"{repeated} appeared in multiple dictionaries; behavior of functional call is ambiguous")
    return {name: tensor for each in given for name, tensor in each.items()}


@entry
def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """What the module gives for these arguments with these tensors as its parameters and buffers, by name.

    What is not named stays; with `strict` all have to be. A buffer that the module replaces is replaced in the dict. With
    `tie_weights` a parameter that has several names is given by one.

    >>> import autogradkit as torch
    >>> layer = torch.nn.Linear(2, 1)
    >>> given = {"weight": torch.tensor([[1.0, 2.0]]), "bias": torch.zeros(1)}
    >>> torch.func.functional_call(layer, given, torch.tensor([3.0, 4.0]))
    tensor([11.])
    """
    named = _merged(parameter_and_buffer_dicts)
    return called_with(module, named, args, kwargs, tie_weights=tie_weights, strict=strict)


def _stacked(name: str, tensors: list[Any]) -> Any:
    wanted = {each.requires_grad for each in tensors}
    if len(wanted) > 1:
        raise RuntimeError(f"Expected {name} from each model to have the same .requires_grad")
    whole: Any = stack(tensors)
    return whole.detach().requires_grad_() if wanted == {True} else whole


def require_alike(name: str, models: Sequence[Module]) -> None:
    """Raise RuntimeError, in the words of the function of this name, where there is no model, or they differ in class or mode."""
    if len(models) == 0:
        raise RuntimeError(f"{name}: Expected at least one model, got 0.")
    if len({model.training for model in models}) > 1:
        raise RuntimeError(f"{name}: Expected all models to have the same training/eval mode.")
    if len({type(model) for model in models}) > 1:
        raise RuntimeError(f"{name}: Expected all models to be of the same class.")


@entry
def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the parameters, the buffers) of several models of one class, each stacked: what `vmap` over `functional_call` takes.

    >>> import autogradkit as torch
    >>> parameters, _ = torch.func.stack_module_state([torch.nn.Linear(2, 1) for _ in range(3)])
    >>> parameters["weight"].shape
    torch.Size([3, 1, 2])
    """
    require_alike("stack_module_state", models)
    parameters = [dict(model.named_parameters()) for model in models]
    buffers = [dict(model.named_buffers()) for model in models]
    return (
        {name: _stacked(name, [each[name] for each in parameters]) for name in parameters[0]},
        {name: _stacked(name, [each[name] for each in buffers]) for name in buffers[0]},
    )


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Have every batch norm of a module forget its running statistics and keep none, so that it may be batched."""
    for module in root.modules():
        if isinstance(module, _BatchNorm):
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root
