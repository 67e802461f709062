"""Layers that follow one another, as one: what `fuse_modules` makes, for quantised layers that compute both. Rests on nn."""

from __future__ import annotations

from typing import Any

from autogradkit.core.frames import entry as _entry
from autogradkit.nn.modules.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from autogradkit.nn.modules.container import Sequential
from autogradkit.nn.modules.conv import Conv1d, Conv2d, Conv3d
from autogradkit.nn.modules.linear import Linear
from autogradkit.nn.modules.rectifier import ReLU

__all__ = [
    "BNReLU2d", "BNReLU3d", "ConvBn1d", "ConvBn2d", "ConvBn3d", "ConvBnReLU1d", "ConvBnReLU2d", "ConvBnReLU3d", "ConvReLU1d",
    "ConvReLU2d", "ConvReLU3d", "LinearBn1d", "LinearReLU",
]  # fmt: skip


class FusedModule(Sequential):
    """The base of these, and of those that round in training."""


class _Together(FusedModule):
    """Layers one after the other. Raises AssertionError for layers of other classes than `_parts`."""

    _parts: tuple[type[Any], ...] = ()

    @_entry
    def __init__(self, *layers: Any) -> None:
        if len(layers) != len(self._parts) or any(
            type(each) is not part for each, part in zip(layers, self._parts, strict=True)
        ):
            given = "".join(str(type(each)) for each in layers)
            raise AssertionError(f"Incorrect types for input modules{given}")
        super().__init__(*layers)


def _fused(name: str, *parts: type[Any]) -> Any:
    said = " and ".join(f"`{part.__name__}`" for part in parts)
    return type(
        name, (_Together,), {"_parts": parts, "__module__": __name__, "__doc__": f"{said}, one after the other."}
    )


BNReLU2d, BNReLU3d = _fused("BNReLU2d", BatchNorm2d, ReLU), _fused("BNReLU3d", BatchNorm3d, ReLU)
ConvBn1d, ConvBn2d = _fused("ConvBn1d", Conv1d, BatchNorm1d), _fused("ConvBn2d", Conv2d, BatchNorm2d)
ConvBn3d = _fused("ConvBn3d", Conv3d, BatchNorm3d)
ConvBnReLU1d = _fused("ConvBnReLU1d", Conv1d, BatchNorm1d, ReLU)
ConvBnReLU2d = _fused("ConvBnReLU2d", Conv2d, BatchNorm2d, ReLU)
ConvBnReLU3d = _fused("ConvBnReLU3d", Conv3d, BatchNorm3d, ReLU)
ConvReLU1d, ConvReLU2d = _fused("ConvReLU1d", Conv1d, ReLU), _fused("ConvReLU2d", Conv2d, ReLU)
ConvReLU3d = _fused("ConvReLU3d", Conv3d, ReLU)
LinearBn1d, LinearReLU = _fused("LinearBn1d", Linear, BatchNorm1d), _fused("LinearReLU", Linear, ReLU)
