"""Nested tensors of jagged layout beside PyTorch's: what makes them, what they say, what runs on them, gradients, refusals."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch

import autogradkit as ak
from tests.every_case import every_case

pytestmark = pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")

BEFORE = """
a, b = torch.arange(6.0).view(2, 3), torch.arange(9.0).view(3, 3)
J, F, nest = torch.jagged, torch.nn.functional, torch.nested
N = lambda parts, **more: nest.nested_tensor(parts, layout=J, **more)
n, other, g = N([a, b]), N([a, b]), N([a, b], requires_grad=True)
values, offsets = torch.arange(15.0).view(5, 3), torch.tensor([0, 2, 5])
torch.manual_seed(3); lin, norm, emb = torch.nn.Linear(3, 2), torch.nn.LayerNorm(3), torch.nn.Embedding(5, 4)
h = N([torch.arange(16.0).view(2, 8) / 9, torch.arange(24.0).view(3, 8) / 9])
heads = h.unflatten(-1, [2, 4]).transpose(1, 2)
made = nest.nested_tensor_from_jagged
p = torch.arange(24.0).view(2, 4, 3)
holes = nest.narrow(p, 1, 0, torch.tensor([2, 3]), layout=J)
def A(made):
    if isinstance(made, (tuple, list)):
        return [A(each) for each in made]
    return (made, made.values()) if getattr(made, "is_nested", False) else made
def back(made):
    (made * made).sum().backward()
    return made.shape, g.grad, g.grad.values()
"""
LINES = """
n, g, N([torch.ones(2), torch.ones(1)]), N([torch.ones(2, 3), torch.ones(2, 4)]), N([[1, 2], [3]]).values()
n.shape, n.size(), n.size(0), n.size(1), n.size(-1), n.dim(), n.ndim, n.layout, n.is_nested, n.dtype, n.is_leaf, g.requires_grad
n.size(1) == n.size(1), n.size(1) == other.size(1), n.shape == other.shape, n.size(1) == 3, n.size(1) > 1, n.size(1) * 2
n.size(1) < 5
n.values(), n.offsets(), n.lengths(), n.unbind(), n[0], n[1, 0], n[-1], len(n), n.numel(), n.is_contiguous(), n.stride()
list(n)
n._max_seqlen, n._min_seqlen, n._ragged_idx, n._get_max_seqlen(), n.element_size(), n.nbytes, n.device, n.is_floating_point()
int(n.size(1))
n[5]
A(n + 1), A(n * n), A(1 - n), A(n / 2), A(-n), A(n**2), A(n > 1), A(n == n), A(1 / (n + 1))
A(n.sin()), A(F.relu(n)), A(F.gelu(n)), A(F.silu(n)), A(n.sqrt()), A(n.abs()), A(n.masked_fill(n > 3, 0))
n + other
A(n * torch.ones(3)), A(n + torch.tensor(2.0)), A(n + torch.arange(6.0).view(2, 1, 3)), A(n * torch.ones(1, 1, 3))
A(torch.where(n > 1, n, n * 2)), A(n.clamp(1, 3)), A(torch.maximum(n, n)), A(n.logical_not()), A(n.isnan())
n.sum(), n.mean(), n.sum(1), n.sum(dim=1, keepdim=True), n.mean(1), n.amax(1), n.max(1), n.argmax(1), n.max(), n.all(), n.any()
A(n.sum(-1)), A(n.mean(-1)), n.min(-1), n.sum((0, 1)), n.mean((0, 1)), n.sum((0, 1, 2)), n.prod(1), A(n.sum(-1, keepdim=True))
n.sum(0)
n.sum((1, 2))
n.std()
A(n.softmax(-1)), A(F.softmax(n, 1)), A(n.log_softmax(-1))
n.softmax(0)
A(F.layer_norm(n, (3,))), A(norm(n).detach()), A(lin(n).detach()), A(n @ torch.ones(3, 2)), A(F.linear(n, torch.ones(4, 3)))
F.layer_norm(n, (2, 3))
A(F.rms_norm(n, (3,))), A(torch.nn.RMSNorm(3)(n).detach()), A(F.rms_norm(n, (3,), torch.tensor([1.0, 2.0, 3.0]), 0.1))
n @ n.transpose(1, 2)
A(n.transpose(1, 2)), n.transpose(1, 2).unbind(), A(n.transpose(1, 2).contiguous()), A(n.transpose(1, 2) * 2)
n.transpose(0, 1)
A(n.permute(0, 2, 1)), A(n.unsqueeze(-1)), A(n.unflatten(-1, [1, 3])), A(n.unflatten(-1, [1, 3]).flatten(-2))
n.unsqueeze(0)
n.flatten(1, 2)
n.flatten()
n.squeeze()
n.t()
n.cumsum(1)
A(n.chunk(3, -1)), A(n.chunk(2, 0)), A(n.split(1, -1)), A(torch.cat([n, n], -1)), A(n.narrow(-1, 0, 1))
n.chunk(2, 1)
torch.cat([n, n])
torch.stack([n, n])
A(n.view(2, -1, 3)), A(n.reshape(2, -1, 1, 3)), A(n.view(2, n.size(1), 3)), A(n.expand(2, -1, 3))
n.view(-1, 3)
A(n.select(-1, 0)), A(n[..., 0])
n[:, 0]
n.unbind(1)
A(n.clone()), n.detach(), n.contiguous() is n, A(n.to(torch.float64)), A(n.half()), A(torch.zeros_like(n))
A(torch.ones_like(n))
A(n.clone().add_(1)), A(n.clone().zero_()), A(n.clone().fill_(2)), A(torch.manual_seed(1) and torch.randn_like(n))
n.to_padded_tensor(0.0), nest.to_padded_tensor(n, -1.0), n.to_padded_tensor(0.0, output_size=(2, 4, 3))
n.numpy()
n.tolist()
A(torch.manual_seed(1) and F.dropout(n, 0.5)), A(F.dropout(n, 0.0)), torch.rand(1), A(F.dropout(n, 0.5, False))
A(F.embedding(N([torch.tensor([0, 1]), torch.tensor([2])]), torch.arange(6.0).view(3, 2)))
heads.shape, F.scaled_dot_product_attention(heads, heads, heads).transpose(1, 2).flatten(-2).values()
F.scaled_dot_product_attention(heads, heads, heads, attn_mask=torch.ones(1))
A(made(values, offsets)), made(values, offsets) + made(values, offsets)
A(made(values, lengths=torch.tensor([2, 3]))), made(values, offsets, jagged_dim=2)
made(values, offsets, torch.tensor([1, 2])).unbind(), made(values, offsets, torch.tensor([1, 2]))
made(values)
made(values, offsets, jagged_dim=0)
holes, holes.unbind(), holes.values(), holes.offsets(), holes.lengths(), A(holes.contiguous()), holes + 1
holes.to_padded_tensor(0.0)
nest.narrow(p, 1, torch.tensor([0, 1]), torch.tensor([2, 3]), layout=J).unbind()
nest.narrow(p, 1, 0, torch.tensor([2, 3]))
nest.narrow(p, 2, 0, torch.tensor([2, 3]), layout=J)
nest.narrow(p, 1, 0.5, 1, layout=J)
nest.narrow(p, 1, 0, torch.tensor([2, 3, 1]), layout=J)
A(nest.masked_select(torch.arange(6).view(2, 3), torch.tensor([[True, False, True], [False, False, True]])))
nest.masked_select(torch.ones(2, 3).to_sparse(), torch.ones(2, 3) > 0)
N([])
N([torch.tensor(1.0)])
N([torch.ones(2, 3), torch.ones(2)])
N([torch.ones(2, 3), torch.ones(1, 3, dtype=torch.long)])
nest.nested_tensor([a], layout=torch.sparse_coo)
nest.as_nested_tensor([1], layout=J)
nest.as_nested_tensor(n)
A(nest.as_nested_tensor(torch.ones(2, 3, 4), layout=J)), N([a, b], dtype=torch.float64).values().dtype
back(g * 1), g.is_leaf
back(g.softmax(-1))
back(g.exp())
back(g.unbind()[1])
back(g.transpose(1, 2))
back(g.mean())
back(g.chunk(3, -1)[0])
back(g.to_padded_tensor(0.0))
back(g.amax(1))
back(torch.cat([g, g], -1))
back(g.unflatten(-1, [1, 3]))
back(g @ torch.ones(3, 2))
back(g[0])
back(g.double())
back(g.values())
values.requires_grad_(), (made(values, offsets) * 2).sum().backward(), values.grad
a.requires_grad_(), (nest.as_nested_tensor([a, b], layout=J) * 3).values().sum().backward(), a.grad
emb(N([torch.tensor([1, 2]), torch.tensor([4])])).values().sum().backward(), emb.weight.grad
(lin(n) * 2).values().sum().backward(), lin.weight.grad, lin.bias.grad
""".strip().splitlines()


def said(library: Any, line: str) -> str:
    """What a line gives, as it is printed, or what it raises; symbols are numbered in the order in which they come."""
    names: dict[str, Any] = {"torch": library}
    exec(BEFORE, names)
    try:
        made = re.sub(r"grad_fn=<\w+( object at \w+)?>", "grad_fn", repr(eval(line, names)))
    except Exception as error:  # it is compared
        made = f"{type(error).__name__}: {str(error).splitlines()[0].rstrip()}"
    symbols = list(dict.fromkeys(re.findall(r"\bj\d+", made)))
    return re.sub(r"\bj\d+", lambda found: f"j<{symbols.index(found[0])}>", made)


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


def test_gradients_that_pytorch_refuses_or_gets_wrong_are_those_of_the_parts() -> None:
    a, b = ak.arange(6.0).view(2, 3).requires_grad_(), (ak.arange(9.0).view(3, 3) / 4).requires_grad_()
    for function in (
        lambda x, dim: x.softmax(dim),
        lambda x, dim: x.sum(dim),
        lambda x, dim: x.mean(dim),
        lambda x, dim: x.exp().amax(dim),
    ):
        a.grad = b.grad = None
        whole = function(ak.nested.as_nested_tensor([a, b], layout=ak.jagged), 1)
        (whole * whole).sum().backward()
        given, a.grad, b.grad = (a.grad, b.grad), None, None
        for part in (a, b):
            function(part, 0).pow(2).sum().backward()
        assert ak.allclose(given[0], a.grad)
        assert ak.allclose(given[1], b.grad)
