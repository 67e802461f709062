"""lobpcg beside PyTorch's: eigenvalues, vectors up to a sign, general and sparse problems, gradients, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autogradkit as ak

from .one_line import outcome

N = 24
_BASIS = np.linalg.qr(np.sin(np.arange(N * N, dtype=float) ** 1.3).reshape(N, N))[0]
MATRIX = (_BASIS * np.linspace(1, 9, N) ** 1.5) @ _BASIS.T
MATRIX = (MATRIX + MATRIX.T) / 2
OTHER = np.diag(np.linspace(1, 2, N))


def in_both(run: Any) -> tuple[Any, Any]:
    return tuple((m.manual_seed(5), run(m))[1] for m in (torch, ak))


def same_pairs(theirs: Any, mine: Any, rtol: float) -> None:
    np.testing.assert_allclose(mine[0].detach().numpy(), theirs[0].detach().numpy(), rtol=rtol)
    np.testing.assert_allclose(
        np.abs(mine[1].detach().numpy()), np.abs(theirs[1].detach().numpy()), atol=20 * rtol**0.5
    )


CALLS: dict[str, Any] = {
    "one": lambda m, a, b: m.lobpcg(a),
    "several": lambda m, a, b: m.lobpcg(a, k=4),
    "the smallest": lambda m, a, b: m.lobpcg(a, k=3, largest=False),
    "more than wanted": lambda m, a, b: m.lobpcg(a, 2, n=5),
    "from given vectors": lambda m, a, b: m.lobpcg(a, X=a[:, :3].clone()),
    "a general problem": lambda m, a, b: m.lobpcg(a, k=2, B=b),
    "a preconditioner": lambda m, a, b: m.lobpcg(a, k=2, iK=m.linalg.inv(a), largest=False),
    "a batch": lambda m, a, b: m.lobpcg(m.stack([a, b])[None], k=2),
    "sparse": lambda m, a, b: m.lobpcg(a.to_sparse(), k=2),
    "the basic method": lambda m, a, b: m.lobpcg(a, k=2, method="basic"),
}


@pytest.mark.parametrize("name", CALLS)
def test_its_pairs_are_pytorchs(name: str) -> None:
    theirs, mine = in_both(
        lambda m: CALLS[name](m, m.tensor(MATRIX.tolist(), dtype=m.float64), m.tensor(OTHER.tolist(), dtype=m.float64))
    )
    assert tuple(mine[0].shape) == tuple(theirs[0].shape)
    assert tuple(mine[1].shape) == tuple(theirs[1].shape)
    same_pairs(theirs, mine, 1e-7)


def test_in_single_precision_they_are_those_of_all_eigenvalues() -> None:
    a = ak.tensor(MATRIX.tolist())
    values, vectors = ak.lobpcg(a, k=3)
    assert values.dtype is ak.float32
    np.testing.assert_allclose(values.numpy(), np.linalg.eigvalsh(MATRIX)[::-1][:3], rtol=1e-4)
    np.testing.assert_allclose((a @ vectors).numpy(), (vectors * values).numpy(), atol=0.05)


def test_the_gradient_is_that_of_eigenvalues_and_vectors() -> None:
    def run(m: Any) -> Any:
        a = m.tensor(MATRIX.tolist(), dtype=m.float64, requires_grad=True)
        values, vectors = m.lobpcg(a, k=2)
        return m.autograd.grad((values * m.tensor([1.0, 2.0])).sum() + (vectors**4).sum(), a)[0]

    theirs, mine = in_both(run)
    np.testing.assert_allclose(mine.numpy(), theirs.numpy(), atol=1e-5)


REFUSED = [
    "torch.lobpcg(A, k=9)",
    "torch.lobpcg(A[:2])",
    "torch.lobpcg(A, B=A[:2])",
    "torch.lobpcg(A, X=torch.ones(5, 2))",
    "torch.lobpcg()",
    "torch.lobpcg(A, K=3)",
]


@pytest.mark.parametrize("call", REFUSED)
def test_what_is_refused(call: str) -> None:
    theirs, mine = in_both(lambda m: outcome(m, f"A = torch.eye({N})\n{call}"))
    assert mine == theirs
    assert theirs[0] != "ok"
