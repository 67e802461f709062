"""`nn.utils.rnn` against PyTorch's: padding, packing, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import autogradkit
from tests.every_case import every_case
from tests.parity.oracle import assert_same, error_of

CALLS: list[Callable[[Any, Any], Any]] = [
    lambda m, u: u.pad_sequence([m.arange(3), m.arange(1), m.arange(2)]),
    lambda m, u: u.pad_sequence(
        [m.randn(1, 2), m.randn(3, 2)], batch_first=True, padding_value=0.5, padding_side="left"
    ),
    lambda m, u: u.pad_sequence(m.randn(3, 2)),
    lambda m, u: u.pad_sequence([m.randn(2, 3), m.arange(9).view(3, 3)]),
    lambda m, u: u.pack_sequence([m.randn(3, 2), m.randn(2, 2), m.randn(2, 2)]),
    lambda m, u: u.pack_sequence([m.arange(2), m.arange(5), m.arange(3)], enforce_sorted=False),
    lambda m, u: u.pack_padded_sequence(m.randn(2, 4, 3), m.tensor([4, 2], dtype=m.int32), batch_first=True),
    lambda m, u: u.pack_padded_sequence(m.randn(3, 2, 4).transpose(0, 2), [2, 4.5], enforce_sorted=False),
    lambda m, u: u.pack_padded_sequence(m.randn(3, 2), [5, 2]),
    lambda m, u: u.pad_packed_sequence(u.pack_sequence([m.arange(2), m.arange(4)], False), True, -1, 6),
    lambda m, u: u.pad_packed_sequence(u.pack_sequence([m.randn(3, 2), m.randn(3, 2)])),
    lambda m, u: u.unpack_sequence(u.pack_sequence([m.randn(1, 2), m.randn(4, 2)], enforce_sorted=False)),
    lambda m, u: u.unpad_sequence(m.arange(8).view(4, 2), m.tensor([3, 4])),
    lambda m, u: u.invert_permutation(m.tensor([2, 0, 3, 1])),
    lambda m, u: u.PackedSequence(m.randn(3), m.tensor([2, 1]), m.tensor([1, 0])),
    lambda m, u: u.PackedSequence((m.randn(3), m.tensor([2, 1]))),
]


@every_case("call", CALLS)
def test_it_gives_what_pytorch_gives(call: Callable[[Any, Any], Any]) -> None:
    found = []
    for m in (autogradkit, torch):
        m.manual_seed(3)
        found.append(call(m, m.nn.utils.rnn))
    assert_same(*found, rtol=0, atol=0)


REFUSED: list[Callable[[Any, Any], Any]] = [
    lambda m, u: u.pack_padded_sequence(m.ones(5, 2), [2, 3]),
    lambda m, u: u.pack_padded_sequence(m.ones(5, 2), [3, 0]),
    lambda m, u: u.pack_padded_sequence(m.ones(5, 2), [5]),
    lambda m, u: u.pack_padded_sequence(m.ones(0, 2), [1, 1]),
    lambda m, u: u.pack_padded_sequence(m.ones(5, 2), m.tensor([[5, 2]])),
    lambda m, u: u.pack_sequence([m.ones(2), m.ones(3)]),
    lambda m, u: u.pad_packed_sequence(u.pack_sequence([m.ones(3)]), total_length=2),
    lambda m, u: u.pad_sequence(3),
    lambda m, u: u.pad_sequence([]),
    lambda m, u: u.pad_sequence([m.ones(2)], padding_side="top"),
    lambda m, u: u.pad_sequence([m.ones(2, 3), m.ones(2, 4)]),
    lambda m, u: u.PackedSequence(m.ones(3)),
    lambda m, u: u.pack_sequence([m.ones(3)]).cuda(),
]


@every_case("call", REFUSED)
def test_it_refuses_in_pytorchs_words(call: Callable[[Any, Any], Any]) -> None:
    expected = error_of(lambda: call(torch, torch.nn.utils.rnn))
    assert expected is not None
    assert error_of(lambda: call(autogradkit, autogradkit.nn.utils.rnn)) == expected


@every_case("to", ["double", "float", "half", "long", "int", "short", "char", "byte", "cpu"])
def test_a_packed_sequence_is_converted(to: str) -> None:
    found = []
    for m in (autogradkit, torch):
        packed = m.nn.utils.rnn.pack_sequence([m.tensor([2.5]), m.tensor([1.0, 3.0])], enforce_sorted=False)
        converted = getattr(packed, to)()
        found.append(converted)
        assert (converted is packed) == (to in ("float", "cpu"))
        assert not converted.is_cuda
    assert_same(*found, rtol=0, atol=0)
    assert repr(found[0]) == repr(found[1])


def test_gradients_of_gradients_reach_what_was_packed_and_padded() -> None:
    found = []
    for m in (autogradkit, torch):
        u = m.nn.utils.rnn
        m.manual_seed(3)
        x, y = m.randn(2, 3).requires_grad_(), m.randn(4, 3).requires_grad_()
        padded, _ = u.pad_packed_sequence(u.pack_sequence([x, y], enforce_sorted=False), batch_first=True)
        slopes = m.autograd.grad((padded**3).sum(), [x, y], create_graph=True)
        found.append([slopes, m.autograd.grad(sum((each**2).sum() for each in slopes), [x, y])])
        assert type(u.pack_sequence([y, x]).data.grad_fn).__name__ == "PackPaddedSequenceBackward0"
    assert_same(*found, rtol=1e-5, atol=1e-6)
