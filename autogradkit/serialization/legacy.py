"""Checkpoints of PyTorch before version 1.6: pickles one after the other, and behind them the memory of the tensors.

Rests on names; `loading.py` hands it the file and what unpickles, `saving.py` writes such a file.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import IO, Any

import numpy as np

from autogradkit.core.storage import Array
from autogradkit.core.storages import UntypedStorage
from autogradkit.serialization.names import StorageKind

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_MACHINE = {"protocol_version": _PROTOCOL, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
HEADS = (_MAGIC, _PROTOCOL, _MACHINE)  # what the first pickles hold

Unpickle = Callable[[Callable[[Any], Any]], Any]


def load(file: IO[bytes], unpickle: Unpickle, restores: Callable[[str, UntypedStorage], UntypedStorage]) -> Any:
    """The object of a file. Raises RuntimeError where it ends too early or is another format, UnpicklingError for no pickle."""
    memories: dict[str, tuple[Array, StorageKind]] = {}

    def persistent_load(named: Any) -> Any:
        if isinstance(named, tuple) and len(named) == 4 and named[0] == "module":
            return named[1]  # a module's class, beside the source that it had
        if not isinstance(named, tuple) or len(named) != 6 or named[0] != "storage":
            raise pickle.UnpicklingError("Only persistent_load of storage is allowed")
        _, kind, key, location, count, view = named
        if not isinstance(kind, StorageKind) or type(count) is not int or count < 0 or view is not None:
            raise pickle.UnpicklingError(f"no storage of a file: {named[1:]}")
        if key not in memories:
            if count * kind.itemsize > size:
                raise RuntimeError(f"unexpected EOF: a storage of {count} elements is larger than the file")
            memories[key] = np.zeros(count * kind.itemsize, np.uint8), kind
        return kind.on(restores(str(location), UntypedStorage.of(memories[key][0])))

    def refuse(named: Any) -> Any:
        raise pickle.UnpicklingError("the head of a checkpoint names no storage")

    at = file.tell()
    size = file.seek(0, 2) - at
    file.seek(at)
    if unpickle(refuse) != _MAGIC:
        raise RuntimeError("Invalid magic number; corrupt file?")
    if (protocol := unpickle(refuse)) != _PROTOCOL:
        raise RuntimeError(f"Invalid protocol version: {protocol}")
    unpickle(refuse)  # of the machine that wrote it
    found = unpickle(persistent_load)
    keys = unpickle(refuse)
    if not isinstance(keys, list):
        raise RuntimeError(f"the file lists its storages as {type(keys).__name__}: it is corrupt")
    for key in keys:
        if not isinstance(key, str) or key not in memories:
            raise RuntimeError(f"the file has memory for a storage {key!r} that nothing names")
        array, kind = memories[key]
        head = file.read(8)
        count = int.from_bytes(head, "little")
        if len(head) == 8 and count * kind.itemsize != array.size:
            raise RuntimeError(f"storage has wrong size: expected {array.size // kind.itemsize} got {count}")
        content = file.read(array.nbytes)
        if len(head) < 8 or len(content) < array.nbytes:
            missing = array.nbytes - len(content)
            raise RuntimeError(f"unexpected EOF, expected {missing} more bytes. The file might be corrupted.")
        array[...] = np.frombuffer(content, np.uint8)
    return found
