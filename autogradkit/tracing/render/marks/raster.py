"""Arrays as small pictures inside of a picture: PNG, in few shades, as `data:` addresses.

Ink on paper goes from white to black; numbers of both signs from blue (negative) over white (0) to red, as in the figures.
Rests on NumPy and zlib; `learnt` uses it.
"""

from __future__ import annotations

import base64
import math
import struct
import zlib

import numpy as np

Array = np.ndarray

_SIDE = 7  # shades on each side of white, so that one takes four bits: twice as many look the same and double the bytes
_MOST = 32  # pixels in a column of a picture; they are drawn a few centimetres wide
_COOL, _WARM = (0, 90, 165), (185, 45, 15)


def ink(pixels: Array) -> str:
    """A picture (H, W) of ink on paper: 0 is white, its largest number black. NaN counts as 0.

    >>> ink(np.eye(2)).startswith("data:image/png;base64,")
    True
    """
    few = _few(pixels)
    largest = float(few[np.isfinite(few)].max(initial=0.0)) or 1.0
    shades = np.rint(np.nan_to_num(few / largest, posinf=1.0).clip(0, 1) * (2 * _SIDE))
    grey = np.linspace(255, 0, 2 * _SIDE + 1).round().astype(np.uint8)
    return _png(shades.astype(np.uint8), np.repeat(grey[:, None], 3, axis=1))


def signed(pixels: Array, largest: float) -> str:
    """Numbers (H, W) from -largest (blue) over 0 (white) to largest (red); what lies beyond is cut. NaN counts as 0."""
    scaled = np.nan_to_num(_few(pixels) / (largest or 1.0), posinf=1.0, neginf=-1.0).clip(-1, 1)
    white = np.full(3, 255.0)
    weights = np.abs(np.linspace(-1, 1, 2 * _SIDE + 1))[:, None]
    ends = np.repeat(np.array([_COOL, _WARM], float), [_SIDE, _SIDE + 1], axis=0)
    palette = (white + weights * (ends - white)).round().astype(np.uint8)
    return _png(np.rint((scaled + 1) * _SIDE).astype(np.uint8), palette)


def _few(pixels: Array) -> Array:
    """The means of so many neighbours that a picture is at most `_MOST` pixels high."""
    height, width = pixels.shape
    every = math.ceil(height / _MOST)
    if every == 1:
        return pixels
    rows, columns = height // every, max(1, width // every)
    part = pixels[: rows * every, : columns * every]
    return part.reshape(rows, every, columns, -1).mean((1, 3))


def _png(shades: Array, palette: Array) -> str:
    """`shades` (H, W) are rows of `palette` (N, 3), both uint8. The format: https://www.w3.org/TR/png/."""
    height, width = shades.shape
    even = np.zeros((height, width + width % 2), np.uint8)
    even[:, :width] = shades
    rows = np.zeros((height, 1 + even.shape[1] // 2), np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = even[:, ::2] << 4 | even[:, 1::2]
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)),
            (b"PLTE", palette.tobytes()),
            (b"IDAT", zlib.compress(rows.tobytes(), 9)),
            (b"IEND", b""),
        )
    )
    return "data:image/png;base64," + base64.b64encode(data).decode()
