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
    with pytest.raises(RuntimeError, match="16 bits"):
        io.decode_png(bytes_of(Image.fromarray(np.ones((2, 2), np.uint16))))


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
