"""Methods that older scripts call, beside PyTorch: queries, places, removed and deprecated names, edits by a Python function."""

from __future__ import annotations

import pytest

from tests.every_case import every_case
from tests.parity.one_line import check

QUERIES = """
torch.ones(1).is_nonzero(); torch.zeros(1).is_nonzero(); torch.ones(2).is_nonzero(); torch.is_nonzero(torch.tensor([0j]))
torch.is_nonzero(torch.empty(0)); torch.is_nonzero(input=torch.tensor(2.5)); torch.is_nonzero(3)
torch.is_nonzero(torch.ones(1), 1)
torch.ones(2).get_device(); torch.get_device(torch.ones(2)); torch.get_device(3)
torch.ones(2).is_same_size(torch.zeros(2)); torch.ones(2).is_same_size(torch.zeros(2, 1)); torch.is_same_size(torch.ones(2), 3)
torch.is_same_size(torch.ones(2), other=torch.ones(2)); torch.ones(2).is_distributed(); torch.is_distributed(torch.ones(2))
torch.is_distributed(3); torch.ones(2).is_cpu; torch.ones(2).is_ipu; torch.ones(2).is_xla; torch.ones(2).is_sparse_csr
torch.ones(2).is_maia; torch.ones(2).is_mtia; torch.ones(2).is_vulkan; torch.ones(2).name; torch.ones(2).volatile
torch.ones(2).is_pinned(); torch.ones(2).is_pinned("cuda"); torch.ones(2).is_pinned(3); torch.ones(2).pin_memory()
torch.ones(2).pin_memory("cpu"); torch.ones(2).pin_memory(3); torch.ones(2).record_stream(3)
torch.ones(2).is_shared(); torch.typename(torch.ones(2)); torch.typename(3); torch.typename(int); torch.typename([])
torch.ones(2, 3).dim_order(); torch.ones(2, 3).t().dim_order(); torch.ones(2, 1, 4).permute(2, 1, 0).dim_order()
torch.ones(2, 3, 4, 5).to(memory_format=torch.channels_last).dim_order(); torch.ones(()).dim_order()
torch.ones(2, 3).dim_order(ambiguity_check=True); torch.ones(2, 1, 4).dim_order(ambiguity_check=True)
torch.ones(2, 1, 1).expand(2, 3, 4).dim_order(); torch.ones(2, 1, 1).expand(2, 3, 4).dim_order(ambiguity_check=True)
torch.ones(2, 1, 4).dim_order(ambiguity_check=[torch.contiguous_format])
torch.ones(2, 1, 4).permute(2, 1, 0).dim_order(ambiguity_check=[torch.contiguous_format, torch.channels_last])
torch.ones(2, 3).dim_order(ambiguity_check=3); torch.ones(2, 3).dim_order(ambiguity_check=[3]); torch.ones(2).dim_order(True)
torch.tensor([1, 2]).dequantize(); torch.dequantize(torch.ones(2)); torch.q_scale(3)
"""
OLDER = """
torch.ones(2).resize(2); torch.ones(6).resize(2, 3); torch.ones(6).resize((2, 3)); torch.ones(6).resize(7)
torch.ones(6).resize(torch.Size([3, 2])); torch.ones(6).resize_as(torch.ones(2, 3)); torch.ones(6).resize_as(torch.ones(2, 4))
torch.ones(6).resize(); torch.ones(6).resize(-1); torch.ones(6).resize_as(3); torch.ones(2).reinforce(1)
torch.ones(2).module_load(torch.zeros(2)); torch.ones(2).module_load(torch.zeros(2), assign=True); torch.ones(2).module_load(3)
torch.ones(2).module_load([1, 2]); torch.ones(2, requires_grad=True).module_load(torch.zeros(2))
torch.ones(2, 3).adjoint(); torch.tensor([[1, 2j]]).adjoint(); torch.adjoint(torch.ones(2, 3, 4)).shape; torch.ones(2).adjoint()
torch.ones(()).adjoint(); torch.adjoint(torch.ones(2, 3, requires_grad=True)).grad_fn; torch.adjoint(3)
torch.ones(2, dtype=torch.float64).polygamma_(1); torch.ones(2).polygamma_(0); torch.ones(2, dtype=torch.int64).polygamma_(1)
torch.ones(2, requires_grad=True).clone().polygamma_(1).grad_fn; torch.ones(2).polygamma_(-1)
torch.ones(2).polygamma_(torch.ones(2))
torch.dropout_(torch.ones(3), 0.0, True); torch.dropout_(torch.ones(8), 0.5, True); torch.dropout_(torch.ones(8), 0.5, False)
torch.dropout_(torch.ones(3), 2.0, True); torch.dropout_(torch.ones(3, requires_grad=True), 0.5, True)
"""
EDITS = """
torch.zeros(3, 3).fill_diagonal_(5); torch.zeros(4, 2).fill_diagonal_(1); torch.zeros(7, 2).fill_diagonal_(1, wrap=True)
torch.zeros(8, 3).t().fill_diagonal_(1); torch.zeros(3, 8).t().fill_diagonal_(1, True); torch.zeros(2, 2, 2).fill_diagonal_(3)
torch.zeros(3, 2).fill_diagonal_(1, True); torch.zeros(4, 3).fill_diagonal_(1, True)
torch.zeros(5, 3)[1:].fill_diagonal_(1, True)
torch.zeros(2).fill_diagonal_(3); torch.zeros(2, 3, 3).fill_diagonal_(3); torch.zeros(2, 3).fill_diagonal_(1j)
torch.zeros(2, 3, dtype=torch.int64).fill_diagonal_(1.5); torch.zeros(2, 3).fill_diagonal_(torch.tensor(2.0))
torch.zeros(2, 3).fill_diagonal_("a"); torch.zeros(2, 3).fill_diagonal_(fill_value=2, wrap=True)
torch.zeros(0, 3).fill_diagonal_(1)
torch.ones(2, 3, requires_grad=True).clone().fill_diagonal_(1); torch.ones(2, 3, requires_grad=True).fill_diagonal_(1)
torch.zeros(3).expand(3, 3).fill_diagonal_(1); torch.arange(6.0).as_strided_((2, 2), (1, 1))
torch.as_strided_(torch.arange(6.0), (2, 2), (1, 1), 2); torch.arange(6.0).as_strided_((7,), (1,))
torch.ones(6, requires_grad=True).as_strided_((2, 2), (1, 1)); torch.as_strided_(3, (1,), (1,))
torch.ones(6, requires_grad=True).clone().as_strided_((2, 2), (1, 1)).grad_fn
torch.ones(2).apply_(lambda a: a + 1); torch.ones(2).apply_(3); torch.ones(2, requires_grad=True).apply_(lambda a: a)
(torch.ones(2, requires_grad=True) * 2).apply_(lambda a: a); torch.ones(2).apply_(lambda a: "x")
torch.ones(2).apply_(lambda a: 1j)
torch.ones(2).apply_(lambda a: None); torch.ones(2).apply_(lambda a: [3]); torch.ones(2).apply_(lambda a: torch.tensor(3))
torch.ones(2).apply_(lambda a: torch.ones(2)); torch.ones(2).apply_(lambda a: 1 / 0); torch.empty(0).apply_(lambda a: 1 / 0)
torch.ones(2, dtype=torch.int64).apply_(lambda a: a + 1.5); torch.ones(2, dtype=torch.bool).apply_(lambda a: 3.5)
torch.ones(2, dtype=torch.int8).apply_(lambda a: 300); torch.ones(2, dtype=torch.uint8).apply_(lambda a: -1)
torch.ones(2, dtype=torch.int64).apply_(lambda a: "x"); torch.ones(2, dtype=torch.complex64).apply_(lambda a: a * 1j)
torch.ones(2, dtype=torch.float16).apply_(lambda a: a * 1.5)
torch.ones(2, 3).t().apply_(lambda a: a + 1); torch.ones(1).expand(3).apply_(lambda a: a + 1)
torch.ones(2).map_(torch.zeros(2), lambda a, b: a + b + 1); torch.ones(2).map_(torch.ones(3), lambda a, b: a)
torch.ones(2).map_(torch.ones(2, dtype=torch.float64), lambda a, b: a); torch.ones(2).map_(torch.ones(()), lambda a, b: a + b)
torch.ones(2).map_(torch.ones(2)); torch.ones(2).map_(3, lambda a, b: a); torch.ones(2).map_(torch.ones(2), 3)
torch.ones(2).map_(torch.ones(2, requires_grad=True), lambda a, b: a); torch.ones(2).map_(other=torch.ones(2), callable=max)
torch.arange(4.0).reshape(2, 2).t().map_(torch.arange(4.0).reshape(2, 2), lambda a, b: a * 10 + b)
torch.ones(2).map2_(torch.zeros(2), torch.ones(2), lambda a, b, c: a + b + c)
torch.ones(2).map2_(torch.ones(3), torch.ones(2), max)
torch.ones(2).map2_(torch.ones(2), torch.ones(2, dtype=torch.int64), max)
torch.ones(2).map2_(x=torch.ones(2), y=torch.ones(2), callable=max)
torch.ones(2, 2).map2_(torch.arange(2.0), torch.arange(2.0)[:, None], lambda a, b, c: b * 10 + c)
"""
GRADIENTS = [
    "x = torch.arange(1.0, 7.0, requires_grad=True); y = (x * 2).view(2, 3); y.fill_diagonal_(9); y.sum().backward(); x.grad",
    "x = torch.arange(1.0, 7.0, requires_grad=True); y = x * 2; y.as_strided_((2, 2), (2, 1)); (y * y).sum().backward(); x.grad",
    "x = torch.tensor([1.5, 2.5], requires_grad=True); y = x * 2; y.polygamma_(1); y.sum().backward(); x.grad",
    "x = torch.tensor([1.5, 2.5], requires_grad=True); y = x * 2; torch.dropout_(y, 0.5, True); y.sum().backward(); x.grad",
    "x = torch.arange(4.0, requires_grad=True); (x.resize(2, 2) * torch.arange(4.0).view(2, 2)).sum().backward(); x.grad",
    "x = torch.ones(2, 3); y = x.t(); y.as_strided_((6,), (1,)); x.add_(1); y",
    "x = torch.ones(2); x.volatile = True; x.volatile",
    "x = torch.ones(2); setattr(x, 'name', 'x')",
]
LINES = [line for text in (QUERIES, OLDER, EDITS) for line in text.strip().replace("\n", "; ").split("; ")]


@every_case("line", LINES + GRADIENTS)
def test_a_line_says_the_same(line: str) -> None:
    check(line)


@pytest.mark.parametrize(
    "name",
    [
        "int_repr",
        "q_scale",
        "q_zero_point",
        "q_per_channel_scales",
        "q_per_channel_zero_points",
        "q_per_channel_axis",
        "qscheme",
    ],
)
def test_what_is_asked_of_quantised_tensors_is_refused(name: str) -> None:
    import torch

    import autogradkit

    for module in (torch, autogradkit):
        with pytest.raises(
            NotImplementedError, match=f"^Could not run 'aten::{name}' with arguments from the 'CPU' backend"
        ):
            getattr(module.ones(2), name)()
