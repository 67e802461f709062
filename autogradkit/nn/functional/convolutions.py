"""Convolutions: the declared ops themselves."""

from __future__ import annotations

from autogradkit._ops.network import conv

__all__ = ["conv2d"]

conv2d = conv.conv2d.made("function")
