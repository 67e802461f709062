"""Names of modules that PyTorch keeps for old code, and warns of: `NLLLoss2d`, `Container`."""

from __future__ import annotations

import warnings
from typing import Any

from autogradkit.core.warning import warn
from autogradkit.nn.modules.loss import NLLLoss
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["Container", "NLLLoss2d"]


class NLLLoss2d(NLLLoss):
    """`NLLLoss` under its old name for images. Making one warns.

    >>> import autogradkit as torch
    >>> issubclass(torch.nn.NLLLoss2d, torch.nn.NLLLoss)
    True
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return [(m.nn.NLLLoss2d(m.rand(4), ignore_index=2), m.randn(3, 4, 2), m.tensor([[1, 2], [0, 2], [3, 1]]))]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warn(
            "`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in replacement and see "
            "https://pytorch.org/docs/main/nn.html#torch.nn.NLLLoss for more details.",
            FutureWarning,
        )
        super().__init__(*args, **kwargs)


class Container(Module):
    """Modules by name, given as keyword arguments; `Module` itself does all of it. Making one warns.

    >>> import autogradkit as torch
    >>> issubclass(torch.nn.Container, torch.nn.Module)
    True
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return [(m.nn.Container(a=m.nn.Linear(2, 1), b=m.nn.ReLU()),)]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warn(
            "`nn.Container` is deprecated. All of its functionality is now implemented in `nn.Module`. Subclass that instead.",
            FutureWarning,
        )
        super().__init__(*args)
        for name, module in kwargs.items():
            self.add_module(name, module)
