"""Edits in place that are differentiated: history, versions, saved values, refusals and gradients are PyTorch's.

Each goes into a whole tensor, a part of it, all of it in another order, and a leaf; what is edited, what it is edited by, or both
require gradients.
"""

from __future__ import annotations

import pytest

from .programs.runs import Line, Pair

EDITS = (
    "mul_(w)", "mul_(2.5)", "add_(w, alpha=2)", "add_(w[0])", "sub_(1)", "div_(w)", "pow_(2)", "pow_(w)", "hypot_(w)", "neg_()",
    "exp_()", "tanh_()", "sigmoid_()", "relu_()", "clamp_(1, 5)", "abs_()", "addcmul_(w, w, value=0.5)", "lerp_(w, 0.25)",
    "lerp_(w, w)", "zero_()", "fill_(0.5)", "fill_(w[0, 0])", "copy_(w)", "copy_(w[1])", "tril_()", "masked_fill_(m, 0.5)",
    "masked_fill_(m, w[0, 0])", "masked_scatter_(m, w)", "addmm_(w, w)", "index_add_(0, i, w[:2])",
    "index_add_(-1, i, w[:, :2], alpha=2)", "index_copy_(1, i, w[:, :2])", "index_fill_(0, i, 0.5)", "scatter_(0, i[None], w)",
    "scatter_(1, i[None], 0.5)", "scatter_add_(1, i[None], w)", "index_put_((i,), w[:2])", "index_put_((i, i), w[0, 0])",
    "index_put_((i,), w[:2], accumulate=True)", "__setitem__(i, w[:2])", "__setitem__(m, 0.5)",
    "__setitem__((slice(None), i), w[:, :2])",
    "__setitem__(1, w[0])", "mul_(T.ones(4))", "index_add_(2, i, w)", "index_add_(0, i + 3, w[:2])",
    "index_put_((i + 3,), w[:2])",
    "masked_fill_(T.ones(4) > 0, 1)", "scatter_(0, i[None] + 3, w)", "mul_(y)", "copy_(y)", "copy_(y.t())",
)  # fmt: skip
PLACES = ("x * 1", "(x * 1)[:3]", "(x * 1).t()", "(x * 1)[:, :3]", "T.cat([x, x])[1:4]", "x[:3]", "x")
WHO = ((True, True), (True, False), (False, True))


@pytest.mark.one_in(2)
@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_that_is_differentiated(edit: str) -> None:
    for place in PLACES:
        for edited, by in WHO:
            lines = (
                f"x = T.arange(1., 10.).reshape(3, 3).requires_grad_({edited})",
                f"w = (T.arange(9.).reshape(3, 3) / 8 + 0.5).requires_grad_({by})",
                "i = T.tensor([2, 0])",
                "m = T.tensor([True, False, True]).expand(3, 3).contiguous()",
                f"y = {place}",
                f"y.{edit}",
                "z = y * 2",
                "z.sum().backward()",
            )
            with Pair() as pair:
                for line in lines:
                    found = pair.run(Line(line, line))
                    assert found is None, f"y = {place}, x requires {edited}, w {by}: {found.text}"
