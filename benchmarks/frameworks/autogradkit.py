"""autogradkit, which reads as PyTorch does, and what only it has: a recorder."""

from __future__ import annotations

import threading

import autogradkit
from autogradkit.tracing.watch import GRADS
from benchmarks.frameworks.base import Step
from benchmarks.frameworks.pytorch_style import PyTorchStyle


class Autogradkit(PyTorchStyle):
    """autogradkit."""

    def __init__(self) -> None:
        super().__init__(autogradkit)

    def recorded(self, step: Step, state: str) -> Step:
        def recorded_step() -> float:
            with autogradkit.record():
                return step()

        match state:
            case "never recorded":
                return step
            case "recorded once, off":
                recorded_step()
                return step
            case "recording another thread":
                listening = threading.Event()

                def listen() -> None:
                    with autogradkit.record():
                        listening.set()
                        threading.Event().wait()

                threading.Thread(target=listen, daemon=True).start()
                listening.wait()
                return step
            case "gradients logged":
                GRADS.listen()
                return step
            case "recording":
                return recorded_step
            case _:
                raise ValueError(f"the recorder has no state {state!r}")


def framework() -> Autogradkit:
    """autogradkit; its threads are those of NumPy's BLAS, which the worker's environment sets to one."""
    return Autogradkit()
