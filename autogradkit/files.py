"""Files that are whole or not there: what is written replaces the older file only once all of it is on the disk.

Rests on the standard library. Traces, training histories, data sets and the learner's lessons are written with it.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
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
    if target.exists() and not target.is_file():  # a device or a pipe is no file to replace
        target.write_bytes(content)
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


def read_bounded(path: str | Path, most: int) -> bytes:
    """All of a file of at most `most` bytes. Raises ValueError for a larger one, before it is read.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "notes.txt"
    >>> write_whole(file, b"12345"); read_bounded(file, 5)
    b'12345'
    """
    with open(path, "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"the file is larger than {most:,} bytes")
    return content


def _umask() -> int:
    """What new files are not allowed; it can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
