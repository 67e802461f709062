"""Images as a figure, each under its label. Rests on matplotlib, which is imported when used."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit.core.tensor import Tensor

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 10
WRONG = "#d1492e"  # legible on white and on black; the frame and the arrow say it too


def show(
    images: Tensor | np.ndarray,
    labels: Tensor | Sequence[Any] | None = None,
    ax: Axes | None = None,
    *,
    predicted: Tensor | Sequence[Any] | None = None,
) -> Axes:
    """Draw images (N, 1, H, W) or (N, H, W) of any real dtype, ten in a row, each under its label. Returns the axes.

    Where `predicted` differs from the label the image is framed, and both stand above it: `7 → 2` is a 7 read as a 2.
    Images of ink on paper are drawn as that, 0 white and the largest number black. Those that hold negative numbers, such
    as filters, go from blue (negative) over white (0) to red. Without `ax` there is a new figure. Raises ValueError for
    other shapes, and where there is not one label, and one prediction, for each image.

    >>> from autogradkit.vision.recipes import digits
    >>> pictures, labels = digits(train=False).tensors
    >>> axes = show(pictures[:20], labels[:20])
    >>> [text.get_text() for text in axes.texts[:3]]
    ['7', '2', '1']
    """
    import matplotlib.pyplot as plt
    from matplotlib.patches import Rectangle

    pixels = images.numpy(force=True) if isinstance(images, Tensor) else np.asarray(images)
    shape = pixels.shape
    if pixels.ndim == 4 and shape[1] == 1:
        pixels = pixels[:, 0]
    if pixels.ndim != 3 or not pixels.size:
        raise ValueError(f"images should be (N, 1, H, W) or (N, H, W) with at least one pixel, not {shape}")
    names = [""] * len(pixels) if labels is None else _texts(labels, "label", len(pixels))
    guesses = names if predicted is None else _texts(predicted, "prediction", len(pixels))

    count, height, width = pixels.shape
    columns = min(count, COLUMNS)
    rows = math.ceil(count / columns)
    gap = max(1, height // 10)
    across, down = width + gap, height + (gap if labels is None else max(gap, height // 2))
    sheet = np.full((rows * down, columns * across), np.nan)  # NaN shows nothing: the figure's own ground
    if ax is None:
        inches = min(1.3, 8 / columns)  # of one image
        size = (columns * inches, rows * inches * down / across)
        ax = plt.subplots(figsize=size, layout="constrained")[1]
    for number, (picture, name, guess) in enumerate(zip(pixels, names, guesses, strict=True)):
        top, left = number // columns * down + down - height, number % columns * across
        sheet[top : top + height, left : left + width] = picture
        wrong = guess != name
        caption = f"{name} → {guess}" if wrong else name
        ax.text(left + width / 2, top - 1, caption, ha="center", va="bottom", color=WRONG if wrong else None)
        if wrong:
            corner = (left - 0.5, top - 0.5)
            ax.add_patch(Rectangle(corner, width, height, fill=False, edgecolor=WRONG, linewidth=2, clip_on=False))
    finite = pixels[np.isfinite(pixels)]
    largest, signed = np.abs(finite.astype(float)).max(initial=0.0), bool((finite < 0).any())
    ax.imshow(sheet, "RdBu_r" if signed else "gray_r", vmin=-largest if signed else 0.0, vmax=largest)
    ax.set_axis_off()
    return ax


def _texts(values: Any, what: str, count: int) -> list[str]:
    """Labels as they are written above the images."""
    names = [str(each) for each in np.asarray(values).tolist()]
    if len(names) != count:
        raise ValueError(f"there should be one {what} for each of the {count} images, not {len(names)}")
    return names
