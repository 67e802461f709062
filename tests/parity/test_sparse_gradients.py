"""Gradients of and through sparse tensors beside PyTorch's: the layout, places and values of each, the nodes on the way."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case

PLACES = [[1, 0, 1], [2, 0, 2]]


class Leaves:
    """The tensors of a case, in one of the modules."""

    def __init__(self, module: Any) -> None:
        self.t = module
        self.u = module.sparse_coo_tensor(PLACES, [1.0, 2.0, 3.0], (2, 3)).requires_grad_()
        self.c = module.sparse_coo_tensor(PLACES, [1.0, 2.0, 3.0], (2, 3)).coalesce().requires_grad_()
        self.b = module.sparse_coo_tensor([[0, 1], [0, 2]], [5.0, 7.0], (2, 3)).coalesce().requires_grad_()
        self.v = module.tensor([1.0, 2.0, 3.0], requires_grad=True)
        self.d = module.tensor([[0.0, 1.0, 0.0], [2.0, 0.0, 3.0]], requires_grad=True)
        self.m = module.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], requires_grad=True)
        self.x = module.tensor([1.0, 2.0, 3.0], requires_grad=True)
        self.g = module.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        self.s = module.sparse_coo_tensor([[0, 1, 1], [0, 0, 2]], [10.0, 20.0, 30.0], (2, 3)).coalesce()

    def made(self) -> Any:
        """A sparse tensor of the values v."""
        return self.t.sparse_coo_tensor(PLACES, self.v, (2, 3))

    def rows(self, numbers: list[int], weight: Any, **options: Any) -> Any:
        """Rows of a table, which gets a sparse gradient."""
        return self.t.nn.functional.embedding(self.t.tensor(numbers), weight, sparse=True, **options)

    def bags(self, mode: str, **options: Any) -> Any:
        """Two bags of rows of a table, which gets a sparse gradient."""
        numbers, starts = self.t.tensor([0, 2, 2, 1]), self.t.tensor([0, 3])
        return self.t.nn.functional.embedding_bag(numbers, self.m, starts, mode=mode, sparse=True, **options)

    def edited(self, tensor: Any) -> Any:
        """What was made of a tensor that has been edited since."""
        result = tensor.to_dense()
        tensor.mul_(2)
        return result


# What is differentiated, and the gradient that comes into it.
CASES: dict[str, Callable[[Leaves], tuple[Any, Any]]] = {
    "to_dense": lambda k: (k.u.to_dense(), k.g),
    "to_dense of a coalesced": lambda k: (k.c.to_dense(), k.g),
    "to_dense, not masked": lambda k: (k.c.to_dense(masked_grad=False), k.g),
    "to_dense, of a sparse gradient": lambda k: (k.u.to_dense(), k.s),
    "coalesce": lambda k: (k.u.coalesce(), k.s),
    "coalesce, of a dense gradient": lambda k: (k.u.coalesce(), k.g),
    "values": lambda k: (k.c.values(), k.t.tensor([7.0, 8.0])),
    "values of coalesce": lambda k: (k.u.coalesce().values(), k.t.tensor([7.0, 8.0])),
    "to_sparse": lambda k: (k.d.to_sparse(), k.s),
    "to_sparse, of a dense gradient": lambda k: (k.d.to_sparse(), k.g),
    "to_sparse(1)": lambda k: (k.d.to_sparse(1), k.s),
    "to_sparse of a result": lambda k: ((k.d * 2).to_sparse().to_dense(), k.g),
    "sparse_coo_tensor": lambda k: (k.made(), k.s),
    "sparse_coo_tensor, of a dense gradient": lambda k: (k.made(), k.g),
    "sparse_coo_tensor to dense": lambda k: (k.made().to_dense(), k.g),
    "a hybrid": lambda k: (k.t.sparse_coo_tensor(PLACES, k.m, (2, 3, 2)).to_dense(), k.t.arange(12.0).reshape(2, 3, 2)),
    "sparse.mm": lambda k: (k.t.sparse.mm(k.u, k.m), k.t.tensor([[1.0, 2.0], [3.0, 4.0]])),
    "sparse.mm of a coalesced": lambda k: (k.t.sparse.mm(k.c, k.m), k.t.tensor([[1.0, 2.0], [3.0, 4.0]])),
    "sparse.mm of values": lambda k: (k.t.sparse.mm(k.made(), k.m), k.t.tensor([[1.0, 2.0], [3.0, 4.0]])),
    "sparse.mm, the second": lambda k: (k.t.sparse.mm(k.m, k.c), k.t.arange(9.0).reshape(3, 3)),
    "mm": lambda k: (k.t.mm(k.c, k.m), k.t.tensor([[1.0, 2.0], [3.0, 4.0]])),
    "mm, the second": lambda k: (k.m @ k.c, k.t.arange(9.0).reshape(3, 3)),
    "mm of a constant": lambda k: (k.s @ k.m, k.t.tensor([[1.0, 2.0], [3.0, 4.0]])),
    "mv": lambda k: (k.c @ k.x, k.t.tensor([1.0, 2.0])),
    "addmm": lambda k: (k.t.addmm(k.t.ones(2, 2), k.c, k.m, beta=2, alpha=3), k.t.tensor([[1.0, 2.0], [3.0, 4.0]])),
    "sparse.addmm": lambda k: (
        k.t.sparse.addmm(k.t.ones(2, 2), k.c, k.m, beta=2, alpha=3), k.t.tensor([[1.0, 2.0], [3.0, 4.0]])
    ),
    "smm": lambda k: (k.t.smm(k.c, k.m), k.t.eye(2)),
    "add": lambda k: (k.u + k.c, k.s),
    "add, of a dense gradient": lambda k: (k.u + k.c, k.g),
    "sub": lambda k: (k.t.sub(k.u, k.c, alpha=2), k.s),
    "dense and sparse": lambda k: (k.d + k.c, k.g),
    "times a number": lambda k: (k.c * 2, k.s),
    "times a number, of a dense gradient": lambda k: (k.c * 2, k.g),
    "by a number": lambda k: (k.c / 2, k.s),
    "mul": lambda k: (k.c * k.b, k.s),
    "mul, of a dense gradient": lambda k: (k.c * k.b, k.g),
    "times dense": lambda k: (k.c * k.d, k.s),
    "neg": lambda k: (-k.u, k.s),
    "t": lambda k: (k.c.t(), k.s.t()),
    "transpose": lambda k: (k.c.transpose(0, 1), k.s.t()),
    "abs": lambda k: (k.c.abs(), k.s),
    "pow": lambda k: (k.c**2, k.s),
    "sign": lambda k: (k.c.sign(), k.s),
    "frac": lambda k: (k.c.frac(), k.s),
    "deg2rad": lambda k: (k.c.deg2rad(), k.s),
    "sin, which has no gradient here": lambda k: (k.c.sin(), k.s),
    "sqrt, which has none either": lambda k: (k.c.sqrt(), k.s),
    "sum": lambda k: (k.c.sum(), None),
    "sparse.sum": lambda k: (k.t.sparse.sum(k.u), None),
    "sparse.sum over 0": lambda k: (k.t.sparse.sum(k.c, 0), k.t.sparse_coo_tensor([[0, 2]], [5.0, 6.0], (3,)).coalesce()),
    "sparse.sum over 0, of a dense gradient": lambda k: (k.t.sparse.sum(k.c, 0), k.t.tensor([5.0, 6.0, 7.0])),
    "sparse.softmax": lambda k: (k.t.sparse.softmax(k.c + k.s * 0.1, 1), k.s),
    "sparse.log_softmax": lambda k: (k.t.sparse.log_softmax(k.c + k.s * 0.1, 1), k.s),
    "sparse_mask": lambda k: (k.d.sparse_mask(k.b.detach()), k.s),
    "sparse_mask, of a dense gradient": lambda k: (k.d.sparse_mask(k.b.detach()), k.g),
    "clone": lambda k: (k.c.clone(), k.s),
    "double": lambda k: (k.u.double(), k.s.double()),
    "an edit": lambda k: (k.c.clone().mul_(2), k.s),
    "two ways": lambda k: (k.u.to_dense() + k.u.to_dense(), k.g),
    "a leaf": lambda k: (k.u, k.s),
    "no scalar": lambda k: (k.u * 2, None),
    "another shape": lambda k: (k.u.sum(), k.g),
    "a saved one that is edited": lambda k: (k.edited(k.c.clone()), k.g),
    "rows": lambda k: (k.rows([0, 2, 0], k.m).sum(), None),
    "rows, without padding": lambda k: (k.rows([0, 2, 0], k.m, padding_idx=2), k.t.arange(6.0).reshape(3, 2)),
    "rows by frequency": lambda k: (k.rows([0, 2], k.m, scale_grad_by_freq=True).sum(), None),
    "rows of a product": lambda k: (k.rows([0, 2, 0], k.m * 2).sum(), None),
    "rows of a transposed": lambda k: (k.rows([0, 1], k.d.t().contiguous().t()).sum(), None),
    "bags of rows": lambda k: ((k.bags("sum") ** 2).sum(), None),
    "bags of rows, without padding": lambda k: ((k.bags("mean", padding_idx=0) ** 2).sum(), None),
    "bags of weighed rows": lambda k: ((k.bags("sum", per_sample_weights=k.t.tensor([1.0, 2.0, 3.0, 4.0])) ** 2).sum(), None),
    "bags of rows by frequency": lambda k: (k.bags("sum", scale_grad_by_freq=True).sum(), None),
    "rows and all": lambda k: (k.rows([0, 2, 0], k.m).sum() + k.m.sum(), None),
    "select, which has none": lambda k: (k.c.select(0, 1), k.t.sparse_coo_tensor([[2]], [5.0], (3,)).coalesce()),
}  # fmt: skip


def _shown(value: Any) -> Any:
    if isinstance(value, torch.Tensor | autogradkit.Tensor):
        return repr(value), value.is_sparse and value.is_coalesced(), value._version
    return value


def _first_line(error: Exception) -> str:
    """The first line of an error, to where PyTorch begins to explain."""
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {re.sub(r' This could be because .*| Hint: .*', '', first)}"


def _nodes(tensor: Any) -> list[str]:
    """The names of the nodes that lead to a tensor, level by level."""
    found: list[str] = []
    level = [tensor.grad_fn]
    while level:
        found += [each.name() for each in level if each is not None]
        level = [edge[0] for each in level if each is not None for edge in each.next_functions]
    return found


def outcome(case: Callable[[Leaves], tuple[Any, Any]], module: Any, times: int = 1) -> Any:
    """The result, its nodes, and what became of every leaf's `.grad`, or what was refused."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse invariant checks|Using backward")
        leaves = Leaves(module)
        seen: list[Any] = []
        for _ in range(times):
            try:
                result, gradient = case(leaves)
                seen += [_shown(result), _nodes(result)]
                result.backward(gradient)
            except Exception as error:
                seen.append(_first_line(error))
        return [*seen, *[_shown(getattr(leaves, name).grad) for name in "ucbvdmx"]]


@every_case("name", CASES)
def test_gradients_are_pytorchs(name: str) -> None:
    assert outcome(CASES[name], autogradkit) == outcome(CASES[name], torch)


@every_case("name", CASES)
def test_they_add_up_as_pytorchs(name: str) -> None:
    assert outcome(CASES[name], autogradkit, 2) == outcome(CASES[name], torch, 2)


SECOND: dict[str, Callable[[Leaves], Any]] = {
    "through dense": lambda k: (k.made().to_dense() ** 3).sum(),
    "to_sparse": lambda k: (k.d.to_sparse().to_dense() ** 3).sum(),
    "rows": lambda k: (k.rows([0, 2, 0], k.m) ** 2).sum(),
    "bags of rows": lambda k: (k.bags("mean") ** 2).sum(),
    "a sparse leaf": lambda k: (k.c.to_dense() ** 2).sum(),
}


@pytest.mark.parametrize("name", SECOND)
def test_gradients_with_a_graph_are_pytorchs(name: str) -> None:
    def seen(module: Any) -> Any:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sparse invariant checks|Using backward")
            leaves = Leaves(module)
            tensors = [leaves.c, leaves.v, leaves.d, leaves.m]
            found = module.autograd.grad(SECOND[name](leaves), tensors, create_graph=True, allow_unused=True)
            leaves = Leaves(module)
            for _ in range(2):
                SECOND[name](leaves).backward(create_graph=True)
            return [*map(_shown, found), *[_shown(getattr(leaves, each).grad) for each in "cvdm"]]

    assert seen(autogradkit) == seen(torch)


def test_hooks_see_sparse_gradients_and_may_replace_them() -> None:
    def seen(module: Any) -> Any:
        k, heard = Leaves(module), []
        k.c.register_hook(lambda gradient: (heard.append(repr(gradient)), gradient * 2)[1])
        k.c.to_dense().backward(k.g)
        result = k.made()
        result.register_hook(lambda gradient: heard.append(repr(gradient)))
        result.retain_grad()
        (result * 3).backward(k.s)
        return heard, repr(k.c.grad), repr(k.v.grad), repr(result.grad)

    assert seen(autogradkit) == seen(torch)


def test_a_custom_function_may_send_sparse_gradients() -> None:
    def seen(module: Any) -> Any:
        class Rows(module.autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any, y: Any) -> Any:
                return x * 2, y * 3

            @staticmethod
            def backward(ctx: Any, g: Any, h: Any) -> Any:
                return g.to_sparse(), h.to_sparse()

        x, w = module.ones(3, requires_grad=True), module.ones(3, requires_grad=True)
        a, b = Rows.apply(x, w * 2)
        first = module.autograd.grad((a * b).sum(), [x, w], retain_graph=True)
        for loss in (a.sum(), b.sum(), a.sum() + b.sum()):
            loss.backward(retain_graph=True)
        return repr(first), repr(x.grad), repr(w.grad)

    assert seen(autogradkit) == seen(torch)


ASSIGNED: list[Callable[[Leaves], Any]] = [
    lambda k: setattr(k.c, "grad", k.s),
    lambda k: setattr(k.c, "grad", k.g),
    lambda k: setattr(k.d, "grad", k.s),
    lambda k: setattr(k.d, "grad", k.s.t()),
    lambda k: k.c.mul_(2),
]


@pytest.mark.parametrize("number", range(len(ASSIGNED)))
def test_what_may_be_assigned_is_what_pytorch_takes(number: int) -> None:
    def seen(module: Any) -> Any:
        leaves = Leaves(module)
        try:
            ASSIGNED[number](leaves)
        except Exception as error:
            return _first_line(error)
        return _shown(leaves.c.grad), _shown(leaves.d.grad)

    assert seen(autogradkit) == seen(torch)
