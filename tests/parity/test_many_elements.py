"""Operands that are large enough for the ways that kernels take where there is much to do: values and positions, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autogradkit

STREAM = np.random.default_rng(0)
DISTINCT = STREAM.permutation(12_000).reshape(60, 200).astype(np.float32) - 6_000
TIED = STREAM.integers(0, 70, (60, 200)).astype(np.float32)
WITH_NAN = np.where(STREAM.random((60, 200)) < 0.02, np.float32(np.nan), DISTINCT)
OPERANDS = {"distinct": DISTINCT, "tied": TIED, "with NaN": WITH_NAN, "whole": TIED.astype(np.int64)}

SELECTIONS = [
    "torch.topk(x, 5, 1)",
    "torch.topk(x, 3, 0, largest=False)",
    "torch.topk(x.reshape(-1), 7)",
    "torch.topk(x, 200, 1)",
    "torch.topk(x, 0, 1)",
    "torch.kthvalue(x, 1, 1)",
    "torch.kthvalue(x, 30, 0)",
    "torch.kthvalue(x, 200, 1)",
    "torch.median(x, 1)",
    "torch.median(x, 0, keepdim=True)",
    "torch.nanmedian(x, 1)",
    "(torch.median(x), torch.nanmedian(x))",
]


def _agree(code: str, **arrays: np.ndarray[Any, Any]) -> None:
    """Assert that both give the same numbers in the same strides."""

    def results(module: Any) -> Any:
        tensors = {name: module.from_numpy(array.copy()) for name, array in arrays.items()}
        found = eval(code, {"torch": module, "F": module.nn.functional, **tensors})
        return found if isinstance(found, tuple) else (found,)

    for ours, theirs in zip(results(autogradkit), results(torch), strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
        assert ours.stride() == theirs.stride()


@pytest.mark.parametrize("operand", OPERANDS)
@pytest.mark.parametrize("code", SELECTIONS)
def test_selections_by_partition_pick_what_pytorch_picks(code: str, operand: str) -> None:
    _agree(code, x=OPERANDS[operand])


TRIANGLES = ["x.tril()", "x.triu(-3)", "x.view(4, 15, 200).tril(2)", "x.t().triu(1)", "x[:, ::3].tril()"]


@pytest.mark.parametrize("code", TRIANGLES)
def test_triangles_are_pytorchs(code: str) -> None:
    _agree(code, x=WITH_NAN)


ALONG = STREAM.integers(0, 60, (50, 200))
ACROSS = STREAM.integers(0, 200, (60, 70))
ROWS = {"permuted": STREAM.permutation(60), "repeated": STREAM.permutation(np.arange(60) % 45), "one": np.full(60, 7)}
FRACTIONS = STREAM.standard_normal((60, 200)).astype(np.float32)

PICKS = [
    "x.gather(0, along)",
    "x.gather(1, across)",
    "x.gather(1, across.int())",
    "x.t().gather(0, across.t())",
    "x.view(6, 10, 200).gather(1, along.view(5, 10, 200) % 10)",
    "x.scatter(0, along, y)",
    "x.scatter(1, across, 2.5)",
    "x.scatter(1, across.int(), y)",
    "x.t().scatter(1, along.t(), y.t())",
    "x.view(6, 10, 200).scatter(1, along.view(5, 10, 200) % 10, y.view(6, 10, 200))",
    "x.scatter_add(0, along, y)",
    "x.scatter_add(1, across, y)",
    "x[:, ::2].scatter_add_(1, across[:, :9] % 100, y)",
]


@pytest.mark.parametrize("code", PICKS)
def test_elements_named_along_a_dimension_are_pytorchs(code: str) -> None:
    _agree(code, x=FRACTIONS, y=DISTINCT / 7, along=ALONG, across=ACROSS)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize(
    "code",
    [
        "x.index_select(0, rows)",
        "x.index_select(1, rows)",
        "x.t().index_select(1, rows)",
        "x.index_add(0, rows, y)",
        "x.index_add(1, rows, y[:, :60])",
        "x.trunc().index_put((rows,), (y * 7), accumulate=True)",
    ],
)
def test_rows_named_by_a_vector_are_pytorchs(code: str, rows: str) -> None:
    _agree(code, x=FRACTIONS, y=DISTINCT / 7, rows=ROWS[rows])


@pytest.mark.parametrize(
    "code", ["x.prod()", "x.prod(1)", "x.prod(1, keepdim=True)", "x.view(4, -1).prod(1)", "x.t().prod(0)"]
)
@pytest.mark.parametrize("width", [200, 199])
def test_products_leave_out_no_factor(code: str, width: int) -> None:
    primes = np.array([1, -1, 1, 1, -1, 1, 1], np.float32)  # whose products are exact in any order
    factors = np.resize(primes, (60, width))
    factors[::7, 3] = 2
    factors[5, -1] = -3
    _agree(code, x=factors)
    _agree(code, x=factors.astype(np.int64))


BOUNDED = [
    "x.clamp(min=0.5)",
    "x.clamp_max(-0.5)",
    "x.clamp_min(float('nan'))",
    "x.nansum()",
    "x.nansum(1)",
    "x.nan_to_num()",
]


@pytest.mark.parametrize("code", BOUNDED)
def test_bounds_and_numbers_in_place_of_nan_are_pytorchs(code: str) -> None:
    for each in (WITH_NAN, DISTINCT, np.array([[0.0, -0.0], [np.inf, -np.inf]], np.float32)):
        _agree(code, x=each)
