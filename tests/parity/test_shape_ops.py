"""Shape, slicing, joining and rearranging ops against PyTorch: one line of code, run by both.

Compared are values, shapes, strides, offsets, what is a view of what, the chain of graph nodes, gradients, and for what
is refused the error's type and text.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

RESULTS = """
x.view(6, 4); x.view(24); x.view((4, -1)); x.view(1, 2, 3, 1, 4); x.view_as(torch.zeros(6, 4)); s.view(1, 1)
e.view(3, 0); x.permute(2, 0, 1).view(4, 6); x.permute(1, 2, 0).view(12, 2); w.view(3, 2, 2); x.reshape(6, 4)
x.reshape((-1,)); x.transpose(0, 1).reshape(6, 4); w.reshape(-1); e.reshape(0, 5); x.reshape_as(torch.zeros(4, 6))
x.transpose(0, 2); x.transpose(-1, -2); s.transpose(0, -1); torch.transpose(x, 0, 1); e.transpose(0, 1); m.T; m.mT
x.mT; m.H; m.t(); v.t(); s.t(); x.swapaxes(0, 1); x.swapdims(1, 2); x.permute(2, 0, 1); x.permute((0, 2, 1))
x.permute(-1, 0, 1); torch.permute(x, (1, 0, 2)); e.permute(1, 0); x.movedim(0, 2); x.moveaxis((0, 1), (1, 0))
x.movedim(-1, 0); s.movedim((), ()); q.squeeze(); q.squeeze(0); q.squeeze(1); q.squeeze(-1); q.squeeze((0, 2))
q.squeeze(0, 2); s.squeeze(0); x.squeeze(); x.unsqueeze(-1); x.unsqueeze(0); x.transpose(0, 1).unsqueeze(1)
s.unsqueeze(0); e.unsqueeze(1); w.unsqueeze(2); q.expand(2, 3, 4); q.expand(-1, -1, 5); q.expand_as(x)
q.broadcast_to(2, 3, 4); s.expand(2, 2); m.expand(2, -1, -1); v.expand(1, 4); q.expand(2, 1, 3, 1)
torch.broadcast_to(v, (3, 4)); torch.broadcast_tensors(x, v); x.flatten(); x.flatten(1); x.flatten(0, 1)
x.transpose(0, 1).flatten(); s.flatten(); v.flatten(); x.transpose(0, 1).flatten(1); x.unflatten(2, (2, 2))
x.unflatten(-1, (-1, 2)); x.unflatten(1, [3, 1]); x.ravel(); x.transpose(0, 1).ravel(); x.narrow(1, 1, 2)
x.narrow(1, -1, 1); x.narrow(0, 0, 0); x.select(1, -1); x.select(0, 1); w.select(1, 2); v.select(0, 3)
v.unfold(0, 2, 1); m.unfold(1, 3, 2); x.unfold(2, 2, 2); w.unfold(0, 2, 1); v.unfold(0, 4, 9); m.diagonal()
x.diagonal(1, 0, 2); m.diagonal(-1); m.diagonal(9); m.t().diagonal(); x.diagonal(0, -1, -2); m.diag(); v.diag()
v.diag(1); m.diag(-1); torch.diag_embed(v); torch.diag_embed(m, 1, 0, 2); torch.diag_embed(m, -1); x.chunk(2, 1)
x.chunk(5, 2); x.split(2, 2); x.split([1, 2], 1); x.split(5, 1); x.split((2, 2), -1); v.split(3); e.chunk(2)
e.split(0); x.tensor_split(2, 1); x.tensor_split((1,), 1); v.tensor_split(3); v.tensor_split((1, 3)); x.unbind(1)
x.unbind(); w.unbind(-1); x.hsplit(3); x.vsplit(2); x.dsplit(2); v.hsplit(2); torch.hsplit(m, (1, 2))
torch.cat([x, x], 1); torch.cat((m, w)); torch.cat([x, torch.zeros(0)], 1); torch.cat([m, m, m], -1)
torch.cat([c, c], 1); torch.cat([w, w], 1); torch.cat([m, i.reshape(3, 1).expand(3, 4)]); torch.concat([v, v])
torch.concatenate([v, v], 0); torch.cat([v]); torch.stack([m, m], 1); torch.stack((v, v, v)); torch.stack([w, m], -1)
torch.stack([s, s]); torch.stack([x, x], 1); torch.hstack([v, v]); torch.hstack([m, m]); torch.hstack([s, s])
torch.vstack([v, v]); torch.vstack([m, v.view(1, 4)]); torch.dstack([v, v]); torch.column_stack([v, v])
torch.column_stack([s, s]); torch.atleast_1d(s); torch.atleast_2d(v); torch.atleast_3d(v); torch.atleast_3d(m)
torch.atleast_2d(v, m); torch.meshgrid(v, v[:2], indexing="ij"); torch.meshgrid(v, v[:2], indexing="xy")
torch.meshgrid([v, v, v], indexing="ij"); x.flip(0); x.flip((0, 2)); x.flip(0, 1); w.flip(1); torch.fliplr(m)
torch.flipud(m); s.flip(()); m.t().flip(0); torch.flip(c, (1,)); x.roll(1); x.roll((1, 2), (0, 1)); x.roll(-1, 2)
w.roll(2, 0); torch.roll(v, 5); x.roll((1, 1), (0, 0)); x.repeat(2, 1, 1); x.repeat(2, 2, 1, 1); s.repeat(2)
m.repeat(0, 1); w.repeat(1, 2); x.tile((2,)); m.tile((2, 1, 1)); m.tile(2, 2); m.repeat_interleave(2)
m.repeat_interleave(2, dim=1); m.repeat_interleave(torch.tensor([1, 0, 2]), dim=0); m.tril(); m.triu(1); m.tril(-1)
x.triu(); w.tril(); w.triu(); x.contiguous(); x.transpose(0, 1).contiguous(); x.transpose(0, 1).clone(); w.clone()
x.detach(); c.clone(); q.expand(2, 3, 4).clone(); m.as_strided((2, 2), (1, 1)); m.as_strided((2, 3), (4, 1), 1)
x.sum_to_size(1, 3, 4)
"""

ERRORS = """
x.permute(0, 1); x.permute(0, 0, 1); x.permute(0, 1, 5); x.movedim((0, 1), (0,)); x.movedim((0, 0), (0, 1))
x.movedim((0, 1), (1, 1)); x.flatten(2, 1); x.flatten(5); x.unflatten(0, (3,)); x.unflatten(0, (-1, 3))
x.unflatten(0, ()); x.unflatten(0, (-1, -1)); x.t(); v.mT; v.H; x.H; s.unbind(); s.split(1); m.split(-1); m.split(0)
m.split([1, 1]); m.split([1, -1]); m.chunk(0); s.chunk(1); m.tensor_split(0); m.narrow(0, 2, 3); m.narrow(0, 5, 1)
m.narrow(0, 0, -1); m.narrow(0, -9, 1); s.narrow(0, 0, 1); s.select(0, 0); m.select(0, 7); m.select(5, 0)
v.unfold(0, 9, 1); v.unfold(0, 2, 0); v.unfold(0, -1, 1); m.diagonal(0, 0, 0); v.diagonal(); x.diag(); torch.cat([])
torch.cat([m, v]); torch.cat([s, s]); torch.cat([m, m[:, :2]]); torch.cat([m, x]); torch.cat([m, m], 5); torch.cat(m)
torch.cat([m, 1]); torch.stack([]); torch.stack([m, v]); torch.stack([m, m], 5); torch.hstack([]); m.repeat(2)
m.repeat(-1, 1); x.flip(0, 0); x.flip(7); x.roll((1, 2), 0); x.roll((1, 2)); v.tril(); torch.fliplr(v); m.view(5)
m.view(-1, -1); m.view(-2); m.t().view(12); m.expand(4); m.expand(2, 5); m.expand(-1, 3, 4); m.squeeze(5)
m.unsqueeze(5); m.hsplit(3); v.vsplit(2); m.transpose(0, 4); m.repeat_interleave(-1)
m.repeat_interleave(torch.tensor([1, 2]), dim=0); s.hsplit(1); torch.broadcast_tensors(m, x[:, :, :2])
m.sum_to_size(2); m.reshape(7); m.as_strided((2, 2), (1,)); m.as_strided((9, 9), (9, 1))
"""


def lines(text: str) -> list[str]:
    return [each.strip() for each in text.strip().replace("\n", ";").split(";")]


def names(library) -> dict[str, object]:
    """The operands, all made from leaves by a node that is not of interest."""

    def leaf(*shape):
        values = np.asarray(np.arange(np.prod(shape), dtype=np.float32).reshape(shape) + 1)
        return library.from_numpy(values).requires_grad_()

    leaves = {
        "x": leaf(2, 3, 4),
        "m": leaf(3, 4),
        "v": leaf(4),
        "s": leaf(),
        "q": leaf(1, 3, 1),
        "e": leaf(0, 3),
        "w": leaf(4, 3),
        "c": leaf(2, 4, 5, 3),
    }
    made = {name: tensor * 1 for name, tensor in leaves.items()}
    made["w"] = made["w"].transpose(0, 1)
    made["c"] = made["c"].permute(0, 3, 1, 2)
    stops = {id(tensor.grad_fn): tensor.grad_fn for tensor in made.values()}
    return {
        **made,
        "i": library.tensor([0, 1, 1]),
        "b": library.tensor([True, False, True]),
        "torch": library,
        "leaves": leaves,
        "stops": stops,
    }


def chain(tensor, stops) -> list[object]:
    found = []
    node = tensor.grad_fn
    while node is not None and id(node) not in stops and len(found) < 6:
        found.append(node.name())
        if not node.next_functions:
            break
        node = node.next_functions[0][0]
    return found


def run(library, line: str):
    known = names(library)
    result = eval(line, known)
    outputs = list(result) if isinstance(result, tuple | list) else [result]
    record = []
    total = None
    for each in outputs:
        origin = next((n for n in "xmvsqewc" if each is known[n]), None)
        record.append(
            {
                "same": origin,
                "shape": tuple(each.shape),
                "stride": tuple(each.stride()),
                "offset": each.storage_offset() if each.numel() else 0,
                "dtype": str(each.dtype),
                "view": each._is_view(),
                "nodes": [] if origin else chain(each, known["stops"]),
                "values": each.tolist(),
                "version": each._version,
            }
        )
        if each.requires_grad:
            weights = library.arange(each.numel()).reshape(each.shape) % 7 + 1.0
            part = (each * weights).sum()
            total = part if total is None else total + part
    if total is not None:
        total.backward()
    grads = {n: None if t.grad is None else t.grad.tolist() for n, t in known["leaves"].items()}
    return type(result).__name__, record, grads


@every_case("line", lines(RESULTS))
def test_results(line):
    assert run(autogradkit, line) == run(torch, line)


@every_case("line", lines(ERRORS))
def test_errors(line):
    with pytest.raises((RuntimeError, IndexError, TypeError, ValueError)) as theirs:
        eval(line, names(torch))
    with pytest.raises(type(theirs.value)) as ours:
        eval(line, names(autogradkit))
    assert str(ours.value).split("\n")[0] == str(theirs.value).split("\n")[0]
