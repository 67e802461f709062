"""`__torch_dispatch__` beside PyTorch's: which operators modes and classes hear, with which arguments, and what becomes of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch

import autogradkit as ak
from tests.every_case import every_case

BEFORE = """
TorchDispatchMode = torch.utils._python_dispatch.TorchDispatchMode
_get_current_dispatch_mode = torch.utils._python_dispatch._get_current_dispatch_mode
tree_map = torch.utils._pytree.tree_map
F = torch.nn.functional
heard = []

def told(value):
    if isinstance(value, torch.Tensor):
        return f"{type(value).__name__}{list(value.shape)}"
    return [told(each) for each in value] if isinstance(value, (list, tuple)) else repr(value)

def note(func, types, args, kwargs):
    heard.append(f"{func} {[told(each) for each in args]} { {k: told(v) for k, v in kwargs.items()} }")

class Log(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        note(func, types, args, kwargs or {})
        return func(*args, **(kwargs or {}))

class Double(TorchDispatchMode):
    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        return result * 2 if func is torch.ops.aten.mul.Tensor else result

class Around(torch.Tensor):
    @staticmethod
    def __new__(cls, inner, requires_grad=False):
        made = torch.Tensor._make_wrapper_subclass(
            cls, inner.size(), strides=inner.stride(), dtype=inner.dtype, requires_grad=requires_grad)
        made.inner = inner
        return made
    def __repr__(self):
        return f"Around({self.inner})"
    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        note(func, types, args, kwargs or {})
        opened = lambda x: x.inner if isinstance(x, cls) else x
        closed = lambda x: cls(x) if isinstance(x, torch.Tensor) else x
        return tree_map(closed, func(*tree_map(opened, args), **tree_map(opened, kwargs or {})))

class Same(torch.Tensor):
    __torch_function__ = torch._C._disabled_torch_function_impl
    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        note(func, types, args, kwargs or {})
        return super().__torch_dispatch__(func, types, args, kwargs)

class Nothing(torch.Tensor):
    __torch_function__ = torch._C._disabled_torch_function_impl
    @staticmethod
    def __new__(cls, size):
        return torch.Tensor._make_wrapper_subclass(cls, size)
    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return NotImplemented

def within(mode, run):
    with mode:
        return run()

def back(y):
    heard.append("--")
    y.backward()

x = torch.arange(6.0).view(2, 3).requires_grad_()
y = torch.arange(6.0).view(2, 3) - 2
w, b = torch.ones(4, 3, requires_grad=True), torch.zeros(4, requires_grad=True)
img, k = torch.ones(1, 2, 6, 6), torch.ones(3, 2, 3, 3, requires_grad=True)
one = torch.tensor([0, 1])
a = Around(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), True)
s = torch.Tensor._make_subclass(Same, torch.ones(2), True)
"""
# Heard by a mode.
HEARD = """
x * 2, x + y, x - 1, 1 - x, x / y, 1 / x, -x, x**2, 2**y, x // 2, x % 2, x > 0, x == y, x @ w.t()
x.sum(), x.sum(1), x.mean(), x.mean(-1, keepdim=True), x.var(0), x.max(1), x.argmax(1), x.min(0), x.all(), x.cumsum(0), x.sort()
x.std(), x.max(), x.amax(1), x.prod(), x.norm(), torch.logsumexp(x, 1)
F.linear(x, w, b), torch.relu(x), F.softmax(x, 1), F.log_softmax(x, -1), torch.tanh(x), torch.exp(x), F.gelu(x), x.sqrt()
F.cross_entropy(x, one), F.mse_loss(x, y), F.nll_loss(x, one), F.l1_loss(x, y), F.smooth_l1_loss(x, y)
x[0], x[:, 1:], x[y > 0], x[one], x.reshape(3, 2), x.view(-1), x.transpose(0, 1), x.permute(1, 0), x.t().contiguous(), x.flatten()
torch.cat([x, y]), torch.stack([x, y]), x.detach(), x.clone(), x.double(), x.to(torch.float32), x.contiguous(), x.type(torch.half)
x.unsqueeze(0), x.squeeze(), x.expand(4, 2, 3), x.chunk(3, 1), x.split(1), x.unbind(0), x.repeat(2, 1), x.t().reshape(-1)
torch.zeros(2, 3), torch.ones(2), torch.randn(2), torch.rand(2), torch.arange(3), torch.full((2,), 3.0), torch.eye(2)
torch.empty(2)
torch.linspace(0, 1, 3), torch.randint(0, 3, (2,)), torch.randperm(3), torch.zeros_like(x), x.new_zeros(2), torch.tensor([1.0])
torch.zeros(2, dtype=torch.long), torch.as_tensor([1]), torch.ones(2, requires_grad=True), torch.manual_seed(0) and None
F.conv2d(img, k), F.max_pool2d(img, 2), F.avg_pool2d(img, 2), F.layer_norm(x, (3,)), F.embedding(one, w)
F.adaptive_avg_pool2d(img, 1)
torch.where(y > 0, x, y), x.masked_fill(y > 0, 0.0), F.pad(x, (1, 1)), x.gather(1, one[:, None]), F.normalize(x), torch.tril(x)
y.add_(1), y.mul_(2.0), y.zero_(), y.fill_(1.0), y.copy_(x.detach()), y.clamp_(0, 1), torch.zeros(2).normal_()
torch.bmm(x[None], w.t()[None]), torch.einsum("ij,kj->ik", x, w), torch.matmul(img, img), x.mv(y[0]), torch.outer(x[0], y[0])
torch.equal(x, y), torch.allclose(x, y), torch.add(x, y, alpha=2), torch.maximum(x, y), x.clamp(min=0), x.topk(2), torch.isnan(x)
torch.add(x.detach(), y, out=torch.zeros(2, 3)), x.square(), torch.nonzero(x), F.leaky_relu(x), F.elu(x)
F.hardtanh(x), F.softplus(x)
back((x * 2).sum())
back((x * y).sum())
back(F.mse_loss(x, torch.zeros(2, 3)))
back(F.cross_entropy(F.linear(torch.relu(F.linear(x, w, b)), torch.ones(3, 4)), one))
back(F.softmax(x, 1)[0].sum())
back(torch.exp(x).sum(0).sum())
back(F.conv2d(img, k).sum())
back(F.layer_norm(x, (3,)).sum())
back(torch.cat([x, x]).sum())
back(F.gelu(x).sum())
torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))(x).shape
""".strip().splitlines()
# What they make of it.
LINES = """
within(Log(), lambda: within(Double(), lambda: (y * 3, x * y))), heard
within(Double(), lambda: within(Log(), lambda: y * 3)), heard
within(Double(), lambda: (x * x).sum()).backward(), x.grad
within(Log(), lambda: within(torch.utils._mode_utils.no_dispatch(), lambda: y * 2)), heard
within(Log(), lambda: within(torch.utils._python_dispatch._disable_current_modes(), lambda: y * 2)), heard
torch.utils._python_dispatch.return_and_correct_aliasing(torch.ops.aten.add_.Tensor, (y, 1), {}, None) is y
within(Log(), lambda: _get_current_dispatch_mode() is None), _get_current_dispatch_mode()
a, a.shape, a.stride(), a.dtype, a.is_leaf, a.requires_grad, a.layout, a.device, a.numel(), len(a), a.is_contiguous()
a * 2 + a, (a * 2).grad_fn, (a * 2).requires_grad, heard
(a * 0.5).exp().sum().backward(), a.grad, type(a.grad).__name__, heard
torch.autograd.grad((a * a).sum(), a), heard
a @ a, F.linear(a, a), torch.softmax(a, 1), a.mean(0), torch.cat([a, a]), a.max(1), a[0], a.t(), a.view(-1), a.split(1), heard
a + torch.ones(2, 2), torch.ones(2, 2) + a, 1 - a, a > 1, a.to(torch.float64), torch.zeros_like(a), a.clone(), heard
a[0, 1].item(), float(a.detach().sum()), bool((a > 0).all()), torch.equal(a, a), int(a.detach().sum()), heard
a.detach().add_(1), a.detach().zero_(), a, heard
(a.relu() * a).sum().backward(), a.grad, heard
(a * 3).sum().backward(), (a * 3).sum().backward(), a.grad, heard
a.numpy()
a.tolist()
a.dot(a)
(s * 3).sum(), (s * 3).sum().backward(), s.grad, type(s * 3).__name__, heard
Nothing((2,)) + 1
torch.cos(Nothing((2,)))
Nothing((2,)).shape
torch.Tensor._make_wrapper_subclass(torch.Tensor, (2,))
torch.Tensor._make_wrapper_subclass(int, (2,))
torch.Tensor._make_wrapper_subclass(Around, (2,), dtype=torch.int64, requires_grad=True)
""".strip().splitlines()


def said(library: Any, line: str) -> str:
    """What a line gives, as it is printed, or what it raises."""
    names: dict[str, Any] = {"torch": library}
    exec(BEFORE, names)
    library.manual_seed(0)
    try:
        made = repr(eval(line, names))
    except Exception as error:  # it is compared
        made = f"{type(error).__name__}: {str(error).splitlines()[0].rstrip()}"
    return re.sub(r"<(\w+) object at \w+>", r"\1", made)


@every_case("line", HEARD)
def test_a_mode_hears_the_operators_that_pytorchs_hears(line: str) -> None:
    assert said(ak, f"within(Log(), lambda: ({line}, None)) and heard") == said(
        torch, f"within(Log(), lambda: ({line}, None)) and heard"
    )


@every_case("line", LINES)
def test_what_becomes_of_it_is_pytorchs(line: str) -> None:
    assert said(ak, line) == said(torch, line)


def test_nobody_is_told_afterwards() -> None:
    names: dict[str, Any] = {"torch": ak}
    exec(BEFORE, names)
    with pytest.raises(ZeroDivisionError), names["Log"]():
        _ = 1 / 0
    _ = ak.ones(2) * 2
    assert names["heard"] == []
