"""Parametrizations: a parameter or buffer of a module that is computed from others whenever somebody reads it.

The module's class becomes one of its own, with a property in the tensor's place; `ParametrizationList` (`parametrized.py`) is
what stands behind it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.nn.modules.container import ModuleDict
from autogradkit.nn.modules.module import Module
from autogradkit.nn.utils.changes import as_a_whole
from autogradkit.nn.utils.parametrized import ParametrizationList as ParametrizationList
from autogradkit.nn.utils.parametrized import register_tensor

M = TypeVar("M", bound=Module)


class _Cache:
    """What was computed within `cached()`, by module and name, and how many such blocks are open."""

    def __init__(self) -> None:
        self.open = 0
        self.kept: dict[tuple[int, str], Any] = {}


_CACHE = _Cache()


@contextmanager
def cached() -> Iterator[None]:
    """Within this block each parametrized tensor is computed once.

    >>> import autogradkit as torch
    >>> parametrize = torch.nn.utils.parametrize
    >>> layer = parametrize.register_parametrization(torch.nn.Linear(1, 1), "weight", torch.nn.Tanh())
    >>> with parametrize.cached():
    ...     layer.weight is layer.weight
    True
    """
    _CACHE.open += 1
    try:
        yield
    finally:
        _CACHE.open -= 1
        if not _CACHE.open:
            _CACHE.kept = {}


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a module has parametrizations, or one of this tensor.

    >>> import autogradkit as torch
    >>> torch.nn.utils.parametrize.is_parametrized(torch.nn.Linear(1, 1))
    False
    """
    found = getattr(module, "parametrizations", None)
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def _deep_copied(self: Any, memo: dict[int, Any]) -> Any:
    if id(self) not in memo:
        twin = memo[id(self)] = self.__new__(type(self))
        twin.__dict__ = copy.deepcopy(self.__dict__, memo)
    return memo[id(self)]


@entry
def _refuse_pickling(self: Any) -> NoReturn:
    raise RuntimeError(
        "Serialization of parametrized modules is only supported through state_dict(). See:\nhttps://pytorch.org/tutorials/"
        "beginner/saving_loading_models.html#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
    )


def _give_own_class(module: Module) -> None:
    base = type(module)
    body: dict[str, Any] = {"__getstate__": _refuse_pickling, "__module__": ParametrizationList.__module__}
    if not hasattr(base, "__deepcopy__"):
        body["__deepcopy__"] = _deep_copied
    module.__class__ = type(f"Parametrized{base.__name__}", (base,), body)


def _give_property(module: Module, name: str) -> None:
    def computed(self: Any) -> Any:
        made = self.parametrizations[name]
        if not _CACHE.open:
            return made()
        key = id(module), name
        if key not in _CACHE.kept:
            _CACHE.kept[key] = made()
        return _CACHE.kept[key]

    def assign(self: Any, value: Any) -> None:
        self.parametrizations[name].right_inverse(value)

    setattr(type(module), name, property(computed, assign))


@entry
@as_a_whole
def register_parametrization(module: M, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> M:
    """Have a tensor of a module pass through `parametrization` whenever it is read; the tensor before it is what is trained.

    Assigning to it goes through `right_inverse`, where the parametrization has one. Raises ValueError for a name of no tensor,
    and for a parametrization that changes the dtype or the sizes, unless `unsafe`.

    >>> import autogradkit as torch
    >>> class Symmetric(torch.nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).T
    >>> layer = torch.nn.utils.parametrize.register_parametrization(torch.nn.Linear(3, 3), "weight", Symmetric())
    >>> torch.equal(layer.weight, layer.weight.T), [name for name, _ in layer.named_parameters()]
    (True, ['bias', 'parametrizations.weight.original'])
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        if not unsafe:
            _check_next(module, tensor_name, parametrization)
        own = module.parametrizations[tensor_name]
        own.append(parametrization)
        own.unsafe |= unsafe
    elif tensor_name in module._buffers or tensor_name in module._parameters:
        own = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
        delattr(module, tensor_name)
        if not is_parametrized(module):
            _give_own_class(module)
            module.parametrizations = ModuleDict()
        _give_property(module, tensor_name)
        module.parametrizations[tensor_name] = own
    else:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name '{tensor_name}'"
        )
    return module


def _check_next(module: Module, name: str, parametrization: Any) -> None:
    """Refuse a further parametrization that changes the dtype or the sizes, there or back."""
    now = getattr(module, name)
    after = parametrization(now)
    if not isinstance(after, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(after).__name__}.")
    for what in ("dtype", "shape"):
        if getattr(after, what) != getattr(now, what):
            raise ValueError(
                f"Registering a parametrization may not change the {what} of the tensor, unless the `unsafe` flag is enabled.\n"
                f"module.{name}.{what}: {getattr(now, what)}\nparametrization(module.{name}).{what}: {getattr(after, what)}"
            )
    if not hasattr(parametrization, "right_inverse"):
        return
    try:
        back = parametrization.right_inverse(after)
    except NotImplementedError:
        return
    if not isinstance(back, Tensor):
        raise ValueError(f"parametrization.right_inverse must return a tensor. Got: {type(back).__name__}")
    for what in ("dtype", "shape"):
        if getattr(back, what) != getattr(now, what):
            raise ValueError(
                f"The tensor returned by parametrization.right_inverse must have the same {what} as module.{name}, unless the "
                f"`unsafe` flag is enabled.\nmodule.{name}.{what}: {getattr(now, what)}\nreturned {what}: "
                f"{getattr(back, what)}"
            )


@entry
@as_a_whole
def remove_parametrizations(module: M, tensor_name: str, leave_parametrized: bool = True) -> M:
    """Take all parametrizations off a tensor: it keeps the value that they give, or becomes the original again.

    Raises ValueError where there is none, and for several originals that should come back as one tensor.

    >>> import autogradkit as torch
    >>> layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(2, 1))
    >>> torch.nn.utils.parametrize.remove_parametrizations(layer, "weight")
    Linear(in_features=2, out_features=1, bias=True)
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    own = module.parametrizations[tensor_name]
    if own.is_tensor:
        tensor = own.original
        value = getattr(module, tensor_name) if leave_parametrized else None
    elif leave_parametrized:
        made = getattr(module, tensor_name)
        tensor, value = Parameter(made) if made.requires_grad else made, None
    else:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a sequence of "
            "tensors."
        )
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    register_tensor(module, tensor_name, tensor)
    if not is_parametrized(module):
        del module.parametrizations
        module.__class__ = type(module).__bases__[0]
    if value is not None:
        with no_grad():
            tensor.set_(value)
    return module


def type_before_parametrizations(module: Module) -> type:
    """The module's class as it was before it got one of its own.

    >>> import autogradkit as torch
    >>> torch.nn.utils.parametrize.type_before_parametrizations(torch.nn.ReLU()).__name__
    'ReLU'
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)


@entry
def transfer_parametrizations_and_params(from_module: Module, to_module: M, tensor_name: str | None = None) -> M:
    """Put the parametrizations of one module, or those of one tensor, onto another, with the originals.

    >>> import autogradkit as torch
    >>> parametrize = torch.nn.utils.parametrize
    >>> one = parametrize.register_parametrization(torch.nn.Linear(1, 1), "weight", torch.nn.Tanh())
    >>> other = parametrize.transfer_parametrizations_and_params(one, torch.nn.Linear(1, 1))
    >>> torch.equal(one.weight, other.weight)
    True
    """
    if not is_parametrized(from_module):
        return to_module
    for name in list(from_module.parametrizations) if tensor_name is None else [tensor_name]:
        own = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name)))
        for each in own:
            register_parametrization(to_module, name, each)
        originals = ["original"] if own.is_tensor else [f"original{at}" for at in range(own.ntensors)]
        for original in originals:
            setattr(to_module.parametrizations[name], original, getattr(own, original))
    return to_module


__getattr__ = _absent_from("nn.utils.parametrize")
