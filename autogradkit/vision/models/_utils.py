"""A network up to some of its layers, which gives what these make: backbones of larger networks. Rests on nn."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor


class IntermediateLayerGetter(nn.ModuleDict):
    """The children of a network, in turn, up to the last that is named; {its name: the name of what it makes}.

    >>> import autogradkit as torch
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    >>> {name: tuple(each.shape) for name, each in IntermediateLayerGetter(net, {"1": "hidden"})(torch.ones(4, 2)).items()}
    {'hidden': (4, 3)}
    """

    _version = 2

    @entry
    def __init__(self, model: nn.Module, return_layers: dict[Any, Any]) -> None:
        if not set(return_layers) <= {name for name, _ in model.named_children()}:
            raise ValueError("return_layers are not present in model")
        left = {str(name) for name in return_layers}
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        for name, module in model.named_children():
            layers[name] = module
            left.discard(name)
            if not left:
                break
        super().__init__(layers)
        self.return_layers = return_layers

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """What the named layers make, by their new names."""
        made: OrderedDict[str, Tensor] = OrderedDict()
        for name, module in self.items():
            x = module(x)
            if name in self.return_layers:
                made[self.return_layers[name]] = x
        return made


def strided_stages(features: nn.Sequential) -> list[int]:
    """Where in a MobileNet the picture gets smaller, with the first and the last block."""
    inside = [at for at, block in enumerate(features) if getattr(block, "_is_cn", False)]
    return [0, *inside, len(features) - 1]
