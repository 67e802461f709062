"""PyTorch's `torch.nn.attention.flex_attention`: attention whose scores a function changes, and another one masks.

PyTorch compiles both functions into a kernel; here they are called once, with the numbers of batches, heads, queries and keys as
tensors that broadcast against the scores, where PyTorch's see numbers without dimensions. Rests on block_masks.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.core.warning import warn, warn_once
from autogradkit.nn.attention.block_masks import BLOCK, BlockMask, Mask, noop_mask, sliced_mask, to_ordered
from autogradkit.nn.functional import pad

__all__ = [
    "AuxOutput",
    "AuxRequest",
    "BlockMask",
    "and_masks",
    "create_block_mask",
    "create_mask",
    "flex_attention",
    "noop_mask",
    "or_masks",
]

_DEFAULT_SPARSE_BLOCK_SIZE = BLOCK


class AuxRequest(NamedTuple):
    """What beside the result is wanted."""

    lse: bool = False
    max_scores: bool = False


class AuxOutput(NamedTuple):
    """What came beside the result."""

    lse: Any = None
    max_scores: Any = None


def _places(*sizes: int) -> list[Any]:
    """The numbers of batches, heads, queries and keys, each along its own dimension."""
    return [ak.arange(size).view([-1 if dim == at else 1 for dim in range(4)]) for at, size in enumerate(sizes)]


def _is_of_scores(function: Callable[..., Any]) -> bool:
    """Whether a function changes scores, which are its first of five arguments, and not one of four that masks."""
    count = sum(each.default is inspect.Parameter.empty for each in inspect.signature(function).parameters.values())
    if count not in (4, 5):
        raise AssertionError(f"Expected 4 or 5 positional args, got {count}")
    return count == 5


@entry
def create_mask(
    mod_fn: Callable[..., Any],
    B: int | None,  # noqa: N803 - PyTorch's names
    H: int | None,  # noqa: N803
    Q_LEN: int,  # noqa: N803
    KV_LEN: int,  # noqa: N803
    device: Any = None,
) -> Any:
    """The mask (B, H, Q_LEN, KV_LEN) of bools that a function of (batch, head, query, key) gives, or one of scores leaves.

    >>> create_mask(lambda b, h, q, kv: q >= kv, None, None, 2, 3)
    tensor([[[[ True, False, False],
              [ True,  True, False]]]])
    """
    sizes = (B or 1, H or 1, Q_LEN, KV_LEN)
    places = _places(*sizes)
    if _is_of_scores(mod_fn):
        return ~ak.isneginf(mod_fn(ak.zeros(sizes, device=device), *places).expand(sizes))
    return mod_fn(*places).expand(sizes).contiguous()


@entry
def create_block_mask(
    mask_mod: Mask,
    B: int | None,  # noqa: N803
    H: int | None,  # noqa: N803
    Q_LEN: int,  # noqa: N803
    KV_LEN: int,  # noqa: N803
    device: Any = None,
    BLOCK_SIZE: int | tuple[int, int] = BLOCK,  # noqa: N803
    _compile: bool = False,
    separate_full_blocks: bool = True,
) -> BlockMask:
    """The blocks that a function of (batch, head, query, key) leaves. Raises AssertionError for a function of scores.

    >>> blocks = create_block_mask(lambda b, h, q, kv: q >= kv, None, None, 4, 4, BLOCK_SIZE=2)
    >>> blocks.sparsity(), blocks.to_dense()
    (25.0, tensor([[[[1, 0],
              [1, 1]]]], dtype=torch.int32))
    """
    if _is_of_scores(mask_mod):
        raise AssertionError(f"create-block_mask requires a mask_mod function! Got {mask_mod}")
    if _compile:
        warn(
            "_compile flag on create_block_mask was originally added to work around a torch.compile limitation. That limitation "
            "has since been addressed. So, to compile create_block_mask, we suggest doing torch.compile(create_block_mask). This "
            "still works for now, but will be removed in the future.",
            DeprecationWarning,
        )
    tall, wide = (BLOCK_SIZE, BLOCK_SIZE) if isinstance(BLOCK_SIZE, int) else BLOCK_SIZE
    mask = pad(create_mask(mask_mod, B, H, Q_LEN, KV_LEN, device), (0, -KV_LEN % wide, 0, -Q_LEN % tall))
    *batch, rows, columns = mask.shape
    kept = mask.view(*batch, rows // tall, tall, columns // wide, wide).sum(dim=[-3, -1])
    full = kept == tall * wide
    partial = to_ordered((kept > 0) & ~full if separate_full_blocks else kept > 0)
    wholly = to_ordered(full) if separate_full_blocks else (None, None)
    return BlockMask.from_kv_blocks(*partial, *wholly, (tall, wide), mask_mod, (Q_LEN, KV_LEN))


def _require_callable(masks: tuple[Any, ...]) -> None:
    if not all(callable(each) for each in masks):
        raise RuntimeError(f"All inputs should be callable mask_mods: {masks}")


@entry
def and_masks(*mask_mods: Mask) -> Mask:
    """The mask that leaves what all of these leave. Raises RuntimeError for what is no function."""
    _require_callable(mask_mods)

    def and_mask(b: Any, h: Any, q_idx: Any, kv_idx: Any) -> Any:
        left = b.new_ones((), dtype=ak.bool)
        for mask in mask_mods:
            left = left & mask(b, h, q_idx, kv_idx)
        return left

    return and_mask


@entry
def or_masks(*mask_mods: Mask) -> Mask:
    """The mask that leaves what any of these leaves. Raises RuntimeError for what is no function."""
    _require_callable(mask_mods)

    def or_mask(b: Any, h: Any, q_idx: Any, kv_idx: Any) -> Any:
        left = b.new_zeros((), dtype=ak.bool)
        for mask in mask_mods:
            left = left | mask(b, h, q_idx, kv_idx)
        return left

    return or_mask


def _require_fitting(query: Any, key: Any, value: Any, mask: BlockMask | None, enable_gqa: bool) -> None:
    if query.size(-1) != key.size(-1):
        raise ValueError(
            f"Expect query and key/value to have the same embedding dimension but got E={query.size(-1)} and E={key.size(-1)}."
        )
    if query.requires_grad or key.requires_grad or value.requires_grad:
        raise NotImplementedError(
            "FlexAttention does not support backward on CPU. Please set the input requires_grad to False or use another device."
        )
    if not query.dim() == key.dim() == value.dim() == 4:
        raise NotImplementedError("NYI: query, key, and value must be 4D tensors")
    heads, shared = query.size(1), key.size(1)
    if not enable_gqa and heads != shared:
        raise ValueError(
            f"Expect query and key/value to have the same number of heads but got Hq={heads} and Hkv={shared}. Try setting "
            "enable_gqa=True for GQA."
        )
    if heads % shared:
        raise ValueError(
            f"Expect number of query heads to be a multiple of kv heads for GQA but got Hq={heads} and Hkv={shared}."
        )
    batches, given = query.size(0), key.size(0)
    if batches != given and mask is None:
        raise ValueError(
            "Expect query and key/value to have the same batch size, or non-none block_mask, but got block_mask=None, "
            f"Bq={batches}, and Bkv={given}."
        )
    if batches != given and mask is not None and mask.kv_num_blocks.size(0) != batches:
        raise ValueError(
            "Expect query and key/value to have the same batch size, or block_mask and query to have the same batch size, but "
            f"got Bq={batches}, Bkv={given}, B_block_mask={mask.kv_num_blocks.size(0)}."
        )


def _require_as_long(mask: BlockMask, queries: int, keys: int) -> None:
    if mask.mask_mod is sliced_mask:
        raise RuntimeError("Cannot use mask_mod from a sliced BlockMask")
    begins = f"block_mask was created for block_mask.shape={mask.shape} but got q_len={queries} and kv_len={keys}. As the block "
    begins += "mask was created for a {} length than you're using it for, you "
    rows, columns = mask.seq_lengths
    if queries > rows or keys > columns:
        raise ValueError(begins.format("smaller") + "likely need to create a new block mask.")
    if queries < rows or keys < columns:
        raise ValueError(
            begins.format("larger")
            + "can either 1. create a new block mask with the correct length, or 2. 'adjust' the existing block mask to the "
            "correct length by calling block_mask._adjust(q_len, kv_len). This essentially 'crops' the block mask to the upper "
            "left corner, which does not work for all mask_mods!"
        )


@entry
def flex_attention(
    query: Any,
    key: Any,
    value: Any,
    score_mod: Callable[..., Any] | None = None,
    block_mask: BlockMask | None = None,
    scale: float | None = None,
    enable_gqa: bool = False,
    return_lse: bool = False,
    *,
    return_aux: AuxRequest | None = None,
) -> Any:
    """softmax(score_mod(query · keyᵀ · scale)) · value: (B, H, L, E), (B, H, S, E) and (B, H, S, V) → (B, H, L, V).

    `score_mod` gets the scores and the numbers of batch, head, query and key, which broadcast; what `block_mask` leaves out
    counts nothing, and a query that may look at nothing gets zeros. With `return_lse` or `return_aux` beside the result the
    logarithm of the sum of exponentials. Raises NotImplementedError for what requires grad, as PyTorch does on the processor,
    ValueError for sizes.

    >>> import autogradkit as torch
    >>> one = torch.ones(1, 1, 2, 4)
    >>> flex_attention(one, one, one, lambda score, b, h, q, kv: score - (q - kv).abs())
    tensor([[[[1., 1., 1., 1.],
              [1., 1., 1., 1.]]]])
    """
    _require_fitting(query, key, value, block_mask, enable_gqa)
    if block_mask is not None:
        _require_as_long(block_mask, query.size(-2), key.size(-2))
    if return_lse and return_aux is not None:
        raise ValueError(
            "Cannot specify both return_lse and return_aux. return_lse is deprecated, please use return_aux=AuxRequest(lse=True) "
            "instead."
        )
    if return_lse:
        warn_once(
            "return_lse is deprecated and will be removed in v2.10. Please use return_aux=AuxRequest(lse=True) instead.",
            FutureWarning,
        )
    if return_aux is not None and return_aux.max_scores:
        raise NotImplementedError("Returning max scores is not supported on CPU/MPS.")
    groups = query.size(1) // key.size(1)
    exact = ak.float64 if query.dtype is ak.float64 else ak.float32
    keys, values = (each.repeat_interleave(groups, 1).expand(query.size(0), -1, -1, -1) for each in (key, value))
    scores = (
        query.to(exact) @ keys.to(exact).transpose(-2, -1) * (1 / math.sqrt(query.size(-1)) if scale is None else scale)
    )
    places = _places(*scores.shape)
    if score_mod is not None:
        scores = score_mod(scores, *places).to(exact)
    if block_mask is not None:
        scores = ak.where(block_mask.mask_mod(*places), scores, -math.inf)
    weights = scores.softmax(-1).masked_fill(ak.isneginf(scores).all(-1, keepdim=True), 0.0)
    result = weights.to(query.dtype) @ values.to(query.dtype)
    if not return_lse and return_aux is None:
        return result
    sums = scores.logsumexp(-1) if return_aux is None or return_aux.lse else None
    return (result, sums) if return_aux is None else (result, AuxOutput(lse=sums))
