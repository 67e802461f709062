"""`torch.distributed.fsdp.wrap`: policies, which say of each module whether it is to be spread by itself. They are functions.

Each is asked with `recurse=True` whether to look into a module, and with `recurse=False` whether to take it itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def always_wrap_policy(*args: Any, **kwargs: Any) -> bool:
    """Every module."""
    return True


class ModuleWrapPolicy:
    """Modules of some classes.

    >>> ModuleWrapPolicy({list})([], recurse=False), ModuleWrapPolicy({list})({}, recurse=False)
    (True, False)
    """

    def __init__(self, module_classes: Iterable[type]) -> None:
        self._module_classes = set(module_classes)

    def __call__(self, module: Any, recurse: bool, *args: Any, **kwargs: Any) -> bool:
        return recurse or isinstance(module, tuple(self._module_classes))

    def __repr__(self) -> str:
        return f"{super().__repr__()}({self._module_classes})"


def lambda_auto_wrap_policy(
    module: Any, recurse: bool, nonwrapped_numel: int, lambda_fn: Callable[[Any], bool]
) -> bool:
    """Modules of which a function says so."""
    return recurse or lambda_fn(module)


def transformer_auto_wrap_policy(
    module: Any, recurse: bool, nonwrapped_numel: int, transformer_layer_cls: set[type]
) -> bool:
    """Modules of these classes, as the layers of a Transformer."""
    return recurse or isinstance(module, tuple(transformer_layer_cls))
