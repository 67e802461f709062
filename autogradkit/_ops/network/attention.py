"""scaled_dot_product_attention: the values, weighted by the softmax of queries against keys.

Rests on declare and tensors' own methods; `nn.functional` publishes it. PyTorch has a fused node for batches of heads; here the
steps are nodes of their own, so that pictures show them and second derivatives exist.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.writing import C_NAMES
from autogradkit._ops.making.options import moved
from autogradkit._ops.network.dropout import dropout
from autogradkit.core.dtype import bool_, float32, is_half
from autogradkit.core.remembering import remember_small
from autogradkit.core.tensor import wrap


def _cpp(x: Any) -> str:
    return C_NAMES[x.dtype.name]


def _require_fitting(query: Any, key: Any, value: Any, mask: Any) -> None:
    if not query.dtype == key.dtype == value.dtype:
        raise RuntimeError(
            "Expected query, key, and value to have the same dtype, but got query.dtype: "
            f"{_cpp(query)} key.dtype: {_cpp(key)} and value.dtype: {_cpp(value)} instead."
        )
    if min(query.ndim, key.ndim, value.ndim) < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: "
            f"{query.ndim} key.dim: {key.ndim} and value.dim: {value.ndim} instead."
        )
    if mask is not None and mask.dtype != bool_ and mask.dtype not in (query.dtype, float32):
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
            f"{_cpp(mask)} and  query.dtype: {_cpp(query)} instead."
        )


def _as_bias(mask: Any, like: Any) -> Any:
    """What is added to the scores: −∞ where a mask of bools leaves out."""
    if mask.dtype != bool_:
        return mask
    if mask.is_meta:
        return mask.to(like.dtype)
    return wrap(np.where(mask._array, 0, -np.inf).astype(like._array.dtype))


@remember_small
def _without_later(queries: int, keys: int, kind: np.dtype[Any]) -> Array:
    """What leaves out the keys that come after a query: −∞ above the diagonal, 0 elsewhere."""
    bias = np.zeros((queries, keys), kind)
    np.copyto(bias, -np.inf, where=np.less.outer(np.arange(queries), np.arange(keys)))
    bias.flags.writeable = False
    return bias


def _attended_by_none(scores: Array) -> Array | None:
    """Which queries may look at nothing; None where each may look at something."""
    best = np.maximum.reduce(scores, -1, keepdims=True, initial=-np.inf)
    return np.equal(best, -np.inf) if best.size and np.fmin.reduce(best, None) == -np.inf else None


@op(variants="", composition=True)
def scaled_dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    attn_mask: Array | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """softmax(query · keyᵀ · scale + mask) · value: (…, L, E), (…, S, E) and (…, S, V) → (…, L, V).

    `scale` is 1/√E unless given. A mask is added, or of bools leaves out what is False; `is_causal` leaves out what comes
    later. `enable_gqa` shares keys and values among groups of heads. Raises RuntimeError where dtypes do not fit.

    >>> import autogradkit as torch
    >>> one = torch.ones(1, 2, 4)
    >>> torch.nn.functional.scaled_dot_product_attention(one, one, one)
    tensor([[[1., 1., 1., 1.],
             [1., 1., 1., 1.]]])
    """
    q: Any = query
    k: Any = key
    v: Any = value
    mask: Any = attn_mask
    _require_fitting(q, k, v, mask)
    # PyTorch's kernel for all at once does not take it
    learnt = mask is not None and mask.requires_grad
    apart = dropout_p > 0 or learnt or not q.ndim == k.ndim == v.ndim == 4
    if is_causal and mask is not None and apart:
        raise RuntimeError("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    if dropout_p < 0 and not apart:
        raise RuntimeError("scaled_dot_product_attention_flash_attention: Currently do not support dropout > 0")
    if is_half(q._array.dtype):  # computed in float32, and rounded once
        q, k, v = (each.to(float32) for each in (q, k, v))
    if enable_gqa:
        k, v = (_repeated(each, q.shape[-3] // each.shape[-3]) for each in (k, v))
    if is_causal:
        bias = moved(wrap(_without_later(q.shape[-2], k.shape[-2], q._array.dtype).copy()), q.device)
        mask = bias if mask is None else _as_bias(mask, q) + bias
    # Half of the factor goes to each side, as in PyTorch, so that products overflow later.
    if scale is None:
        scale = 1 / math.sqrt(q.shape[-1]) if q.shape[-1] else math.inf
    factor = math.sqrt(abs(scale))
    sign = -1 if scale < 0 else 1
    scores = (q * (factor * sign)) @ (k.transpose(-2, -1) * factor)
    if mask is not None:
        scores = scores + _as_bias(mask, q)
    weights = scores.softmax(-1)
    if mask is not None and not scores.is_meta:
        nothing = _attended_by_none(scores._array)
        if nothing is not None:  # a query that may look at nothing gets zeros
            weights = weights.masked_fill(wrap(nothing), 0.0)
    if dropout_p > 0:
        weights = dropout.straight(weights, dropout_p, True)
    return (weights @ v).to(query.dtype)


def _repeated(x: Any, times: int) -> Any:
    """Each head `times` after the other."""
    *batch, heads, length, width = x.shape
    return x.unsqueeze(-3).expand(*batch, heads, times, length, width).reshape(*batch, heads * times, length, width)
