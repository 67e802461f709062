"""`MultiheadAttention`: the parameters of projections, around `functional.multi_head_attention_forward`."""

from __future__ import annotations

from typing import Any

from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional, init
from autogradkit.nn.functional.multi_head import canonical_mask, none_or_dtype
from autogradkit.nn.modules.linear import NonDynamicallyQuantizableLinear
from autogradkit.nn.modules.members import unfilled
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """Attention in `num_heads` heads: queries (L, N, E), keys (S, N, kdim), values (S, N, vdim) → ((L, N, E), weights (N, L, S)).

    With `batch_first` N comes first, and without N there is no batch; see `functional.multi_head_attention_forward` for masks.
    Raises ValueError or AssertionError where the heads do not divide `embed_dim`.

    >>> import autogradkit as torch
    >>> x = torch.ones(5, 2, 4)
    >>> output, weights = torch.nn.MultiheadAttention(4, 2)(x, x, x)
    >>> output.shape, weights.shape
    (torch.Size([5, 2, 4]), torch.Size([2, 5, 5]))
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.MultiheadAttention(4, 2), *[m.randn(3, 2, 4) for _ in range(3)]),
            (m.nn.MultiheadAttention(6, 3, 0.5, False, True, True, 4, 5, True), *[m.randn(2, 5, n) for n in (6, 4, 5)]),
            (m.nn.MultiheadAttention(4, 1, bias=False), m.randn(3, 4), m.randn(5, 4), m.randn(5, 4)),
            (m.nn.MultiheadAttention(4, 2, add_bias_kv=True), *[m.randn(3, 2, 4)] * 3),
        ]  # fmt: skip

    bias_k: Any
    bias_v: Any

    @entry
    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")
        apart = dict.fromkeys(("q_proj_weight", "k_proj_weight", "v_proj_weight"))
        if self._qkv_same_embed_dim:
            self.in_proj_weight = unfilled((3 * embed_dim, embed_dim), device, dtype)
        else:
            widths = embed_dim, self.kdim, self.vdim
            apart = {
                name: unfilled((embed_dim, width), device, dtype) for name, width in zip(apart, widths, strict=True)
            }
        for name, weight in apart.items():
            self.register_parameter(name, weight)
        if not self._qkv_same_embed_dim:
            self.register_parameter("in_proj_weight", None)
        self.register_parameter("in_proj_bias", unfilled(3 * embed_dim, device, dtype) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        self.bias_k = unfilled((1, 1, embed_dim), device, dtype) if add_bias_kv else None
        self.bias_v = unfilled((1, 1, embed_dim), device, dtype) if add_bias_kv else None
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for each in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if each is not None:
                init.xavier_uniform_(each)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for each in (self.bias_k, self.bias_v):
            if each is not None:
                init.xavier_normal_(each)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """(what the queries found, the weights, averaged over heads or, with False, of each head; None if not needed)."""
        is_batch = query.dim() == 3
        padding = canonical_mask(
            key_padding_mask, "key_padding_mask", none_or_dtype(attn_mask), "attn_mask", query.dtype
        )
        mask = canonical_mask(attn_mask, "attn_mask", None, "", query.dtype)
        turned = self.batch_first and is_batch
        q, k, v = query, key, value
        if turned:  # what is one tensor stays one, and is projected at once
            q = query.transpose(1, 0)
            k = q if key is query else key.transpose(1, 0)
            v = k if value is key else value.transpose(1, 0)
        output, weights = functional.multi_head_attention_forward(
            q,
            k,
            v,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=padding,
            need_weights=need_weights,
            attn_mask=mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (output.transpose(1, 0) if turned else output), weights

    def merge_masks(
        self, attn_mask: Tensor | None, key_padding_mask: Tensor | None, query: Tensor
    ) -> tuple[Tensor | None, int | None]:
        """(both masks as one, 1 for padding alone, 2 where there is a mask of scores); None for what is not there."""
        if attn_mask is None:
            return key_padding_mask, None if key_padding_mask is None else 1
        batch, length, _ = query.shape
        if attn_mask.dim() == 3:
            merged: Any = attn_mask.view(batch, -1, length, length)
        else:
            merged = attn_mask.view(1, 1, length, length).expand(batch, self.num_heads, -1, -1)
        if key_padding_mask is not None:
            merged = merged + key_padding_mask.view(batch, 1, 1, length).expand(-1, self.num_heads, -1, -1)
        return merged, 2
