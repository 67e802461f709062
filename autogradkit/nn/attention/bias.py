"""PyTorch's `torch.nn.attention.bias`: masks of what comes later that stand for their triangle and do not hold it.

`scaled_dot_product_attention` takes one for its `attn_mask`. Rests on the tensor, whose class hears that call.
"""

from __future__ import annotations

from enum import IntEnum as _IntEnum
from typing import Any as _Any

import autogradkit as _ak
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor as _Tensor
from autogradkit.core.warning import warn as _warn
from autogradkit.nn import functional as _functional

__all__ = ["CausalBias", "CausalVariant", "causal_lower_right", "causal_upper_left"]


class CausalVariant(_IntEnum):
    """Where the triangle of a mask lies that has more columns than rows, or fewer."""

    UPPER_LEFT = 1
    LOWER_RIGHT = 2


class CausalBias(_Tensor):
    """A mask (seq_len_q, seq_len_kv) of what a query may look at: of `UPPER_LEFT` the first sees the first key, of
    `LOWER_RIGHT` the last sees the last. Raises AssertionError where `variant` is no CausalVariant.

    >>> CausalBias(CausalVariant.LOWER_RIGHT, 2, 3)
    tensor([[ True,  True, False],
            [ True,  True,  True]])
    """

    @_entry
    def __init__(self, variant: CausalVariant, seq_len_q: int, seq_len_kv: int) -> None:
        if not isinstance(variant, CausalVariant):
            raise AssertionError(f"variant must be a CausalVariant, got {type(variant).__name__}")
        super().__init__()
        self.variant = variant
        self.seq_len_q = seq_len_q
        self.seq_len_kv = seq_len_kv
        if seq_len_q > seq_len_kv and variant == CausalVariant.LOWER_RIGHT:
            _warn("Lower right causal bias will produce NaNs in the output when seq_len_q > seq_len_kv!")

    def _materialize(self, device: _Any = None) -> _Any:
        """The triangle itself, of bools."""
        beyond = self.seq_len_kv - self.seq_len_q if self.variant == CausalVariant.LOWER_RIGHT else 0
        ones = _ak.ones(self.seq_len_q, self.seq_len_kv, device=device, dtype=_ak.bool)
        return _ak.tril(ones, diagonal=beyond)

    @staticmethod
    def _attend(
        query: _Any,
        key: _Any,
        value: _Any,
        attn_mask: CausalBias,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        **options: _Any,
    ) -> _Any:
        if is_causal:
            raise ValueError("CausalBias should not be used with causal=True")
        upper = attn_mask.variant == CausalVariant.UPPER_LEFT or attn_mask.seq_len_q == attn_mask.seq_len_kv
        mask = None if upper else attn_mask._materialize(query.device)
        return _functional.scaled_dot_product_attention(query, key, value, mask, dropout_p, upper, **options)

    @classmethod
    def __torch_function__(cls, func: _Any, types: _Any, args: _Any = (), kwargs: _Any = None) -> _Any:
        """Attention goes by what the mask says of itself; anything else sees a tensor."""
        if func == _functional.scaled_dot_product_attention:
            return cls._attend(*args, **(kwargs or {}))
        return super().__torch_function__(func, types, args, kwargs)  # pyright: ignore[reportAttributeAccessIssue]

    def __repr__(self, *, tensor_contents: _Any = None) -> str:
        return repr(self._materialize())


@_entry
def causal_upper_left(*size: int) -> _Tensor:
    """The mask of rows and columns whose first query sees the first key. Raises AssertionError unless there are two sizes.

    >>> causal_upper_left(2, 3)
    tensor([[ True, False, False],
            [ True,  True, False]])
    """
    if len(size) != 2:
        raise AssertionError("causal_upper_left only supports 2D tensors")
    return CausalBias(CausalVariant.UPPER_LEFT, *size)


@_entry
def causal_lower_right(*size: int) -> _Tensor:
    """The mask of rows and columns whose last query sees the last key. Raises AssertionError unless there are two sizes.

    >>> causal_lower_right(2, 3)
    tensor([[ True,  True, False],
            [ True,  True,  True]])
    """
    if len(size) != 2:
        raise AssertionError("causal_lower_right only supports 2D tensors")
    return CausalBias(CausalVariant.LOWER_RIGHT, *size)
