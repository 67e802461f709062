"""What is to be called when a backward that is under way has ended: PyTorch's `Variable._execution_engine.queue_callback`.

Rests on modes, which know the innermost run; packages that average gradients among processes ask for it from hooks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.engine.modes import MODE


@entry
def queue_callback(callback: Callable[[], Any]) -> None:
    """Have `callback` called after the backward of this moment. Raises RuntimeError where none is under way.

    >>> import autogradkit as torch
    >>> x = torch.ones(1, requires_grad=True)
    >>> y = x * 2
    >>> handle = y.register_hook(lambda g: queue_callback(lambda: print("ended:", x.grad)))
    >>> y.backward()
    ended: tensor([2.])
    """
    if MODE.run is None:
        raise RuntimeError("Final callbacks can only be installed during backward pass.")
    run: Any = MODE.run
    waiting: list[Callable[[], Any]] = run.callbacks or []
    waiting.append(callback)  # in place: it may be one of these that asks
    run.callbacks = waiting


def call_back(run: Any) -> None:
    """Call what was asked for while a run was under way; what one of these asks for follows."""
    outer, MODE.run = MODE.run, run
    try:
        for each in run.callbacks:
            each()
    finally:
        MODE.run = outer
