"""PyTorch's `torch.distributed.rpc`: calls of functions in other processes, of which there are none here.

Nothing begins it (`init_rpc` refuses), so every call says what PyTorch says before somebody has. Packages import it beside what
they use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry

__getattr__ = _absent_from("distributed.rpc")


def is_available() -> bool:
    """False: there is no other process that could be asked."""
    return False


@_entry
def init_rpc(name: str, *_args: Any, **_options: Any) -> NoReturn:
    """Refuses: raises NotImplementedError."""
    raise NotImplementedError(
        "autogradkit runs in one process, which no other can call: it does not have torch.distributed.rpc"
    )


def _before_anybody_began(name: str) -> Callable[..., NoReturn]:
    @_entry
    def call(*_args: Any, **_options: Any) -> NoReturn:
        raise RuntimeError("RPC has not been initialized. Call torch.distributed.rpc.init_rpc first.")

    call.__name__ = call.__qualname__ = name
    call.__doc__ = "Raises RuntimeError, as in PyTorch where nobody has called `init_rpc`."
    return call


rpc_sync = _before_anybody_began("rpc_sync")
rpc_async = _before_anybody_began("rpc_async")
remote = _before_anybody_began("remote")
get_worker_info = _before_anybody_began("get_worker_info")
shutdown = _before_anybody_began("shutdown")
