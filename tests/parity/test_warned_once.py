"""Warnings that come once in a process in PyTorch, wherever they come from, and those that Python's filters decide of."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from autogradkit.core import warning
from tests.every_case import every_case

ONCE = """
torch.ones(2, 2, 2).T
torch.tensor(1.0).T
torch.tensor(1.0).mT
torch.tensor(1.0).H
torch.tensor(1.0).mH
torch.tensor(1.0).adjoint()
torch.triangular_solve(torch.eye(2), torch.eye(2))
torch.nuclear_norm(torch.eye(2))
torch.frobenius_norm(torch.eye(2), (0, 1))
torch.qr(torch.eye(2))
torch.chain_matmul(torch.eye(2), torch.eye(2))
torch.lu_solve(torch.eye(2), torch.eye(2), torch.tensor([1, 2], dtype=torch.int32))
torch.cross(torch.ones(3), torch.ones(3))
torch.lu(torch.eye(2))
torch.cholesky(torch.eye(2))
torch.where(torch.ones(2, dtype=torch.uint8), torch.ones(2), torch.ones(2))
torch.ones(2, dtype=torch.complex64).float()
torch.from_numpy(np.broadcast_to(np.ones(1), (3,)))
torch.frombuffer(b"abcd", dtype=torch.uint8)
torch.tensor([np.ones(2), np.ones(2)])
torch.stft(torch.arange(8.0), 4, return_complex=True)
torch.istft(torch.ones(3, 4, dtype=torch.complex64), 4)
torch.stft(torch.arange(8.0), 4, window=torch.ones(4), return_complex=False)
torch.meshgrid(torch.ones(2), torch.ones(2))
torch.searchsorted(torch.ones(3, 2).t(), torch.ones(2, 1))
torch.bucketize(torch.ones(3, 2).t(), torch.ones(3))
torch.ones(3).scatter(0, torch.tensor([0]), torch.ones(1), reduce="add")
torch.ones(3).index_reduce(0, torch.tensor([0]), torch.ones(1), "prod")
float(torch.ones(1, requires_grad=True))
torch.ones(3).add(1, torch.ones(3))
(torch.ones(2, requires_grad=True) ** 2).sum().backward(create_graph=True)
torch.nn.functional.rms_norm(torch.ones(2, 2), (2,), torch.ones(2, dtype=torch.float64))
torch.sparse.FloatTensor(torch.tensor([[0]]), torch.ones(1), (2,))
"""
EACH_TIME = """
torch.std(torch.ones(1))
torch.cov(torch.ones(1, 1))
torch.add(torch.ones(3), 1, out=torch.ones(2))
(torch.ones(2, requires_grad=True) * 2).grad
torch.tensor(torch.ones(2))
torch.ones(3)[torch.tensor([1, 0, 1], dtype=torch.uint8)]
torch.ones(1).expand(3).masked_fill_(torch.tensor([True, False, True]), 1.0)
torch.range(0, 3)
"""


def _warnings_of(package: Any, line: str, times: int) -> list[list[str]]:
    """The warnings of each of several calls, each once: PyTorch infers a dtype twice."""
    found: list[list[str]] = []
    for _ in range(times):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            eval(line, {"torch": package, "np": np})
        found.append(list(dict.fromkeys(str(each.message).partition(" (Triggered")[0] for each in caught)))
    return found


@pytest.mark.parametrize("line", ONCE.strip().splitlines())
def test_it_comes_once(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless `set_warn_always` says otherwise; PyTorch may have said it in another test of this process."""
    monkeypatch.setattr(warning._Once, "keys", set())
    autogradkit.set_warn_always(False)
    [first, second] = _warnings_of(autogradkit, line, 2)
    assert len(first) == 1
    assert second == []
    assert _warnings_of(torch, line, 2)[1] == []
    for package in (autogradkit, torch):
        package.set_warn_always(True)
    try:
        assert _warnings_of(autogradkit, line, 2) == _warnings_of(torch, line, 2) == [first, first]
    finally:
        for package in (autogradkit, torch):
            package.set_warn_always(False)


@every_case("line", EACH_TIME.strip().splitlines())
def test_it_comes_each_time(line: str) -> None:
    autogradkit.set_warn_always(False)
    heard = _warnings_of(autogradkit, line, 2)
    assert len(heard[1]) == 1
    assert heard == _warnings_of(torch, line, 2)
