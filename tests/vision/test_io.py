"""Image files: what is written comes back, channels are the wanted ones, and what is no image is refused as in torchvision."""

from __future__ import annotations

import io as streams
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import autogradkit as torch
from autogradkit.vision import io
from autogradkit.vision.io import ImageReadMode
from tests.every_case import every_case

COLOURS = np.arange(4 * 5 * 4, dtype=np.uint8).reshape(4, 5, 4) * 3
PALETTE = Image.fromarray(COLOURS[:, :, :3]).quantize(8)


def bytes_of(image: Image.Image, kind: str = "PNG", **options: Any) -> torch.Tensor:
    buffer = streams.BytesIO()
    image.save(buffer, kind, **options)
    return torch.tensor(list(buffer.getvalue()), dtype=torch.uint8)


def rows(image: torch.Tensor) -> Any:
    return image.permute(1, 2, 0).numpy()


@pytest.mark.parametrize("channels", [1, 3])
def test_a_written_png_is_read_as_it_was(channels: int, tmp_path: Path) -> None:
    image = torch.from_numpy(COLOURS[:, :, :channels].copy()).permute(2, 0, 1)
    io.write_png(image, str(tmp_path / "image.png"), compression_level=9)
    for read in (io.read_image(str(tmp_path / "image.png")), io.decode_image(tmp_path / "image.png")):
        assert read.dtype == torch.uint8
        assert torch.equal(read, image)
    assert torch.equal(io.decode_png(io.encode_png(image)), image)


def test_a_written_jpeg_is_nearly_as_it_was(tmp_path: Path) -> None:
    image = torch.from_numpy(np.add.outer(np.arange(16), np.arange(24)).astype(np.uint8) * 5).expand(3, 16, 24)
    io.write_jpeg(image, str(tmp_path / "image.jpg"), quality=95)
    read = io.read_image(str(tmp_path / "image.jpg"))
    assert read.shape == (3, 16, 24)
    assert (read.int() - image.int()).abs().max() <= 4
    assert len(io.encode_jpeg(image, 20)) < len(io.encode_jpeg(image, 95))
    one, other = io.decode_jpeg([io.encode_jpeg(image), io.encode_jpeg(image[:1])])
    assert (one.shape, other.shape) == ((3, 16, 24), (1, 16, 24))


@pytest.mark.parametrize(
    ("mode", "channels"),
    [("UNCHANGED", 4), ("GRAY", 1), ("GRAY_ALPHA", 2), ("RGB", 3), ("RGB_ALPHA", 4), (ImageReadMode.RGBA, 4)],
)
def test_channels_of_a_png(mode: Any, channels: int) -> None:
    read = rows(io.decode_image(bytes_of(Image.fromarray(COLOURS)), mode))
    assert read.shape == (4, 5, channels)
    grey = (
        9794 * COLOURS[:, :, 0].astype(int) + 19234 * COLOURS[:, :, 1].astype(int) + 3740 * COLOURS[:, :, 2].astype(int)
    )
    expected = {3: COLOURS[:, :, :3], 4: COLOURS, 1: grey[:, :, None] >> 15}
    expected[2] = np.concatenate([expected[1], COLOURS[:, :, 3:]], axis=2)
    np.testing.assert_array_equal(read, expected[channels])


def test_a_palette_is_read_as_indices_or_as_its_colours() -> None:
    data = bytes_of(PALETTE)
    np.testing.assert_array_equal(rows(io.decode_png(data))[:, :, 0], np.asarray(PALETTE))
    np.testing.assert_array_equal(rows(io.decode_png(data, "rgb")), np.asarray(PALETTE.convert("RGB")))


def test_black_and_white_becomes_0_and_255() -> None:
    drawn = np.array([[True, False, True]])
    assert io.decode_png(bytes_of(Image.fromarray(drawn))).tolist() == [[[255, 0, 255]]]


SIXTEEN = np.random.default_rng(3).integers(0, 65536, (6, 5, 4), dtype=np.uint16)


def png_of_16_bits(samples: Any, interlaced: bool = False, *chunks: tuple[bytes, bytes]) -> torch.Tensor:
    """A file as libpng would write it: each row by another filter (of the rows before it), or in Adam7's passes."""
    height, width, channels = samples.shape
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows: list[bytes] = []
    for top, left, down, right in passes:
        part = samples[top::down, left::right]
        if part.size:
            whole = np.frombuffer(part.astype(">u2").tobytes(), np.uint8).reshape(len(part), -1).astype(int)
            rows += [filtered(whole, at, 2 * channels) for at in range(len(whole))]

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, interlaced)
    inside = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b"")]
    return torch.tensor(list(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*each) for each in inside)), dtype=torch.uint8)


def filtered(rows: Any, at: int, step: int) -> bytes:
    """Row `at` by one of PNG's five filters, less what the filter foretells of it."""
    row, above = rows[at], rows[at - 1] if at else np.zeros_like(rows[at])
    left, corner = (np.concatenate([np.zeros(step, int), each[:-step]]) for each in (row, above))
    guess = left + above - corner
    near = [abs(guess - each) for each in (left, above, corner)]
    paeth = np.where((near[0] <= near[1]) & (near[0] <= near[2]), left, np.where(near[1] <= near[2], above, corner))
    foretold = [0, left, above, (left + above) // 2, paeth][at % 5]
    return bytes([at % 5]) + ((row - foretold) % 256).astype(np.uint8).tobytes()


@every_case("interlaced", [False, True])
@every_case("channels", [1, 2, 3, 4])
def test_a_png_of_16_bits_is_read_as_it_is(channels: int, interlaced: bool) -> None:
    samples = SIXTEEN[:, :, :channels]
    data = png_of_16_bits(samples, interlaced)
    read = io.decode_image(data)
    assert read.dtype == torch.uint16
    np.testing.assert_array_equal(rows(read), samples)
    colours = np.full((6, 5, 4), 65535, np.int64)
    if channels % 2 == 0:
        colours[:, :, 3] = samples[:, :, -1]
    colours[:, :, :3] = samples[:, :, : 3 if channels > 2 else 1]
    mixed = (9794 * colours[:, :, :1] + 19234 * colours[:, :, 1:2] + 3740 * colours[:, :, 2:3] + 16384) >> 15
    grey = mixed if channels > 2 else colours[:, :, :1]
    for mode, expected in {
        "RGB": colours[:, :, :3],
        "RGB_ALPHA": colours,
        "GRAY": grey,
        "GRAY_ALPHA": np.concatenate([grey, colours[:, :, 3:]], axis=2),
    }.items():
        read = io.decode_png(data, mode)
        assert read.dtype == torch.uint16
        np.testing.assert_array_equal(rows(read), expected, err_msg=mode)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_the_way_up_of_16_bits(channels: int) -> None:
    noted = Image.Exif()
    noted[0x0112] = 6  # turn it clockwise
    data = png_of_16_bits(SIXTEEN[:, :, :channels], False, (b"eXIf", noted.tobytes().removeprefix(b"Exif\0\0")))
    read = io.decode_png(data, apply_exif_orientation=True)
    np.testing.assert_array_equal(rows(read), np.rot90(SIXTEEN[:, :, :channels], -1))
    np.testing.assert_array_equal(rows(io.decode_png(data)), SIXTEEN[:, :, :channels])


def test_one_colour_that_is_to_be_seen_through_is_opaque() -> None:
    """As in torchvision, which looks at what a palette says of it alone."""
    grey = bytes_of(Image.fromarray(COLOURS[:, :, 0]), transparency=3)
    assert torch.equal(io.decode_png(grey, "RGB_ALPHA")[3], torch.full((4, 5), 255, dtype=torch.uint8))
    colours = bytes_of(Image.fromarray(COLOURS[:, :, :3]), transparency=(0, 3, 6))
    assert torch.equal(io.decode_png(colours, "RGB_ALPHA")[3], torch.full((4, 5), 255, dtype=torch.uint8))


def test_channels_of_a_jpeg() -> None:
    data = bytes_of(Image.fromarray(COLOURS[:, :, :3]), "JPEG", quality=100)
    assert io.decode_jpeg(data, ImageReadMode.GRAY).shape == (1, 4, 5)
    brightness = Image.open(streams.BytesIO(data.numpy().tobytes())).convert("YCbCr")
    np.testing.assert_allclose(rows(io.decode_jpeg(data, "gray"))[:, :, 0], np.asarray(brightness)[:, :, 0], atol=2)
    with pytest.raises(RuntimeError, match="The provided mode is not supported for JPEG files"):
        io.decode_jpeg(data, ImageReadMode.RGB_ALPHA)


def test_the_way_up_that_a_camera_noted() -> None:
    noted = Image.Exif()
    noted[0x0112] = 6  # turn it clockwise
    data = bytes_of(Image.fromarray(COLOURS[:, :, :3]), exif=noted)
    assert io.decode_image(data).shape == (3, 4, 5)
    turned = io.decode_image(data, apply_exif_orientation=True)
    np.testing.assert_array_equal(rows(turned), np.rot90(COLOURS[:, :, :3], -1))


def test_a_gif_of_one_image_and_of_several() -> None:
    first, second = Image.new("RGB", (3, 2), (255, 0, 0)), Image.new("RGB", (3, 2), (0, 0, 255))
    assert io.decode_image(bytes_of(first, "GIF"))[:, 0, 0].tolist() == [255, 0, 0]
    frames = io.decode_gif(bytes_of(first, "GIF", save_all=True, append_images=[second]))
    assert frames.shape == (2, 3, 2, 3)
    assert frames[:, :, 1, 2].tolist() == [[255, 0, 0], [0, 0, 255]]


def test_a_webp() -> None:
    data = bytes_of(Image.fromarray(COLOURS[:, :, :3]), "WEBP", lossless=True)
    np.testing.assert_array_equal(rows(io.decode_image(data)), COLOURS[:, :, :3])
    assert io.decode_webp(data, ImageReadMode.RGB_ALPHA).shape == (4, 4, 5)


def test_bytes_of_a_file(tmp_path: Path) -> None:
    path = str(tmp_path / "bytes")
    io.write_file(path, torch.tensor([1, 2, 255], dtype=torch.uint8))
    assert io.read_file(path).tolist() == [1, 2, 255]


def test_refusals(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(RuntimeError, match=r"^\[Errno 2\] No such file or directory: '/nowhere.png'$"):
        io.read_image("/nowhere.png")
    path.write_bytes(b"")
    with pytest.raises(RuntimeError, match=r"^Expected a non empty file$"):
        io.read_file(str(path))
    path.write_bytes(b"text, not an image")
    with pytest.raises(RuntimeError, match=r"^Unsupported image file. Only jpeg, png, webp and gif are"):
        io.read_image(str(path))
    with pytest.raises(RuntimeError, match=r"^Expected a torch.uint8 tensor$"):
        io.decode_image(torch.ones(3))
    with pytest.raises(RuntimeError, match=r"^Input tensor must have uint8 data type, got"):
        io.decode_png(torch.ones(3))
    with pytest.raises(RuntimeError, match=r"^The number of channels should be 1 or 3, got: 2$"):
        io.encode_png(torch.zeros(2, 3, 3, dtype=torch.uint8))
    with pytest.raises(RuntimeError, match=r"^Input data should be a 3-dimensional tensor$"):
        io.encode_jpeg(torch.zeros(3, 3, dtype=torch.uint8))
    with pytest.raises(RuntimeError, match=r"^Compression level should be between 0 and 9$"):
        io.encode_png(torch.zeros(3, 3, 3, dtype=torch.uint8), 10)
    with pytest.raises(ValueError, match=r"^Image quality should be a positive number between 1 and 100$"):
        io.encode_jpeg(torch.zeros(3, 3, 3, dtype=torch.uint8), 0)


def test_a_file_that_was_cut_off_is_refused() -> None:
    data = bytes_of(Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), dtype=np.uint8)))
    for length in (12, 200, len(data) // 2):
        with pytest.raises(RuntimeError):
            io.decode_image(data[:length])


def test_a_header_that_promises_too_many_pixels_is_refused() -> None:
    data = bytes_of(Image.new("L", (2, 2))).numpy().tobytes()
    header = b"IHDR" + struct.pack(">II", 60_000, 60_000) + data[24:29]
    bomb = data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]
    with pytest.raises(RuntimeError, match="could be decompression bomb DOS attack"):
        io.decode_image(torch.tensor(list(bomb), dtype=torch.uint8))


def test_pillow_is_loaded_by_the_first_image() -> None:
    code = (
        "import sys, autogradkit as torch; from autogradkit.vision.transforms import Compose, Resize, v2\n"
        "Compose([Resize(2), v2.RandomHorizontalFlip()])(torch.zeros(1, 4, 4))\n"
        "print('PIL' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
