"""relu and its backward against PyTorch, to the bit: NaN, infinities and both zeros, in every layout and size."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

from .oracle import to_ours

SPECIAL = [0.0, -0.0, 1.5, -2.5, float("inf"), -float("inf"), float("nan"), 1e-40, -1e-40]


def bits(tensor: object) -> np.ndarray:
    values = tensor.detach().numpy()  # type: ignore[attr-defined]
    return values.view(f"i{values.itemsize}")


@every_case("dtype", [torch.float32, torch.float64])
@every_case("size", [0, 1, 5, 9, 1023, 1025, 16384, 20_001])
def test_every_value_and_every_gradient_to_the_bit(size: int, dtype: torch.dtype) -> None:
    stream = np.random.default_rng(5)
    x, slope = (torch.from_numpy(stream.choice(SPECIAL, size)).to(dtype) for _ in range(2))
    found = []
    for framework, leaf, g in ((torch, x.clone(), slope), (autogradkit, to_ours(x), to_ours(slope))):
        y = framework.relu(leaf.requires_grad_())
        found.append([bits(y), bits(framework.autograd.grad(y, leaf, g)[0])])
    for mine, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@every_case("of_slope", [(0, 1, 2, 3), (0, 2, 3, 1), (3, 2, 1, 0), None])
@every_case("of_x", [(0, 1, 2, 3), (0, 2, 3, 1), (3, 2, 1, 0)])
@every_case("size", [3, 13])
def test_layouts(size: int, of_x: tuple[int, ...], of_slope: tuple[int, ...] | None) -> None:
    """`None` is the expanded gradient that `sum` sends."""
    stream = torch.Generator().manual_seed(2)
    x = torch.randn((size,) * 4, generator=stream).permute(of_x)
    slope = torch.ones(()).expand(x.shape) if of_slope is None else torch.randn((size,) * 4).permute(of_slope)
    found = []
    for framework, leaf, g in ((torch, x.detach(), slope), (autogradkit, to_ours(x), to_ours(slope))):
        y = framework.relu(leaf.requires_grad_())
        found.append([y.detach(), *framework.autograd.grad(y, leaf, g)])
    for theirs, mine in zip(*found, strict=True):
        assert mine.stride() == theirs.stride()
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())


def test_out_and_in_place_and_whole_numbers() -> None:
    for framework in (torch, autogradkit):
        x = framework.tensor([[-1, 4], [0, -7]])
        assert framework.relu(x).tolist() == [[0, 4], [0, 0]]
        wide = framework.full((2, 4), 9)
        assert wide[:, ::2].copy_(x).relu_().tolist() == [[0, 4], [0, 0]]
        assert wide.tolist() == [[0, 9, 4, 9], [0, 9, 0, 9]]


@pytest.mark.parametrize("dtype", ["bool", "complex64"])
def test_refused_dtypes(dtype: str) -> None:
    found = []
    for framework in (torch, autogradkit):
        with pytest.raises(RuntimeError) as raised:
            framework.relu(framework.ones(2, dtype=getattr(framework, dtype)))
        found.append((raised.type, str(raised.value)))
    assert found[0] == found[1]
