"""`skip_init`: a module whose initial values nobody needs."""

from __future__ import annotations

import inspect
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.random import default_generator
from autogradkit.nn.modules.module import Module


@entry
def skip_init(module_cls: type[Module], *args: Any, **kwargs: Any) -> Module:
    """A module of this class in memory that is not filled; the random stream does not move.

    Raises RuntimeError for a class that is no module, and for one whose constructor takes no `device`.

    >>> import autogradkit as torch
    >>> torch.nn.utils.skip_init(torch.nn.Linear, 3, 2)
    Linear(in_features=3, out_features=2, bias=True)
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    before = default_generator.get_state()
    made = module_cls(*args, **kwargs)
    default_generator.set_state(before)
    return made.to_empty(device=kwargs.get("device", "cpu"))
