"""Calls that PyTorch's own documentation shows, and their neighbours: what its examples found to be otherwise here."""

from __future__ import annotations

import pytest

import autogradkit
from tests.every_case import every_case
from tests.parity.one_line import check

GIVEN = "a = torch.tensor([1.0, 2.0], requires_grad=True); b = a + 2; "
TAKEN = [
    "torch.asarray(a, requires_grad=False) is a, a.requires_grad",
    "c = torch.asarray(b, requires_grad=False); c, c is b, c.is_leaf, c.data_ptr() == b.data_ptr()",
    "torch.asarray(a), torch.asarray(b) is b, torch.asarray(b.detach()).requires_grad",
    "torch.asarray(a, copy=True, requires_grad=True), torch.asarray(a, dtype=torch.float64, requires_grad=False)",
    "torch.asarray([1.0], requires_grad=None), torch.asarray([1.0], requires_grad=True)",
    "a.grad_dtype, torch.ones(1).long().grad_dtype",
    "b.grad_dtype",
    "a.grad_dtype = 3; 0",
    "b.grad_dtype = torch.float64; 0",
]
CAPSULES = [
    "x = torch.arange(3); c = torch.utils.dlpack.to_dlpack(x); y = torch.from_dlpack(c); y[0] = 9; x, y, y.dtype",
    "c = torch.utils.dlpack.to_dlpack(torch.ones(2)); torch.from_dlpack(c); torch.from_dlpack(c)",
    "torch.from_dlpack(3)",
    "torch.utils.dlpack.from_dlpack([1])",
]
ORDERS = [
    *(
        f"torch.ones({size}).dim_order(ambiguity_check=True)"
        for size in ((1, 2, 3, 4), (2, 3), (0, 3), (2, 1), (1,), ())
    ),
    "torch.ones(2).expand(3, 2).dim_order(ambiguity_check=True)",
    "torch.ones(3, 1, 2).transpose(0, 2).dim_order(), torch.ones(2, 3, 1).transpose(0, 2).dim_order()",
    "torch.ones(1, 2, 3, 4).dim_order(ambiguity_check=[torch.contiguous_format, torch.channels_last])",
]
LOSS = "f = torch.nn.functional.cross_entropy; x = torch.randn(3, 5, requires_grad=True); t = torch.randn(3, 5).softmax(1); "
LOSSES = [
    *(
        f"f(x, t{how}), f(x[0], t[0]{how})"
        for how in ("", ", reduction='sum'", ", label_smoothing=0.1", ", weight=t[1]")
    ),
    "[n[0].name() for n in f(x, torch.tensor([1, 0, 4]), label_smoothing=0.1).grad_fn.next_functions]",
    "f(x, t).grad_fn.next_functions[0][0].name(), len(f(x, t).grad_fn.next_functions)",
]
LEAST = [
    f"r = torch.linalg.lstsq(torch.randn({a}), torch.randn({b}), driver='{driver}'); [v.shape for v in r], r.rank"
    for driver in ("gels", "gelsy", "gelsd", "gelss")
    for a, b in (((1, 3, 3), (2, 3, 3)), ((2, 3, 5), (1, 3, 2)), ((0, 4, 3), (1, 4, 2)), ((1, 4, 3), (2, 4, 1)))
]
HELD = "x = torch.tensor([1.0, 2.0], requires_grad=True); "
RETURNED = [
    "y, (p, q) = torch.func.grad(lambda p: ((p**2).sum(), (p, x)), has_aux=True)(x); y, p, q, p is x, q is x",
    "y = torch.func.vjp(lambda p: p, x)[0]; y, y is x",
    "g, (v, p) = torch.func.grad_and_value(lambda p: (p[0], p), has_aux=True)(x); g, v, p, p is x",
    "y = torch.func.vjp(lambda p: p * 1, x)[0]; y, y is x",
]
CHOSEN = [
    "c = torch.compiler; a = c.get_default_backend(); c.set_default_backend('eager'); b = c.get_default_backend(); "
    "c.set_default_backend(None); a, b, c.get_default_backend()",
    "torch.compiler.set_default_backend(3)",
    "torch.manual_seed(1); torch.randint(0, 10, (5,), generator=torch.random.thread_safe_generator())",
]
D = "d = torch.arange(9).reshape(3, 3); "
OFFSETS = [(at, size) for at in ([0, -1, -2], [2, 0, 1]) for size in ((3, 3), (5, 5), (2, 4))]
DIAGONALS = [
    *(f"{D}torch.sparse.spdiags(d, torch.tensor({at}), {size})" for at, size in OFFSETS),
    "torch.sparse.spdiags(torch.ones(2, 4), torch.tensor([-1, 2]), (3, 6))",
    "torch.sparse.spdiags(torch.arange(3.0), torch.tensor(1), (3, 3))",
    "torch.sparse.spdiags(torch.ones(1, 3), torch.tensor([0]), (3, 3))",
    f"{D}torch.sparse.spdiags(d, torch.tensor([0, 0, 1]), (3, 3))",
    f"{D}torch.sparse.spdiags(d, torch.tensor([0, 1]), (3, 3))",
    f"{D}torch.sparse.spdiags(d, [0, 1, 2], (3, 3))",
    f"{D}torch.sparse.spdiags(d, torch.tensor([0.0, 1.0, 2.0]), (3, 3))",
    f"{D}torch.sparse.spdiags(d, torch.tensor([0, 1, 2]), (3,))",
    f"{D}torch.sparse.spdiags(d, torch.tensor([[0, 1, 2]]), (3, 3))",
    f"{D}torch.sparse.spdiags(d[None], torch.tensor([0, 1, 2]), (3, 3))",
    f"{D}torch.sparse.spdiags(d, torch.tensor([0, 1, 2]), (3, 3), torch.strided)",
]


LINES = [
    *(GIVEN + each for each in TAKEN),
    *CAPSULES,
    *ORDERS,
    *(LOSS + each for each in LOSSES),
    *LEAST,
    *CHOSEN,
    *DIAGONALS,
    *(HELD + each for each in RETURNED),
]


@every_case("line", LINES)
def test_says_what_pytorch_says(line: str) -> None:
    check(line)


def test_gradients_of_another_dtype_are_refused() -> None:
    x = autogradkit.ones(2, requires_grad=True)
    with pytest.raises(
        NotImplementedError, match=r"cannot be torch\.float64 here: gradients have their tensor's dtype, torch\.float32"
    ):
        x.grad_dtype = autogradkit.float64
    assert x.grad_dtype is autogradkit.float32
