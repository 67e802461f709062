"""`torch.ops`: operators by namespace and name, `torch.ops.aten.add`, `torch.ops.mylib.scale`.

`aten` has what is declared here; every other namespace has what `torch.library` has put into `REGISTERED`. Rests on overloads
and declared.
"""

from __future__ import annotations

import functools
import os
import types
from collections.abc import Iterator
from typing import Any

from autogradkit._ops.operators import declared
from autogradkit._ops.operators.overloads import OpOverload, OpOverloadPacket

# What was registered: by namespace, name and overload.
REGISTERED: dict[str, dict[str, dict[str, OpOverload]]] = {}


class _OpNamespace(types.ModuleType):
    """The operators of one library."""

    def __init__(self, name: str) -> None:
        super().__init__(f"torch.ops.{name}")
        self.name = name

    @property
    def __file__(self) -> str:  # as PyTorch's says
        return "torch.ops"

    def __getattr__(self, name: str) -> OpOverloadPacket:
        if not name.startswith("__"):
            packet = packet_of(self.name, name)
            if packet.overloads():
                return packet
        raise AttributeError(f"'_OpNamespace' '{self.name}' object has no attribute '{name}'")

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(REGISTERED.get(self.name, {})))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]


@functools.cache
def packet_of(namespace: str, name: str) -> OpOverloadPacket:
    """The one packet of this name; it may be empty, until something is registered."""
    return OpOverloadPacket(namespace, name, _forms)


def _forms(packet: OpOverloadPacket) -> dict[str, OpOverload]:
    namespace, _, name = packet._qualified_op_name.partition("::")
    own = declared.find(packet) if namespace == "aten" else {}
    more = REGISTERED.get(namespace, {}).get(name)
    return {**own, **more} if more else own


class _Ops(types.ModuleType):
    """The namespaces of operators; asking for one makes it."""

    __file__ = "_ops.py"  # as PyTorch's says

    def __init__(self) -> None:
        super().__init__("torch.ops")
        self.loaded_libraries: set[str] = set()

    def __getattr__(self, name: str) -> _OpNamespace:
        if name.startswith("__"):
            raise AttributeError(f"module 'torch.ops' has no attribute '{name}'")
        space = _OpNamespace(name)
        setattr(self, name, space)
        return space

    def __iter__(self) -> Iterator[str]:
        return iter([each for each in vars(self) if isinstance(vars(self)[each], _OpNamespace)])

    def load_library(self, path: Any) -> None:
        """Raises OSError, as for a file that cannot be loaded: a library in C++ has nothing to register its kernels with."""
        raise OSError(f"Could not load this library: {os.path.abspath(path)}")


ops = _Ops()
