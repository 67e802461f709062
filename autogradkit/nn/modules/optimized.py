"""`OptimizedModule`, what `compile` makes of a module: it calls the module, and has its parameters one name further down.

Nothing is compiled. But scripts see the wrapper: `_orig_mod`, which leads to their module, stands before every name in its state
dict, and in what it prints.
"""

from __future__ import annotations

from typing import Any

from autogradkit.compiler import MODULES
from autogradkit.nn.modules.module import Module


class OptimizedModule(Module):
    """The module `_orig_mod` as `compile` gives it back: attributes are read from it, and kept by it.

    >>> import autogradkit as torch
    >>> model = torch.compile(torch.nn.Linear(2, 1))
    >>> list(model.state_dict()), model.out_features
    (['_orig_mod.weight', '_orig_mod.bias'], 1)
    """

    def __init__(self, module: Module) -> None:
        super().__init__()
        del self.__dict__["training"]
        self._modules["_orig_mod"] = module

    @property
    def training(self) -> bool:
        """The module's own."""
        return self._orig_mod.training

    @training.setter
    def training(self, mode: bool) -> None:
        self._orig_mod.training = mode

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes, its hooks with it."""
        return self._orig_mod(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name == "_orig_mod" or "_modules" not in self.__dict__:  # which a copy in the making has not yet
            return super().__getattr__(name)
        return getattr(self._orig_mod, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__ or name == "training":
            object.__setattr__(self, name, value)
        else:
            setattr(self._orig_mod, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self._orig_mod, name)


MODULES.append((Module, OptimizedModule))
