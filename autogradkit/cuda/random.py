"""PyTorch's `torch.cuda.random`: the random streams of a device, of which there is none, so none has a stream."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autogradkit.core.missing_device import refusing as _refusing
from autogradkit.core.tensor import Tensor

_SAID = "Torch not compiled with CUDA enabled"
get_rng_state = _refusing("cuda", "get_rng_state", AssertionError, _SAID)
initial_seed = _refusing("cuda", "initial_seed", AssertionError, _SAID)


def manual_seed(seed: int) -> None:
    """Nothing: there is no stream to seed. Raises ValueError where `seed` is no number."""
    int(seed)


def manual_seed_all(seed: int) -> None:
    """Nothing, likewise."""
    int(seed)


def seed() -> None:
    """Nothing, likewise."""


def seed_all() -> None:
    """Nothing, likewise."""


def get_rng_state_all() -> list[Tensor]:
    """The states of all devices: an empty list."""
    return []


def set_rng_state(new_state: Tensor, device: Any = "cuda") -> None:
    """Nothing."""


def set_rng_state_all(new_states: Iterable[Tensor]) -> None:
    """Nothing."""
