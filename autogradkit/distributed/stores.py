"""What processes leave for one another by key: `HashStore`, `FileStore`, `TCPStore` and `PrefixStore`, in a world of one.

Rests on the standard library. Threads of the process may wait for one another; another process reads a `FileStore` alone.
Scripts hand one to `init_process_group`.
"""

from __future__ import annotations

import os
import socket
import struct
import time
import weakref
from collections.abc import Callable
from datetime import timedelta
from threading import Condition
from typing import TypeVar

from autogradkit.core.frames import entry

T = TypeVar("T")
_POLL = 0.01  # seconds between two looks at what another process may have written


class DistError(RuntimeError):
    """What went wrong between processes."""


class DistNetworkError(DistError):
    """A store that is not reached."""


class DistStoreError(DistError):
    """A key that nobody set in time."""


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


class Store:
    """The methods of all stores, over `_look` and `_change`, by which a store reads and writes its values."""

    _late: type[RuntimeError] = DistStoreError

    def __init__(self) -> None:
        self.timeout = timedelta(seconds=300)
        self._values: dict[str, bytes] = {}
        self._changed = Condition()

    def _look(self) -> dict[str, bytes]:
        return self._values

    def _change(self, edit: Callable[[dict[str, bytes]], T]) -> T:
        """What `edit` gives of the values, which it may change while nobody else does."""
        with self._changed:
            result = edit(self._values)
            self._changed.notify_all()
        return result

    def _wait(self, keys: list[str], timeout: timedelta | None, told: str = "Wait timeout") -> None:
        seconds = (self.timeout if timeout is None else timeout).total_seconds()
        with self._changed:
            if not self._changed.wait_for(lambda: self.check(keys), seconds):
                raise self._late(told)

    def set_timeout(self, timeout: timedelta, /) -> None:
        """How long `get` and `wait` wait for what nobody has set yet."""
        self.timeout = timeout

    def set(self, key: str, value: str | bytes, /) -> None:
        """Leave a value."""
        stored = _bytes(value)
        self._change(lambda values: values.__setitem__(key, stored))

    @entry
    def get(self, key: str, /) -> bytes:
        """The value of a key, once it is there. Raises DistStoreError when it is not in time.

        >>> store = HashStore()
        >>> store.set("step", "3")
        >>> store.get("step"), store.add("step", 4), store.check(["step", "loss"])
        (b'3', 7, False)
        """
        self._wait([key], None)
        return self._look()[key]

    @entry
    def add(self, key: str, amount: int, /) -> int:
        """Add to a number, which begins with 0; the sum. Raises ValueError where the value is no number."""

        def added(values: dict[str, bytes]) -> int:
            try:
                total = int(values.get(key, b"0")) + amount
            except ValueError:
                raise ValueError("stoll") from None
            values[key] = str(total).encode()
            return total

        return self._change(added)

    @entry
    def wait(self, keys: list[str], timeout: timedelta | None = None, /) -> None:
        """Wait until all keys are there. Raises DistStoreError when they are not in time."""
        self._wait(keys, timeout)

    def check(self, keys: list[str], /) -> bool:
        """Whether all keys are there."""
        return self._look().keys() >= set(keys)

    def compare_set(self, key: str, expected: str | bytes, desired: str | bytes, /) -> bytes:
        """Leave `desired` where the value is `expected`, or where there is none and "" is expected; what is there then.

        Where there is none, and something is expected, that.
        """

        def compared(values: dict[str, bytes]) -> bytes:
            if values.get(key, b"") == _bytes(expected):
                values[key] = _bytes(desired)
            return values.get(key, _bytes(expected))

        return self._change(compared)

    def append(self, key: str, value: str | bytes, /) -> None:
        """Write a value behind the one that is there."""
        self._change(lambda values: values.__setitem__(key, values.get(key, b"") + _bytes(value)))

    def delete_key(self, key: str, /) -> bool:
        """Take a key out; whether it was there."""
        return self._change(lambda values: values.pop(key, None) is not None)

    def num_keys(self) -> int:
        """How many keys there are."""
        return len(self._look())

    def list_keys(self) -> list[str]:
        """The keys."""
        return list(self._look())

    def multi_set(self, keys: list[str], values: list[str], /) -> None:
        """Leave several values."""
        for key, value in zip(keys, values, strict=True):
            self.set(key, value)

    @entry
    def multi_get(self, keys: list[str], /) -> list[bytes]:
        """The values of keys, once all are there."""
        self._wait(keys, None)
        return [self._look()[key] for key in keys]

    def has_extended_api(self) -> bool:
        """Whether `append`, `multi_get` and `multi_set` are one step."""
        return True


class HashStore(Store):
    """A store in the memory of this process."""


class PrefixStore(Store):
    """A store within another, whose keys begin with `prefix` and a stroke.

    >>> inner = HashStore()
    >>> PrefixStore("first", inner).set("a", "1")
    >>> inner.list_keys()
    ['first/a']
    """

    def __init__(self, prefix: str, store: Store) -> None:
        super().__init__()
        self._prefix = f"{prefix}/"
        self.underlying_store = store
        self.timeout = store.timeout
        self._late, self._changed = store._late, store._changed

    def _look(self) -> dict[str, bytes]:
        return self._own(self.underlying_store._look())

    def _own(self, values: dict[str, bytes]) -> dict[str, bytes]:
        return {key.removeprefix(self._prefix): each for key, each in values.items() if key.startswith(self._prefix)}

    def _change(self, edit: Callable[[dict[str, bytes]], T]) -> T:
        def inner(values: dict[str, bytes]) -> T:
            own = self._own(values)
            before = own.copy()
            result = edit(own)
            for key in before.keys() - own.keys():
                del values[self._prefix + key]
            values.update({self._prefix + key: each for key, each in own.items()})
            return result

        return self.underlying_store._change(inner)

    def set_timeout(self, timeout: timedelta, /) -> None:
        """How long `get` and `wait` wait for what nobody has set yet."""
        self.timeout = timeout
        self.underlying_store.set_timeout(timeout)


class FileStore(Store):
    """A store in a file, which is made where there is none, and which other processes may read and change.

    In it stand the keys and values, each behind its length in eight bytes.
    """

    _late = RuntimeError

    def __init__(self, file_name: str, world_size: int = -1) -> None:
        super().__init__()
        self.path = file_name

    def _with_file(self, edit: Callable[[dict[str, bytes]], T], keep: bool) -> T:
        import fcntl  # which Windows has not, where PyTorch has no FileStore of several processes either

        with open(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            parts = []
            while length := file.read(8):
                parts.append(file.read(struct.unpack("<q", length)[0]))
            values = {key.decode(): value for key, value in zip(parts[::2], parts[1::2], strict=True)}
            result = edit(values)
            if keep:
                file.seek(0)
                file.truncate()
                for pair in values.items():
                    for part in map(_bytes, pair):
                        file.write(struct.pack("<q", len(part)) + part)
            return result

    def _look(self) -> dict[str, bytes]:
        return self._with_file(lambda values: values, keep=False)

    def _change(self, edit: Callable[[dict[str, bytes]], T]) -> T:
        return self._with_file(edit, keep=True)

    def _wait(self, keys: list[str], timeout: timedelta | None, told: str = "Wait timeout") -> None:
        end = time.monotonic() + (self.timeout if timeout is None else timeout).total_seconds()
        while not self.check(keys):
            if time.monotonic() > end:
                raise self._late(told)
            time.sleep(_POLL)

    @entry
    def get(self, key: str, /) -> bytes:
        """The value of a key, once it is there. Raises RuntimeError when it is not in time."""
        milliseconds = round(self.timeout.total_seconds() * 1000)
        self._wait([key], None, f"Timeout waiting for key: {key} after {milliseconds} ms")
        return self._look()[key]

    def has_extended_api(self) -> bool:
        """False."""
        return False


_SERVED: weakref.WeakValueDictionary[int, TCPStore] = weakref.WeakValueDictionary()


class TCPStore(Store):
    """A store under an address, which this process alone reaches: the master's port is its own, but nobody is answered there.

    Port 0 is one that is free. Raises DistNetworkError where another program has the port, and for the store of another process.
    """

    @entry
    def __init__(
        self,
        host_name: str,
        port: int,
        world_size: int | None = None,
        is_master: bool = False,
        timeout: timedelta = timedelta(seconds=300),
        wait_for_workers: bool = True,
        multi_tenant: bool = False,
        master_listen_fd: int | None = None,
        use_libuv: bool = True,
    ) -> None:
        super().__init__()
        if world_size is not None and world_size > 1 and wait_for_workers:
            raise RuntimeError(
                f"autogradkit trains in one process, and was asked for a store of {world_size}: wait_for_workers=False goes on"
            )
        self.host, self.timeout, self.libuvBackend = host_name, timeout, use_libuv
        if is_master and not (multi_tenant and port in _SERVED):
            held = _bound(port) if master_listen_fd is None else socket.socket(fileno=master_listen_fd)
            weakref.finalize(self, held.close)
            self.port: int = held.getsockname()[1]
            _SERVED[self.port] = self
            return
        self._served = _SERVED.get(port)
        if self._served is None:
            raise DistNetworkError(
                f"The client socket has failed to connect to any network address of ({host_name}, {port}): "
                "autogradkit trains in one process, which has no store there"
            )
        self.port = port
        self._values, self._changed = self._served._values, self._served._changed

    def _wait(self, keys: list[str], timeout: timedelta | None, told: str | None = None) -> None:
        milliseconds = round((self.timeout if timeout is None else timeout).total_seconds() * 1000)
        super()._wait(
            keys, timeout, f"wait timeout after {milliseconds}ms, keys: {', '.join(f'/{key}' for key in keys)}"
        )


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    try:
        made.bind(("127.0.0.1", port))  # the port is held, and nobody outside could be answered
    except OSError as error:
        made.close()
        raise DistNetworkError(
            "The server socket has failed to listen on any local network address. "
            f"port: {port}, useIpv6: false, code: -{error.errno}, name: EADDRINUSE, message: {error.strerror}"
        ) from None
    return made
