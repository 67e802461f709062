"""Indexing, assignment and the ops that pick, order or write elements, against PyTorch: one line of code, run by both.

Compared are values, shapes, strides, views, versions, graph nodes, what they saved, gradients, and errors.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch

import autogradkit
from tests.every_case import every_case

READS = """
x[0]; x[-1]; x[:]; x[...]; x[()]; x[None]; x[0:2]; x[:, :]; x[:, 0]; x[0, ...]; x[..., 0]; x[::2]; x[5:1]; x[-100:100]
x[:, 1:2, None]; x[None, ..., None]; x[True]; x[False]; x[0, 1, 2]; s[...]; s[None]; s[True]; x[i - 1]; x[:, i]
x[i - 1, i]; x[[0, 1], :, [1, 2]]; x[..., [0, 3, 3]]; x[x > 3]; x[:, b]; x[b[:2], 0]; x[:, b, 1:]; m[m > 100]
x[0, :, [1, 2]]; m[[2, 0]]; m[:, [1, 1, 1]]; m[[[0, 1], [1, 0]], 0]; v[i]; m[i][i]; m.t()[i]
m[torch.tensor([True, False, True]), 1:]; x[[], 0]; x[torch.tensor(1)]; x[:, torch.tensor(1)]; m[-1, -1]; w[1]
w[:, ::2]; w[[0, 0]]; m.index_select(0, i); x.index_select(1, i); m.index_select(1, torch.tensor(2))
s.index_select(0, torch.tensor([0])); w.index_select(-1, i); m.gather(0, j)
x.gather(1, torch.zeros(1, 2, 4, dtype=torch.int64)); m.gather(1, torch.tensor([[3, 0], [1, 1]])); w.gather(0, j)
v.gather(0, i); m.scatter(0, j, m[:2]); m.scatter(0, j, 2.0); m.scatter(1, torch.tensor([[3, 0], [1, 2]]), m[:2, :2])
m.scatter(0, j, value=3); m.scatter(0, index=j, src=m[1:] * 2); m.scatter_add(0, j, m[:2])
m.scatter_add(1, torch.tensor([[0, 0], [1, 1]]), m[:2, 2:]); v.scatter_add(0, i, v[:3]); m.masked_fill(m > 1, 0.0)
m.masked_fill(m > 1, s); m.masked_fill(v > 1, 5); v.masked_fill(m > 3, 0); w.masked_fill(w > 2, 1)
m.masked_select(m > 1); m.masked_select(v > 2); v.masked_select(m > 4); m.take(i); m.take(torch.tensor([[-1, 5]]))
w.take(i); m.index_add(0, i, m); m.index_add(0, i, m, alpha=2); x.index_add(1, i, x); v.index_add(0, i, v[:3])
w.index_add(1, i, w[:, :3]); m.index_copy(0, p, m); m.index_fill(0, i, 2.0); m.index_fill(1, torch.tensor([-1]), 1)
x.index_copy(1, p, x); m.index_put((i,), v); m.index_put((i,), v, accumulate=True); m.index_put((i, i), v[0])
m.index_put((m > 3,), s); x.index_put((i - 1, i), v, True); m.take_along_dim(j, 0); m.take_along_dim(i); m.nonzero()
m.nonzero(as_tuple=True); m.argwhere(); (m > 2).nonzero(); s.nonzero(as_tuple=True); torch.where(m > 2, m, v)
torch.where(m > 2, m, 0.0); torch.where(m > 2); m.where(m > 2, 0.0)
"""

ORDERS = """
z.max(1); z.max(); z.min(); z.min(0, True); z.max(dim=1, keepdim=True); torch.max(z, 0); torch.min(z, dim=-1)
s.max(0); z.max(z.t().t() * 0 + 2); z.t().max(1); z.argmax(); z.argmin(); z.argmax(1); z.argmin(0, keepdim=True)
z.argmax(keepdim=True); s.argmax(); z.t().argmax(dim=0); s.argmin(0); z.sort(); z.sort(0); z.sort(1, True)
z.sort(dim=0, descending=True); z.sort(stable=True); z.sort(dim=0, stable=True, descending=True); z.t().sort()
s.sort(); x.permute(2, 0, 1).sort(0); z.argsort(); z.argsort(0, True); z.argsort(dim=1, stable=True); n.sort()
n.sort(descending=True); n.max(0); n.min(0); n.argmax(); n.argmin(); d.topk(2); d.topk(3, 0); d.topk(2, largest=False)
d.t().topk(1, dim=1); s.topk(1); d.topk(0); d.topk(4, 1, True, True); d.median(); d.median(1); d.median(0, True)
n.median(); n.median(0); d.kthvalue(2); d.kthvalue(1, 0); s.median(); d.t().kthvalue(3, -1, True); z.cumsum(0)
z.cumsum(1); z.cumsum(-1, dtype=torch.float64); s.cumsum(0); i.cumsum(0); b.cumsum(0); z.t().cumsum(0); z.cumprod(0)
m.cumprod(1); s.cumprod(0); i.max(); b.max(); b.max(0); i.sort(descending=True); i.argmax(); z.long().max(1); b.sort()
i.cumprod(0); z.cumprod(1); z[:0].cumsum(0); z[:0].max(1); z[:0].sort()
"""

WRITES = """
y[0] = 1; y[0] = 1.5; y[0] = v; y[0, 0] = v[0]; y[:] = v; y[...] = v; y[...] = 1; y[...] = s; y[None] = 1; y[True] = 1
y[False] = 1; y[True] = v; y[0] = torch.ones(3); y[:, 0] = torch.ones(1, 1, 3); y[0] = [1, 2, 3, 4]; y[0] = np.ones(4)
y[[0, 1]] = v; y[[0, 1]] = 1; y[y > 0] = 1; y[y >= 0] = v; y[[0, 1]] = torch.ones(3); y[1:2] = v; y[0:3] = v; y[7] = 1
y[0] = 'a'; y[0] = None; y[0] = 1j; y[0, 0, 0] = 1; y[[0, 1], [0, 1]] = v[:2]; y[[0, 1], [0, 1]] = v; y[0][1] = 3
y[:] = torch.ones(3, 4, dtype=torch.float64); y[[0, 1]] = torch.ones(2, 4, dtype=torch.float64); y[0] = 2**70
y[y > 0] = torch.ones(5); y[torch.tensor([True, False, True])] = v; y[0] = torch.tensor(2.0); y[0] = torch.tensor(2)
y[()] = v; y[(True, 0)] = 1; y[::2] = v; y[0:1][0] = v; y[0] = torch.ones(2, 4); y[..., 0] = torch.ones(1, 3, 1)
y[y > 100] = 1; y[[]] = 1; y[np.array([0, 2])] = v; y[0] = np.float32(3); y[0] = np.int64(3); y[[0, 1]] = v[0]
y[0] = y[1]; y[1:] = y[:-1]; y[:, 1] = y[:, 0].clone(); y[i, i] = s; y[0] += 1; y[i] += 1; y[:, b4] *= 2
y.t()[0] = torch.arange(3.0); y.fill_(1); y.fill_(s); y.fill_(torch.ones(2)); y.zero_(); y.copy_(v)
y.masked_fill_(y > 1, 0); y.masked_fill_(y > 1, s); y.masked_fill_(y.long(), 1)
y.masked_fill_(torch.ones(2, 3, 4, dtype=torch.bool), 0); y.scatter_(0, j, 1.0); y.scatter_(0, j, m)
y.scatter_add_(0, j, m); y.index_add_(0, i, m); y.index_fill_(0, i, 2.0); y.index_copy_(0, p, m)
y.index_put_((i,), v); y.index_put_((i,), v, accumulate=True); y.tril_(); y.triu_(1); y[0].fill_(7); y.squeeze_()
y.unsqueeze_(0); y.t_(); y.transpose_(0, 1); y.view(-1)[3] = 4; y.view(2, 6)[0, 0] = s; y.t().mul_(2); y[0:2].add_(1)
y[..., 1:3].sqrt_(); y.diagonal().fill_(1); y.unsqueeze(0)[0, 1] = v; y.expand(2, 3, 4)[0] = 1
y.unfold(1, 2, 1)[0] = 1; y.narrow(1, 0, 2).zero_(); y.select(1, 3).mul_(3); y.unbind()[0].mul_(2)
y.split(2)[0].mul_(2); y.chunk(3)[1].add_(1); y.detach()[0] = 5; y.data[0] = 5; leaf[0] = 1; leaf.add_(1)
leaf.view(-1).mul_(2); leaf.detach()[0] = 3; leaf.data.mul_(2); y.unbind(1)[0][0] = 1; y[0].unsqueeze(0).mul_(v)
y.view(-1)[:4].view(2, 2).t().mul_(3)
"""

ERRORS = """
m.index_select(0, torch.tensor([7])); m.index_select(0, torch.tensor([-1])); m.index_select(0, torch.tensor([[0]]))
m.index_select(0, torch.tensor([0.0])); m.index_select(5, i); m.gather(0, i)
m.gather(0, torch.zeros(1, 9, dtype=torch.int64)); m.gather(0, torch.full((1, 4), 9)); m.gather(0, torch.zeros(1, 4))
m.scatter(0, torch.full((1, 4), 9), m); m.scatter(0, torch.zeros(5, 4, dtype=torch.int64), m)
m.scatter(0, j, m.double()); m.scatter(0, torch.zeros(1, 4), m); m.scatter(0, i, m)
m.scatter_add(0, torch.zeros(1, 5, dtype=torch.int64), m); m.masked_fill(i, 0.0)
m.masked_fill(torch.ones(2, dtype=torch.bool), 0.0); m.masked_fill(m > 1, v); m.masked_fill(m > 1, 1j)
m.masked_select(i); m.masked_select(torch.ones(5, dtype=torch.bool)); m.take(torch.tensor([50]))
m.take(torch.tensor([0.0])); m.index_add(0, i, m[:2]); m.index_add(0, torch.tensor([7]), m[:1])
m.index_add(0, i, m.double()); m.index_add(0, i, m[:, :2]); m.index_copy(0, i, m[:2])
m.index_fill(0, torch.tensor([9]), 1.0); m.index_put((i, i, i), v); m.index_put((torch.tensor([9]),), v)
m.index_put((i,), m.double()); z.max(5); z[:0].max(); z[:0].argmax(); z[:0].argmax(0); z[:0].max(0); b.argmax()
z.topk(9); z.topk(-1); z.topk(2, 5); z.sort(5); z.cumsum(5); z.kthvalue(9); m[5]; m[0, 0, 0]; m[::-1]; m['a']; m[1.0]
m[[0, 1], [0, 1, 2]]; m[torch.ones(4, dtype=torch.bool)]; s[0]; s[:]
"""


def lines(text: str) -> list[str]:
    return [each.strip() for each in text.replace("\n", ";").split(";") if each.strip()]


def names(library) -> dict[str, object]:
    """The operands, all made from leaves by a node that is not of interest."""

    def leaf(*shape):
        values = np.asarray(np.arange(np.prod(shape), dtype=np.float32).reshape(shape) + 1)
        return library.from_numpy(values).requires_grad_()

    leaves = {"x": leaf(2, 3, 4), "m": leaf(3, 4), "v": leaf(4), "s": leaf(), "w": leaf(4, 3), "y": leaf(3, 4)}
    made = {name: tensor * 1 for name, tensor in leaves.items()}
    made["w"] = made["w"].transpose(0, 1)
    known = {
        **made,
        "z": (leaves["m"] * 7) % 5,  # with ties and a zero
        "d": (leaves["m"] * 7) % 13,  # without ties
        "n": library.tensor([2.0, float("nan"), 1.0, float("nan")]) * leaves["v"],
        "leaf": leaf(3, 4),
        "i": library.tensor([0, 1, 1]),
        "p": library.tensor([2, 0, 1]),
        "j": library.tensor([[2, 0, 1, 0], [0, 0, 2, 2]]),
        "b": library.tensor([True, False, True]),
        "b4": library.tensor([True, False, True, False]),
        "torch": library,
        "np": np,
        "leaves": leaves,
    }
    every = [tensor for tensor in known.values() if getattr(tensor, "grad_fn", None) is not None]
    return {**known, "stops": {id(tensor.grad_fn): tensor.grad_fn for tensor in every}}


def described(value) -> object:
    if isinstance(value, tuple):
        return tuple(map(described, value))
    if hasattr(value, "tolist"):
        return repr(value.tolist())
    # PyTorch shows negative numbers as unsigned ones.
    return value % 2**64 if isinstance(value, int) and value < 0 else value


HIDDEN = {"_saved_source_dim", "_saved_source", "_saved_self_sym_sizes"}


def chain(tensor, stops) -> list[object]:
    found = []
    node = tensor.grad_fn
    while node is not None and id(node) not in stops and len(found) < 6:
        saved = {n: described(getattr(node, n)) for n in dir(node) if n.startswith("_saved_") and n not in HIDDEN}
        found.append((node.name(), saved))
        if not node.next_functions:
            break
        node = node.next_functions[0][0]
    return found


def facts(tensor, stops) -> dict[str, object]:
    return {
        "shape": tuple(tensor.shape),
        "stride": tuple(tensor.stride()) if tensor.numel() else (),
        "dtype": str(tensor.dtype),
        "view": tensor._is_view(),
        "nodes": chain(tensor, stops),
        "values": repr(tensor.tolist()),  # as text, for NaN is not equal to itself
        "version": tensor._version,
    }


def gradients(library, outputs, leaves):
    total = None
    for each in outputs:
        if each.requires_grad and each.dtype.is_floating_point:
            weights = library.arange(each.numel()).reshape(each.shape) % 7 + 1.0
            part = (each * weights).sum()
            total = part if total is None else total + part
    if total is not None:
        total.backward()
    return {n: None if t.grad is None else repr(t.grad.tolist()) for n, t in leaves.items()}


def attempt(call):
    """What `call` gives, or the type and the first line of the text of what it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except (RuntimeError, IndexError, TypeError, ValueError) as error:
            return type(error).__name__, str(error).split("\n")[0]


def read(library, line):
    known = names(library)
    result = eval(line, known)
    outputs = list(result) if isinstance(result, tuple | list) else [result]
    return [facts(each, known["stops"]) for each in outputs], gradients(library, outputs, known["leaves"])


def write(library, line):
    known = names(library)
    failed = attempt(lambda: exec(line, known))
    target = known["leaf"] if line.startswith("leaf") else known["y"]
    return failed, facts(target, known["stops"]), attempt(lambda: gradients(library, [target], known["leaves"]))


@every_case("line", lines(READS + ORDERS))
def test_reading(line):
    assert read(autogradkit, line) == read(torch, line)


@every_case("line", lines(WRITES))
def test_writing(line):
    assert write(autogradkit, line) == write(torch, line)


@every_case("line", lines(ERRORS))
def test_errors(line):
    expected = attempt(lambda: eval(line, names(torch)))
    assert isinstance(expected, tuple)
    assert attempt(lambda: eval(line, names(autogradkit))) == expected
