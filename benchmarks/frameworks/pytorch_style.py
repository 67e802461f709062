"""A framework with PyTorch's names: PyTorch itself, and autogradkit."""

from __future__ import annotations

import itertools
import timeit
from collections.abc import Iterator
from typing import Any

from benchmarks.calls import DIFFERENTIATED, sized_operands
from benchmarks.frameworks.base import Framework, Step, timer
from benchmarks.models import (
    LEARNING_RATE,
    MOMENTUM,
    Conv,
    Flatten,
    Layer,
    Linear,
    Model,
    Pool,
    Relu,
    batch_of,
    initial_weights,
)
from benchmarks.operations import Operation, leaves, operands


class PyTorchStyle(Framework):
    """Everything is written once, against the module given."""

    def __init__(self, module: Any) -> None:
        self.torch = module

    def training_step(self, model: Model, batch: int, optimizer: str) -> Step:
        torch = self.torch
        network = torch.nn.Sequential(*map(self._layer, model.layers))
        with torch.no_grad():
            arrays = [array for pair in initial_weights(model) for array in pair]
            for parameter, array in zip(network.parameters(), arrays, strict=True):
                parameter.copy_(torch.from_numpy(array))
        inputs, rows = map(torch.from_numpy, batch_of(model, batch))
        labels = itertools.cycle(rows)
        if optimizer == "sgd":
            chosen = torch.optim.SGD(network.parameters(), lr=LEARNING_RATE["sgd"], momentum=MOMENTUM)
        else:
            chosen = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE["adam"])
        cross_entropy = torch.nn.functional.cross_entropy

        def step() -> float:
            chosen.zero_grad()
            loss = cross_entropy(network(inputs), next(labels))
            loss.backward()
            chosen.step()
            return loss.item()

        return step

    def _layer(self, layer: Layer) -> Any:
        nn = self.torch.nn
        match layer:
            case Conv(inputs, outputs, kernel):
                return nn.Conv2d(inputs, outputs, kernel)
            case Linear(inputs, outputs):
                return nn.Linear(inputs, outputs)
            case Relu():
                return nn.ReLU()
            case Pool():
                return nn.MaxPool2d(2)
            case Flatten():
                return nn.Flatten()

    def forward(self, operation: Operation, differentiated: bool) -> timeit.Timer:
        return timer(operation.code, self._namespace(differentiated))

    def forward_and_backward(self, operation: Operation) -> timeit.Timer:
        namespace = self._namespace(differentiated=True)
        namespace["seed"] = self.torch.ones_like(eval(operation.code, namespace).detach())
        clear = "".join(f"{name}.grad = None\n" for name in leaves(operation.code))
        return timer(f"({operation.code}).backward(seed)\n{clear}", namespace)

    def sized(self, operation: Operation, elements: int, both: bool) -> timeit.Timer:
        tensors = {name: self.torch.from_numpy(array) for name, array in sized_operands(elements).items()}
        namespace = {"torch": self.torch, "F": self.torch.nn.functional, **tensors}
        if not both:
            return timer(operation.code, namespace)
        for name in DIFFERENTIATED:
            tensors[name].requires_grad_()
        namespace["seed"] = self.torch.ones_like(eval(operation.code, namespace).detach())
        named = compile(operation.code, "op", "eval").co_names
        clear = "".join(f"{name}.grad = None\n" for name in DIFFERENTIATED if name in named)
        return timer(f"({operation.code}).backward(seed)\n{clear}", namespace)

    def _namespace(self, differentiated: bool) -> dict[str, Any]:
        tensors = {name: self.torch.from_numpy(array) for name, array in operands().items()}
        for name in ("x", "w", "b", "p") if differentiated else ("p",):
            tensors[name].requires_grad_()
        return {"torch": self.torch, "F": self.torch.nn.functional, **tensors}

    def chain(self, length: int) -> Iterator[str]:
        tensors = self._namespace(differentiated=True)
        x, one = tensors["x"], tensors["one"]
        y = x
        for _ in range(length):
            y = y * one
        yield "forward"
        y.backward(one)
        yield "backward"
        del y
        yield "freeing"
