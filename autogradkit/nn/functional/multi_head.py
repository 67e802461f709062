"""Multi-head attention: projections into heads, attention in each, and the projection back.

Rests on linear, softmax and scaled_dot_product_attention; everything is a composition, so a picture shows each step.
"""

from __future__ import annotations

import math
from typing import Any

from autogradkit._ops.making.filled import zeros, zeros_like
from autogradkit._ops.selection.joining import cat
from autogradkit.core.dtype import bool_
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.nn.functional.attention import scaled_dot_product_attention
from autogradkit.nn.functional.dropouts import dropout
from autogradkit.nn.functional.linear_maps import linear
from autogradkit.nn.functional.paddings import pad

__all__ = ["multi_head_attention_forward"]


def _is_batched(query: Any, key: Any, value: Any, padding_mask: Any, mask: Any, heads: int) -> bool:
    """Whether there is a batch dimension. Raises AssertionError, with PyTorch's text, where the dimensions do not fit."""
    dims = query.dim()
    if dims not in (2, 3):
        raise AssertionError(f"query should be unbatched 2D or batched 3D tensor but received {dims}-D query tensor")
    what = f"For {'batched (3-D)' if dims == 3 else 'unbatched (2-D)'} `query`, expected"
    if key.dim() != dims or value.dim() != dims:
        raise AssertionError(
            f"{what} `key` and `value` to be {dims}-D but found {key.dim()}-D and {value.dim()}-D tensors respectively"
        )
    if padding_mask is not None and padding_mask.dim() != dims - 1:
        raise AssertionError(
            f"{what} `key_padding_mask` to be `None` or {dims - 1}-D but found {padding_mask.dim()}-D tensor instead"
        )
    if mask is not None:
        if mask.dim() not in (2, 3):
            raise AssertionError(f"{what} `attn_mask` to be `None`, 2-D or 3-D but found {mask.dim()}-D tensor instead")
        expected = (heads, query.shape[0], key.shape[0])
        if dims == 2 and mask.dim() == 3 and mask.shape != expected:
            raise AssertionError(f"Expected `attn_mask` shape to be {expected} but got {mask.shape}")
    return dims == 3


def none_or_dtype(input: Any) -> Any:
    """The dtype of a mask that may be None."""
    if input is None or isinstance(input, Tensor):
        return None if input is None else input.dtype
    raise RuntimeError("input to _none_or_dtype() must be None or torch.Tensor")


def canonical_mask(
    mask: Any, mask_name: str, other_type: Any, other_name: str, target_type: Any, check_other: bool = True
) -> Any:
    """A mask as what is added to the scores: −∞ where it is True. Warns where the other one is of another kind."""
    if mask is None:
        return None
    if mask.dtype != bool_ and not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {mask_name} are supported")
    if check_other and other_type is not None and mask.dtype != other_type:
        warn(f"Support for mismatched {mask_name} and {other_name} is deprecated. Use same type for both instead.")
    if mask.is_floating_point():
        return mask
    return zeros_like.owner(mask, dtype=target_type).masked_fill_(mask, -math.inf)


def _split_projections(projected: Any, count: int, width: int) -> Any:
    """What was projected at once, as `count` tensors, each contiguous."""
    return projected.unflatten(-1, (count, width)).unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous()


def projected_at_once(q: Any, k: Any, v: Any, w: Any, b: Any = None) -> tuple[Any, Any, Any]:
    """Queries, keys and values by one weight for all three."""
    width = q.size(-1)
    if k is v and q is k:
        q, k, v = _split_projections(linear(q, w, b), 3, width)
        return q, k, v
    if k is v:
        of_query, of_both = w.split([width, width * 2])
        first, second = (None, None) if b is None else b.split([width, width * 2])
        k, v = _split_projections(linear(k, of_both, second), 2, width)
        return linear(q, of_query, first), k, v
    biases = (None,) * 3 if b is None else b.chunk(3)
    q, k, v = (linear(*each) for each in zip((q, k, v), w.chunk(3), biases, strict=True))
    return q, k, v


def _projected(query: Any, key: Any, value: Any, weights: tuple[Any, Any, Any], bias: Any) -> tuple[Any, Any, Any]:
    """Queries, keys and values by a weight of each."""
    names = ("query", "key", "value")
    for letter, weight in zip("qkv", weights, strict=True):
        if weight is None:
            raise AssertionError(f"use_separate_proj_weight is True but {letter}_proj_weight is None")
    width = query.size(-1)
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    for name, x, weight in zip(names, (query, key, value), weights, strict=True):
        expected = (width, x.size(-1))
        if weight.shape != expected:
            raise AssertionError(f"expecting {name} weights shape of {expected}, but got {weight.shape}")
    for name, each in zip(names, biases, strict=True):
        if each is not None and each.shape != (width,):
            raise AssertionError(f"expecting {name} bias shape of {(width,)}, but got {each.shape}")
    q, k, v = (linear(*each) for each in zip((query, key, value), weights, biases, strict=True))
    return q, k, v


def _with_heads(mask: Any, target: int, source: int, total: int) -> Any:
    """A mask of scores with a dimension for the heads of all samples."""
    if mask is None:
        return None
    if mask.dim() not in (2, 3):
        raise RuntimeError(f"attn_mask's dimension {mask.dim()} is not supported")
    expected = (target, source) if mask.dim() == 2 else (total, target, source)
    if mask.shape != expected:
        raise RuntimeError(f"The shape of the {mask.dim()}D attn_mask is {mask.shape}, but should be {expected}.")
    return mask.unsqueeze(0) if mask.dim() == 2 else mask


def _by_head(x: Any, static: Any, name: str, total: int, width: int) -> Any:
    if static is None:
        return x.view(x.shape[0], total, width).transpose(0, 1)
    for at, expected in ((0, total), (2, width)):
        if static.size(at) != expected:
            raise AssertionError(f"expecting {name}.size({at}) of {expected}, but got {static.size(at)}")
    return static


def _one_longer(mask: Any) -> Any:
    return None if mask is None else pad(mask, (0, 1))


@entry
def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Attention of `num_heads` heads: (L, N, E), (S, N, E) and (S, N, E), or without N → ((L, N, E), weights (N, L, S)).

    True in a mask leaves out, a mask of floats is added. Without `need_weights` there are none, and
    `scaled_dot_product_attention` does the work. Raises AssertionError or RuntimeError where shapes do not fit.

    >>> import autogradkit as torch
    >>> x, one = torch.ones(2, 1, 4), torch.eye(4)
    >>> given = x, x, x, 4, 2, torch.cat([one, one, one]), None, None, None, False, 0.0, one, None
    >>> torch.nn.functional.multi_head_attention_forward(*given)[1]
    tensor([[[0.5000, 0.5000],
             [0.5000, 0.5000]]])
    """
    q, k, v = query, key, value
    mask: Any = attn_mask
    padding: Any = key_padding_mask
    batched = _is_batched(query, key, value, padding, mask, num_heads)
    if not batched:
        q, k, v = (each.unsqueeze(1) for each in (query, key, value))
        if key is value:  # what is one tensor is projected at once
            v = k
            q = k if query is key else q
        padding = None if padding is None else padding.unsqueeze(0)
    target, batch, width = q.shape
    source = k.shape[0]
    padding = canonical_mask(padding, "key_padding_mask", none_or_dtype(mask), "attn_mask", query.dtype)
    if is_causal and mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and padding is None and not need_weights:
        mask = None  # the hint stands for it
    else:
        mask = canonical_mask(mask, "attn_mask", None, "", query.dtype)
        is_causal = is_causal and padding is None
    if width != embed_dim_to_check:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim_to_check}, but got {width}")
    head = width // num_heads
    if head * num_heads != width:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        if k.shape[:2] != v.shape[:2]:
            raise AssertionError(f"key's sequence and batch dims {k.shape[:2]} do not match value's {v.shape[:2]}")
        q, k, v = _projected(q, k, v, (q_proj_weight, k_proj_weight, v_proj_weight), in_proj_bias)
    else:
        if k.shape != v.shape:
            raise AssertionError(f"key shape {k.shape} does not match value shape {v.shape}")
        if in_proj_weight is None:
            raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
        q, k, v = projected_at_once(q, k, v, in_proj_weight, in_proj_bias)
    total = batch * num_heads
    mask = _with_heads(mask, target, source, total)
    if bias_k is not None and bias_v is not None:
        for name, static in (("key", static_k), ("value", static_v)):
            if static is not None:
                raise AssertionError(f"bias cannot be added to static {name}.")
        k, v = cat([k, bias_k.repeat(1, batch, 1)]), cat([v, bias_v.repeat(1, batch, 1)])
        mask, padding = _one_longer(mask), _one_longer(padding)
    elif bias_k is not None or bias_v is not None:
        there, missing = ("bias_v", "bias_k") if bias_k is None else ("bias_k", "bias_v")
        raise AssertionError(f"{there} is set but {missing} is None")
    q = q.view(target, total, head).transpose(0, 1)
    k, v = _by_head(k, static_k, "static_k", total, head), _by_head(v, static_v, "static_v", total, head)
    if add_zero_attn:
        nothing = zeros.owner((total, 1, head), dtype=k.dtype)
        k, v = cat([k, nothing], 1), cat([v, nothing], 1)
        mask, padding = _one_longer(mask), _one_longer(padding)
    source = k.size(1)
    if padding is not None:
        for at, expected in ((0, batch), (1, source)):
            if padding.size(at) != expected:
                raise AssertionError(
                    f"Expected key_padded_mask.shape[{at}] to be {expected}, but got {padding.size(at)}"
                )
        spread = padding.view(batch, 1, 1, source).expand(-1, num_heads, -1, -1).reshape(total, 1, source)
        mask = spread if mask is None else mask + spread
    p = dropout_p if training else 0.0
    weights: Any = None
    if need_weights:
        if is_causal and mask is None:
            raise AssertionError("FIXME: is_causal not implemented for need_weights")
        scores = (q * math.sqrt(1.0 / head)) @ k.transpose(-2, -1)
        weights = (scores if mask is None else mask + scores).softmax(-1)
        weights = dropout(weights, p=p) if p > 0 else weights
        found = (weights @ v).transpose(0, 1).reshape(target * batch, width)
        weights = weights.view(batch, num_heads, target, source)
        if average_attn_weights:
            weights = weights.mean(1)
        weights = weights if batched else weights.squeeze(0)
    else:
        if mask is not None:
            one = mask.size(0) == 1 and mask.dim() == 3
            mask = mask.unsqueeze(0) if one else mask.view(batch, num_heads, -1, source)
        sizes = zip((q, k, v), (target, source, source), strict=True)
        apart = [each.view(batch, num_heads, length, head) for each, length in sizes]
        found = scaled_dot_product_attention(*apart, mask, p, is_causal)
        found = found.permute(2, 0, 1, 3).reshape(batch * target, width)
    found = linear(found, out_proj_weight, out_proj_bias)
    found = found.view(target, batch, found.size(1))
    return (found if batched else found.squeeze(1)), weights
