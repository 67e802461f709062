"""Layers that mark where a model is to be quantised. Until it is, and here nothing does it, they pass on what they are given."""

from __future__ import annotations

from typing import Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.tensor import Tensor
from autogradkit.nn.modules.module import Module as _Module

__all__ = ["DeQuantStub", "QuantStub", "QuantWrapper"]

__getattr__ = _absent_from("quantization.stubs")


class QuantStub(_Module):
    """Where numbers are to become quantised. With a `qconfig` it has it as its attribute.

    >>> import autogradkit as torch
    >>> torch.quantization.QuantStub()(torch.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, qconfig: Any = None) -> None:
        super().__init__()
        if qconfig:
            self.qconfig = qconfig

    def forward(self, x: Tensor) -> Tensor:
        """The same tensor."""
        return x


class DeQuantStub(QuantStub):
    """Where quantised numbers are to become real ones again."""


class QuantWrapper(_Module):
    """A module between the two."""

    def __init__(self, module: _Module) -> None:
        super().__init__()
        qconfig = getattr(module, "qconfig", None)
        self.add_module("quant", QuantStub(qconfig))
        self.add_module("dequant", DeQuantStub(qconfig))
        self.add_module("module", module)
        self.train(module.training)

    def forward(self, X: Tensor) -> Tensor:  # noqa: N803 - PyTorch's name
        """What the module makes of it."""
        return self.dequant(self.module(self.quant(X)))
