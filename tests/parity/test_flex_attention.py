"""Attention by functions of scores, and masks of blocks, against PyTorch's that is not compiled."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.attention.flex_attention

import autogradkit
from tests.every_case import every_case
from tests.parity.oracle import assert_same, error_of

BOTH = (autogradkit, torch)


@pytest.fixture(autouse=True)
def _not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.nn.attention.flex_attention, "_FLEX_ATTENTION_DISABLE_COMPILE_DEBUG", True)


def flex(m: Any) -> Any:
    return importlib.import_module(f"{m.__name__}.nn.attention.flex_attention")


def causal(b: Any, h: Any, q: Any, kv: Any) -> Any:
    return q >= kv


def window(b: Any, h: Any, q: Any, kv: Any) -> Any:
    return (q - kv).abs() <= 2


def beyond(b: Any, h: Any, q: Any, kv: Any) -> Any:
    return q > kv + 1


def biased(score: Any, b: Any, h: Any, q: Any, kv: Any) -> Any:
    return score + (kv - q) * 0.5 ** (h + 1)


def capped(score: Any, b: Any, h: Any, q: Any, kv: Any) -> Any:
    return 2 * (score / 2).tanh()


def documents(m: Any) -> Any:
    of = m.tensor([0, 0, 1, 1, 1, 2])
    return flex(m).and_masks(lambda b, h, q, kv: of[q] == of[kv], causal)


MASKS: list[Callable[[Any], Any]] = [
    lambda m: flex(m).create_block_mask(causal, None, None, 6, 6, device="cpu", BLOCK_SIZE=2),
    lambda m: flex(m).create_block_mask(window, 2, 4, 6, 6, "cpu", (3, 2)),
    lambda m: flex(m).create_block_mask(documents(m), 2, 4, 6, 6, "cpu", 4, separate_full_blocks=False),
    lambda m: flex(m).create_block_mask(flex(m).or_masks(beyond, window), 1, 1, 6, 6, "cpu", 2),
    lambda m: flex(m).create_block_mask(beyond, 1, 1, 6, 6, "cpu"),
    lambda m: flex(m).create_block_mask(flex(m).noop_mask, 1, 1, 6, 6, "cpu", 2),
]
FACTS = [f"{full}{of}_{what}" for of in ("kv", "q") for full in ("", "full_") for what in ("num_blocks", "indices")]


@pytest.mark.parametrize("build", MASKS)
def test_a_mask_has_pytorchs_blocks_and_its_drawing(build: Callable[[Any], Any]) -> None:
    ours, theirs = (build(m) for m in BOTH)
    assert (str(ours), repr(ours), ours.sparsity()) == (str(theirs), repr(theirs), theirs.sparsity())
    assert (ours.shape, ours.numel(), ours.BLOCK_SIZE) == (theirs.shape, theirs.numel(), theirs.BLOCK_SIZE)
    for name in FACTS:
        assert repr(getattr(ours, name)) == repr(getattr(theirs, name))
    assert repr(ours.to_dense()) == repr(theirs.to_dense())


def test_long_masks_are_drawn_small() -> None:
    drawn = []
    for m in BOTH:
        long = flex(m).create_block_mask(causal, 1, 1, 3000, 2048, device="cpu")
        drawn.append([str(long), long.to_string(grid_size=4), long.to_string(limit=0), repr(long[0]), str(long[:, -1])])
    assert drawn[0] == drawn[1]


@every_case("build", [lambda m: None, *MASKS])
@every_case("score", [None, biased, capped])
@every_case("dtype", ["float32", "float64", "float16"])
def test_attention_is_pytorchs(build: Callable[[Any], Any], score: Any, dtype: str) -> None:
    found = []
    for m in BOTH:
        m.manual_seed(2)
        query, key, value = (m.randn(2, 4, 6, 8, dtype=getattr(m, dtype)) for _ in range(3))
        found.append(flex(m).flex_attention(query, key, value, score, build(m), scale=None if score else 0.4))
    assert_same(*found, rtol=2e-3 if dtype == "float16" else 1e-5, atol=1e-3 if dtype == "float16" else 1e-6)


def test_heads_may_share_keys_and_the_sums_come_along() -> None:
    found = []
    for m in BOTH:
        m.manual_seed(2)
        query, key = m.randn(2, 4, 6, 8), m.randn(2, 2, 5, 8)
        wanted = flex(m).AuxRequest(lse=True)
        found.append(flex(m).flex_attention(query, key, key, enable_gqa=True, return_aux=wanted))
    assert_same(found[0][0], found[1][0], rtol=1e-5, atol=1e-6)
    assert_same(found[0][1].lse, found[1][1].lse, rtol=1e-5, atol=1e-6)
    assert found[0][1].max_scores is found[1][1].max_scores is None


REFUSED: list[Callable[[Any, Any], Any]] = [
    lambda m, x: flex(m).flex_attention(x, x[:, :2], x[:, :2]),
    lambda m, x: flex(m).flex_attention(x, x[:, :3], x[:, :3], enable_gqa=True),
    lambda m, x: flex(m).flex_attention(x, x[:1], x[:1]),
    lambda m, x: flex(m).flex_attention(x, x[..., :4], x),
    lambda m, x: flex(m).flex_attention(x[0], x[0], x[0]),
    lambda m, x: flex(m).flex_attention(x.requires_grad_(), x, x),
    lambda m, x: flex(m).flex_attention(x, x, x, return_aux=flex(m).AuxRequest(max_scores=True)),
    lambda m, x: flex(m).flex_attention(x, x, x, return_lse=True, return_aux=flex(m).AuxRequest()),
    lambda m, x: flex(m).flex_attention(x, x, x, block_mask=MASKS[0](m)[0]),
    lambda m, x: flex(m).flex_attention(x[:, :, :4], x, x, block_mask=MASKS[0](m)),
    lambda m, x: flex(m).flex_attention(x, x, x, block_mask=flex(m).create_block_mask(causal, 1, 1, 5, 6, "cpu")),
    lambda m, x: flex(m).create_block_mask(lambda q: q, 1, 1, 2, 2, "cpu"),
    lambda m, x: flex(m).and_masks(3),
    lambda m, x: flex(m).or_masks(causal, None),
    lambda m, x: flex(m).BlockMask.from_kv_blocks(m.tensor([1]), m.tensor([0])),
]


@every_case("call", REFUSED)
def test_it_refuses_in_pytorchs_words(call: Callable[[Any, Any], Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = [error_of(lambda m=m: call(m, m.ones(2, 4, 6, 8))) for m in BOTH]
    assert said[0] == said[1] is not None


@pytest.mark.parametrize("lengths", [(4, 4), (2, 6), (8, 8)])
def test_the_mask_of_a_part_masks_as_in_pytorch(lengths: tuple[int, int]) -> None:
    ours, theirs = (MASKS[0](m)._adjust(*lengths) for m in BOTH)
    assert ours.shape == theirs.shape
    assert ours.mask_mod is causal
