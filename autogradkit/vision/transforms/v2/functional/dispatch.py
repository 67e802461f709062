"""One function for images, masks, boxes and key points: which of its kernels a call runs. Rests on `tv_tensors`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms.functional.images import InterpolationMode, interpolation_mode, is_pil
from autogradkit.vision.tv_tensors import BoundingBoxes, Image, KeyPoints, Mask, TVTensor, Video, wrap

Kernel = Callable[..., Any]


def is_pure_tensor(inpt: Any) -> bool:
    """Whether something is a tensor that does not say what it holds."""
    return isinstance(inpt, Tensor) and not isinstance(inpt, TVTensor)


def mode_of(interpolation: Any) -> InterpolationMode:
    """A mode, given itself, by its name or as Pillow's integer."""
    if not isinstance(interpolation, str):
        return interpolation_mode(interpolation)
    names = [mode.value for mode in InterpolationMode]
    if interpolation not in names:
        raise ValueError(f"Invalid interpolation mode: '{interpolation}'. Supported string values are: {names}.")
    return InterpolationMode(interpolation)


class Functional:
    """A function of an image, called with a tensor, a PIL image, or a tensor that says what it holds.

    Masks and places, boxes and key points, have kernels of their own: a mask's is given (..., 1, H, W) and the arguments,
    that of places these themselves, whose canvas it may change. Kinds without a kernel, and PIL images where `pil` is off,
    are refused here, and passed over by transforms.
    """

    def __init__(
        self, image: Kernel, mask: Kernel | None = None, places: Kernel | None = None, *, pil: bool = True
    ) -> None:
        functools.update_wrapper(self, image)
        called = inspect.signature(image)
        first, *others = called.parameters.values()
        self.__signature__ = called.replace(parameters=[first.replace(name="inpt"), *others])
        self._image, self._mask, self._places, self._pil = image, mask, places, pil

    def takes(self, inpt: Any) -> bool:
        """Whether there is a kernel for something."""
        return self._kernel(inpt) is not None

    def _kernel(self, inpt: Any) -> Kernel | None:
        if isinstance(inpt, Mask):
            return self._mask
        if isinstance(inpt, BoundingBoxes | KeyPoints):
            return self._places
        known = (self._pil and is_pil(inpt)) or is_pure_tensor(inpt) or isinstance(inpt, Image | Video)
        return self._image if known else None

    @entry
    def __call__(self, inpt: Any, *args: Any, **kwargs: Any) -> Any:
        kernel = self._kernel(inpt)
        if kernel is None:
            raise TypeError(f"Functional F.{self._image.__name__} does not support inputs of type {type(inpt)}.")
        if isinstance(inpt, BoundingBoxes | KeyPoints) or not isinstance(inpt, Tensor):
            return kernel(inpt, *args, **kwargs)
        made = _in_four_dimensions(kernel, inpt, isinstance(inpt, Mask), args, kwargs)
        if not isinstance(inpt, TVTensor):
            return made
        return tuple(wrap(each, like=inpt) for each in made) if isinstance(made, tuple) else wrap(made, like=inpt)


def _in_four_dimensions(kernel: Kernel, inpt: Tensor, masks: bool, args: Any, kwargs: Any) -> Any:
    """Run a kernel on a batch of images where there are more dimensions before them, or none for a channel."""
    plain = inpt.as_subclass(Tensor)
    if masks and plain.ndim == 2:
        return kernel(plain[None], *args, **kwargs)[0]
    if plain.ndim <= 4:
        return kernel(plain, *args, **kwargs)
    before = plain.shape[:-3]
    made = kernel(plain.flatten(0, -4), *args, **kwargs)
    if isinstance(made, tuple):
        return tuple(each.unflatten(0, before) for each in made)
    return made.unflatten(0, before)
