"""Code that autogradkit and PyTorch both run, and what a user would see of it: used by the tests of the engine.

Rests on NumPy and PyTorch. A case is a function of the module; what it gives, or raises, is compared word for word.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import autogradkit

Case = Callable[[Any], Any]


def plain(value: Any) -> Any:
    """A value as one that compares equal where a user would see the same."""
    if isinstance(value, torch.Tensor | autogradkit.Tensor):
        return {
            "values": np.array2string(value.detach().numpy(), precision=5),
            "dtype": str(value.dtype),
            "stride": tuple(value.stride()),
            "requires_grad": value.requires_grad,
        }
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def outcome(code: Case, module: Any) -> Any:
    """What the code gives in one of the modules, or raises."""
    try:
        with warnings.catch_warnings():
            # PyTorch's advice on cycles and on the layout of `.grad`.
            warnings.filterwarnings(
                "ignore", "Using backward|grad and param do not obey|An output with one", UserWarning
            )
            return plain(code(module))
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        return f"{type(error).__name__}: {error}"


def leaf(t: Any) -> Any:
    """Two numbers that require a gradient."""
    return t.tensor([1.0, -2.0], requires_grad=True)


def assert_same(case: Case) -> None:
    """Both give the same, or raise the same."""
    assert outcome(case, autogradkit) == outcome(case, torch)


def case_of(cases: dict[str, Case]) -> Callable[[Case], Case]:
    """A decorator that puts code into `cases`, by its name."""

    def add(run: Case) -> Case:
        cases[run.__name__] = run
        return run

    return add
