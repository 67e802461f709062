"""Sparse tensors beside PyTorch's: what is made, computed, printed and refused, expression by expression.

Both modules evaluate each expression on the same tensors; a user would see the printed text, the layout, the dtype and whether
it is coalesced, or the type and the first line of an error.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

import torch

import autogradkit
from tests.every_case import every_case

SETUP = """
i = torch.tensor([[0, 1, 1], [2, 0, 2]])
v = torch.tensor([3.0, 4.0, 5.0])
d = torch.tensor([[0.0, 1.0, 0.0], [2.0, 0.0, 3.0]])
m = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
s = torch.sparse_coo_tensor(i, v, (2, 3))
u = torch.sparse_coo_tensor([[1, 0, 1], [2, 0, 2]], [1.0, 2.0, 3.0], (2, 3))
c = u.coalesce()
h = torch.sparse_coo_tensor(i, torch.arange(6.0).reshape(3, 2), (2, 3, 2))
b = torch.stack([d, d.flip(0) * 5]).to_sparse()
e = torch.stack([m, m + 7])
r = d.to_sparse_csr()
k = d.to_sparse_csc()
q = (m @ d).to_sparse_csr()
def of(f, *given):
    given = [each.detach().clone().requires_grad_() for each in given]
    y = f(*given)
    (y if y.layout is torch.strided else y.to_dense()).sum().backward()
    return y, [each.grad for each in given]
"""

MADE = """
s | h | torch.sparse_coo_tensor(i, v) | torch.sparse_coo_tensor([[0, 1, 1], [2, 0, 2]], [3, 4, 5])
torch.sparse_coo_tensor(i, torch.ones(3, 2)) | torch.sparse_coo_tensor(size=(2, 3)) | torch.sparse_coo_tensor((2, 3))
torch.sparse_coo_tensor(torch.empty([1, 0]), torch.empty([0, 2]), [1, 2]) | torch.sparse_coo_tensor(i.double(), v, (2, 3))
torch.sparse_coo_tensor(i, v, (2, 3, 4)) | torch.sparse_coo_tensor(i, v, (2,)) | torch.sparse_coo_tensor(i, v[:2], (2, 3))
torch.sparse_coo_tensor(torch.tensor([0, 1]), v) | torch.sparse_coo_tensor(i, 3.0, (2, 3)) | torch.sparse_coo_tensor(v)
torch.sparse_coo_tensor() | torch.sparse_coo_tensor(i, v, 3) | torch.sparse_coo_tensor(i, v, (2, -3))
torch.sparse_coo_tensor(i, v, (2, 3), is_coalesced=True) | torch.sparse_coo_tensor(i, v, (2, 3), dtype=torch.float64)
torch.sparse_coo_tensor(i, v, (2, 2), check_invariants=True) | torch.sparse_coo_tensor(-i, v, (2, 3), check_invariants=True)
torch.sparse_coo_tensor([[1, 0], [0, 0]], v[:2], (2, 3), is_coalesced=True, check_invariants=True)
torch.sparse_coo_tensor(i, v, dtype=torch.int64, requires_grad=True) | torch.sparse_coo_tensor(i, v, requires_grad=True)
torch.sparse_coo_tensor(torch.zeros(2, 0, dtype=torch.int64), torch.zeros(0))
torch.sparse_coo_tensor(torch.zeros(0, 1, dtype=torch.int64), torch.tensor([5.0]), ())
torch.sparse_coo_tensor([[0, 1]], [[1, 2], [3, 4]]) | torch.sparse_coo_tensor([[0, 1]], [True, False])
torch.sparse_coo_tensor(i, v.to(torch.complex64)) | torch.sparse_coo_tensor(torch.arange(2000)[None], torch.arange(2000.0))
torch.sparse_coo_tensor(i, v, device="cpu") | torch.sparse_coo_tensor(i, v, pin_memory=False)
torch.zeros(2, 3, layout=torch.sparse_coo) | torch.empty(2, 3, layout=torch.sparse_coo, requires_grad=True)
torch.ones(2, 3, layout=torch.sparse_coo) | torch.full((2,), 1.0, layout=torch.sparse_coo)
torch.randn(2, layout=torch.sparse_coo) | torch.eye(3, layout=torch.sparse_coo)
torch.zeros_like(u) | torch.empty_like(u) | torch.zeros_like(d, layout=torch.sparse_coo) | u.new_zeros(4, 1)
torch.ones_like(u) | torch.rand_like(u) | u.new_ones(2) | u.new_tensor([1.0])
d.to_sparse() | d.to_sparse(1) | d.to_sparse(3) | d.to_sparse(0) | d.to_sparse(-1) | d.to_sparse_coo()
d.to_sparse(layout=torch.sparse_coo) | d.to_sparse(layout=torch.strided) | d.to_sparse(dense_dim=1) | d.to_sparse("a")
d.to_sparse(blocksize=(1, 1)) | u.to_sparse() is u | u.to_sparse(2) | u.to_sparse(1) | torch.tensor(3.0).to_sparse()
torch.tensor(3.0).to_sparse(0) | torch.tensor([]).to_sparse() | torch.zeros(2, 3).to_sparse() | torch.zeros(2, 0).to_sparse()
torch.arange(8).reshape(2, 2, 2).to_sparse(2) | torch.zeros(2, 2).to_sparse(1)
u.to_dense() | h.to_dense() | d.to_dense() | u.to_dense(torch.float64) | u.to_dense(masked_grad=True) | d.to_dense(torch.float64)
"""

PARTS = """
u.coalesce() | c.coalesce() is c | u.is_coalesced() | c.is_coalesced() | u.indices() | u.values() | c.indices() | c.values()
u._indices() | u._values() | u._nnz() | u.sparse_dim(), u.dense_dim() | h.sparse_dim(), h.dense_dim() | h.coalesce()
d.sparse_dim(), d.dense_dim() | d.coalesce() | d.is_coalesced() | d.indices() | d.values() | d._indices() | d._values() | d._nnz()
d.is_sparse, u.is_sparse | u.layout, d.layout | u.is_sparse_csr, d.is_sparse_csr | u.shape | u.size(1) | len(u)
u.dim(), u.numel(), u.ndim, u.nelement(), u.itemsize, u.element_size() | u.nbytes | u.dtype | u.device | u.is_leaf
u.stride() | u.stride(0) | u.untyped_storage() | u.storage_offset() | u.data_ptr() | u.is_contiguous() | u.contiguous()
u.numpy() | u.tolist() | u.item() | torch.sparse_coo_tensor([[0]], [3.0], (1,)).item() | float(u) | bool(u) | u.type()
u.long().type(), u.bool().type(), u.half().type() | u.__dlpack__() | u._version | u.data | u.grad | u.is_conj(), u.is_neg()
u.detach() | u.detach_() | u.clone() | c.clone().is_coalesced() | u.to(torch.float64) | u.double() | u.float() is u | u.half()
u.to(torch.int64) | u.bool() | u.cpu() is u | u.to("cpu") is u | u.type(torch.float64) | c.double().is_coalesced()
isinstance(u, torch.Tensor) | torch.is_tensor(u) | u.is_floating_point() | u.requires_grad_() | type(u).__name__
torch.sparse_coo | torch.sparse_csr | torch.sparse_csc | torch.sparse_bsr | torch.sparse_bsc
d.sparse_mask(u) | d.sparse_mask(c) | u.sparse_mask(u) | u.sparse_mask(c) | c.sparse_mask(s) | d.sparse_mask(d) | d.sparse_mask(1)
d.sparse_mask(torch.sparse_coo_tensor([[0], [1]], [1.0], (2, 4)))
__import__("copy").copy(u) | __import__("copy").deepcopy(u) | __import__("pickle").loads(__import__("pickle").dumps(u))
f"{u}" | hash(u) == hash(u) | s._values().data_ptr() == v.data_ptr() | s._indices().data_ptr() == i.data_ptr()
"""

COMPUTED = """
u + u | u - u | u - s | s + u | c + c | c + s | torch.add(u, u, alpha=2) | torch.sub(u, s, alpha=2) | h + h | u + u.double()
u.long() + u | d + u | d - u | torch.add(d, u, alpha=2) | u + d | u - d | u + 1 | 1 + u | 1 - u | u - 1 | u + torch.tensor(1.0)
torch.tensor(1.0) + u | torch.tensor([1.0, 2.0, 3.0]) + u | u + h | d + torch.sparse_coo_tensor([[1], [2]], [1.0], (2, 4))
u * 2 | 2 * u | u * 2.5 | u.long() * 2.5 | u * u | c * c | u * s | c * s | h * h | h * 2 | u * d | d * u | u * torch.tensor(2.0)
torch.tensor(2.0) * u | u * torch.tensor([1.0, 2.0, 3.0]) | u * torch.tensor([[1.0], [2.0]]) | u * u[0]
u / 2 | u.long() / 2 | u / torch.tensor(2.0) | u // 2 | u.long() // 2 | u / u | u / d | d / u | 1 / u | u % 2
-u | (-c).is_coalesced() | u**2 | u**2.5 | u**u | 2**u | u.pow(2) | u.square() | abs(u) | u == u | u == 1 | u < 1 | 0 in u
u.sin() | u.sqrt() | u.tanh() | u.long().sqrt() | u.long().abs() | u.relu() | u.floor() | u.round() | u.round(decimals=1)
torch.isnan(u) | torch.isneginf(u) | u.signbit() | torch.sgn(u) | (u / 4).expm1() | u.log1p() | u.atan() | u.erf()
u.nan_to_num(1.0)
u.cos() | u.exp() | u.sigmoid() | torch.softmax(u, 1) | torch.nn.functional.relu(u) | c.sin().is_coalesced()
b @ e | b @ e[0]
u @ m | m @ u | torch.mm(u, m) | u @ m[:, 0] | torch.mv(u, m[:, 0]) | torch.ones(2) @ u | u @ u.t() | torch.mm(u, u)
torch.bmm(b, e) | torch.bmm(e, b) | torch.bmm(b, b) | torch.bmm(b, e[:1]) | torch.bmm(b, e[:, :2]) | torch.bmm(b, e[0])
torch.bmm(u, e) | torch.bmm(h, e) | torch.bmm(b, e.double()) | torch.bmm(b * 0, e) | torch.bmm(b.long(), e.long())
of(torch.bmm, b, e) | u.narrow_copy(0, 1, 1) | c.narrow_copy(1, 1, 2) | h.narrow_copy(2, 1, 1) | b.narrow_copy(2, 0, 0)
u.narrow_copy(-1, 0, 1) | u.narrow_copy(2, 0, 1) | u.narrow_copy(0, -1, 1) | u.narrow_copy(0, 0, 9) | u.narrow_copy(0, 1, -1)
torch.mm(u, torch.ones(2, 2)) | torch.mm(u, m.double()) | torch.mm(u, m[:, 0]) | u @ torch.ones(2) | u.long() @ m.long()
torch.addmm(torch.ones(2, 2), u, m) | u.addmm(u, torch.ones(3, 3)) | torch.smm(u, m) | torch.smm(1, 2) | torch.hspmm(u, m)
torch.spmm(u, m) | torch.dsmm(m, u) | torch.hsmm(u, m) | torch.saddmm(u.t(), u.t(), torch.eye(2)) | torch.spmm(u)
torch.sspaddmm(u.t(), u.t(), torch.eye(2)) | torch.nn.functional.linear(u, torch.ones(4, 3), torch.ones(4))
torch.nn.functional.linear(u, torch.ones(4, 3)) | torch.dot(u, u)
torch.sparse.mm(u, m) | torch.sparse.mm(m, u) | torch.sparse.mm(u, u.t()) | torch.sparse.mm(u, m[:, 0]) | torch.sparse.mm(1, 2)
torch.sparse.addmm(torch.ones(2, 2), u, m, beta=2, alpha=3) | torch.sparse.addmm(1, 2, 3)
torch.sparse.sum(u) | torch.sparse.sum(u, 0) | torch.sparse.sum(u, [0, 1]) | torch.sparse.sum(u, -1, dtype=torch.float64)
torch.sparse.sum(h, 2) | torch.sparse.sum(h, (0, 2)) | torch.sparse.sum(h, (0, 1)) | torch.sparse.sum(d) | torch.sparse.sum(1)
torch.sparse.softmax(u, 1) | torch.sparse.softmax(h, 1) | torch.sparse.softmax(h, 2) | torch.sparse.log_softmax(s, 1)
torch.sparse.softmax(s, 0, dtype=torch.float64) | torch.sparse.softmax(d, 1) | torch.sparse.softmax(1, 1)
u.sum() | u.sum(0) | u.sum(0, keepdim=True) | h.sum() | h.sum(0) | h.sum(2) | u.long().sum(0) | u.sum(0, dtype=torch.float64)
torch.sum(u, (0, 1)) | u.sum((0, 1), keepdim=True) | u.any() | u.any(0) | u.all() | u.mean() | u.max() | u.argmax() | u.nonzero()
torch.norm(u) | u.norm(1) | u.norm(dim=0) | torch.equal(u, u) | torch.allclose(u, u)
u.t() | u.T | u.mT | u.H | c.t().is_coalesced()
u.transpose(0, 1) | u.permute(1, 0) | u.permute(0, 1) | h.t() | h.transpose(0, 1)
h.transpose(1, 2) | h.transpose(0, 2) | h.permute(1, 0, 2) | h.permute(2, 1, 0) | u.unsqueeze(0) | h.unsqueeze(1) | h.unsqueeze(3)
u.squeeze() | u.view(3, 2) | u.reshape(3, 2) | u.flatten() | u.expand(2, 2, 3) | u.narrow(0, 0, 1) | u.expand_as(d)
u[0] | u[0, 1] | u[:, 1] | u[0:1] | u[None] | u[u] | h[0] | list(u) | u.select(1, 2) | h.select(2, 0)
u.index_select(1, torch.tensor([0, 2])) | u.index_select(0, torch.tensor([1, 1, 0])) | h.index_select(2, torch.tensor([1]))
torch.cat([u, s]) | torch.cat([u, s], 1) | torch.cat([u, s], -1) | torch.cat([h, h], 2) | torch.cat([u, d]) | torch.cat([u, h])
torch.stack([u, s]) | torch.stack([u, u], 1)
"""

EDITED = """
u.zero_() | u.fill_(1) | u.add_(u) | u.add_(1) | u.add_(d) | u.mul_(2) | u.mul_(u) | u.div_(2) | u.sub_(s) | u.neg_() | u.copy_(s)
u.copy_(d) | d.copy_(u) | u.sqrt_() | c.sqrt_() | c.relu_() | u.relu_() | d.add_(u) | d.sub_(u) | d.mul_(u) | h.mul_(3)
u.mul_(2)._version | u.add_(s)._version | d.add_(u)._version | u.requires_grad_().mul_(2) | u.long().mul_(2.5)
c.mul_(2).is_coalesced() | c.mul_(c).is_coalesced() | c.div_(2).is_coalesced() | c.pow_(2) | c.square_() | c.unsqueeze_(0)
c.clamp_(0) | c.t_() | c.nan_to_num_() | u.floor_divide_(2) | u.detach().zero_().sum(), u.sum() | (u.mul_(3), u.zero_(), u)
"""

COMPRESSED = """
r | k | r.layout, r.is_sparse, r.is_sparse_csr, k.is_sparse_csr | r.shape | r.crow_indices(), r.col_indices(), r.values()
k.ccol_indices(), k.row_indices(), k.values() | r.ccol_indices() | k.crow_indices() | d.crow_indices() | u.crow_indices()
r.indices() | r.coalesce() | r.is_coalesced() | r._nnz(), k.sparse_dim(), r.dense_dim() | r.to_dense() | k.to_dense()
r.to_sparse() | k.to_sparse_coo() | r.to_sparse_csc() | k.to_sparse_csr() | u.to_sparse_csr()
u.to_sparse(layout=torch.sparse_csc) | d[0].to_sparse_csr() | torch.zeros(2, 3, layout=torch.sparse_csr) | torch.zeros_like(k)
r.double() | r.long() | r.bool() | r.type() | torch.sparse_csr_tensor([0, 1, 2], [0, 1], [1, 2])
torch.sparse_csr_tensor([0, 1, 2], [0, 1], [1.0, 2], (2, 5), dtype=torch.float64)
torch.sparse_csc_tensor([0, 1, 2], [0, 1], [1, 2]) | torch.sparse_csr_tensor([0, 1, 2], [0, 1], v[:2], requires_grad=True)
torch.sparse_compressed_tensor(torch.tensor([0, 1]).int(), torch.tensor([1]).int(), v[:1], layout=torch.sparse_csr).col_indices()
torch.sparse_compressed_tensor([0, 1], [1], v[:1])
torch.sparse_compressed_tensor([0, 1], [1], v[:1], layout=torch.sparse_coo)
torch.sparse_csr_tensor([0, 1], [0], [1.0], layout=torch.strided) | torch.sparse_csr_tensor([0, 1], [0])
torch.sparse_csr_tensor(0, [0], [1]) | torch.sparse_csr_tensor([0, 1, 2], [0, 7], [1, 2], (2, 2), check_invariants=True)
torch.sparse_csr_tensor([1, 1, 2], [0, 1], [1, 2], check_invariants=True)
torch.sparse_csr_tensor([0, 2], [1, 0], [1, 2], check_invariants=True)
torch.sparse_csr_tensor([0, 1, 2], [0, 1], [1, 2], (3, 2), check_invariants=True)
torch.sparse_csr_tensor([0, 2, 1], [0, 1], [1, 2], check_invariants=True)
torch.sparse_csr_tensor([0, 3], [1, 1, 1], v, (1, 2), check_invariants=True)
torch.sparse_csr_tensor([0.0, 1], [0], [1.0], check_invariants=True)
torch.sparse_csr_tensor([0, 1], [[0]], [1.0], check_invariants=True)
torch.sparse_csc_tensor([0, 2], [1, 0], [1.0, 2], check_invariants=True)
torch.sparse_csr_tensor([0, 2], [1, 0], [1.0, 2]).to_dense()
torch.sparse_csr_tensor([0, 1, 2], [0, 1], [1, 2, 3], check_invariants=True)
torch.sparse_csr_tensor([0, 1], [0], [1], requires_grad=True) | r @ m | r @ v | d.t() @ r | v[:2] @ r | q @ q | k @ m
d.t() @ k | r @ u.t() | u.t() @ r | torch.sparse.mm(r, m) | r @ m[:2] | r @ m.double() | r + r | k + k | r - r | d + r | r + d
r + 1 | r * 2 | 2 * k | r * torch.tensor(2.0) | r / 2 | r * r | r * d | d * r | k * d | r ** 2
torch.addmm(torch.ones(2, 2), r, m) | torch.addmv(v[:2], r, v) | torch.sparse.addmm(torch.ones(2, 2), r, m, beta=2, alpha=3)
torch.sparse.sampled_addmm(r, torch.ones(2, 4), torch.ones(4, 3), beta=2.0) | torch.sparse.sampled_addmm(k, m.t(), m) | r.t()
k.t() | r.mT | r.transpose(0, 1) | r.T | r.permute(1, 0) | r[1] | r[0, 1] | k[0] | r[:1] | r.view(6) | r.reshape(6) | list(r)
r.sum() | r.sum(1) | r.sum(1, keepdim=True) | k.sum(0, keepdim=True) | r.sin() | k.sqrt() | r.neg() | r.relu() | r.exp()
k.cos() | r > 0 | d.sparse_mask(r) | r.clone() | r.detach() | r.stride() | k.is_contiguous() | r.contiguous() | r.numpy()
r.tolist() | r.data_ptr() | r.index_select(0, i[0]) | r.clone().mul_(2) | k.clone().sin_() | r.clone().zero_()
r.clone().add_(r) | q.clone().copy_(q) | torch.nn.functional.linear(m.t(), r) | of(lambda a: a @ m, r)
of(lambda a: a @ v, r) | of(lambda a: a @ a, q) | of(lambda a: a * 2 + a, r) | of(lambda a: a * a, r)
of(lambda a: a.to_dense() * d, r) | of(lambda a: a.values() * v, r) | of(lambda a: a.sum(), r) | of(lambda a: a.relu(), r)
of(lambda w: r @ w, m) | of(lambda w: k @ w, m) | of(lambda w: r @ w, v)
of(lambda w: torch.sparse_csr_tensor([0, 1, 3], [1, 0, 2], w, (2, 3)) @ m, v) | of(lambda w: w.to_sparse_csr() * 2, d)
of(lambda a, b: torch.sparse.sampled_addmm(r, a, b), torch.ones(2, 4), torch.ones(4, 3))
"""


def _expressions(table: str) -> list[str]:
    return [each.strip() for line in table.strip().splitlines() for each in line.split(" | ")]


def _seen(value: Any) -> Any:
    """What a user would see of a value."""
    if isinstance(value, list | tuple):
        return [_seen(each) for each in value]
    if not isinstance(value, torch.Tensor | autogradkit.Tensor):
        return str(value)
    coalesced = value.is_sparse and value.is_coalesced()
    return repr(value), str(value.layout), str(value.dtype), tuple(value.shape), coalesced, value.requires_grad


def outcome(expression: str, module: Any) -> Any:
    """What an expression gives in one of the modules, or raises."""
    names: dict[str, Any] = {"torch": module}
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "Sparse invariant checks|To copy construct|An output with one|Sparse CSR tensor support"
        )
        exec(SETUP, names)
        try:
            return _seen(eval(expression, names))
        except Exception as error:
            lines = str(error).splitlines()
            return type(error).__name__, re.sub(r" This could be because .*", "", lines[0]) if lines else ""


@every_case("expression", _expressions(COMPRESSED))
def test_compressed_matrices_are_pytorchs(expression: str) -> None:
    assert outcome(expression, autogradkit) == outcome(expression, torch)


@every_case("expression", [each for table in (MADE, PARTS, COMPUTED, EDITED) for each in _expressions(table)])
def test_what_is_seen_is_what_pytorch_shows(expression: str) -> None:
    assert outcome(expression, autogradkit) == outcome(expression, torch)
