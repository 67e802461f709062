"""Images as the bytes of a file and as tensors: PNG and JPEG both ways, GIF and WebP read.

Pillow decodes and encodes, with libpng and libjpeg below it as in torchvision; what colours become is torchvision's choice.
Refusals are those of its C++.
"""

from __future__ import annotations

import enum
import io
import os
from pathlib import Path
from typing import Any

import numpy as np

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.files import open_file, write_whole

_PNG, _JPEG = b"\x89PNG", b"\xff\xd8\xff"
_GIFS = (b"GIF87a", b"GIF89a")
_SIXTEEN_BITS, _COLOUR_TYPE = 24, 25  # where a PNG file says how many bits a sample has, and which samples there are
_HALVES = {  # by colour type, how Pillow is to read 16 bits: at once, or upper and lower bytes
    0: ("I;16B",), 2: ("RGB;16B", "RGB;16L"), 4: ("RGBA",), 6: ("RGBA;16B", "RGBA;16L"),
}  # fmt: skip
_RED, _GREEN, _PARTS = 9794, 19234, 32768  # libpng's whole numbers for 0.2989 and 0.587, of as many parts


class ImageReadMode(enum.Enum):
    """Which channels are wanted of a file."""

    UNCHANGED = 0
    GRAY = 1
    GRAY_ALPHA = 2
    RGB = 3
    RGB_ALPHA = 4
    RGBA = RGB_ALPHA


# -- files -------------------------------------------------------------------------------------------------------------


@entry
def read_file(path: str) -> Tensor:
    """A file's bytes as a tensor."""
    try:
        with open_file(Path(path)) as file:
            content = file.read()
    except OSError as error:
        raise RuntimeError(f"[Errno {error.errno}] {os.strerror(error.errno or 0)}: '{path}'") from None
    except ValueError as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    if not content:
        raise RuntimeError("Expected a non empty file")
    return ak.from_numpy(np.frombuffer(content, np.uint8).copy())


@entry
def write_file(filename: str, data: Tensor) -> None:
    """Write a tensor's bytes to a file."""
    if data.dtype != ak.uint8:
        raise RuntimeError("Input tensor dtype should be uint8")
    if data.dim() != 1:
        raise RuntimeError("Input data should be a 1-dimensional tensor")
    write_whole(filename, data.numpy().tobytes())


@entry
def read_image(path: str, mode: Any = ImageReadMode.UNCHANGED, apply_exif_orientation: bool = False) -> Tensor:
    """An image file as a tensor (C, H, W) of bytes; of a PNG of 16 bits of uint16."""
    return decode_image(read_file(path), mode, apply_exif_orientation)


@entry
def write_png(input: Tensor, filename: str, compression_level: int = 6) -> None:
    """Write an image (C, H, W) of bytes, grey or RGB, to a PNG file."""
    write_file(filename, encode_png(input, compression_level))


@entry
def write_jpeg(input: Tensor, filename: str, quality: int = 75) -> None:
    """Write an image (C, H, W) of bytes, grey or RGB, to a JPEG file."""
    write_file(filename, encode_jpeg(input, quality))


# -- decoding ----------------------------------------------------------------------------------------------------------


@entry
def decode_image(input: Any, mode: Any = ImageReadMode.UNCHANGED, apply_exif_orientation: bool = False) -> Tensor:
    """The image in a file's bytes, or in a file of a name, as a tensor (C, H, W) of bytes; of an animated GIF (N, C, H, W)."""
    data = input if isinstance(input, Tensor) else read_file(str(input))
    if data.dtype != ak.uint8:
        raise RuntimeError("Expected a torch.uint8 tensor")
    if data.dim() != 1 or not data.numel():
        raise RuntimeError("Expected a non empty 1-dimensional tensor")
    begin = data[:16].numpy().tobytes()
    if begin.startswith(_JPEG):
        return decode_jpeg(data, mode, apply_exif_orientation=apply_exif_orientation)
    if begin.startswith(_PNG):
        return decode_png(data, mode, apply_exif_orientation)
    if begin.startswith(_GIFS):
        return decode_gif(data)
    if begin.startswith(b"RIFF") and begin[8:15] == b"WEBPVP8":
        return decode_webp(data, mode)
    raise RuntimeError(
        "Unsupported image file. Only jpeg, png, webp and gif are currently supported. For avif and heic format, "
        "please rely on `decode_avif` and `decode_heic` directly."
    )


def _mode(mode: Any) -> ImageReadMode:
    return ImageReadMode[mode.upper()] if isinstance(mode, str) else mode


def _opened(data: Tensor, *formats: str) -> Any:
    from PIL import Image

    if data.dtype != ak.uint8:
        raise RuntimeError(f"Input tensor must have uint8 data type, got {data.dtype}")
    if data.dim() != 1 or not data.numel():
        raise RuntimeError(
            f"Input tensor must be 1-dimensional and non-empty, got {data.dim()} dims  and {data.numel()} numels."
        )
    try:
        return Image.open(io.BytesIO(data.numpy().tobytes()), formats=formats)
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise RuntimeError(str(error)) from None


def _pixels(image: Any, turned: bool) -> np.ndarray:
    """(H, W, C) of an opened image; the way up that its camera noted, if that is wanted."""
    from PIL import ImageOps

    try:
        array = np.asarray(ImageOps.exif_transpose(image) if turned else image)
    except (OSError, SyntaxError) as error:
        raise RuntimeError(str(error)) from None
    array = array * np.uint8(255) if array.dtype == bool else array
    return array[:, :, None] if array.ndim == 2 else array


def _image_of(pixels: np.ndarray) -> Tensor:
    return ak.from_numpy(np.array(pixels)).permute(2, 0, 1)


def _sixteen_bits(data: Tensor, turned: bool) -> np.ndarray:
    """(H, W, C) of a PNG file of 16 bits. Pillow has no such colours: it gives upper bytes, or lower ones."""
    ways = _HALVES[int(data[_COLOUR_TYPE])]
    halves: list[np.ndarray] = []
    for way in ways:
        image = _opened(data, "PNG")
        image.tile = [each._replace(args=way) for each in image.tile]
        halves.append(_pixels(image, turned))
    if len(halves) == 2:
        return halves[0].astype(np.uint16) << 8 | halves[1]
    (whole,) = halves
    return whole.astype(np.uint16) if whole.shape[2] == 1 else np.ascontiguousarray(whole).view(">u2").astype(np.uint16)


def _with_alpha(samples: np.ndarray) -> np.ndarray:
    """(H, W, 4) of grey or colours, opaque unless they say otherwise."""
    opaque = np.full((*samples.shape[:2], 1), np.iinfo(samples.dtype).max, samples.dtype)
    has_alpha = samples.shape[2] in (2, 4)
    colours, alpha = (samples[:, :, :-1], samples[:, :, -1:]) if has_alpha else (samples, opaque)
    return np.concatenate([np.broadcast_to(colours, (*samples.shape[:2], 3)), alpha], axis=2)


@entry
def decode_png(input: Tensor, mode: Any = ImageReadMode.UNCHANGED, apply_exif_orientation: bool = False) -> Tensor:
    """The image in a PNG file's bytes, (C, H, W), of uint8, or of uint16 where it has 16 bits.

    Unchanged, one with a palette gives its indices.
    """
    image = _opened(input, "PNG")
    wanted = _mode(mode)
    if int(input[_SIXTEEN_BITS]) == 16:
        samples = _sixteen_bits(input, apply_exif_orientation)
    elif image.mode == "P" and wanted is not ImageReadMode.UNCHANGED:
        samples = _pixels(image.convert("RGBA"), apply_exif_orientation)
    else:
        samples = _pixels(image, apply_exif_orientation)
    if wanted is ImageReadMode.UNCHANGED:
        return _image_of(samples)
    colours = _with_alpha(samples)
    if wanted is ImageReadMode.RGB:
        return _image_of(colours[:, :, :3])
    if wanted is ImageReadMode.RGB_ALPHA:
        return _image_of(colours)
    grey = _grey(colours)
    return _image_of(grey if wanted is ImageReadMode.GRAY else np.concatenate([grey, colours[:, :, 3:]], axis=2))


def _grey(colours: np.ndarray) -> np.ndarray:
    """(H, W, 1) of (H, W, ≥3), by libpng's weights, which rounds 16 bits and cuts 8; what is grey already stays so."""
    r, g, b = (colours[:, :, each].astype(np.int64) for each in range(3))
    half = _PARTS // 2 if colours.dtype == np.uint16 else 0
    mixed = (_RED * r + _GREEN * g + (_PARTS - _RED - _GREEN) * b + half) >> 15
    return np.where((r == g) & (g == b), r, mixed).astype(colours.dtype)[:, :, None]


@entry
def decode_jpeg(
    input: Any, mode: Any = ImageReadMode.UNCHANGED, device: Any = "cpu", apply_exif_orientation: bool = False
) -> Any:
    """The image in a JPEG file's bytes, unchanged, in grey or in RGB; of a list of files a list."""
    if isinstance(input, list):
        if not input:
            raise ValueError("Input list must contain at least one element")
        if not all(isinstance(each, Tensor) for each in input):
            raise ValueError("All elements of the input list must be tensors.")
        return [decode_jpeg(each, mode, device, apply_exif_orientation) for each in input]
    wanted = _mode(mode)
    kinds = {ImageReadMode.UNCHANGED: None, ImageReadMode.GRAY: "L", ImageReadMode.RGB: "RGB"}
    image = _opened(input, "JPEG")
    if wanted not in kinds:
        raise RuntimeError("The provided mode is not supported for JPEG files")
    kind = kinds[wanted]
    if kind is not None and image.mode != kind:
        image.draft(kind, image.size)  # brightness alone is what the file has, not what colours are mixed to
        image = image if image.mode == kind else image.convert(kind)
    return _image_of(_pixels(image, apply_exif_orientation))


@entry
def decode_gif(input: Tensor) -> Tensor:
    """The image in a GIF file's bytes, RGB, (3, H, W), or if it is animated all of them, (N, 3, H, W)."""
    from PIL import ImageSequence

    image = _opened(input, "GIF")
    frames = [_image_of(_pixels(frame.convert("RGB"), False)) for frame in ImageSequence.Iterator(image)]
    return frames[0] if len(frames) == 1 else ak.stack(frames)


@entry
def decode_webp(input: Tensor, mode: Any = ImageReadMode.UNCHANGED) -> Tensor:
    """The image in a WebP file's bytes, unchanged, in RGB or with alpha."""
    wanted = _mode(mode)
    image = _opened(input, "WEBP")
    if wanted is not ImageReadMode.UNCHANGED:
        image = image.convert("RGB" if wanted is ImageReadMode.RGB else "RGBA")
    return _image_of(_pixels(image, False))


# -- encoding ----------------------------------------------------------------------------------------------------------


def _encoded(data: Tensor, format: str, **options: Any) -> Tensor:
    from PIL import Image

    if data.dtype != ak.uint8:
        raise RuntimeError("Input tensor dtype should be uint8")
    if data.dim() != 3:
        raise RuntimeError("Input data should be a 3-dimensional tensor")
    channels = data.shape[0]
    if channels not in (1, 3):
        raise RuntimeError(f"The number of channels should be 1 or 3, got: {channels}")
    pixels = np.ascontiguousarray(data.permute(1, 2, 0).numpy())
    buffer = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels).save(buffer, format, **options)
    return ak.from_numpy(np.frombuffer(buffer.getvalue(), np.uint8).copy())


@entry
def encode_png(input: Tensor, compression_level: int = 6) -> Tensor:
    """An image (C, H, W) of bytes, grey or RGB, as the bytes of a PNG file."""
    if not 0 <= compression_level <= 9:
        raise RuntimeError("Compression level should be between 0 and 9")
    return _encoded(input, "PNG", compress_level=compression_level)


@entry
def encode_jpeg(input: Any, quality: int = 75) -> Any:
    """An image (C, H, W) of bytes, grey or RGB, as the bytes of a JPEG file; of a list of images a list."""
    if not 1 <= quality <= 100:
        raise ValueError("Image quality should be a positive number between 1 and 100")
    if isinstance(input, list):
        if not input:
            raise ValueError("encode_jpeg requires at least one input tensor when a list is passed")
        return [encode_jpeg(each, quality) for each in input]
    return _encoded(input, "JPEG", quality=quality)
