"""Pruning: a parameter times a mask, `name_orig` and `name_mask`, multiplied anew before each call of its module.

The ways of choosing a mask are in `pruning_methods.py`; the functions here put them on modules and take them off.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from autogradkit._ops.making.filled import ones_like
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.module import Module
from autogradkit.nn.utils.changes import as_a_whole
from autogradkit.nn.utils.convert_parameters import parameters_to_vector
from autogradkit.nn.utils.pruning import BasePruningMethod as BasePruningMethod
from autogradkit.nn.utils.pruning import PruningContainer as PruningContainer
from autogradkit.nn.utils.pruning_methods import CustomFromMask as CustomFromMask
from autogradkit.nn.utils.pruning_methods import Identity as Identity
from autogradkit.nn.utils.pruning_methods import L1Unstructured as L1Unstructured
from autogradkit.nn.utils.pruning_methods import LnStructured as LnStructured
from autogradkit.nn.utils.pruning_methods import RandomStructured as RandomStructured
from autogradkit.nn.utils.pruning_methods import RandomUnstructured as RandomUnstructured

M = TypeVar("M", bound=Module)


@entry
def identity(module: M, name: str) -> M:
    """Put a mask of ones on a parameter: what pruning needs, with nothing pruned.

    >>> import autogradkit as torch
    >>> sorted(torch.nn.utils.prune.identity(torch.nn.Linear(2, 1), "weight").state_dict())
    ['bias', 'weight_mask', 'weight_orig']
    """
    Identity.apply(module, name)
    return module


@entry
def random_unstructured(module: M, name: str, amount: float) -> M:
    """Prune `amount` numbers of a parameter, or that share of them, at random.

    >>> import autogradkit as torch
    >>> layer = torch.nn.utils.prune.random_unstructured(torch.nn.Linear(4, 2), "weight", amount=3)
    >>> int((layer.weight == 0).sum())
    3
    """
    RandomUnstructured.apply(module, name, amount)
    return module


@entry
def l1_unstructured(module: M, name: str, amount: float, importance_scores: Tensor | None = None) -> M:
    """Prune the `amount` smallest numbers of a parameter, or that share of them, or those of the smallest scores.

    >>> import autogradkit as torch
    >>> layer = torch.nn.utils.prune.l1_unstructured(torch.nn.Linear(4, 2), "weight", amount=0.25)
    >>> int((layer.weight == 0).sum())
    2
    """
    L1Unstructured.apply(module, name, amount=amount, importance_scores=importance_scores)
    return module


@entry
def random_structured(module: M, name: str, amount: float, dim: int) -> M:
    """Prune `amount` slices along a dimension of a parameter, or that share of them, at random.

    >>> import autogradkit as torch
    >>> layer = torch.nn.utils.prune.random_structured(torch.nn.Linear(4, 3), "weight", amount=2, dim=1)
    >>> int((layer.weight == 0).all(0).sum())
    2
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


@entry
def ln_structured(module: M, name: str, amount: float, n: Any, dim: int, importance_scores: Tensor | None = None) -> M:
    """Prune the `amount` slices along a dimension whose `n`-norms are smallest, or that share of them.

    >>> import autogradkit as torch
    >>> layer = torch.nn.utils.prune.ln_structured(torch.nn.Linear(4, 3), "weight", amount=2, n=2, dim=0)
    >>> int((layer.weight == 0).all(1).sum())
    2
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


@entry
def custom_from_mask(module: M, name: str, mask: Tensor) -> M:
    """Prune a parameter where the mask is 0.

    >>> import autogradkit as torch
    >>> layer = torch.nn.utils.prune.custom_from_mask(torch.nn.Linear(2, 2), "bias", torch.tensor([0, 1]))
    >>> layer.bias[0].item() == 0
    True
    """
    CustomFromMask.apply(module, name, mask)
    return module


@entry
def global_unstructured(
    parameters: Any, pruning_method: type[BasePruningMethod], importance_scores: Any = None, **kwargs: Any
) -> None:
    """Prune several parameters, given as (module, name), as if they were one; `kwargs` go to the method.

    Raises TypeError for what is no iterable or dict, and for a method that prunes whole slices.

    >>> import autogradkit as torch
    >>> prune, one, other = torch.nn.utils.prune, torch.nn.Linear(2, 2), torch.nn.Linear(2, 1)
    >>> prune.global_unstructured([(one, "weight"), (other, "weight")], prune.L1Unstructured, amount=3)
    >>> int((one.weight == 0).sum() + (other.weight == 0).sum())
    3
    """
    if not isinstance(parameters, Iterable):
        raise TypeError("global_unstructured(): parameters is not an Iterable")
    scores = {} if importance_scores is None else importance_scores
    if not isinstance(scores, dict):
        raise TypeError("global_unstructured(): importance_scores must be of type dict")
    places: list[tuple[Any, str]] = list(parameters)
    tensors = [getattr(module, name) for module, name in places]
    rated = [scores.get(place, tensor) for place, tensor in zip(places, tensors, strict=True)]
    masks = [
        getattr(module, f"{name}_mask", ones_like.owner(tensor))
        for (module, name), tensor in zip(places, tensors, strict=True)
    ]
    method = pruning_method(**kwargs)
    if method.PRUNING_TYPE != "unstructured":
        raise TypeError(
            'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method '
            f"{pruning_method} of type {method.PRUNING_TYPE}"
        )
    method._tensor_name = "temp"
    mask: Any = PruningContainer(method).compute_mask(parameters_to_vector(rated), parameters_to_vector(masks))
    at = 0
    for (module, name), tensor in zip(places, tensors, strict=True):
        count = tensor.numel()
        custom_from_mask(module, name, mask[at : at + count].view_as(tensor))
        at += count


@entry
@as_a_whole
def remove(module: M, name: str) -> M:
    """Make the pruned parameter an ordinary one, zeros included. Raises ValueError where it was not pruned.

    >>> import autogradkit as torch
    >>> prune = torch.nn.utils.prune
    >>> layer = prune.remove(prune.identity(torch.nn.Linear(2, 1), "weight"), "weight")
    >>> [name for name, _ in layer.named_parameters()]
    ['bias', 'weight']
    """
    for number, hook in module._before_forward():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            module._remove_before_forward(number)
            hook.remove(module)
            return module
    raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module: Module) -> bool:
    """Whether a parameter of the module or of one below is pruned.

    >>> import autogradkit as torch
    >>> torch.nn.utils.prune.is_pruned(torch.nn.Linear(2, 1))
    False
    """
    return any(isinstance(hook, BasePruningMethod) for each in module.modules() for _, hook in each._before_forward())


__getattr__ = _absent_from("nn.utils.prune")
