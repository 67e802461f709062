"""Per-op overhead beside PyTorch: small tensors, one thread, interleaved runs, ratio of minima.

Run it as `python benchmarks/overhead.py`. A ratio below 1 means that autogradkit is faster. "forward" is one op with
graph recording, as a chain of ops that keeps its graph; "both" adds the backward of the chain.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import operator
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import autogradkit as ak

CHAIN = 100
ROUNDS = 60

# For each name, what is called with the running value and the weight: the op itself, with no Python around it.
OPS: dict[str, Callable[[Any], Callable[[Any, Any], Any]]] = {
    "mul": lambda module: operator.mul,
    "add": lambda module: operator.add,
    "tanh": lambda module: lambda x, w: module.tanh(x),
    "relu": lambda module: lambda x, w: module.relu(x),
    "mul by a number": lambda module: lambda x, w: x * 0.5,
    "matmul": lambda module: operator.matmul,
    "transpose": lambda module: lambda x, w: x.t(),
    "sum over a dimension, expanded": lambda module: lambda x, w: x.sum(0, keepdim=True).expand(8, 8),
}


def chain(op: Callable[[Any, Any], Any], x: Any, w: Any) -> Any:
    for _ in range(CHAIN):
        x = op(x, w)
    return x


def measure(op: Callable[[Any, Any], Any], x: Any, w: Any, seed: Any) -> tuple[float, float]:
    """Seconds for the forward chain, and for forward and backward."""
    clock = time.perf_counter
    start = clock()
    result = chain(op, x, w)
    middle = clock()
    result.backward(seed)
    end = clock()
    x.grad = w.grad = None
    return middle - start, end - start


def main() -> None:
    torch.set_num_threads(1)
    numbers = (np.random.default_rng(0).random((8, 8), np.float32) + 0.5) / 4
    heads = ("8×8 float32, µs per op", "ours fwd", "torch", "ratio", "ours both", "torch", "ratio")
    print("{:32s} {:>9s} {:>7s} {:>6s} {:>10s} {:>7s} {:>6s}".format(*heads))
    for name, op in OPS.items():
        sides = {}
        for module, tensor in ((ak, ak.from_numpy), (torch, torch.from_numpy)):
            x, w = tensor(numbers.copy()).requires_grad_(), tensor(numbers.copy()).requires_grad_()
            sides[module] = (x, w, tensor(numbers.copy()))
        best = {module: [1e9, 1e9] for module in sides}
        for _ in range(ROUNDS):
            for module, (x, w, seed) in sides.items():
                for index, seconds in enumerate(measure(op(module), x, w, seed)):
                    best[module][index] = min(best[module][index], seconds / CHAIN * 1e6)
        (f, b), (tf, tb) = best[ak], best[torch]
        print(f"{name:32s} {f:9.2f} {tf:7.2f} {f / tf:6.2f} {b:10.2f} {tb:7.2f} {b / tb:6.2f}")


if __name__ == "__main__":
    main()
