"""The zip file that PyTorch's archives are, byte for byte as its writer lays it out, so that a file has the size it has there.

Nothing is compressed. Each entry begins at a multiple of 64 bytes, so that it can be mapped, and has its sizes behind it; the
directory has the records of large files (zip64) always. The layout is that of PKWARE's APPNOTE.TXT, 4.3. Rests on nothing;
`saving.py` writes by it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any
from zlib import crc32

ALIGNMENT = 64
_HEADER = 30  # bytes of an entry's head, before its name
_FLAGS = 0x0800  # names are UTF-8
_BEHIND = 0x0008  # sizes stand behind the entry
_LARGE = 0xFFFFFFFF  # from which on a number stands in eight bytes, elsewhere


def zipped(parts: Sequence[tuple[str, Any]]) -> bytes:
    """The zip file of entries, each a name and its bytes.

    >>> import io, zipfile
    >>> zipfile.ZipFile(io.BytesIO(zipped([("a/b", b"text")]))).read("a/b")
    b'text'
    """
    written, directory = bytearray(), bytearray()
    for name, held in parts:
        start, size, check, called = len(written), len(held), crc32(held), name.encode()
        flags = _FLAGS | (_BEHIND if size else 0)
        padding = -(start + _HEADER + len(called) + 4) % ALIGNMENT
        written += struct.pack("<4s5H3I2H", b"PK\3\4", 0, flags, 0, 0, 0, 0, 0, 0, len(called), padding + 4)
        written += called + struct.pack("<2sH", b"FB", padding) + b"Z" * padding
        written += held
        wide = size >= _LARGE
        if size:
            written += struct.pack("<4sI2Q" if wide else "<4sI2I", b"PK\7\x08", check, size, size)
        beyond = b"".join(struct.pack("<Q", each) for each in (size, size, start) if each >= _LARGE)
        extra = struct.pack("<2H", 1, len(beyond)) + beyond if beyond else b""
        kept = (min(size, _LARGE), min(size, _LARGE), len(called), len(extra), 0, 0, 0, 0, min(start, _LARGE))
        directory += struct.pack("<4s6HI2I5HII", b"PK\1\2", 0, 0, flags, 0, 0, 0, check, *kept) + called + extra
    at, length, count = len(written), len(directory), len(parts)
    written += directory
    written += struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 0x031E, 45, 0, 0, count, count, length, at)
    written += struct.pack("<4sIQI", b"PK\6\7", 0, at + length, 1)
    few = min(count, 0xFFFF)
    return bytes(written + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, few, few, min(length, _LARGE), min(at, _LARGE), 0))
