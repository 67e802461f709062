"""Attention and transformers against PyTorch's: masks of all kinds, evaluation, refusals; plain calls are in tests/nn."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case
from tests.parity.oracle import assert_same, error_of, tensors_in

HEADS, BATCH, LENGTH, WIDTH = 2, 3, 4, 4
Masks = dict[str, Any]

MASKS: dict[str, Callable[[Any], Masks]] = {
    "none": lambda m: {},
    "padding": lambda m: {"key_padding_mask": _padding(m)},
    "scores": lambda m: {"attn_mask": m.ones(LENGTH, LENGTH).triu(1).bool()},
    "each head": lambda m: {"attn_mask": m.randn(BATCH * HEADS, LENGTH, LENGTH) > 1},
    "floats": lambda m: {"attn_mask": m.randn(LENGTH, LENGTH), "key_padding_mask": m.randn(BATCH, LENGTH)},
    "both": lambda m: {"attn_mask": m.ones(LENGTH, LENGTH).triu(2).bool(), "key_padding_mask": _padding(m)},
    "mismatched": lambda m: {"attn_mask": m.zeros(LENGTH, LENGTH), "key_padding_mask": _padding(m)},
    "causal": lambda m: {"attn_mask": m.nn.Transformer.generate_square_subsequent_mask(LENGTH), "is_causal": True},
}


def _padding(m: Any) -> Any:
    return m.tensor([[False] * 4, [False, False, True, True], [False, True, True, True]])


def _compare_both(build: Callable[[Any], Any]) -> None:
    found, said = [], []
    for m in (autogradkit, torch):
        m.manual_seed(3)
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            found.append(build(m))
        said.append([str(each.message) for each in heard if "prototype" not in str(each.message)])
    assert_same(found[0], found[1], strides=False, rtol=1e-4, atol=1e-5)
    assert said[0] == said[1]


def _with_gradients(m: Any, outputs: Any, leaves: list[Any]) -> Any:
    outputs = [each for each in tensors_in(outputs) if each.requires_grad]
    loss = sum((each * m.randn(tuple(each.shape))).sum() for each in outputs)
    return outputs, m.autograd.grad(loss, leaves)


@every_case("need_weights", [True, False])
@every_case("batch_first", [True, False])
@every_case("kind", MASKS)
def test_attention_under_masks(kind: str, batch_first: bool, need_weights: bool) -> None:
    def run(m: Any) -> Any:
        layer = m.nn.MultiheadAttention(WIDTH, HEADS, dropout=0.3, batch_first=batch_first)
        sizes = (BATCH, LENGTH, WIDTH) if batch_first else (LENGTH, BATCH, WIDTH)
        x, y = m.randn(sizes).requires_grad_(), m.randn(sizes).requires_grad_()
        given = MASKS[kind](m) | {"need_weights": need_weights}
        apart = layer(x, y, y, average_attn_weights=False, **given)
        alike = layer(x, x, x, **given)
        kept = _with_gradients(m, [apart[0], alike[0]], [x, y, *layer.parameters()])
        layer.eval()
        with m.no_grad():
            return kept, [each for each in (*apart, *alike, *layer(x, x, x, **given)) if each is not None]

    _compare_both(run)


@pytest.mark.parametrize("kind", ["none", "scores"])
def test_attention_with_what_is_added_to_keys(kind: str) -> None:
    def run(m: Any) -> Any:
        layer = m.nn.MultiheadAttention(WIDTH, HEADS, add_bias_kv=True, add_zero_attn=True, kdim=5, vdim=6)
        q, k, v = m.randn(LENGTH, BATCH, WIDTH), m.randn(LENGTH, BATCH, 5), m.randn(LENGTH, BATCH, 6)
        return _with_gradients(m, layer(q, k, v, **MASKS[kind](m)), list(layer.parameters()))

    _compare_both(run)


def test_the_masks_of_attention_as_one() -> None:
    def run(m: Any) -> Any:
        layer = m.nn.MultiheadAttention(WIDTH, HEADS)
        scores, padding, x = m.randn(LENGTH, LENGTH), m.randn(BATCH, LENGTH), m.randn(BATCH, LENGTH, WIDTH)
        each_head = m.randn(BATCH * HEADS, LENGTH, LENGTH)
        merged = [layer.merge_masks(*masks, x) for masks in ((scores, padding), (each_head, padding), (None, padding))]
        assert layer.merge_masks(None, None, x) == (None, None)
        assert [kind for _, kind in merged] == [2, 2, 1]
        return [mask for mask, _ in merged]

    _compare_both(run)


ENCODERS = {
    "usual": {"batch_first": True},
    "norm first": {"batch_first": True, "norm_first": True},
    "steps first": {},
    "gelu without biases": {"activation": "gelu", "bias": False, "batch_first": True},
}


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("options", ENCODERS.values(), ids=ENCODERS)
@pytest.mark.parametrize("kind", ["none", "padding", "scores", "both"])
def test_an_encoder_under_masks(kind: str, options: dict[str, Any], training: bool) -> None:
    def run(m: Any) -> Any:
        layer = m.nn.TransformerEncoderLayer(WIDTH, HEADS, 8, **options)
        encoder = m.nn.TransformerEncoder(layer, 2, m.nn.LayerNorm(WIDTH)).train(training)
        sizes = (BATCH, LENGTH, WIDTH) if "batch_first" in options else (LENGTH, BATCH, WIDTH)
        x = m.randn(sizes)
        masks = MASKS[kind](m)
        given = x, masks.get("attn_mask"), masks.get("key_padding_mask")
        kept = _with_gradients(m, encoder(*given), list(encoder.parameters()))
        with m.no_grad():
            return kept, encoder(*given), layer.eval()(*given), encoder.use_nested_tensor

    _compare_both(run)


def test_padding_that_is_not_at_the_end_is_not_left_out() -> None:
    def run(m: Any) -> Any:
        layer = m.nn.TransformerEncoderLayer(WIDTH, HEADS, 8, batch_first=True)
        encoder = m.nn.TransformerEncoder(layer, 1).eval()
        padding = m.tensor([[False, True, False, False]])
        with m.no_grad():
            return encoder(m.randn(1, LENGTH, WIDTH), src_key_padding_mask=padding)

    _compare_both(run)


@pytest.mark.parametrize("said", [None, True, False])
def test_a_transformer_under_all_masks(said: bool | None) -> None:
    def run(m: Any) -> Any:
        model = m.nn.Transformer(WIDTH, HEADS, 1, 2, 8, batch_first=True)
        x, y = m.randn(BATCH, LENGTH, WIDTH).requires_grad_(), m.randn(BATCH, 3, WIDTH).requires_grad_()
        later = model.generate_square_subsequent_mask(3)
        padding = m.where(_padding(m), float("-inf"), 0.0)
        out = model(
            x,
            y,
            tgt_mask=later,
            memory_mask=m.randn(3, LENGTH),
            src_key_padding_mask=padding,
            tgt_key_padding_mask=m.zeros(BATCH, 3),
            memory_key_padding_mask=padding,
            tgt_is_causal=said,
        )
        return _with_gradients(m, out, [x, y, *model.parameters()])

    _compare_both(run)


def test_encoder_and_decoder_may_be_ones_own() -> None:
    def run(m: Any) -> Any:
        layer = m.nn.TransformerEncoderLayer(WIDTH, HEADS, 8, activation=m.nn.GELU(), batch_first=True)
        own = m.nn.TransformerEncoder(layer, 1)
        model = m.nn.Transformer(WIDTH, HEADS, 1, 1, 8, custom_encoder=own, batch_first=True)
        assert model.encoder is own
        return model(m.randn(BATCH, LENGTH, WIDTH), m.randn(BATCH, 2, WIDTH)), list(model.state_dict().values())

    _compare_both(run)


REFUSED: list[Callable[[Any], Any]] = [
    lambda m: m.nn.MultiheadAttention(5, 2),
    lambda m: m.nn.MultiheadAttention(0, 2),
    lambda m: m.nn.MultiheadAttention(4, 2)(m.ones(3, 4), m.ones(3, 2, 4), m.ones(3, 2, 4)),
    lambda m: m.nn.MultiheadAttention(4, 2)(*[m.ones(3, 2, 5)] * 3),
    lambda m: m.nn.MultiheadAttention(4, 2)(*[m.ones(3, 2, 4)] * 3, attn_mask=m.ones(3, 3).long()),
    lambda m: m.nn.MultiheadAttention(4, 2)(*[m.ones(3, 2, 4)] * 3, attn_mask=m.ones(2, 3)),
    lambda m: m.nn.MultiheadAttention(4, 2)(*[m.ones(3, 2, 4)] * 3, attn_mask=m.ones(3, 3, 3)),
    lambda m: m.nn.MultiheadAttention(4, 2)(*[m.ones(3, 2, 4)] * 3, is_causal=True),
    lambda m: m.nn.MultiheadAttention(4, 2)(*[m.ones(3, 2, 4)] * 3, key_padding_mask=m.ones(2, 5)),
    lambda m: m.nn.functional.scaled_dot_product_attention(
        *[m.ones(1, 1, 3, 2)] * 3, m.zeros(3, 3).requires_grad_(), is_causal=True
    ),
    lambda m: m.nn.TransformerEncoderLayer(4, 2, activation="sine"),
    lambda m: m.nn.TransformerEncoderLayer(4, 2)(m.ones(3, 2, 4), src_mask=m.ones(3, 3).long()),
    lambda m: m.nn.Transformer(4, 2, 1, 1, 8, batch_first=True)(m.ones(3, 2, 4), m.ones(2, 2, 4)),
    lambda m: m.nn.Transformer(4, 2, 1, 1, 8, batch_first=True)(m.ones(3, 2, 4), m.ones(3, 2, 5)),
]


@every_case("call", REFUSED)
def test_it_refuses_in_pytorchs_words(call: Callable[[Any], Any]) -> None:
    expected = error_of(lambda: call(torch))
    assert expected is not None
    assert error_of(lambda: call(autogradkit)) == expected


def _bias(m: Any) -> Any:
    return importlib.import_module(f"{m.__name__}.nn.attention.bias")


BIASES: list[Callable[[Any], Any]] = [
    lambda b: (b.causal_upper_left(2, 3), b.causal_lower_right(2, 3), b.causal_lower_right(2, 3).variant),
    lambda b: b.causal_upper_left(2, 3, 4),
    lambda b: b.causal_lower_right(2),
    lambda b: b.CausalBias(2, 2, 2),
]


@pytest.mark.parametrize("call", BIASES)
def test_a_causal_bias_is_its_triangle(call: Callable[[Any], Any]) -> None:
    said = [repr(error_of(lambda m=m: call(_bias(m))) or call(_bias(m))) for m in (autogradkit, torch)]
    assert said[0] == said[1]


@pytest.mark.parametrize("name", ["causal_upper_left", "causal_lower_right"])
@pytest.mark.parametrize("keys", [3, 5])
def test_attention_goes_by_a_causal_bias(name: str, keys: int) -> None:
    def attended(m: Any) -> Any:
        query = m.randn(2, 2, 3, 4, requires_grad=True)
        bias = getattr(_bias(m), name)(3, keys)
        y = m.nn.functional.scaled_dot_product_attention(query, m.randn(2, 2, keys, 4), m.randn(2, 2, keys, 4), bias)
        y.sum().backward()
        return y, query.grad

    _compare_both(attended)


def test_a_causal_bias_is_warned_of_and_refused() -> None:
    def refused(m: Any) -> Any:
        one, bias = m.ones(1, 1, 2, 2), _bias(m).causal_upper_left(2, 2)
        return m.nn.functional.scaled_dot_product_attention(one, one, one, bias, is_causal=True)

    assert error_of(lambda: refused(autogradkit)) == error_of(lambda: refused(torch)) is not None
    _compare_both(lambda m: _bias(m).causal_lower_right(3, 2)._materialize())
