"""PyTorch's `torch.random`: the default stream of random numbers, and blocks that leave it as it was."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from autogradkit._ops.making.seed import get_rng_state as get_rng_state
from autogradkit._ops.making.seed import initial_seed as initial_seed
from autogradkit._ops.making.seed import manual_seed as manual_seed
from autogradkit._ops.making.seed import seed as seed
from autogradkit._ops.making.seed import set_rng_state as set_rng_state
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.device import device as _device
from autogradkit.core.device import require_cpu as _require_cpu
from autogradkit.core.random import default_generator as default_generator


def thread_safe_generator() -> None:
    """None, which stands for the default generator: a worker is a process and has its own; PyTorch has threads, too.

    >>> import autogradkit as torch
    >>> torch.randint(0, 10, (5,), generator=torch.random.thread_safe_generator()).shape
    torch.Size([5])
    """


@contextlib.contextmanager
def fork_rng(
    devices: Iterable[Any] | None = None,
    enabled: bool = True,
    _caller: str = "fork_rng",
    _devices_kw: str = "devices",
    device_type: str | None = None,
) -> Iterator[None]:
    """After the block the stream goes on as if nothing had been drawn in it.

    `devices` and `device_type` name further devices, of which there are none. `_caller` and `_devices_kw`
    only word PyTorch's warnings.

    >>> import autogradkit as torch
    >>> with torch.random.fork_rng():
    ...     first = torch.rand(3)
    >>> bool((torch.rand(3) == first).all())
    True
    """
    kind = _device(device_type or "cuda")
    if enabled and devices is not None and list(devices):
        _require_cpu(kind)
    if not enabled:
        yield
        return
    place = default_generator.clone_state()
    try:
        yield
    finally:
        default_generator.restore_bytes(place.state_bytes())


__getattr__ = _absent_from("random")
