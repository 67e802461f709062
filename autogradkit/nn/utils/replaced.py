"""A module called with other tensors as its parameters and buffers, which come back whatever happens.

`func.functional_call` and `nn.utils.stateless` call it.
"""

from __future__ import annotations

from operator import setitem
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.steps import Step, at_once
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.module import Module


def _tied(module: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What was given, also under the other names of the same parameter."""
    names_of: dict[int, list[str]] = {}
    every = [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]
    for name, tensor in every:
        names_of.setdefault(id(tensor), []).append(name)
    found = dict(given)
    for names in names_of.values():
        values = [given[name] for name in names if name in given]
        if len({id(value) for value in values}) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(names)}, which are tied. Consider using "
                "tie_weights=False"
            )
        if values:
            found |= dict.fromkeys(names, values[0])
    return found


def _require_names(module: Any, given: dict[str, Any]) -> None:
    known = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    known |= {name for name, _ in module.named_buffers(remove_duplicate=False)}
    lines: list[str] = []
    for what, names in (("Unexpected", given.keys() - known), ("Missing", known - given.keys())):
        if names:
            lines.append(f"{what} key(s): {', '.join(map(repr, sorted(names)))}.")
    if lines:
        raise RuntimeError(f"Error(s) in reparametrizing for {module._get_name()}:\n\t" + "\n\t".join(lines))


def _place(module: Any, name: str) -> tuple[dict[str, Any], str]:
    """(where the tensor of this dotted name stands, its name there)."""
    *path, last = name.split(".")
    for each in path:
        if each not in module._modules:
            raise AttributeError(f"{module._get_name()} has no attribute `{each}`")
        module = module._modules[each]
    for registry in (module._parameters, module._buffers):
        if last in registry:
            return registry, last
    return module.__dict__, last


@entry
def called_with(
    module: Module, named: dict[str, Any], args: Any, kwargs: dict[str, Any] | None, *, tie_weights: bool, strict: bool
) -> Any:
    """What the module gives for these arguments; a buffer that it replaces is replaced in `named`."""
    used = _tied(module, named) if tie_weights else named
    if strict:
        _require_names(module, used)
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    for value in used.values():
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(f"{value} is not an instance of torch.Tensor")
    places = {name: _place(module, name) for name in used}
    putting: list[Step] = [(setitem, registry, last, used[name]) for name, (registry, last) in places.items()]
    back: list[Step] = [
        (setitem, registry, last, registry[last]) if last in registry else (registry.pop, last, None)
        for registry, last in places.values()
    ]
    try:
        try:
            at_once(putting)
            return module(*args, **(kwargs or {}))
        finally:
            named.update({name: registry[last] for name, (registry, last) in places.items() if name in named})
    finally:
        try:
            at_once(back)
        except BaseException:  # an interrupt that came just then
            at_once(back)
            raise
