"""The seed and the state of the default random stream.

Rests on core's generator; whatever draws without `generator=` draws from this stream.
"""

from __future__ import annotations

from autogradkit._ops.declare import python_function
from autogradkit.core.random import Generator, default_generator
from autogradkit.core.tensor import Tensor


@python_function()
def manual_seed(seed: int) -> Generator:
    """Restart the default stream at `seed`; the same seed gives the same numbers, and PyTorch's.

    >>> import autogradkit as torch
    >>> torch.manual_seed(42).initial_seed()
    42
    """
    return default_generator.manual_seed(int(seed))


@python_function()
def seed() -> int:
    """Restart the default stream at a seed that nobody can foresee, and return it.

    >>> import autogradkit as torch
    >>> torch.seed() == torch.initial_seed()
    True
    """
    return default_generator.seed()


@python_function()
def initial_seed() -> int:
    """The seed at which the default stream last started.

    >>> import autogradkit as torch
    >>> _ = torch.manual_seed(3)
    >>> torch.initial_seed()
    3
    """
    return default_generator.initial_seed()


@python_function()
def get_rng_state() -> Tensor:
    """The state of the default stream, as a uint8 tensor in PyTorch's layout.

    >>> import autogradkit as torch
    >>> state = torch.get_rng_state()
    >>> first = torch.rand(3)
    >>> torch.set_rng_state(state)
    >>> bool((torch.rand(3) == first).all())
    True
    """
    return default_generator.get_state()


@python_function()
def set_rng_state(new_state: Tensor) -> None:
    """Continue the default stream where `new_state`, from `get_rng_state`, was.

    >>> import autogradkit as torch
    >>> torch.set_rng_state(torch.get_rng_state())
    """
    default_generator.set_state(new_state)
