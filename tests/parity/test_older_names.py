"""What scripts do here and there, beside PyTorch: numbers of tensors, draws between large bounds, sparse gradients for optimizers.

Each line is a program that both libraries run; `⏎` is a new line in it.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

import autogradkit

from .programs.runs import Line, Pair

# ruff: noqa: E501 - long lines stay whole: each is a program.
CASES = {
    "numbers": """
x=T.tensor(2.,requires_grad=True); r=float(x)
x=T.tensor(2.,requires_grad=True) ⏎with T.no_grad(): ⏎  r=float(x),complex(x)
x=T.tensor(2.,requires_grad=True) ⏎with T.inference_mode(): ⏎  r=float(x)
r=T.ones(2).type(np.ones(2))
    """,
    "uniform": """
r=T.empty(40,dtype=T.float64).uniform_(1e300,1e301)
r=T.empty(40,dtype=T.float64).uniform_(-1e307,1e308)
r=T.empty(40,dtype=T.float64).uniform_(1e270,1e290)
r=T.empty(3,dtype=T.float64).uniform_(-1e308,1e308)
r=T.empty(3).uniform_(-3e38,3e38)
r=T.empty(3,dtype=T.float16).uniform_(-60000,60000)
r=T.empty(3,dtype=T.bfloat16).uniform_(-3e38,3e38)
r=T.empty(3,dtype=T.complex64).uniform_(-3e38,3e38)
    """,
}  # fmt: skip
SPARSE = """
o=O.Adam([a,b]); a.grad=T.ones(3); b.grad=sp; o.step()
o=O.AdamW([a,b]); a.grad=T.ones(3); b.grad=sp; o.step()
o=O.RMSprop([a,b]); a.grad=T.ones(3); b.grad=sp; o.step()
o=O.Rprop([a,b]); a.grad=T.ones(3); b.grad=sp; o.step()
o=O.Adagrad([a,b],lr=.1,lr_decay=.5); a.grad=T.ones(3); b.grad=sp; o.step(); o.step(); r=(o.state[b]["sum"],o.state[b]["step"])
o=O.Adagrad([b],maximize=True); b.grad=sp; o.step()
o=O.Adagrad([b],weight_decay=.1); b.grad=sp; o.step()
o=O.SparseAdam([b],lr=.1); b.grad=sp; o.step(); o.step(); r=[o.state[b][n] for n in ("exp_avg","exp_avg_sq","step")]
o=O.SparseAdam([b],lr=.1,maximize=True); b.grad=sp; o.step()
o=O.SparseAdam([b]); b.grad=T.ones(3,2); o.step()
o=O.SGD([b],lr=.1,momentum=.9); b.grad=sp; o.step(); o.step()
o=O.LBFGS([a,b]); a.grad=T.ones(3); b.grad=sp; o.step(lambda: T.ones(()))
"""
LINES = [(title, line) for title, text in CASES.items() for line in text.strip().splitlines()]


@pytest.mark.parametrize(("title", "line"), LINES)
def test_it_is_as_in_pytorch(title: str, line: str) -> None:
    found = Pair().run(Line(line.replace(" ⏎", "\n").replace("⏎", "\n"), title))
    assert found is None, found.text


def _stepped(m: Any, line: str) -> list[Any]:
    """What a line leaves: the parameters, what it kept in r, the refusal."""
    names: dict[str, Any] = {"T": m, "O": m.optim, "r": ()}
    names["a"], names["b"] = m.ones(3, requires_grad=True), m.ones(3, 2, requires_grad=True)
    said = ""
    with warnings.catch_warnings(action="ignore"):  # PyTorch's, that nobody looks at the indices
        names["sp"] = m.sparse_coo_tensor([[0, 2, 0]], [[1.0, 2.0], [3.0, -1.0], [0.5, 0.5]], (3, 2))
        try:
            exec(line, names)
        except RuntimeError as error:
            said = str(error)
    numbers = [
        torch.tensor(each.tolist() if hasattr(each, "tolist") else each)
        for each in (names["a"], names["b"], *names["r"])
    ]
    return [*numbers, said]


@pytest.mark.parametrize("line", SPARSE.strip().splitlines())
def test_a_step_by_a_sparse_gradient(line: str) -> None:
    *mine, my_text = _stepped(autogradkit, line)
    *theirs, their_text = _stepped(torch, line)
    torch.testing.assert_close(mine, theirs)
    assert my_text == their_text
