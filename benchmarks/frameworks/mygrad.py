"""MyGrad, with its own layers' functions; it has no modules and no optimizers, so those are a few lines here.

Its guard, which locks the arrays of a graph against edits until backward is through, stays on as it is by default:
PyTorch and autogradkit guard theirs too.
"""

from __future__ import annotations

import itertools
import timeit
from collections.abc import Callable, Iterator
from typing import Any

import mygrad.nnet
import numpy as np

from benchmarks.frameworks.base import Framework, Step, timer
from benchmarks.frameworks.numpy_optimizers import optimizer_of
from benchmarks.models import Conv, Flatten, Layer, Linear, Model, Pool, Relu, batch_of, initial_weights
from benchmarks.operations import Operation, leaves, operands

mg: Any = mygrad  # its names are gathered at run time, where type checkers do not see them

SPELLINGS = {
    "mul": "x * w",
    "add": "x + w",
    "mul by a number": "x * 0.5",
    "tanh": "mg.tanh(x)",
    "relu": "mg.nnet.relu(x)",
    "matmul": "x @ w",
    "sum over a dimension": "x.sum(axis=0)",
    "view": "x.reshape(4, 16)",
    "linear": "x @ w.T + b",
    "cross_entropy": "mg.nnet.softmax_crossentropy(x, labels)",
    "chain of 10 (mul, add, tanh; sum)": "mg.tanh(mg.tanh(mg.tanh(x * w + w) * w + w) * w + w).sum()",
    "exp": "mg.exp(x)",
    "mul, broadcasting": "x * b",
    "clamp": "mg.clip(x, 0.1, 0.3)",
    "sum()": "x.sum()",
    "where": "mg.where(mask, x, w)",
    "cat": "mg.concatenate((x, w))",
    "var": "x.var(ddof=1)",
    "mul, int64": "index * index",
    "mul, a transposed operand": "x * transposed",
    "reshape": "x.reshape(4, 16)",
    "transpose": "x.transpose(1, 0)",
    "max over a dimension": "x.max(axis=0)",
    "x[0]": "x[0]",
    "zeros": "mg.zeros((8, 8))",
}


class MyGrad(Framework):
    """MyGrad."""

    def training_step(self, model: Model, batch: int, optimizer: str) -> Step:
        parameters: list[Any] = []
        weights = iter(initial_weights(model))
        layers = [self._layer(layer, weights, parameters) for layer in model.layers]
        inputs, rows = batch_of(model, batch)
        labels = itertools.cycle(rows)
        images = mg.tensor(inputs, constant=True)
        chosen = optimizer_of(optimizer, [parameter.data for parameter in parameters])
        cross_entropy = mg.nnet.softmax_crossentropy

        def step() -> float:
            for parameter in parameters:
                parameter.null_grad()
            scores = images
            for layer in layers:
                scores = layer(scores)
            loss = cross_entropy(scores, next(labels))
            loss.backward()
            chosen.step(parameter.grad for parameter in parameters)
            return loss.item()

        return step

    def _layer(self, layer: Layer, weights: Iterator[tuple[Any, Any]], parameters: list[Any]) -> Callable[[Any], Any]:
        def trained(array: Any) -> Any:
            parameters.append(mg.tensor(np.ascontiguousarray(array)))
            return parameters[-1]

        match layer:
            case Conv(_, outputs, _):
                weight, bias = next(weights)
                kernel, offset = trained(weight), trained(bias.reshape(1, outputs, 1, 1))
                return lambda x: mg.nnet.conv_nd(x, kernel, stride=1) + offset
            case Linear():
                weight, bias = next(weights)
                matrix, shift = trained(weight.T), trained(bias)
                return lambda x: x @ matrix + shift
            case Relu():
                return mg.nnet.relu
            case Pool():
                return lambda x: mg.nnet.max_pool(x, (2, 2), 2)
            case Flatten():
                return lambda x: x.reshape(x.shape[0], -1)

    def forward(self, operation: Operation, differentiated: bool) -> timeit.Timer | None:
        code = SPELLINGS.get(operation.name)
        return timer(code, self._namespace(differentiated)) if code else None

    def forward_and_backward(self, operation: Operation) -> timeit.Timer | None:
        code = SPELLINGS.get(operation.name)
        if code is None:
            return None
        namespace = self._namespace(differentiated=True)
        namespace["seed"] = np.ones(eval(code, dict(namespace)).shape, np.float32)
        clear = "".join(f"{name}.null_grad()\n" for name in leaves(code))
        return timer(f"({code}).backward(seed)\n{clear}", namespace)

    def _namespace(self, differentiated: bool) -> dict[str, Any]:
        trained = {"x", "w", "b"} if differentiated else set()
        arrays = operands()
        tensors = {name: mg.tensor(array, constant=name not in trained) for name, array in arrays.items()}
        return {"mg": mg, **tensors, "labels": arrays["labels"], "mask": arrays["mask"]}

    def chain(self, length: int) -> Iterator[str]:
        tensors = self._namespace(differentiated=True)
        y, one = tensors["x"], tensors["one"]
        for _ in range(length):
            y = y * one
        yield "forward"
        y.backward(one.data)
        yield "backward"
        del y
        yield "freeing"


def framework() -> MyGrad:
    """MyGrad; its threads are those of NumPy's BLAS."""
    return MyGrad()
