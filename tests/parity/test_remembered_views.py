"""Views whose geometry is remembered, and products of batches: asked again of other memory, the same as in PyTorch.

A kernel remembers by layout, or by sizes and strides alone, so each program meets the same ones on contiguous memory, on a part
of it, on all of it in another order, on a part in another order, in another dtype, and where one element has a stride of its own.
"""

from __future__ import annotations

import pytest

from tests.every_case import every_case

from .programs.runs import Line, Pair

VIEWS = (
    "unsqueeze(1)", "unsqueeze(-1)", "squeeze()", "squeeze(0)", "view(v.shape)", "reshape(v.shape)", "reshape(-1)",
    "expand(2, *v.shape)", "expand(v.shape)", "diagonal()", "diagonal(1)", "unfold(1, 2, 1)", "movedim(0, -1)",
)  # fmt: skip
MEMORY = (
    "T.arange(12.).reshape(3, 4)", "T.arange(30.)[5:17].view(3, 4)", "T.arange(12.).reshape(4, 3).t()",
    "T.arange(36.).reshape(3, 4, 3)[1].t()", "T.arange(24.).reshape(4, 6)[:, ::2].t()", "T.arange(4.).expand(3, 4)",
    "T.arange(12.).reshape(1, 12)", "T.arange(12.).reshape(12, 1)", "T.zeros(0, 4)",
    "T.arange(12.).double().reshape(3, 4)", "T.arange(12.).as_strided((12, 1), (1, 7))",
)  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_of_other_memory_with_the_same_sizes_is_that_memorys(view: str) -> None:
    for _ in range(2):  # what the first turn worked out, the second knows
        for memory in MEMORY:
            with Pair() as pair:
                found = pair.run(Line(f"v = ({memory}).requires_grad_(); r = v.{view}; s = r * 1", view))
            assert found is None, f"{memory}: {found.text}"


@every_case(
    "a", ["T.arange(24.).reshape(2, 3, 4)", "T.arange(24.).reshape(2, 4, 3).mT", "T.arange(48.).reshape(4, 3, 4)[::2]"]
)
@every_case("b", ["T.arange(16.).reshape(2, 4, 2)", "T.arange(16.).reshape(2, 2, 4).mT", "T.zeros(2, 4, 0)"])
@every_case("batch", ["", ".unsqueeze(1)"])
def test_a_product_of_batches_has_pytorchs_nodes(a: str, b: str, batch: str) -> None:
    asked = "; ".join(
        f"{name} = r.grad_fn.next_functions[0][0]{more}"
        for name, more in (
            ("n", ".name()"),
            ("p", ".next_functions[0][0].name()"),
            ("q", ".next_functions[1][0].name()"),
            ("o", ".next_functions[1][0].next_functions[0][0].name()"),
        )
    )
    program = (
        f"a = ({a}){batch}.requires_grad_(); b = ({b}){batch}.requires_grad_(); r = a @ b; {asked}; r.sum().backward()"
    )
    with Pair() as pair:
        found = pair.run(Line(program, "matmul"))
    assert found is None, found.text
    assert all(pair.mine[name] == pair.theirs[name] for name in "npqo")
