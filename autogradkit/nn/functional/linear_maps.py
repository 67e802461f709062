"""Weights times what comes in: linear, bilinear."""

from __future__ import annotations

from autogradkit._ops.network.bilinear import bilinear as _bilinear
from autogradkit._ops.network.linear import linear as _linear

__all__ = ["bilinear", "linear"]

bilinear = _bilinear.owner.front("function")
linear = _linear.owner.front("function")
