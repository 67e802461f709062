"""Figures of what a network has learnt: misread digits, confusions, filters and feature maps.

Each draws into the axes it is given, or into those of a new figure, and returns them. Rests on `vision.learnt`, and on
matplotlib, which is imported when used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from autogradkit.core.tensor import Tensor
from autogradkit.nn import Module
from autogradkit.vision import learnt
from autogradkit.vision.utils import show

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 64  # windows or maps in one figure


def show_mistakes(model: Module, images: Tensor, labels: Tensor, ax: Axes | None = None, most: int = 40) -> Axes:
    """Draw the images, (N, 1, H, W), that `model` reads wrongly, framed, each under `label → prediction`. Returns the axes.

    At most `most` of them, in their order; the title says how many there are. Raises ValueError where there is none.

    >>> import autogradkit as torch
    >>> from autogradkit.vision.models import LeNet
    >>> from autogradkit.vision.recipes import digits
    >>> axes = show_mistakes(LeNet(), *digits(train=False).tensors)
    >>> axes.get_title().endswith("of 1,000 misread, the first 40 of them")
    True
    """
    predicted = learnt.predict(model, images)
    wrong = np.flatnonzero(predicted.numpy() != labels.numpy())
    if not len(wrong):
        raise ValueError(f"none of the {len(images):,} images is misread: there is nothing to show")
    first = wrong[:most]
    ax = show(images.numpy()[first], labels.numpy()[first], ax, predicted=predicted.numpy()[first])
    rest = f", the first {most} of them" if len(wrong) > most else ""
    ax.set_title(f"{len(wrong):,} of {len(images):,} misread{rest}")
    return ax


def show_confusion(labels: Tensor, predicted: Tensor, ax: Axes | None = None) -> Axes:
    """Draw how often each class (row) was read as each class (column), the mistakes in colour. Returns the axes.

    Raises ValueError as `vision.learnt.confusion` does, which gives the numbers.

    >>> import autogradkit as torch
    >>> axes = show_confusion(torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0]))
    >>> [text.get_text() for text in axes.texts]
    ['1', '1', '1']
    """
    import matplotlib.pyplot as plt

    table = learnt.confusion(labels, predicted)
    if ax is None:
        ax = plt.subplots(figsize=(4.6, 4.6), layout="constrained")[1]
    mistakes = table * (1 - np.eye(len(table), dtype=np.int64))
    ax.imshow(mistakes, "Oranges", vmin=0, vmax=max(2, 2 * mistakes.max(initial=0)))  # black on its half stays legible
    for (row, column), count in np.ndenumerate(table):
        if count:
            ax.text(column, row, str(count), ha="center", va="center", color="black")
    classes = range(len(table))
    ax.set(xlabel="read as", ylabel="label", xticks=classes, yticks=classes)
    return ax


def show_filters(model: Module, ax: Axes | None = None) -> Axes:
    """Draw the windows through which `model`'s first layer looks: red counts for it, blue against. Returns the axes.

    At most 64 of them. Raises ValueError where the first layer is neither a `Conv2d` nor a `Linear` over square pictures.

    >>> from autogradkit.vision.models import LeNet
    >>> show_filters(LeNet()).get_title()
    'conv1: 6 filters of 5×5'
    """
    name, windows = learnt.filters(model)
    ax = show(windows[:MOST], ax=ax)
    ax.set_title(_counted(name, "filters", windows))
    return ax


def show_feature_maps(model: Module, image: Tensor, layer: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw what a convolution of `model` makes of one image, (C, H, W): one map for each of its filters. Returns the axes.

    `layer` is its name as `named_modules` has it; without it, the first one. At most 64 maps. Raises ValueError where there
    is no such convolution.

    >>> import autogradkit as torch
    >>> from autogradkit.vision.models import LeNet
    >>> show_feature_maps(LeNet(), torch.zeros(1, 28, 28), "conv2").get_title()
    'conv2: 16 maps of 10×10'
    """
    found = {name: made for name, made in learnt.activations(model, image) if made.ndim == 3}
    if not found or (layer is not None and layer not in found):
        names = ", ".join(found) or "none"
        raise ValueError(f"no convolution{'' if layer is None else f' named {layer!r}'}: there is {names}")
    name = next(iter(found)) if layer is None else layer
    ax = show(found[name][:MOST], ax=ax)
    ax.set_title(_counted(name, "maps", found[name]))
    return ax


def _counted(name: str, what: str, pictures: np.ndarray) -> str:
    count, height, width = pictures.shape
    rest = f", the first {MOST}" if count > MOST else ""
    return f"{name + ': ' if name else ''}{count} {what} of {height}×{width}{rest}"
