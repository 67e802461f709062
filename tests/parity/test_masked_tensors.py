"""`torch.masked.MaskedTensor` beside PyTorch's: printing, ops and their lists, reductions, gradients, sparse data, refusals."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pytest
import torch

import autogradkit as ak
from tests.every_case import every_case

BEFORE = """
masked_tensor, as_masked_tensor = torch.masked.masked_tensor, torch.masked.as_masked_tensor
kept = torch.tensor([[True, False, True], [False, False, True]])
def new(requires_grad=False, start=0.0):
    return masked_tensor(torch.arange(start, start + 6).view(2, 3), kept, requires_grad)
m, x = new(), new(True, 1.0)
v = torch.arange(12.0).view(3, 4) * (torch.arange(12).view(3, 4) % 2 == 0)
coo, csr = masked_tensor(v, v != 0).to_sparse(), masked_tensor(v, v != 0).to_sparse_csr()
F, ones = torch.nn.functional, lambda *size: torch.ones(size, dtype=torch.bool)
def back(y):
    (y if y.dim() == 0 else y.sum()).backward()
    return y, x.grad
"""
UNARY = (
    "abs", "absolute", "acos", "arccos", "acosh", "angle", "asin", "asinh", "atan", "atanh", "ceil", "conj_physical", "cos",
    "deg2rad", "digamma", "erf", "erfc", "exp", "exp2", "expm1", "fix", "floor", "frac", "lgamma", "log", "log10",
    "log1p", "log2", "i0", "isnan", "nan_to_num", "neg", "negative", "positive", "rad2deg", "reciprocal", "round", "rsqrt",
    "sigmoid", "sign", "sgn", "signbit", "sin", "sinc", "sinh", "sqrt", "square", "tan", "tanh", "trunc", "relu",
    "logical_not", "isfinite",
)  # fmt: skip
REDUCED = (
    "sum", "mean", "amin", "amax", "argmin", "argmax", "prod", "all", "var", "std",
)  # fmt: skip
GRADIENTS = (
    """
x.sum(); x.mean(); (x * 2).sum(); (x * x).sum(1); x.exp(); x.sin().mean(0); x.amax(1); x.prod(); x.std(); x.var(0); x[0]; x.t()
x.reshape(-1); x.sqrt(); x / 2; x**2; x.log(); x.get_data().sum(); x.to_tensor(0.0).sum(); torch.cat([x, x]); x.abs()
x.cos(); x + 1
x.double(); torch.where(kept, x, x * 2); x.contiguous(); x.t().contiguous(); x.expand(2, 2, 3); x.amin(); x.view(3, 2); x.neg()
x.unsqueeze(0); x.transpose(0, 1) * 2; x.reciprocal(); x.square(); x * torch.ones(3); x.to_sparse(); x - x; x.erf(); x.rsqrt()
""".strip()
    .replace("\n", "; ")
    .split("; ")
)
LINES = [
    *[f"torch.{name}(m)" for name in UNARY],
    "torch.cosh(m / 2)",  # of 5 it is 74.20995, which rounding decides how to print
    *[f"m.{name}_()" for name in ("exp", "neg", "sin", "square", "sqrt")],
    *[f"m.{name}(), m.{name}(1), torch.{name}(m, dim=0), m.{name}(dim=0, keepdim=True)" for name in REDUCED],
    *[f"m.{name}" for name in ("sum(0, dtype=torch.float64)", "softmax(1)", "log_softmax(1)")],
    *[f"back({each})" for each in GRADIENTS],
    *"""
m, x, m.shape, m.dtype, x.is_leaf, m.layout, m.is_sparse, m.is_contiguous(), m.dim(), m.size(0), len(m), m.numel()
masked_tensor(torch.arange(24).view(2, 3, 4).float(), torch.arange(24).view(2, 3, 4) % 2 == 0)
masked_tensor(torch.tensor(3.5), torch.tensor(True)), masked_tensor(torch.tensor(3), torch.tensor(False))
masked_tensor(torch.tensor([True, False]), ones(2)), masked_tensor(torch.tensor([1, 100]), torch.tensor([True, False]))
m.get_data(), m.get_mask(), m.to_tensor(0), m.to_tensor(-1.5), torch.masked.is_masked_tensor(m), type(m).__name__
m + 1, 1 + m, m * m, m - 1, m / 2, 2 / m, m**2, m // 2, m % 2, -m, m + torch.ones(2, 3), torch.ones(2, 3) * m, m + torch.ones(3)
m > 1, m < 1, m == m, m != 1, m >= 1, m.clamp(0, 1), torch.maximum(m, m), torch.atan2(m, m), m.logaddexp(m)
1 - m
m @ m.t()
m + masked_tensor(torch.ones(2, 3), ones(2, 3))
m.add(1, alpha=2)
torch.pow(m, m)
m.max()
m.cumsum(0)
torch.zeros_like(m)
m.log_softmax(0)
m.tolist()
m.numpy()
m.add_(1), m.mul_(m), m.div_(2), m
m[0], m[:, 1:], m[0, 1], m[0, 0].item(), m.t(), m.transpose(0, 1), m.view(-1), m.reshape(3, 2), m.unsqueeze(0)
m[0, 1].item()
torch.cat([m, m]), torch.stack([m, m]), m.split(1), m.flatten(), m.contiguous(), m.t().contiguous(), m.clone()
m.detach(), m.chunk(2)
m.squeeze()
m.permute(1, 0)
m.unbind()
m.double(), m.to(torch.float16), m.long(), torch.ones_like(m), m.softmax(0), torch.where(kept, m, m * 2), m.softmax(1).get_mask()
torch.where(kept, m, 3.5), torch.where(kept, 2, m), torch.where(kept, m, 1j)
torch.autograd.grad((x * x).sum(), x), x.grad
back(x.mean()), back(x.mean())
torch.softmax(x, 1).sum().backward(), x.grad.get_mask()
torch.masked.sum(x), torch.masked.mean(m, 1), torch.masked.amax(m, 0, mask=kept), torch.masked._ops.sum(m)
x.register_hook(lambda g: seen.append(g)) and (x * 3).sum().backward(), seen
as_masked_tensor(torch.ones(2, requires_grad=True), ones(2)), as_masked_tensor(torch.ones(2), ones(2)).requires_grad
w.requires_grad_(), as_masked_tensor(w, torch.tensor([True, False])).sum().backward(), w.grad
coo, csr, coo.layout, csr.layout, coo.is_sparse, coo.is_sparse_coo(), csr.is_sparse_csr(), coo.get_data(), csr.get_data()
coo * coo, coo * 2, csr * csr, coo + coo, coo.sum(), csr.sum(), coo.amin(), csr.prod(), coo.to_dense(), csr.to_dense(), coo.sin()
coo.argmax(), coo.mean()
coo.sum(0)
coo + csr
masked_tensor([1], ones(1))
masked_tensor(torch.ones(2), [True])
masked_tensor(torch.ones(2), torch.ones(2))
masked_tensor(torch.ones(2), ones(3))
masked_tensor(torch.ones(2), ones(2, 1))
masked_tensor(torch.ones(2, dtype=torch.complex64), ones(2))
masked_tensor(torch.ones(2, dtype=torch.uint8), ones(2))
masked_tensor(m, m)
masked_tensor(torch.ones(2), ones(2).to_sparse())
masked_tensor(torch.tensor([1, 2]), ones(2), requires_grad=True)
""".strip().splitlines(),
]


def said(library: Any, line: str) -> str:
    """What a line gives, as it is printed, or what it raises."""
    names: dict[str, Any] = {"torch": library, "seen": [], "w": library.ones(2)}
    exec(BEFORE, names)
    try:
        made = repr(eval(line, names))
    except Exception as error:  # it is compared
        made = f"{type(error).__name__}: {str(error).splitlines()[0].rstrip()}"
    return re.sub(r"autogradkit\.|torch\.masked", "", made)


@pytest.mark.filterwarnings("ignore::UserWarning")
@every_case("line", LINES)
def test_they_are_pytorchs(line: str) -> None:
    assert said(ak, line) == said(torch, line)


def test_gradients_where_a_branch_would_be_infinite_are_those_of_the_branch_that_was_taken() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        x = ak.tensor([-1.0, 100.0])
        mask = x < 0
        a = ak.masked.masked_tensor(x, mask, requires_grad=True)
        b = ak.masked.masked_tensor(ak.ones_like(x), ~mask, requires_grad=True)
        ak.where(mask, ak.exp(a), b).sum().backward()
    assert a.grad.to_tensor(0).tolist() == [pytest.approx(0.36787944), 0.0]
    assert b.grad.to_tensor(0).tolist() == [0.0, 1.0]
    assert ["prototype stage" in str(each.message) for each in caught] == [True, True]
