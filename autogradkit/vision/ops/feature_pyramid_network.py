"""Feature pyramids (Lin et al., 2017): maps of all sizes with what the smaller ones know. Rests on `misc`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional as F
from autogradkit.vision.ops.misc import Conv2dNormActivation

Level = tuple[list[Tensor], list[str]]


class ExtraFPNBlock(nn.Module):
    """The base of what adds smaller maps to a pyramid: maps, what they were made of, their names → maps, names."""

    def forward(self, results: list[Tensor], x: list[Tensor], names: list[str]) -> Level:
        """The pyramid with more levels."""
        raise NotImplementedError


class LastLevelMaxPool(ExtraFPNBlock):
    """Adds every second pixel of the smallest map."""

    def forward(self, results: list[Tensor], x: list[Tensor], names: list[str]) -> Level:
        """The pyramid with a level "pool"."""
        names.append("pool")
        results.append(F.max_pool2d(results[-1], kernel_size=1, stride=2, padding=0))
        return results, names


class LastLevelP6P7(ExtraFPNBlock):
    """Adds two maps by convolutions, as RetinaNet has them."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.p6 = nn.Conv2d(in_channels, out_channels, 3, 2, 1)
        self.p7 = nn.Conv2d(out_channels, out_channels, 3, 2, 1)
        for module in (self.p6, self.p7):
            nn.init.kaiming_uniform_(module.weight, a=1)
            nn.init.constant_(module.bias, 0)
        self.use_P5 = in_channels == out_channels

    def forward(self, results: list[Tensor], x: list[Tensor], names: list[str]) -> Level:
        """The pyramid with levels "p6" and "p7"."""
        p6 = self.p6(results[-1] if self.use_P5 else x[-1])
        results.extend([p6, self.p7(F.relu(p6))])
        names.extend(["p6", "p7"])
        return results, names


class FeaturePyramidNetwork(nn.Module):
    """Maps by name, the largest first, each with `out_channels` and with what the next smaller one adds to it.

    >>> import autogradkit as torch
    >>> maps = {"large": torch.ones(1, 4, 8, 8), "small": torch.ones(1, 6, 4, 4)}
    >>> {name: tuple(each.shape) for name, each in FeaturePyramidNetwork([4, 6], 5)(maps).items()}
    {'large': (1, 5, 8, 8), 'small': (1, 5, 4, 4)}
    """

    _version = 2

    @entry
    def __init__(
        self,
        in_channels_list: list[int],
        out_channels: int,
        extra_blocks: ExtraFPNBlock | None = None,
        norm_layer: Callable[..., nn.Module] | None = None,
    ) -> None:
        super().__init__()
        self.inner_blocks = nn.ModuleList()
        self.layer_blocks = nn.ModuleList()
        how: dict[str, Any] = {"norm_layer": norm_layer, "activation_layer": None}
        for in_channels in in_channels_list:
            if in_channels == 0:
                raise ValueError("in_channels=0 is currently not supported")
            self.inner_blocks.append(Conv2dNormActivation(in_channels, out_channels, 1, padding=0, **how))
            self.layer_blocks.append(Conv2dNormActivation(out_channels, out_channels, 3, **how))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_uniform_(module.weight, a=1)
                if module.bias is not None:
                    nn.init.constant_(module.bias, 0)
        if extra_blocks is not None and not isinstance(extra_blocks, ExtraFPNBlock):
            raise TypeError(f"extra_blocks should be of type ExtraFPNBlock not {type(extra_blocks)}")
        self.extra_blocks = extra_blocks

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, local_metadata: Any, *rest: Any) -> None:
        if local_metadata.get("version", 0) < 2:  # when there was no norm, a block was its convolution
            for name in [
                f"{kind}.{i}" for kind in ("inner_blocks", "layer_blocks") for i in range(len(self.inner_blocks))
            ]:
                for part in ("weight", "bias"):
                    if f"{prefix}{name}.{part}" in state_dict:
                        state_dict[f"{prefix}{name}.0.{part}"] = state_dict.pop(f"{prefix}{name}.{part}")
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def forward(self, x: dict[str, Tensor]) -> dict[str, Tensor]:
        """The maps of the pyramid, and those that the extra blocks add."""
        names, maps = list(x), list(x.values())
        last = self.inner_blocks[-1](maps[-1])
        results = [self.layer_blocks[-1](last)]
        for at in range(len(maps) - 2, -1, -1):
            beside = self.inner_blocks[at](maps[at])
            last = beside + F.interpolate(last, size=beside.shape[-2:], mode="nearest")
            results.insert(0, self.layer_blocks[at](last))
        if self.extra_blocks is not None:
            results, names = self.extra_blocks(results, maps, names)
        return OrderedDict(zip(names, results, strict=True))
