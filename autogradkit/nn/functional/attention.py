"""Attention: the declared op itself."""

from __future__ import annotations

from autogradkit._ops.network import attention

__all__ = ["scaled_dot_product_attention"]

scaled_dot_product_attention = attention.scaled_dot_product_attention.owner.front("function")
