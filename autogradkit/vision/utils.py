"""Images as a figure, where torchvision has `torchvision.utils`. Rests on matplotlib, which is imported when used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit.core.tensor import Tensor

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 10


def show(images: Tensor | np.ndarray, labels: Tensor | Sequence[Any] | None = None, ax: Axes | None = None) -> Axes:
    """Draw images (N, 1, H, W) or (N, H, W) of any real dtype, ten in a row, each under its label. Returns the axes.

    Images of ink on paper are drawn as that, 0 white and the largest number black. Those that hold negative numbers, such
    as filters, go from blue (negative) over white (0) to red. Without `ax` there is a new figure. Raises ValueError for
    other shapes, and where there is not one label for each image.

    >>> from autogradkit.vision.recipes import digits
    >>> pictures, labels = digits(train=False).tensors
    >>> axes = show(pictures[:20], labels[:20])
    >>> [text.get_text() for text in axes.texts[:3]]
    ['7', '2', '1']
    """
    import matplotlib.pyplot as plt

    pixels = images.numpy(force=True) if isinstance(images, Tensor) else np.asarray(images)
    shape = pixels.shape
    if pixels.ndim == 4 and shape[1] == 1:
        pixels = pixels[:, 0]
    if pixels.ndim != 3 or not pixels.size:
        raise ValueError(f"images should be (N, 1, H, W) or (N, H, W) with at least one pixel, not {shape}")
    names = [""] * len(pixels) if labels is None else [str(each) for each in np.asarray(labels).tolist()]
    if len(names) != len(pixels):
        raise ValueError(f"there should be one label for each of the {len(pixels)} images, not {len(names)}")

    count, height, width = pixels.shape
    columns = min(count, COLUMNS)
    rows = math.ceil(count / columns)
    gap = max(1, height // 10)
    across, down = width + gap, height + (gap if labels is None else max(gap, height // 2))
    sheet = np.full((rows * down, columns * across), np.nan)  # NaN shows nothing: the figure's own ground
    if ax is None:
        size = (columns * 0.8, rows * 0.8 * down / across)
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    for number, (picture, name) in enumerate(zip(pixels, names, strict=True)):
        top, left = number // columns * down + down - height, number % columns * across
        sheet[top : top + height, left : left + width] = picture
        ax.text(left + width / 2, top - 1, name, ha="center", va="bottom")
    finite = pixels[np.isfinite(pixels)]
    largest, signed = np.abs(finite.astype(float)).max(initial=0.0), bool((finite < 0).any())
    ax.imshow(sheet, "RdBu_r" if signed else "gray_r", vmin=-largest if signed else 0.0, vmax=largest)
    ax.set_axis_off()
    return ax
