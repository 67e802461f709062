"""Many numbers of half precision, which are converted by their bits: the same to the last bit as PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

STREAM = np.random.default_rng(0)
BITS = np.arange(1 << 16, dtype=np.uint16)
HALVES = np.concatenate([BITS, STREAM.permutation(BITS), STREAM.integers(0, 0x7C00, 200_000, np.uint16)])
OTHERS = STREAM.permutation(HALVES)
OF_HALVES = [
    "x + y", "x - y", "x * y", "x / y", "torch.maximum(x, y)", "torch.minimum(x, y[5])", "x[:5000].view(50, 100) * y[:100]",
    "x < y", "x == x.flip(0)", "x.sqrt()", "x + 1.5", "x * 0.3", "x / 3", "2 - x", "x > 0.5", "x.clamp(-1, 1)", "x.float()",
    "x.max()", "x[:65536].view(256, 256).max(1)[1]", "x[65536:131072].view(256, 256).min(0)[1]",
    "x[:65536].view(256, 256).t().amin(1)", "x.clone().add_(y)", "x.clone().mul_(0.7)",
    "x.view(2, -1).t() * 0.5", "x.view(2, -1).t() + y.view(2, -1).t()", "-x", "x.abs()", "F.relu(x)", "torch.floor(x)",
]  # fmt: skip


@every_case("kind", ["float16", "bfloat16"])
@every_case("code", OF_HALVES)
def test_many_numbers_of_half_precision_are_computed_to_the_last_bit(code: str, kind: str) -> None:
    found = []
    for module in (autogradkit, torch):
        x, y = (module.from_numpy(each.view(np.int16)).view(getattr(module, kind)) for each in (HALVES, OTHERS))
        found.append(eval(code, {"torch": module, "F": module.nn.functional, "x": x, "y": y}).double().numpy())
    np.testing.assert_array_equal(*found)
    zeros = found[1] == 0
    np.testing.assert_array_equal(*[np.signbit(each[zeros]) for each in found])


@pytest.mark.parametrize("scale", [1e-9, 1e-5, 1.0, 1e4])
def test_many_numbers_are_rounded_to_half_precision_as_pytorch_rounds_them(scale: float) -> None:
    halves = BITS[BITS & 0x7C00 != 0x7C00].view(np.float16).astype(np.float32)
    between = (halves[:-1] + halves[1:]) / 2
    beside = [np.nextafter(between, np.float32(to)) for to in (-np.inf, np.inf)]
    drawn = (STREAM.normal(size=200_000) * scale).astype(np.float32)
    for x in (drawn, between, *beside):
        ours, theirs = (module.from_numpy(x).half() for module in (autogradkit, torch))
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
        np.testing.assert_array_equal(np.signbit(ours.numpy()), np.signbit(theirs.numpy()))


ROWS = STREAM.normal(size=(175, 256)).astype(np.float32) * 3
NORMALISED = [
    "F.softmax(x, 0)",
    "F.softmax(x, 1)",
    "F.log_softmax(x, 0)",
    "F.log_softmax(x, -1)",
    "F.layer_norm(x, (256,))",
]


@every_case("kind", ["float16", "bfloat16"])
@every_case("code", NORMALISED)
def test_rows_of_half_precision_are_normalised_in_float32(code: str, kind: str) -> None:
    ours, theirs = (
        eval(
            code,
            {
                "F": module.nn.functional,
                "x": module.from_numpy(ROWS).to(getattr(module, kind)),
            },
        )
        for module in (autogradkit, torch)
    )
    step = 2.0**-10 if kind == "float16" else 2.0**-7
    np.testing.assert_allclose(ours.float().numpy(), theirs.float().numpy(), rtol=2 * step, atol=1e-7)
