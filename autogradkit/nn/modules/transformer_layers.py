"""The layers that a transformer stacks: `TransformerEncoderLayer` and `TransformerDecoderLayer`.

Rests on `MultiheadAttention`, `Linear`, `LayerNorm` and `Dropout`; transformer.py stacks them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import functional
from autogradkit.nn.functional.multi_head import canonical_mask, none_or_dtype
from autogradkit.nn.modules.activation import GELU
from autogradkit.nn.modules.attention import MultiheadAttention
from autogradkit.nn.modules.dropout import Dropout
from autogradkit.nn.modules.linear import Linear
from autogradkit.nn.modules.module import Module, Samples
from autogradkit.nn.modules.normalization import LayerNorm
from autogradkit.nn.modules.rectifier import ReLU

__all__ = ["TransformerDecoderLayer", "TransformerEncoderLayer"]

Activation = str | Callable[[Tensor], Tensor]


def _number_of(activation: Any) -> int:
    """PyTorch's number for an activation: 1 for relu, 2 for gelu, 0 for another."""
    if activation is functional.relu or isinstance(activation, ReLU):
        return 1
    return 2 if activation is functional.gelu or isinstance(activation, GELU) else 0


def _get_activation_fn(activation: str) -> Callable[[Tensor], Tensor]:
    if activation not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return getattr(functional, activation)


class _Layer(Module):
    """What both layers have in common: attention to itself, two linear maps around an activation, norms and dropouts."""

    def _make(
        self, width: int, heads: int, hidden: int, dropout: float, eps: float, batch_first: bool, norm_first: bool, bias: bool,
        device: Any, dtype: Dtype | None, attentions: tuple[str, ...],
    ) -> None:  # fmt: skip
        made = {"device": device, "dtype": dtype}
        for name in attentions:
            setattr(self, name, MultiheadAttention(width, heads, dropout, bias, batch_first=batch_first, **made))
        self.linear1 = Linear(width, hidden, bias, **made)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(hidden, width, bias, **made)
        self.norm_first = norm_first
        count = len(attentions) + 1
        for n in range(1, count + 1):
            setattr(self, f"norm{n}", LayerNorm(width, eps, bias=bias, **made))
        for n in range(1, count + 1):
            setattr(self, f"dropout{n}", Dropout(dropout))

    def _with(self, x: Tensor, norm: Module, block: Callable[[Tensor], Tensor]) -> Tensor:
        """`x` and what the block makes of it, with the norm before the block or after the sum."""
        return x + block(norm(x)) if self.norm_first else norm(x + block(x))

    def _feed_forward(self, x: Tensor) -> Tensor:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(_Layer):
    """Attention of a sequence to itself, then two linear maps at each place: (S, N, d_model) → (S, N, d_model).

    With `batch_first` N comes first, and without N there is no batch. `activation` is "relu", "gelu" or a function; `norm_first`
    puts the norms before attention and maps instead of after.

    >>> import autogradkit as torch
    >>> torch.nn.TransformerEncoderLayer(4, 2, 8)(torch.ones(5, 3, 4)).shape
    torch.Size([5, 3, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        layer = m.nn.TransformerEncoderLayer
        return [
            (layer(4, 2, 8), m.randn(3, 2, 4)),
            (layer(4, 2, 8, 0.3, "gelu", 0.01, True, True, False), m.randn(2, 3, 4)),
            (layer(4, 1, 8, activation=m.nn.Tanh()), m.randn(3, 4)),
        ]

    @entry
    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = functional.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        rest = layer_norm_eps, batch_first, norm_first, bias, device, dtype
        self._make(d_model, nhead, dim_feedforward, dropout, *rest, ("self_attn",))
        self.activation = _get_activation_fn(activation) if isinstance(activation, str) else activation
        self.activation_relu_or_gelu = _number_of(self.activation)

    def forward(
        self,
        src: Tensor,
        src_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool = False,
    ) -> Tensor:
        """What the layer makes of `src`; the masks are those of `MultiheadAttention`."""
        padding = canonical_mask(
            src_key_padding_mask, "src_key_padding_mask", none_or_dtype(src_mask), "src_mask", src.dtype
        )
        mask = canonical_mask(src_mask, "src_mask", None, "", src.dtype)

        def attend(x: Tensor) -> Tensor:
            return self.dropout1(self.self_attn(x, x, x, padding, False, mask, is_causal=is_causal)[0])

        x = self._with(src, self.norm1, attend)
        return self._with(x, self.norm2, lambda x: self.dropout2(self._feed_forward(x)))


class TransformerDecoderLayer(_Layer):
    """Attention of a sequence to itself, then to the memory, then two linear maps: (T, N, d_model) → (T, N, d_model).

    Arguments as of `TransformerEncoderLayer`.

    >>> import autogradkit as torch
    >>> torch.nn.TransformerDecoderLayer(4, 2, 8)(torch.ones(5, 3, 4), torch.ones(6, 3, 4)).shape
    torch.Size([5, 3, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        layer = m.nn.TransformerDecoderLayer
        return [
            (layer(4, 2, 8), m.randn(3, 2, 4), m.randn(5, 2, 4)),
            (layer(4, 2, 8, 0.3, "gelu", 0.01, True, True, False), m.randn(2, 3, 4), m.randn(2, 5, 4)),
            (layer(4, 1, 8, activation=m.nn.Tanh()), m.randn(3, 4), m.randn(5, 4)),
        ]

    @entry
    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = functional.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        rest = layer_norm_eps, batch_first, norm_first, bias, device, dtype
        self._make(d_model, nhead, dim_feedforward, dropout, *rest, ("self_attn", "multihead_attn"))
        self.activation = _get_activation_fn(activation) if isinstance(activation, str) else activation

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """What the layer makes of `tgt` and `memory`; the masks are those of `MultiheadAttention`."""

        def attend(x: Tensor) -> Tensor:
            found = self.self_attn(x, x, x, tgt_key_padding_mask, False, tgt_mask, is_causal=tgt_is_causal)
            return self.dropout1(found[0])

        def look_up(x: Tensor) -> Tensor:
            given = memory, memory, memory_key_padding_mask, False, memory_mask
            return self.dropout2(self.multihead_attn(x, *given, is_causal=memory_is_causal)[0])

        x = self._with(tgt, self.norm1, attend)
        x = self._with(x, self.norm2, look_up)
        return self._with(x, self.norm3, lambda x: self.dropout3(self._feed_forward(x)))
