"""HIPS autograd: gradients of functions of NumPy arrays, so an op is differentiated inside of a function.

It has the MLP only. Its one convolution, `autograd.scipy.signal.convolve`, is an einsum over a strided view (no matrix
product, the kernel flipped) and needs SciPy; there is no pooling.

The derivatives of its `maximum`, `max` and `mean` are float64 for float32 arrays, and double the time of all that
follows; so relu, the shift of the scores and the mean are spelled by a mask, a constant and a division, which stay in
float32, as the other frameworks do.
"""

from __future__ import annotations

import itertools
import timeit
from collections.abc import Iterator
from typing import Any

import autograd.numpy
import numpy as np
from autograd.differential_operators import make_vjp
from autograd.tracer import getval

from benchmarks.frameworks.base import Framework, Step, timer
from benchmarks.frameworks.numpy_optimizers import optimizer_of
from benchmarks.models import Linear, Model, Relu, batch_of, initial_weights
from benchmarks.operations import Operation, leaves, operands

anp: Any = autograd.numpy  # its names, and a gradient's arguments, are made at run time: type checkers do not see them
value_and_grad: Any = autograd.value_and_grad
vjp_of: Any = make_vjp

SPELLINGS = {
    "mul": "x * w",
    "add": "x + w",
    "mul by a number": "x * 0.5",
    "tanh": "anp.tanh(x)",
    "relu": "relu(x)",
    "matmul": "anp.dot(x, w)",
    "sum over a dimension": "anp.sum(x, axis=0)",
    "view": "anp.reshape(x, (4, 16))",
    "linear": "anp.dot(x, w.T) + b",
    "cross_entropy": "cross_entropy(x, labels)",
    "chain of 10 (mul, add, tanh; sum)": "anp.sum(anp.tanh(anp.tanh(anp.tanh(x * w + w) * w + w) * w + w))",
    "exp": "anp.exp(x)",
    "mul, broadcasting": "anp.multiply(x, b)",
    "clamp": "anp.clip(x, 0.1, 0.3)",
    "sum()": "anp.sum(x)",
    "where": "anp.where(mask, x, w)",
    "cat": "anp.concatenate((x, w))",
    "var": "anp.var(x, ddof=1)",
    "mul, int64": "anp.multiply(index, index)",
    "mul, a transposed operand": "anp.multiply(x, transposed)",
    "reshape": "anp.reshape(x, (4, 16))",
    "transpose": "anp.transpose(x)",
    "max over a dimension": "anp.max(x, axis=0)",
    "zeros": "anp.zeros((8, 8))",
}


def relu(x: Any) -> Any:
    """x where it is above 0."""
    return x * (x > 0)


def cross_entropy(scores: Any, labels: Any) -> Any:
    """The mean of -log softmax at the labels, by the ops that there are."""
    shifted = scores - getval(scores).max(axis=1, keepdims=True)
    logarithms = shifted - anp.log(anp.sum(anp.exp(shifted), axis=1, keepdims=True))
    return -anp.sum(logarithms[anp.arange(len(labels)), labels]) / len(labels)


class HipsAutograd(Framework):
    """HIPS autograd."""

    def training_step(self, model: Model, batch: int, optimizer: str) -> Step | None:
        if not all(isinstance(layer, Linear | Relu) for layer in model.layers):
            return None
        parameters = [(np.ascontiguousarray(weight.T), bias) for weight, bias in initial_weights(model)]
        inputs, rows = batch_of(model, batch)
        labels = itertools.cycle(rows)
        chosen = optimizer_of(optimizer, [array for pair in parameters for array in pair])

        def loss_of(parameters: Any) -> Any:
            *hidden, (last, shift) = parameters
            x = inputs
            for matrix, bias in hidden:
                x = relu(anp.dot(x, matrix) + bias)
            return cross_entropy(anp.dot(x, last) + shift, next(labels))

        value_and_gradients = value_and_grad(loss_of)

        def step() -> float:
            loss, gradients = value_and_gradients(parameters)
            chosen.step(gradient for pair in gradients for gradient in pair)
            return loss.item()

        return step

    def forward(self, operation: Operation, differentiated: bool) -> timeit.Timer | None:
        code = SPELLINGS.get(operation.name)
        if code is None:
            return None
        if differentiated:
            return timer("pulled_back(x, w, b)", self._namespace(code))
        return timer(code, self._namespace())

    def forward_and_backward(self, operation: Operation) -> timeit.Timer | None:
        code = SPELLINGS.get(operation.name)
        if code is None:
            return None
        namespace = self._namespace(code)
        namespace["seed"] = np.ones_like(namespace["function"](*(namespace[name] for name in "xwb")))
        return timer("pulled_back(x, w, b)[0](seed)", namespace)

    def _namespace(self, code: str | None = None) -> dict[str, Any]:
        """The operands; with `code`, also the op as a function, and what records it and returns its gradients."""
        namespace: dict[str, Any] = {"anp": anp, "relu": relu, "cross_entropy": cross_entropy, **operands()}
        if code:
            namespace["function"] = eval(f"lambda x, w, b: {code}", namespace)
            positions = tuple("xwb".index(name) for name in leaves(code))
            namespace["pulled_back"] = vjp_of(namespace["function"], positions)
        return namespace

    def chain(self, length: int) -> Iterator[str]:
        arrays = operands()
        one = arrays["one"]

        def product(x: Any) -> Any:
            for _ in range(length):
                x = x * one
            return x

        pull_back, _ = vjp_of(product)(arrays["x"])
        yield "forward"
        pull_back(one)
        yield "backward"
        del pull_back
        yield "freeing"


def framework() -> HipsAutograd:
    """HIPS autograd; its threads are those of NumPy's BLAS."""
    return HipsAutograd()
