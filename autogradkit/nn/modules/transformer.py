"""`Transformer` and its two parts, the encoder and the decoder: stacks of layers.

Rests on the layers in transformer_layers.py. PyTorch has a kernel for a whole layer, and leaves padding out, where nothing is
trained; what can be seen of it is that an encoder's padding comes out as zeros, which it does here, too.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from autogradkit._ops.making.filled import full
from autogradkit._ops.selection.triangles import triu
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.engine.modes import is_grad_enabled
from autogradkit.nn import functional, init
from autogradkit.nn.functional.multi_head import canonical_mask, none_or_dtype
from autogradkit.nn.modules.activation import GELU
from autogradkit.nn.modules.container import ModuleList
from autogradkit.nn.modules.module import Module, Samples
from autogradkit.nn.modules.normalization import LayerNorm
from autogradkit.nn.modules.rectifier import ReLU
from autogradkit.nn.modules.transformer_layers import Activation, TransformerDecoderLayer, TransformerEncoderLayer

__all__ = ["Transformer", "TransformerDecoder", "TransformerEncoder"]


def _get_clones(layer: Module, count: int) -> ModuleList:
    return ModuleList([copy.deepcopy(layer) for _ in range(count)])


# These two are PyTorch's, which layers that began as copies of its own import.
def _get_seq_len(src: Tensor, batch_first: bool) -> int | None:
    """How long the sequences are; None where they are of several lengths."""
    if src.is_nested:
        return None
    length: Any = src.size(0) if src.dim() == 2 else src.size(1 if batch_first else 0)
    return length


def _detect_is_causal_mask(mask: Tensor | None, is_causal: bool | None = None, size: int | None = None) -> bool:
    """Whether a mask is the one that leaves out what comes later, if nobody said so."""
    if is_causal is not None or mask is None:
        return is_causal is True
    length: Any = mask.size(-2) if size is None else size
    if mask.dtype.is_floating_point:
        causal = np.triu(np.full((length, length), -np.inf), 1)
    else:  # PyTorch makes it with the mask's dtype, in which −∞ is True
        causal = np.triu(np.ones((length, length), bool), 1)
    return np.array_equal(mask._array, causal)


def _why_not_nested(layer: Any) -> str:
    """Why PyTorch does not leave the padding of such layers out, in its words; empty where it does."""
    if not isinstance(layer, TransformerEncoderLayer):
        return "encoder_layer was not TransformerEncoderLayer"
    attention = layer.self_attn
    relu_or_gelu = layer.activation in (functional.relu, functional.gelu) or isinstance(layer.activation, (ReLU, GELU))
    reasons = {
        ".norm_first was True": layer.norm_first,
        ".self_attn.batch_first was not True(use batch_first for better inference performance)": not attention.batch_first,
        ".self_attn was passed bias=False": attention.in_proj_bias is None,
        ".activation_relu_or_gelu was not True": not relu_or_gelu,
        ".norm1.eps was not equal to encoder_layer.norm2.eps": layer.norm1.eps != layer.norm2.eps,
        ".self_attn.num_heads is odd": attention.num_heads % 2,
    }
    return next((f"encoder_layer{reason}" for reason, holds in reasons.items() if holds), "")


class TransformerEncoder(Module):
    """A stack of `num_layers` copies of a layer, and a norm at the end if one is given.

    With `enable_nested_tensor` PyTorch leaves padding out in evaluation without gradients, so that it comes out as zeros. It
    warns where the layers do not allow for that.

    >>> import autogradkit as torch
    >>> layer = torch.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
    >>> torch.nn.TransformerEncoder(layer, 2)(torch.ones(3, 5, 4)).shape
    torch.Size([3, 5, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        layer = m.nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
        return [
            (m.nn.TransformerEncoder(layer, 2), m.randn(2, 3, 4)),
            (m.nn.TransformerEncoder(layer, 1, m.nn.LayerNorm(4), False), m.randn(3, 4)),
        ]

    @entry
    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _get_clones(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check
        why_not = _why_not_nested(encoder_layer)
        if enable_nested_tensor and why_not:
            warn(f"enable_nested_tensor is True, but self.use_nested_tensor is False because {why_not}")
        self.use_nested_tensor = enable_nested_tensor and not why_not

    def _leaves_padding_out(self, src: Tensor, mask: Tensor | None, padding: Tensor | None) -> bool:
        first = self.layers[0]
        if not self.use_nested_tensor or first.training or src.dim() != 3 or padding is None or mask is not None:
            return False
        kept = padding._array == 0
        if self.mask_check and (kept[:, 1:] & ~kept[:, :-1]).any():
            return False  # padding not at the end
        return not (is_grad_enabled() and any(each.requires_grad for each in (src, *first.parameters())))

    def forward(
        self,
        src: Tensor,
        mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        is_causal: bool | None = None,
    ) -> Tensor:
        """What the layers make of `src`. Without `is_causal` a causal mask is recognised."""
        padding = canonical_mask(src_key_padding_mask, "src_key_padding_mask", none_or_dtype(mask), "mask", src.dtype)
        mask = canonical_mask(mask, "mask", None, "", src.dtype)
        causal = _detect_is_causal_mask(mask, is_causal, _get_seq_len(src, self.layers[0].self_attn.batch_first))
        x = src
        for layer in self.layers:
            x = layer(x, src_mask=mask, is_causal=causal, src_key_padding_mask=padding)
        if padding is not None and self._leaves_padding_out(src, mask, padding):
            x = x.masked_fill((padding != 0).unsqueeze(-1), 0.0)
        return x if self.norm is None else self.norm(x)


class TransformerDecoder(Module):
    """A stack of `num_layers` copies of a layer, and a norm at the end if one is given.

    >>> import autogradkit as torch
    >>> decoder = torch.nn.TransformerDecoder(torch.nn.TransformerDecoderLayer(4, 2, 8), 2)
    >>> decoder(torch.ones(5, 3, 4), torch.ones(6, 3, 4)).shape
    torch.Size([5, 3, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        layer = m.nn.TransformerDecoderLayer(4, 2, 8)
        return [
            (m.nn.TransformerDecoder(layer, 2), m.randn(3, 2, 4), m.randn(5, 2, 4)),
            (m.nn.TransformerDecoder(layer, 1, m.nn.LayerNorm(4)), m.randn(3, 4), m.randn(5, 4)),
        ]

    @entry
    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _get_clones(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Tensor,
        memory: Tensor,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """What the layers make of `tgt` and `memory`. Without `tgt_is_causal` a causal mask is recognised."""
        causal = _detect_is_causal_mask(
            tgt_mask, tgt_is_causal, _get_seq_len(tgt, self.layers[0].self_attn.batch_first)
        )
        x = tgt
        for layer in self.layers:
            x = layer(
                x,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=causal,
                memory_is_causal=memory_is_causal,
            )
        return x if self.norm is None else self.norm(x)


class Transformer(Module):
    """An encoder of `src` and a decoder of `tgt` that looks it up: (S, N, d_model), (T, N, d_model) → (T, N, d_model).

    With `batch_first` N comes first, and without N there is no batch. Weights with more than one dimension start by
    `init.xavier_uniform_`. Raises RuntimeError where the sizes do not fit.

    >>> import autogradkit as torch
    >>> model = torch.nn.Transformer(4, 2, 1, 1, 8, batch_first=True)
    >>> model(torch.ones(3, 6, 4), torch.ones(3, 5, 4)).shape
    torch.Size([3, 5, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (
                m.nn.Transformer(4, 2, 1, 2, 8, batch_first=True).double(),
                m.randn(2, 3, 4).double(),
                m.randn(2, 5, 4).double(),
            ),
            (m.nn.Transformer(4, 2, 1, 1, 8, 0.0, "gelu", batch_first=True), m.randn(3, 4), m.randn(5, 4)),
        ]

    @entry
    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = functional.relu,
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        of_layer: Any = (
            d_model,
            nhead,
            dim_feedforward,
            dropout,
            activation,
            layer_norm_eps,
            batch_first,
            norm_first,
            bias,
        )
        made: Any = {"device": device, "dtype": dtype}
        if custom_encoder is None:
            layer = TransformerEncoderLayer(*of_layer, **made)
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, **made)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, norm)
        self.encoder = custom_encoder
        if custom_decoder is None:
            layer = TransformerDecoderLayer(*of_layer, **made)
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, **made)
            custom_decoder = TransformerDecoder(layer, num_decoder_layers, norm)
        self.decoder = custom_decoder
        for each in self.parameters():
            if each.dim() > 1:
                init.xavier_uniform_(each)
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src: Tensor,
        tgt: Tensor,
        src_mask: Tensor | None = None,
        tgt_mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        src_key_padding_mask: Tensor | None = None,
        tgt_key_padding_mask: Tensor | None = None,
        memory_key_padding_mask: Tensor | None = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """What the decoder makes of `tgt` and of what the encoder makes of `src`."""
        batch = 0 if self.batch_first else 1
        if src.size(batch) != tgt.size(batch) and src.dim() == 3:
            raise RuntimeError("the batch number of src and tgt must be equal")
        if src.size(-1) != self.d_model or tgt.size(-1) != self.d_model:
            raise RuntimeError("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Dtype | None = None) -> Tensor:
        """A mask (sz, sz) that leaves out what comes later: −∞ above the diagonal, 0 elsewhere."""
        return triu(full.owner((sz, sz), float("-inf"), dtype=dtype, device=device), 1)
