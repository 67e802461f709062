"""The IDX file format, in which MNIST is published: a magic number, the sizes, then the numbers, all big-endian.

Rests on NumPy and `files`; `vision.datasets` reads its files through here.
"""

from __future__ import annotations

import gzip
import math
import os
import re
import zlib
from io import BufferedIOBase, BufferedReader
from pathlib import Path

import numpy as np

from autogradkit.core.frames import entry
from autogradkit.files import open_file

MOST_DIMENSIONS = 64  # of a NumPy array
PIECE = 1 << 16  # bytes that are read at once; more leave the processor's cache
MOST_UNFOLDED = 1032  # bytes that one compressed byte can become
LONG = 1 << 24  # bytes from which on it is worth a look whether unfolding them is in vain
LONGEST_NAMES = 1 << 18  # bytes of names in the headers of a gzip file, and of zeros behind its parts
_NEXT_MEMBER = re.compile(rb"\x1f\x8b\x08[\x00-\x1f].{4}[\x00-\x04][\x00-\x0d\xff]", re.DOTALL)  # RFC 1952, 2.3
_ELEMENT = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}


@entry
def read_idx(path: str | Path) -> np.ndarray:
    """The array in an IDX file, in the machine's byte order; a name that ends in ``.gz`` is decompressed.

    Raises ValueError, naming the file, where it is not an IDX file, is cut short or holds more than it announces.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "labels-idx1-ubyte"
    >>> _ = file.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    >>> read_idx(file)
    array([7, 2, 1], dtype=uint8)
    """
    path = Path(path)
    try:
        file = open_file(path)
    except ValueError as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    try:
        with file:
            if path.suffix != ".gz":
                return _read(file, path)
            with gzip.GzipFile(fileobj=_ShortNames(file)) as unfolded:
                return _read(unfolded, path, file)
    except EOFError as error:
        raise ValueError(f"{path} is truncated: the compressed data ends too early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged: {error}") from error


class _ShortNames:
    """A compressed file for Python's gzip, which goes through names in its headers, and zeros behind its parts, byte by byte.

    Millions of them would take seconds. Raises gzip.BadGzipFile beyond `LONGEST_NAMES`.
    """

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self._left = LONGEST_NAMES
        self.seek = file.seek

    def read(self, size: int = -1) -> bytes:
        self._left -= size == 1
        if self._left < 0:
            raise gzip.BadGzipFile(
                f"names in its gzip headers, or zeros behind its parts, have more than {LONGEST_NAMES:,} bytes"
            )
        return self._file.read(size)


def _read(file: BufferedIOBase, path: Path, folded: BufferedReader | None = None) -> np.ndarray:
    """The array in a file, which may be what another one unfolds to."""
    start = file.read(4)
    if len(start) < 4:
        raise ValueError(f"{path} is truncated: {len(start)} bytes, too short for an IDX file")
    zero, code, dimensions = int.from_bytes(start[:2], "big"), start[2], start[3]
    if zero or code not in _ELEMENT:
        hint = "; it is gzip-compressed and its name should end in .gz" if start[:2] == b"\x1f\x8b" else ""
        raise ValueError(f"{path} is not an IDX file: it begins with {start.hex(' ')}{hint}")
    if dimensions > MOST_DIMENSIONS:
        raise ValueError(
            f"{path} is damaged: it announces {dimensions} dimensions, an array has {MOST_DIMENSIONS} at most"
        )
    sizes = file.read(4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise ValueError(f"{path} is truncated: its header of {4 + 4 * dimensions} bytes ends after {4 + len(sizes)}")
    shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4"))
    element = _ELEMENT[code]
    expected = math.prod(shape) * element.itemsize
    needs = f"its sizes {shape} need {expected} bytes of data"
    if max((*shape, expected)) * element.itemsize >= 2**63 or math.prod(size or 1 for size in shape) >= 2**60:
        raise ValueError(f"{path} is damaged: {needs}, which no array holds")
    if folded is not None:
        compressed = os.fstat(folded.fileno()).st_size
        if expected > compressed * MOST_UNFOLDED:
            raise ValueError(f"{path} is truncated: {needs}, and {compressed} compressed bytes cannot become that many")
        if expected > LONG and not _may_unfold_to(file.tell() + expected, folded):
            raise ValueError(
                f"{path} is damaged: {needs}, and its last bytes, in which gzip keeps the size, say otherwise"
            )
    content = _read_up_to(file, expected)
    if len(content) < expected:
        raise ValueError(f"{path} is truncated: {needs}, it holds {len(content)}")
    if file.read(1):
        raise ValueError(f"{path} is damaged: {needs}, it holds more")
    return np.frombuffer(content, element).reshape(shape).astype(element.newbyteorder("="), copy=False)


def _may_unfold_to(size: int, folded: BufferedReader) -> bool:
    """Whether a compressed file ends with this size (modulo 2³²), or has parts, of which each ends with its own.

    Zeros may follow. Unfolding says it too, but only in the end.
    """
    here = folded.tell()
    try:
        folded.seek(-min(PIECE, os.fstat(folded.fileno()).st_size), os.SEEK_END)
        tail = folded.read(PIECE).rstrip(b"\0")
        if len(tail) < 4 or tail.endswith((size % 2**32).to_bytes(4, "little").rstrip(b"\0")):
            return True
        folded.seek(1)
        before = b""
        while piece := folded.read(PIECE):
            if _NEXT_MEMBER.search(before + piece):
                return True
            before = piece[-9:]
        return False
    finally:
        folded.seek(here)


def _read_up_to(file: BufferedIOBase, most: int) -> bytearray:
    """At most so many bytes, piece by piece: what a header announces is not believed, and memory follows what there is."""
    content = bytearray()
    while len(content) < most and (piece := file.read(min(most - len(content), PIECE))):
        content += piece
    return content
