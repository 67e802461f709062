"""Statistics, norms and comparisons against PyTorch: one line of code, run by both, in value, layout and gradient."""

from __future__ import annotations

import warnings

import numpy as np
import torch

import autogradkit
from tests.every_case import every_case

RESULTS = """
x.prod(); x.prod(1); x.prod(0, True); z.prod(); z.prod(0); z.prod(1); s.prod(); x.prod(dtype=torch.float64); i.prod()
b.prod(); z2.prod(); z2.prod(1); x.var(); x.var(1); x.var(1, False, True); x.var((0, 1)); x.var(dim=0, correction=0)
x.var(False); x.var(dim=1, unbiased=True); y.var((0, 2)); y.var(-1, keepdim=True); x.std(); x.std(1); x.std(0, True)
torch.std(x, unbiased=False); x.std(dim=None); y.std((1, 2), correction=2); torch.var_mean(x); torch.var_mean(x, 1)
torch.std_mean(x, 0); torch.std_mean(y, (0, 1), keepdim=True); x[:1].var(0); s.var(); same.std()
y.permute(2, 0, 1).var(0); y.permute(1, 2, 0).std(1); x.norm(); x.norm(1); x.norm(2, 1); x.norm(dim=0)
x.norm(float("inf")); x.norm(3.0); x.norm(p=0); x.norm(p="fro", dim=1, keepdim=True); torch.norm(x, 2, (0, 1), True)
z.norm(); (z * 0).norm(); x.norm(float("-inf"), 1); x.norm(0.5); y.norm(dim=(0, 2)); s.norm(); z.norm(1, 0)
x.logsumexp(1); x.logsumexp((0, 1)); y.logsumexp(1, True); i.logsumexp(0); (x * 300).logsumexp(1); s.logsumexp(0)
x.trace(); i.view(3, 1).trace(); x.count_nonzero(); z.count_nonzero(1); z.count_nonzero((0, 1)); x.diff(); x.diff(2)
x.diff(dim=0); x.diff(prepend=x[:, :1]); b.diff(); i.unique(); torch.unique(z.detach(), return_counts=True)
torch.unique(i, return_inverse=True, return_counts=True); torch.bincount(i); i.bincount(minlength=5)
torch.bincount(i, weights=torch.tensor([0.5, 1.0, 2.0])); torch.equal(x, x); x.equal(x + 1)
torch.allclose(x, x + 1e-7); torch.allclose(x, x + 1); torch.isclose(x, x * 1.00001); torch.isclose(i, i + 1)
torch.isclose(n, n, equal_nan=True); torch.isclose(n, n); torch.equal(x, s); torch.isclose(x, x[0]); x.sum(0)
y.permute(2, 0, 1).sum(1); y.mean((0, 2), True); y.permute(2, 0, 1).amax(2); y.permute(1, 2, 0).all(0); x.amin((0, 1))
y.permute(2, 0, 1).max(1)[0]; y.permute(2, 0, 1).mean(1)
"""

ERRORS = """
x.var(5); i.var(); i.norm(); x.norm(dim=5); torch.allclose(x, x.double()); torch.isclose(x, i.view(3, 1))
torch.isclose(x, x, rtol=-1); torch.zeros(3).trace(); s.diff(); x.diff(dim=5); torch.bincount(i - 1); x.equal(1)
x.prod(7); x.logsumexp(4); i.std()
"""


def lines(text: str) -> list[str]:
    return [each.strip() for each in text.replace("\n", ";").split(";") if each.strip()]


def names(library) -> dict[str, object]:
    def leaf(*shape):
        values = np.asarray(np.arange(np.prod(shape), dtype=np.float32).reshape(shape) % 7 / 4 + 0.3)
        return library.from_numpy(values.astype(np.float32)).requires_grad_()

    leaves = {"x": leaf(3, 4), "y": leaf(2, 3, 4), "s": leaf()}
    zeroed = leaves["x"] - 0.3  # one zero in a row or column, another in the whole
    return {
        **leaves,
        "z": zeroed,
        "z2": zeroed * (leaves["x"] - 0.55),
        "same": leaves["x"] * 0 + 1,
        "n": library.tensor([1.0, float("nan"), float("inf")]),
        "i": library.tensor([2, 0, 2]),
        "b": library.tensor([True, False, True]),
        "torch": library,
        "leaves": leaves,
    }


def run(library, line):
    known = names(library)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = eval(line, known)
        except (RuntimeError, IndexError, TypeError, ValueError) as error:
            return (type(error).__name__, str(error).split("\n")[0]), [], []
    outputs = list(result) if isinstance(result, tuple | list) else [result]
    texts = {str(each.message).split(" (Triggered")[0] for each in caught if each.category is UserWarning}
    facts: list[object] = [texts]
    numbers = []
    total = None
    for each in outputs:
        if not isinstance(each, library.Tensor):
            facts.append(each)
            continue
        node = None if each.grad_fn is None else each.grad_fn.name()
        facts.append((tuple(each.shape), tuple(each.stride()), str(each.dtype), node))
        numbers.append(np.asarray(each.detach().numpy(), np.float64))
        if each.requires_grad:
            weights = library.arange(each.numel()).reshape(each.shape) % 5 + 1.0
            total = (each * weights).sum() + (0 if total is None else total)
    if total is not None:
        total.backward()
        numbers += [np.asarray(t.grad.numpy(), np.float64) for t in known["leaves"].values() if t.grad is not None]
    return None, facts, numbers


@every_case("line", lines(RESULTS))
def test_results(line):
    error, facts, numbers = run(torch, line)
    our_error, our_facts, our_numbers = run(autogradkit, line)
    assert error is None
    assert (our_error, our_facts) == (error, facts)
    for ours, theirs in zip(our_numbers, numbers, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-5, atol=2e-6)


@every_case("line", lines(ERRORS))
def test_errors(line):
    error, _, _ = run(torch, line)
    assert error is not None
    assert run(autogradkit, line)[0] == error
