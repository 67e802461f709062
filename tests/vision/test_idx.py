"""The IDX reader: what it reads, and what it says of files that are not whole."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest

from autogradkit.vision.idx import read_idx

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx_bytes(array: np.ndarray) -> bytes:
    code = CODES[array.dtype.str[1:]]
    header = struct.pack(">HBB", 0, code, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("shape", [(5,), (2, 3, 4), (0, 28, 28), (1,)], ids=str)
def test_reads_every_element_type_and_shape(tmp_path: Path, code: str, shape: tuple[int, ...]) -> None:
    array = (np.arange(np.prod(shape)).reshape(shape) * 3 + 1).astype(code)
    (tmp_path / "x").write_bytes(idx_bytes(array))
    (tmp_path / "x.gz").write_bytes(gzip.compress(idx_bytes(array)))
    for name in ("x", "x.gz"):
        read = read_idx(tmp_path / name)
        np.testing.assert_array_equal(read, array)
        assert read.dtype == array.dtype
        assert read.dtype.isnative
        assert read.flags.writeable


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is truncated: 0 bytes"),
        (b"\x00\x00\x08", "is truncated: 3 bytes"),
        (b"PK\x03\x04rest", r"is not an IDX file: it begins with 50 4b 03 04$"),
        (b"\x00\x00\x07\x01\x00\x00\x00\x00", "is not an IDX file: it begins with 00 00 07 01"),
        (gzip.compress(b"abc", mtime=0), "is gzip-compressed and its name should end in .gz"),
        (b"\x00\x00\x08\x03\x00\x00\x00\x01", "is truncated: its header of 16 bytes ends after 8"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x03ab", r"is truncated: its sizes \(3,\) need 3 bytes of data, it holds 2"),
        (b"\x00\x00\x08\x41" + b"\x00\x00\x00\x01" * 65, "is damaged: it announces 65 dimensions"),
        (
            b"\x00\x00\x08\x03" + bytes(4) + b"\xff" * 8,
            r"is damaged: its sizes \(0, 4294967295, 4294967295\) need 0 bytes",
        ),
        (b"\x00\x00\x0e\x02" + b"\xff" * 8, "bytes of data, which no array holds"),
        (
            b"\x00\x00\x08\x03\x00\x00\xff\xff\x00\x00\xff\xff\x00\x00\x00\xffabc",
            "is truncated: its sizes .* it holds 3",
        ),
        (b"\x00\x00\x08\x01\x00\x00\x00\x03abcd", r"is damaged: its sizes \(3,\) need 3 bytes of data, it holds more"),
    ],
)
def test_names_the_file_and_what_is_wrong(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "digits").write_bytes(content)
    with pytest.raises(ValueError, match=message) as raised:
        read_idx(tmp_path / "digits")
    assert str(tmp_path / "digits") in str(raised.value)


def test_damaged_compression(tmp_path: Path) -> None:
    whole = gzip.compress(idx_bytes(np.arange(200, dtype="u1")))
    (tmp_path / "short.gz").write_bytes(whole[:40])
    with pytest.raises(ValueError, match=r"short\.gz is truncated: the compressed data ends too early"):
        read_idx(tmp_path / "short.gz")
    (tmp_path / "not.gz").write_bytes(b"no gzip at all")
    with pytest.raises(ValueError, match=r"not\.gz is damaged"):
        read_idx(tmp_path / "not.gz")


def test_names_and_zeros_without_end_are_not_gone_through(tmp_path: Path) -> None:
    path = tmp_path / "named.gz"
    whole, name = gzip.compress(idx_bytes(np.arange(9, dtype="u1"))), b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * 600_000
    path.write_bytes(whole + bytes(1_000))
    assert read_idx(path).tolist() == [*range(9)]
    for content in (name, whole + name, whole + bytes(600_000)):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"named\.gz is damaged: .* have more than 262,144 bytes"):
            read_idx(path)


def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "nothing")


def test_a_bomb_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    zeros = zlib.compressobj(9, zlib.DEFLATED, 31)
    content = zeros.compress(bytes([0, 0, 8, 1, 0, 0, 0, 9]))
    content += b"".join(zeros.compress(bytes(1 << 22)) for _ in range(64)) + zeros.flush()  # 256 MB of zeros
    (tmp_path / "bomb.gz").write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(
            ValueError, match=r"bomb\.gz is damaged: its sizes \(9,\) need 9 bytes of data, it holds more"
        ):
            read_idx(tmp_path / "bomb.gz")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_a_header_that_promises_more_than_can_be_there_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    content = gzip.compress(bytes([0, 0, 8, 1, 255, 255, 255, 255]) + bytes(1 << 24))
    (tmp_path / "promise.gz").write_bytes(content)
    message = rf"promise\.gz is truncated: its sizes .* and {len(content)} compressed bytes cannot become that many"
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=message):
            read_idx(tmp_path / "promise.gz")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_size_that_the_compressed_file_denies_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    announced, rows = bytes([0, 0, 8, 2, 0, 0, 4, 64, 0, 0, 64, 0]), bytes(1088 << 14)  # 17 MB
    whole = gzip.compress(announced + rows)
    parts = gzip.compress(announced + rows[:9]) + gzip.compress(rows[9:])
    for content in (whole + bytes(100), parts):
        (tmp_path / "whole.gz").write_bytes(content)
        assert read_idx(tmp_path / "whole.gz").shape == (1088, 16384)
    less, more = gzip.compress(announced + rows[1:]), gzip.compress(announced + rows + b"1")
    message = (
        r"wrong\.gz is damaged: its sizes \(1088, 16384\) need 17825792 bytes of data, and its last bytes, .* otherwise"
    )
    for content in (whole[:-1], less, more):
        (tmp_path / "wrong.gz").write_bytes(content)
        tracemalloc.start()
        try:
            with pytest.raises(ValueError, match=message):
                read_idx(tmp_path / "wrong.gz")
            assert tracemalloc.get_traced_memory()[1] < 1_000_000
        finally:
            tracemalloc.stop()
