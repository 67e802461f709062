"""State dicts: a module's parameters and buffers by name, and loading them back.

Rests on tensors and the module's registries; `Module.state_dict` and `Module.load_state_dict` call it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad

if TYPE_CHECKING:
    from autogradkit.nn.modules.module import Module


class IncompatibleKeys(NamedTuple):
    """What did not match when a state dict was loaded."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"

    __str__ = __repr__


@entry
def state_dict(module: Module, destination: dict[str, Any] | None, prefix: str, keep_vars: bool) -> Any:
    """The module's parameters and persistent buffers, and those below, into `destination`."""
    if destination is None:
        destination = OrderedDict()
        destination._metadata = OrderedDict()  # type: ignore[attr-defined]
    versions = getattr(destination, "_metadata", None)
    if versions is not None:
        versions[prefix[:-1]] = {"version": module._version}
    for name, tensor in _persistent(module).items():
        if tensor is not None:
            destination[prefix + name] = tensor if keep_vars else tensor.detach()
    for name, child in module._modules.items():
        if child is not None:
            child.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
    return destination


def _persistent(module: Module) -> dict[str, Any]:
    buffers = {n: b for n, b in module._buffers.items() if n not in module._non_persistent_buffers_set}
    return {**module._parameters, **buffers}


@entry
def load_state_dict(module: Module, given: Mapping[str, Any], strict: bool, assign: bool) -> IncompatibleKeys:
    """Copy the values in, collecting everything that does not match before raising."""
    if not isinstance(given, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(given)}.")
    missing: list[str] = []
    unexpected: list[str] = []
    problems: list[str] = []
    _load(module, dict(given), "", assign, missing, unexpected, problems)
    if strict:
        for kind, keys in (("Unexpected", unexpected), ("Missing", missing)):
            if keys:
                listed = ", ".join(f'"{key}"' for key in keys)
                problems.insert(0, f"{kind} key(s) in state_dict: {listed}. ")
    if problems:
        listed = "\n\t".join(problems)
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t{listed}")
    return IncompatibleKeys(missing, unexpected)


def _load(
    module: Module,
    given: dict[str, Any],
    prefix: str,
    assign: bool,
    missing: list[str],
    unexpected: list[str],
    problems: list[str],
) -> None:
    own = {name: tensor for name, tensor in _persistent(module).items() if tensor is not None}
    for name, tensor in own.items():
        key = prefix + name
        if key not in given:
            missing.append(key)
        else:
            problem = _copy(module, name, key, tensor, given[key], assign)
            if problem is not None:
                problems.append(problem)
    for key in given:
        if key.startswith(prefix):
            name, _, rest = key[len(prefix) :].partition(".")
            if name not in (module._modules if rest else own):
                unexpected.append(key)
    for name, child in module._modules.items():
        if child is not None:
            below = f"{prefix}{name}."
            part = {key: value for key, value in given.items() if key.startswith(below)}
            _load(child, part, below, assign, missing, unexpected, problems)


def _copy(module: Module, name: str, key: str, own: Tensor, value: Any, assign: bool) -> str | None:
    """Copy one value in; the complaint if that cannot be done."""
    if not isinstance(value, Tensor):
        return (
            f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from checkpoint but '
            f"received {type(value)}"
        )
    if value.shape != own.shape:
        return (
            f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, the shape in current "
            f"model is {own.shape}."
        )
    if assign:
        if isinstance(own, Parameter) and not isinstance(value, Parameter):
            value = Parameter(value, own.requires_grad)
        setattr(module, name, value)
        return None
    with no_grad():
        own.copy_(value)
    return None
