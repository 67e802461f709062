"""What a recording keeps and shows of sparse tensors: all elements of a small one, a summary of a large one, no strides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import autogradkit as torch
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.telling.steps import details_of
from autogradkit.tracing.trace import Trace

F = torch.nn.functional


def sparse(*, grad: bool = True) -> torch.Tensor:
    return torch.sparse_coo_tensor([[0, 1], [1, 2]], [1.0, 2.0], (2, 3)).requires_grad_(grad)


def recorded(run: Any) -> Trace:
    with torch.record() as trace:
        run()
    return trace


def detail_rows(trace: Trace) -> list[list[str]]:
    """All rows, as [what, text], that the picture has for whoever asks."""
    return [row[:2] for each in details_of(draw_graph(trace).graph).values() for row in each["rows"]]


def test_every_element_of_a_small_one_is_shown_and_what_it_keeps_is_said() -> None:
    a = sparse()
    trace = recorded(lambda: a * 2)
    (op,) = trace.ops
    value = trace.values[op.outputs[0]]
    assert value.numbers.data == (0.0, 2.0, 0.0, 0.0, 0.0, 4.0)
    assert (value.kept, value.stride, value.offset) == (2, (), 0)
    assert "[[0., 2., 0.], [0., 0., 4.]]" in trace.table()
    assert ["shape", "(2, 3)   sparse: 2 values are kept, every other element is 0"] in detail_rows(trace)


def test_of_a_large_one_the_summary_of_all_elements_is_kept() -> None:
    large = torch.sparse_coo_tensor([[0, 1], [1, 2]], [-1.0, 5.0], (100_000, 100_000))
    trace = recorded(lambda: large * 2)
    numbers = trace.values[trace.ops[0].outputs[0]].numbers
    assert (numbers.data, numbers.low, numbers.high, numbers.omitted) == (None, -2.0, 10.0, 10**10)
    assert numbers.mean == pytest.approx(8e-10)
    assert numbers.printed == "2 values at their places, and zeros"


def test_a_backward_shows_gradients_and_none_of_the_ops_that_compute_them() -> None:
    a, w = sparse(), torch.ones(3, 2, requires_grad=True)
    trace = recorded(lambda: torch.sparse.mm(a, w).sum().backward())
    assert [op.name for op in trace.ops] == ["_sparse_addmm", "sum"]
    table = trace.table()
    assert "∂ –, [[0., 2., 0.], [0., 0., 2.]], [[0., 0.], [1., 1.], [2., 2.]]" in table


def test_sparse_gradients_add_up_in_one_row() -> None:
    w = torch.ones(3, 2, requires_grad=True)

    def run() -> None:
        for _ in range(2):
            F.embedding(torch.tensor([0, 2]), w, sparse=True).sum().backward()

    trace = recorded(run)
    assert "[[1., 1.], [0., 0.], [1., 1.]] + [[1., 1.], [0., 0.], [1., 1.]]" in trace.table()
    assert [op.name for op in trace.ops] == ["tensor", "embedding", "sum"] * 2


def test_an_edit_and_a_failure_are_told() -> None:
    a = sparse(grad=False)

    def run() -> None:
        a.mul_(3)
        a.zero_()
        with pytest.raises(NotImplementedError, match="aten::cos"):
            a.cos()

    trace = recorded(run)
    assert [op.name for op in trace.ops] == ["mul_", "zero_"]
    assert [trace.values[op.outputs[0]].numbers.high for op in trace.ops] == [6.0, 0.0]


PROGRAMS: dict[str, Any] = {
    "parts": lambda: (sparse().coalesce().values().sum(), sparse().detach().coalesce().indices(), sparse()._nnz()),
    "making": lambda: (
        torch.sparse_coo_tensor([[0, 1]], torch.ones(2, requires_grad=True) * 2).to_dense().sum().backward()
    ),
    "hooks": lambda: _hooked().backward(torch.ones(2, 3)),
    "grad": lambda: (lambda a: torch.autograd.grad(a.to_dense().sum(), a))(sparse()),
    "assigning": lambda: setattr(sparse(), "grad", sparse(grad=False)),
    "steps": lambda: _step(),
    "wrong indices": lambda: torch.sparse_coo_tensor([[7]], [1.0], (2,)) * 2,
    "nothing": lambda: torch.zeros(2, 3, layout=torch.sparse_coo) + torch.zeros(2, 3, layout=torch.sparse_coo),
}


def _hooked() -> torch.Tensor:
    result = sparse() * 2
    result.register_hook(lambda gradient: gradient * 3)
    result.retain_grad()
    return result.to_dense()


def _step() -> None:
    w = torch.ones(3, 2, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9)
    for _ in range(2):
        F.embedding(torch.tensor([0, 2]), w, sparse=True).sum().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=False)


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_picture_raises_and_a_trace_comes_back_from_its_file(name: str, tmp_path: Path) -> None:
    trace = recorded(PROGRAMS[name])
    assert draw_graph(trace).svg.startswith("<svg")
    assert trace.to_html()
    trace.save(tmp_path / "trace.json")
    assert Trace.load(tmp_path / "trace.json") == trace
