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
