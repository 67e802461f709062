"""The ops whose overhead is measured: PyTorch's spelling, the operands, and the most that each may take.

Rests on NumPy; the frameworks compile the spellings and convert the operands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Operation:
    """One op as PyTorch spells it, in a namespace with `torch`, its `F` and the operands.

    `bar` is the most that the forward may take as a part of PyTorch's time, `both_bar` the most of forward and
    backward; None where none is set. `times` says how often the code runs the op.
    """

    name: str
    code: str
    bar: float | None = None
    both_bar: float | None = None
    times: int = 1


EXP = Operation("exp", "torch.exp(x)", bar=0.6)
OTHERS = (
    Operation("mul, broadcasting", "x * b", bar=1),
    Operation("mul, a transposed operand", "x * transposed", bar=4),
    Operation("clamp", "x.clamp(0.1, 0.3)", bar=1.2),
    Operation("sum()", "x.sum()", bar=1.2),
    Operation("where", "torch.where(mask, x, w)", bar=4),
    Operation("gather", "x.gather(0, index)", bar=4),
    Operation("cat", "torch.cat((x, w))", bar=4),
    Operation("var", "x.var()", bar=4),
    Operation("max over a dimension", "x.max(0)"),
    Operation("max over a dimension by name", "x.max(dim=0)"),
    Operation("sub, an operand of int64", "x - labels", bar=4),
    Operation("view, sizes in a list", "x.view([4, 16])", bar=2),
    Operation("reshape", "x.reshape(4, 16)", bar=2),
    Operation("transpose", "x.transpose(0, 1)", bar=2),
    Operation("chunk", "x.chunk(2)", bar=2),
    Operation("x[0]", "x[0]", bar=2),
    Operation("x[labels, labels]", "x[labels, labels]", bar=4),
)

# x, w and b require gradients here, as in `OTHERS` in the first table; of these the backward is measured too.
DIFFERENTIATED = (
    Operation("mul", "x * w", bar=0.6),
    Operation("add", "x + w", bar=0.6),
    Operation("mul by a number", "x * 0.5", bar=0.6),
    EXP,
    Operation("tanh", "torch.tanh(x)", bar=0.6),
    Operation("relu", "torch.relu(x)", bar=0.6),
    Operation("matmul", "x @ w", bar=1.2),
    Operation("sum over a dimension", "x.sum(0)", bar=1.2),
    Operation("view", "x.view(4, 16)", bar=2),
    Operation("linear", "F.linear(x, w, b)", bar=1.2),
    Operation("cross_entropy", "F.cross_entropy(x, labels)"),
    Operation(
        "chain of 10 (mul, add, tanh; sum)",
        "(((x * w + w).tanh() * w + w).tanh() * w + w).tanh().sum()",
        both_bar=0.8,
    ),
)

# Nothing requires a gradient here but `p`.
PLAIN = (
    EXP,
    *OTHERS,
    Operation("mul, int64", "index * index", bar=4),
    Operation(
        "mul_ of a parameter, no_grad", "with torch.no_grad():\n  for _ in range(100): p.mul_(one)", bar=0.6, times=100
    ),
    Operation("zeros", "torch.zeros(8, 8)"),
    Operation("randn", "torch.randn(8, 8)"),
)


def leaves(code: str) -> list[str]:
    """Those of the operands x, w and b that the code names: what its backward gives gradients to.

    >>> leaves("x * w")
    ['x', 'w']
    """
    names = compile(code, "op", "eval").co_names
    return [name for name in ("x", "w", "b") if name in names]


def operands() -> dict[str, np.ndarray[Any, Any]]:
    """What the spellings name, as arrays: 8×8 float32 unless they say otherwise."""
    stream = np.random.default_rng(0)
    x, w = (stream.uniform(0.1, 0.4, (8, 8)).astype(np.float32) for _ in range(2))
    return {
        "x": x,
        "w": w,
        "b": stream.uniform(0.1, 0.4, 8).astype(np.float32),
        "p": x.copy(),
        "one": np.ones((8, 8), np.float32),
        "transposed": np.ascontiguousarray(w.T).T,
        "mask": x > w,
        "index": stream.integers(0, 8, (8, 8)),
        "labels": stream.integers(0, 8, 8),
    }
