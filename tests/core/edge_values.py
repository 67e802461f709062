"""Ordinary code that meets infinities and NaNs everywhere, run by test_quiet.py under settings of a user's own.

    python -m tests.core.edge_values "np.seterr(all='raise')"

The argument is run first. Fails where the settings are not afterwards what they were before.
"""

from __future__ import annotations

import math
import sys
import warnings

import numpy as np

import autogradkit as torch
from autogradkit import nn, optim
from autogradkit.nn import functional as F

TWICE = (
    torch.sqrt, torch.log, torch.exp, torch.tanh, torch.reciprocal, torch.rsqrt, torch.sigmoid, torch.square, torch.prod,
    torch.var, torch.std, torch.norm,
    lambda x: torch.softmax(x, 0), lambda x: torch.log_softmax(x, 0), lambda x: torch.logsumexp(x, 0),
    lambda x: torch.cumprod(x, 0), lambda x: x / (x - x), lambda x: x**-0.5, lambda x: 2.0**x, lambda x: x * x * 1e38,
    lambda x: x @ x, lambda x: torch.outer(x, x),
)  # fmt: skip


def ops() -> None:
    a = torch.tensor([0.0, -1.0, float("inf"), float("nan"), 3e38], requires_grad=True)
    zero = torch.zeros(5)
    for function in TWICE:
        result = function(a).sum()
        (first,) = torch.autograd.grad(result, a, create_graph=True)
        first.sum().backward()
    for result in (torch.relu(a), a.sum(), a.mean(), torch.cumsum(a, 0), a.abs(), a - a, a.clamp(0, 1), a % 0.0):
        result.sum().backward()
    c = torch.tensor([complex("inf+nanj"), 0j], requires_grad=True)
    for result in (c * c, c / c, c.abs(), c.exp(), c.tanh(), c.log(), c.sqrt()):
        result.abs().sum().backward()
    assert (zero / zero).isnan().all()
    assert torch.allclose(a, a, equal_nan=True)
    torch.isclose(a, a)
    a.detach() // 0.0


def edits() -> None:
    b = torch.ones(3)
    b.div_(torch.zeros(3))
    b *= 0.0
    b.fill_(3e38).add_(b, alpha=1e38).pow_(-1).exp_().log_()
    big = torch.tensor([1e300], dtype=torch.float64)
    z = torch.zeros(2)
    z[0] = float("inf")
    z[:] = big
    z.fill_(float("nan"))
    z.copy_(big)
    half = torch.zeros(2, dtype=torch.float16)
    half[0] = 1e-30
    half[1] = 1e300


def conversions() -> None:
    big = torch.tensor([1e300, float("nan")], dtype=torch.float64)
    for result in (big.float(), big.half(), big.to(torch.int32), big.bool(), torch.tensor([1e300])):
        str(result)
    str(torch.tensor([1e-45, 3e38, float("nan")]))
    str(torch.tensor([complex("inf+nanj"), 0j]))
    torch.tensor([float("nan")]).long()
    big.tolist()


def making() -> None:
    torch.linspace(-3e38, 3e38, 5)
    torch.arange(0.0, 1e300, 1e299, dtype=torch.float64)
    torch.randn(3).normal_(0, 1e38)
    torch.randn(3).exponential_(1e-40)
    torch.multinomial(torch.tensor([0.0, 1.0]), 3, replacement=True)
    torch.bernoulli(torch.tensor([0.5]))
    nn.init.normal_(torch.empty(3), 0, 1e38)


def training() -> None:
    torch.manual_seed(0)
    for kind in (optim.SGD, optim.Adam, optim.AdamW):
        model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
        steps = kind(model.parameters(), lr=1e20)
        for _ in range(6):
            steps.zero_grad()
            loss = F.cross_entropy(model(torch.randn(5, 3) * 1e30), torch.tensor([0, 1, 0, 1, 1]))
            loss.backward()
            steps.step()
    F.mse_loss(torch.full((2,), 3e38), torch.zeros(2))
    F.nll_loss(torch.log(torch.zeros(2, 3)), torch.tensor([0, 1]))
    F.conv2d(torch.full((1, 1, 3, 3), 3e38), torch.ones(1, 1, 2, 2))
    F.max_pool2d(torch.full((1, 1, 2, 2), float("nan")), 2)


def engine() -> None:
    x = torch.ones(3, requires_grad=True)
    x.register_hook(lambda g: g / 0)
    (x * 3e38 * 10).sum().backward()
    y = torch.ones(3, requires_grad=True)
    for _ in range(2):  # `.grad` overflows
        (y * 3e38).sum().backward()
    h = y * 2
    h.retain_grad()
    (h * 3e38 + h * 3e38).sum().backward()  # so do sums on the way
    (y.double() * 1e300).sum().backward()  # and a cast
    with torch.record() as trace:
        (y * 1e38 * 1e38).sum().backward()
    assert trace.table()
    trace.to_html()


def checking() -> None:
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    for factor in (math.inf, 1e308):
        torch.autograd.gradcheck(lambda x, factor=factor: x * factor, (x,), raise_exception=False)


def main(setting: str) -> None:
    """Set what is asked for, run everything, and see that the settings stayed."""
    exec(setting, {"np": np, "warnings": warnings, "sys": sys})
    before = np.geterr(), list(warnings.filters)
    for part in (ops, edits, conversions, making, training, engine, checking):
        part()
    assert (np.geterr(), list(warnings.filters)) == before


if __name__ == "__main__":
    main(sys.argv[1])
