"""`F.pad` that reflects, repeats the edge or goes round, against PyTorch: values, strides, gradients, nodes, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

from .oracle import to_ours

FRAMEWORKS: tuple[Any, Any] = torch, autogradkit
MODES = ["reflect", "replicate", "circular"]
FITTING = [
    ((2, 5), (1, 2)),
    ((3, 2, 5), (4, 0)),
    ((2, 5), (-1, 2)),
    ((2, 5), (2, -3)),
    ((0, 2, 5), (1, 1)),
    ((3, 4, 5), (1, 2, 0, 1)),
    ((2, 3, 4, 5), (-1, 1, 1, -2)),
    ((2, 3, 4, 5), (-3, -2, 1, 1)),
    ((3, 4, 5, 6), (1, 2, 0, 1, 1, 1)),
    ((2, 3, 4, 5, 6), (-1, 2, 0, -1, 2, 1)),
]
REFUSED = [
    ((5,), (1, 1)),
    ((2, 5), (6, 1)),
    ((2, 5), (-3, -2)),
    ((2, 3, 0), (1, 1)),
    ((2, 0, 5), (1, 1)),
    ((2, 3, 4, 5), (1, 1)),
    ((2, 3, 4, 5), (1, 1, 1)),
    ((3, 4), (1, 1, 1, 1)),
    ((2, 3, 4, 5), (1, 1, 7, 1)),
    ((2, 3, 4, 5), (-3, -2, -2, -2)),
    ((2, 3, 4, 5, 6), (1, 1, 9, 1, 1, 1)),
    ((2, 3, 4, 5, 6), (1, 1, 1, 1, 9, 1)),
    ((2, 3, 4, 5, 6), (-3, -3, -3, -2, -2, -2)),
    ((3, 4, 5), ()),
]


def samples(shape: tuple[int, ...]) -> tuple[Any, Any]:
    theirs = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    return theirs, to_ours(theirs)


@every_case("mode", MODES)
@every_case("shape pad", FITTING)
def test_values_and_gradients(shape: tuple[int, ...], pad: tuple[int, ...], mode: str) -> None:
    found = []
    for framework, leaf in zip(FRAMEWORKS, samples(shape), strict=True):
        leaf.requires_grad_()
        y = framework.nn.functional.pad(leaf, pad, mode)
        slope = framework.arange(y.numel(), dtype=framework.float64).reshape(y.shape).requires_grad_()
        (gradient,) = framework.autograd.grad(y, leaf, slope, create_graph=True)
        (second,) = framework.autograd.grad((gradient * gradient).sum(), slope)
        found.append((y, gradient, second))
    for mine, theirs in zip(found[1], found[0], strict=True):
        assert tuple(mine.shape) == tuple(theirs.shape)
        assert mine.stride() == theirs.stride()
        np.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy())
    for mine, theirs in zip(found[1][:2], found[0][:2], strict=True):
        if mode != "circular" or mine is found[1][0]:
            assert mine.grad_fn.name() == theirs.grad_fn.name()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (4, 3, 5)], ids=str)
def test_memory_formats(shape: tuple[int, ...], mode: str) -> None:
    strides = []
    for framework, x in zip(FRAMEWORKS, samples(shape), strict=True):
        order = (0, 2, 3, 1) if len(shape) == 4 else (1, 0, 2)
        transposed = x.permute(order).contiguous().permute([order.index(i) for i in range(len(shape))])
        strides.append(framework.nn.functional.pad(transposed, (1, 1) * (len(shape) - 2), mode).stride())
    assert strides[1] == strides[0]


@every_case("mode", MODES)
@every_case("shape pad", REFUSED)
def test_refusals(shape: tuple[int, ...], pad: tuple[int, ...], mode: str) -> None:
    said = []
    for framework, x in zip(FRAMEWORKS, samples(shape), strict=True):
        try:
            said.append(tuple(framework.nn.functional.pad(x, pad, mode).shape))
        except (RuntimeError, NotImplementedError) as error:
            said.append((type(error), str(error)))
    assert said[1] == said[0]


@every_case("mode", MODES)
@every_case("dtype", ["bool", "int64", "uint8", "complex64", "float16"])
def test_dtypes(dtype: str, mode: str) -> None:
    said = []
    for framework in FRAMEWORKS:
        x = framework.arange(6).reshape(1, 2, 3).to(getattr(framework, dtype))
        try:
            said.append(framework.nn.functional.pad(x, (1, 2), mode).tolist())
        except NotImplementedError as error:
            said.append(str(error))
    assert said[1] == said[0]
