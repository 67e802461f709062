"""What a network has learnt, as numbers: its answers, its confusions, its filters, and what its layers make of a picture.

Looking leaves no trace: every module's mode, the random stream and a recording that runs stay as they were. Rests on nn and
tensors; `vision.figures` and the live view draw what is found here.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autogradkit._ops.making.seed import get_rng_state, set_rng_state
from autogradkit.core.frames import entry
from autogradkit.core.recording import unheard
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.engine.modes import no_grad
from autogradkit.nn import Module
from autogradkit.nn.modules import Conv2d, Linear

BATCH = 250


@contextmanager
def looking(model: Module) -> Iterator[None]:
    """The model in evaluation mode, without gradients, for the length of the block."""
    modes = [(module, module.training) for module in model.modules()]
    # Beside a cell that runs on the main thread the stream is that cell's, which goes on drawing: it is not put back.
    alone = threading.current_thread() is threading.main_thread()
    state = get_rng_state() if alone else None
    model.eval()
    try:
        with no_grad(), unheard():
            yield
    finally:
        for module, mode in modes:
            module.training = mode
        if state is not None:
            set_rng_state(state)


@entry
def scores(model: Module, images: Tensor) -> np.ndarray:
    """The model's scores of `images`, (N, classes). Raises ValueError where it does not give one row for each image."""
    with looking(model):
        parts = [model(images[start : start + BATCH]).numpy() for start in range(0, len(images), BATCH)]
    if not parts or parts[0].ndim != 2 or sum(map(len, parts)) != len(images):
        shapes = ", ".join(str(part.shape) for part in parts[:1]) or "nothing"
        raise ValueError(f"{len(images)} images should give scores of shape ({len(images)}, classes), not {shapes}")
    return np.concatenate(parts)


@entry
def predict(model: Module, images: Tensor) -> Tensor:
    """The class that the model scores highest for each image, int64 of shape (N,).

    >>> import autogradkit as torch
    >>> from autogradkit.vision.models import LeNet
    >>> predict(LeNet(), torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2])
    """
    return wrap(scores(model, images).argmax(1))


@entry
def confusion(labels: Tensor | np.ndarray, predicted: Tensor | np.ndarray, classes: int | None = None) -> np.ndarray:
    """How often each class (row) was read as each class (column): int64, (classes, classes).

    Without `classes` there are as many as the largest label or prediction asks for. Raises ValueError where labels and
    predictions are not integers from 0 up to `classes`, or not equally many.

    >>> confusion(np.array([0, 1, 1]), np.array([0, 1, 0])).tolist()
    [[1, 0], [1, 1]]
    """
    true, read = np.asarray(labels), np.asarray(predicted)
    if true.ndim != 1 or true.shape != read.shape or true.dtype.kind not in "iu" or read.dtype.kind not in "iu":
        raise ValueError(
            f"labels and predictions should be integers of one shape (N,), not {true.dtype} {true.shape} "
            f"and {read.dtype} {read.shape}"
        )
    both = np.concatenate([true, read])
    count = int(both.max(initial=-1)) + 1 if classes is None else classes
    if both.size and not (both.min() >= 0 and both.max() < count):
        raise ValueError(f"labels and predictions should be from 0 to {count - 1}, not {both.min()} to {both.max()}")
    table = np.zeros((count, count), np.int64)
    np.add.at(table, (true, read), 1)
    return table


@entry
def filters(model: Module) -> tuple[str, np.ndarray]:
    """Through what the model's first layer looks: its name, and a copy of its windows (K, height, width).

    Those of a `Conv2d` of several channels follow one another, channel by channel. A `Linear` layer's weights are windows as
    large as the picture, which must be square. Raises ValueError where the first layer with weights is neither.

    >>> from autogradkit.vision.models import LeNet
    >>> name, windows = filters(LeNet())
    >>> name, windows.shape
    ('conv1', (6, 5, 5))
    """
    for name, module in model.named_modules():
        if not any(each.startswith("weight") for each in module._parameters):
            continue
        if isinstance(module, Conv2d):
            weight = module.weight.numpy(force=True)
            return name, weight.reshape(-1, *weight.shape[2:]).copy()
        if isinstance(module, Linear):
            weight = module.weight.numpy(force=True)
            side = math.isqrt(weight.shape[1])
            if side * side == weight.shape[1]:
                return name, weight.reshape(-1, side, side).copy()
        raise ValueError(
            f"the first layer, {name or type(model).__name__}, is a {type(module).__name__}: only a Conv2d, or a Linear "
            "over square pictures, has filters to look at"
        )
    raise ValueError(f"{type(model).__name__} has no layer with weights")


@entry
def activations(model: Module, image: Tensor) -> list[tuple[str, np.ndarray]]:
    """What each layer with weights makes of one image (C, H, W), in the order in which they run: names and copies.

    The result of a convolution is (channels, height, width), of a linear layer (features,), before what follows it, such as a
    ReLU. A layer that runs twice is there twice.

    >>> import autogradkit as torch
    >>> from autogradkit.vision.models import LeNet
    >>> [(name, made.shape) for name, made in activations(LeNet(), torch.zeros(1, 28, 28))][:2]
    [('conv1', (6, 28, 28)), ('conv2', (16, 10, 10))]
    """
    found: list[tuple[str, np.ndarray]] = []

    def listen(name: str) -> Any:
        return lambda module, args, output: found.append((name, output.numpy(force=True)[0].copy()))

    with looking(model):
        handles = [
            module.register_forward_hook(listen(name))
            for name, module in model.named_modules()
            if isinstance(module, Conv2d | Linear)
        ]
        try:
            model(image[None])
        finally:
            for handle in handles:
                handle.remove()
    return found
