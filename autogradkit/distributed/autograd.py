"""PyTorch's `torch.distributed.autograd`: backward through calls in other processes, of which there are none here.

Packages import it beside what they use, and ask `is_available`.
"""

from __future__ import annotations

from typing import NoReturn

from autogradkit.core.frames import entry as _entry


def is_available() -> bool:
    """False: there is no other process that backward could go through."""
    return False


class context:  # noqa: N801 - PyTorch's name
    """Raises RuntimeError when it is entered, as in PyTorch where nobody has called `rpc.init_rpc`."""

    @_entry
    def __enter__(self) -> NoReturn:
        raise RuntimeError("Need to initialize distributed autograd using torch.distributed.autograd.init()")

    def __exit__(self, *_error: object) -> None: ...
