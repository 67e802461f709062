"""The IDX file format, in which MNIST is published: a magic number, the sizes, then the numbers, all big-endian.

Rests on NumPy alone; `vision.datasets` reads its files through here.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np

_ELEMENT = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}


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
    content = _content(path)
    if len(content) < 4:
        raise ValueError(f"{path} is truncated: {len(content)} bytes, too short for an IDX file")
    zero, code, dimensions = int.from_bytes(content[:2], "big"), content[2], content[3]
    if zero or code not in _ELEMENT:
        hint = "; it is gzip-compressed and its name should end in .gz" if content[:2] == b"\x1f\x8b" else ""
        raise ValueError(f"{path} is not an IDX file: it begins with {content[:4].hex(' ')}{hint}")
    start = 4 + 4 * dimensions
    if len(content) < start:
        raise ValueError(f"{path} is truncated: its header of {start} bytes ends after {len(content)}")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", dimensions, 4))
    element = _ELEMENT[code]
    expected, found = math.prod(shape) * element.itemsize, len(content) - start
    if found < expected:
        raise ValueError(f"{path} is truncated: its sizes {shape} need {expected} bytes of data, it holds {found}")
    if found > expected:
        raise ValueError(f"{path} is damaged: its sizes {shape} need {expected} bytes of data, it holds {found}")
    return np.frombuffer(content, element, offset=start).reshape(shape).astype(element.newbyteorder("="))


def _content(path: Path) -> bytes:
    if path.suffix != ".gz":
        return path.read_bytes()
    try:
        with gzip.open(path) as file:
            return file.read()
    except EOFError as error:
        raise ValueError(f"{path} is truncated: the compressed data ends too early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
