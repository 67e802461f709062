"""Convolutions: the declared ops themselves."""

from __future__ import annotations

from autogradkit._ops.network import conv_tbc as time_first
from autogradkit._ops.network import convolutions

__all__ = ["conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]

conv1d = convolutions.conv1d.front("function")
conv2d = convolutions.conv2d.front("function")
conv3d = convolutions.conv3d.front("function")
conv_tbc = time_first.conv_tbc.owner.front("function")
conv_transpose1d = convolutions.conv_transpose1d.owner.front("function")
conv_transpose2d = convolutions.conv_transpose2d.owner.front("function")
conv_transpose3d = convolutions.conv_transpose3d.owner.front("function")
