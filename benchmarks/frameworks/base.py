"""What a framework answers to, so that one worker can measure them all.

Rests on models and operations. What a framework does not have it answers with None, and the tables show "—".
"""

from __future__ import annotations

import timeit
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.models import Model
from benchmarks.operations import Operation

Step = Callable[[], float]


class Framework(ABC):
    """A framework, set to one thread."""

    @abstractmethod
    def training_step(self, model: Model, batch: int, optimizer: str) -> Step | None:
        """One step, on the same inputs each time and the next labels: zero_grad, forward, cross entropy, backward, update.

        Returns the loss.

        `optimizer` is "sgd" (with momentum) or "adam". Only what a loop over a loader has ready stands outside the
        step: the network, the optimizer, the batch as the framework's tensors.
        """

    @abstractmethod
    def forward(self, operation: Operation, differentiated: bool) -> timeit.Timer | None:
        """The op alone, with x, w and b requiring gradients if `differentiated`."""

    @abstractmethod
    def forward_and_backward(self, operation: Operation) -> timeit.Timer | None:
        """The op and its gradients, starting and ending with no gradient stored."""

    @abstractmethod
    def chain(self, length: int) -> Iterator[str]:
        """Build a graph of `length` multiplications, run it backwards, free it. Yields each phase's name at its end."""

    def sized(self, operation: Operation, elements: int, both: bool) -> timeit.Timer | None:
        """One of `benchmarks.calls` on operands of so many elements; if `both`, with gradients and its backward."""
        return None

    def recorded(self, step: Step, state: str) -> Step | None:
        """The step as it runs in that state of the framework's recorder, in which this process stays."""
        return None


def timer(code: str | Step, namespace: dict[str, Any] | None = None) -> timeit.Timer:
    """A timer whose code runs with the garbage collector on; timeit turns it off otherwise."""
    return timeit.Timer(code, "import gc; gc.enable()", globals=namespace)
