"""Nested tensors of strided layout beside PyTorch's: what makes them, what they say, what runs on them, gradients, refusals."""

from __future__ import annotations

import pickle
import re
from typing import Any

import pytest
import torch

import autogradkit as ak
from tests.every_case import every_case

pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")

BEFORE = """
a, b = torch.arange(6.0).view(2, 3), torch.arange(9.0).view(3, 3) + 10
N = torch.nested.nested_tensor; n = N([a, b]); g = N([a, b], requires_grad=True)
torch.manual_seed(3); lin, norm = torch.nn.Linear(3, 2), torch.nn.LayerNorm(3); F = torch.nn.functional
h = N([torch.arange(8.0).view(2, 4), torch.arange(12.0).view(3, 4)])
"""
LINES = """
n, g, N([]), N([torch.ones(1)])
N([[1, 2], [3]]), N([[1.0, 2], [3]], dtype=torch.float64), N([torch.ones(2), torch.ones(1, dtype=torch.long)])
N([torch.ones(2), torch.ones(1, 1)])
N(3)
torch.nested.as_nested_tensor([1, 2])
torch.nested.as_nested_tensor(torch.ones(2, 3))
torch.nested.as_nested_tensor(n)
n.is_nested, n.dim(), n.ndim, n.size(0), n.size(2), n.size(-1), n.dtype, n.layout, n.requires_grad, n.numel(), n.is_contiguous()
n._nested_tensor_size(), n.values(), n.device, a.is_nested
n.size(1)
n.size(3)
n.size()
n.shape
len(n)
n.stride()
n.numpy()
bool(n)
n.unbind(), torch.unbind(n), n[0], n[-1, 0], [x.shape for x in n]
n.unbind(1)
n[5]
n.to_padded_tensor(0), n.to_padded_tensor(0.5, output_size=(2, 4, 4)), torch.nested.to_padded_tensor(n, -1.0)
n.to_padded_tensor(0, (2, 2, 2))
n + n, n * 2, n + 1, 1 + n, n - n, n / 2, -n, n * torch.tensor(2.0)
n + torch.ones(3)
n + N([a, a])
n > 2, n == 11
n == n
n.relu(), n.tanh(), n.sin(), n.abs().sqrt(), F.gelu(n), F.silu(n), F.relu(n), torch.nn.ReLU()(n)
F.dropout(n, 0.5, False), torch.manual_seed(1) and F.dropout(n, 0.5)
F.softmax(n, -1), n.softmax(1)
norm(n)
F.layer_norm(n, (3,))
lin(n).detach(), F.linear(n, torch.ones(4, 3))
n.transpose(1, 2), n @ n.transpose(1, 2)
n.matmul(torch.ones(3, 2))
n.sum(-1, keepdim=True)
n.clone(), n.detach(), n.data, n.double(), n.to(torch.float64).dtype, n.half().dtype, n.contiguous() is n
n.reshape(2, -1, 3), h.view(2, -1, 2, 2).transpose(1, 2)
n.chunk(3, -1)[0], torch.cat([n, n])
torch.zeros_like(n), torch.ones_like(n), torch.manual_seed(1) and torch.randn_like(n)
n.masked_fill(n > 2, 0), n.clone().fill_(1), n.clone().add_(1), n.clone().mul_(2)
F.embedding(N([[1, 2], [0]]), torch.arange(6.0).view(3, 2))
F.scaled_dot_product_attention(*[h.view(2, -1, 2, 2).transpose(1, 2).contiguous()] * 3)
n.backward()
F.relu(lin(g)), g.is_leaf, (g * 2).grad_fn.name()
F.relu(lin(g)).to_padded_tensor(0.0).sum().backward(), lin.weight.grad, g.grad
(g * g).unbind()[1].sum().backward(), g.grad
a.requires_grad_(), (torch.nested.as_nested_tensor([a, b]) * 2).to_padded_tensor(0.0).pow(2).sum().backward(), a.grad
N([a.requires_grad_(), b]).requires_grad
""".strip().splitlines()


def said(library: Any, line: str) -> str:
    """What a line gives, as it is printed, or what it raises."""
    names: dict[str, Any] = {"torch": library}
    exec(BEFORE, names)
    try:
        return re.sub(r"grad_fn=<\w+>", "grad_fn", repr(eval(line, names)))
    except Exception as error:  # it is compared
        return f"{type(error).__name__}: {str(error).splitlines()[0].rstrip()}"


@every_case("line", LINES)
def test_they_are_pytorchs(line: str) -> None:
    assert said(ak, line) == said(torch, line)


def test_they_are_where_functions_ask_for_overrides() -> None:
    class Overriding(ak.Tensor):
        @classmethod
        def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            return super().__torch_function__(func, types, args, kwargs)

    assert type(ak.ones(2).as_subclass(Overriding) + 1) is Overriding
    test_they_are_pytorchs()


def test_what_there_is_no_nested_tensor_for() -> None:
    n: Any = ak.nested.nested_tensor([ak.ones(2), ak.ones(1)])
    refused = (
        n.exp,
        lambda: 3 - n,
        n.mean,
        n.sum,
        lambda: ak.nested.nested_tensor([ak.ones(2)], device="meta"),
        lambda: pickle.dumps(n),
        lambda: n[:1],
    )
    for call in refused:
        with pytest.raises(NotImplementedError):
            call()
