"""Files that are whole or not there: what is written replaces the older file only once all of it is on the disk.

What is read is a file, for a pipe might keep us waiting for ever and a device might never end. Rests on the standard library.
Traces, training histories, data sets and the learner's lessons are written and read with it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from io import BufferedReader
from pathlib import Path


def write_whole(path: str | Path, content: bytes) -> None:
    """Write a file so that a full disk, an interrupt or a crash leaves the older one as it was.

    The content goes into a new file beside it, and takes its name once it is on the disk. A link is followed; the older
    file's permissions are kept. Raises OSError as `open` does, with the name of the file that was asked for.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "notes.txt"
    >>> write_whole(file, b"first"); write_whole(file, b"second"); file.read_bytes()
    b'second'
    """
    target = Path(os.path.realpath(path))
    if target.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    if target.exists() and not target.is_file():  # a device or a pipe is no file to replace
        with open(target, "wb", opener=_at_once) as file:
            os.set_blocking(file.fileno(), True)
            file.write(content)
        return
    try:
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
        descriptor, beside = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".part", dir=target.parent)
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(beside, mode)
            os.replace(beside, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise
    except OSError as error:
        raise type(error)(error.errno, error.strerror, str(path)) from None


def open_file(path: str | Path) -> BufferedReader:
    """A file opened to be read. Raises ValueError at once for a pipe, a socket or a device, OSError as `open` does.

    >>> open_file("/dev/null")
    Traceback (most recent call last):
    ...
    ValueError: it is a device, not a file: copy what it gives into a file, and read that
    """
    if os.path.isdir(path):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    try:
        file = open(path, "rb", opener=_at_once)  # noqa: SIM115 - the caller closes it
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        kind = "socket"  # which cannot be opened
    else:
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISREG(mode):
            return file
        file.close()
        kind = "pipe" if stat.S_ISFIFO(mode) else "device"
    raise ValueError(f"it is a {kind}, not a file: copy what it gives into a file, and read that")


def _at_once(path: str, flags: int) -> int:
    """Open without waiting for somebody at the other end of a pipe; nothing changes for a file."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def read_bounded(path: str | Path, most: int) -> bytes:
    """All of a file of at most `most` bytes. Raises ValueError for a larger one, before it is read, and for what is no file.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "notes.txt"
    >>> write_whole(file, b"12345"); read_bounded(file, 5)
    b'12345'
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(size + 1) if size <= most else b""  # one more, to see whether it grows
    if max(size, len(content)) > most:
        raise ValueError(f"the file is larger than {most:,} bytes")
    if len(content) > size:
        raise ValueError("the file grew while it was read: read it again when it is complete")
    return content


def _umask() -> int:
    """What new files are not allowed; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
