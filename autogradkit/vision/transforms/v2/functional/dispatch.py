"""One function for images, masks, boxes and key points: which of its kernels a call runs. Rests on `tv_tensors`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from importlib import import_module
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
        self.registered: dict[type[TVTensor], Kernel] = {}

    def takes(self, inpt: Any) -> bool:
        """Whether there is a kernel for something."""
        return self._registered_for(inpt) is not None or self._kernel(inpt) is not None

    def _registered_for(self, inpt: Any) -> Kernel | None:
        return next((self.registered[kind] for kind in type(inpt).__mro__ if kind in self.registered), None)

    def _kernel(self, inpt: Any) -> Kernel | None:
        if isinstance(inpt, Mask):
            return self._mask
        if isinstance(inpt, BoundingBoxes | KeyPoints):
            return self._places
        known = (self._pil and is_pil(inpt)) or is_pure_tensor(inpt) or isinstance(inpt, Image | Video)
        return self._image if known else None

    @entry
    def __call__(self, inpt: Any, *args: Any, **kwargs: Any) -> Any:
        if (registered := self._registered_for(inpt)) is not None:
            return registered(inpt, *args, **kwargs)
        kernel = self._kernel(inpt)
        if kernel is None:
            raise TypeError(f"Functional F.{self._image.__name__} does not support inputs of type {type(inpt)}.")
        if isinstance(inpt, BoundingBoxes | KeyPoints) or not isinstance(inpt, Tensor):
            return kernel(inpt, *args, **kwargs)
        made = _in_four_dimensions(kernel, inpt, isinstance(inpt, Mask), args, kwargs)
        if not isinstance(inpt, TVTensor):
            return made
        return tuple(wrap(each, like=inpt) for each in made) if isinstance(made, tuple) else wrap(made, like=inpt)


def register_kernel(functional: Any, tv_tensor_cls: Any) -> Callable[[Kernel], Kernel]:
    """A decorator: what a function, given itself or by its name, does with tensors of a class of one's own.

    Such a kernel is given the tensor itself and the arguments, and what it gives is the function's result. Raises ValueError
    where there is no such function, where the class is none of `TVTensor` or is torchvision's own, and the second time.

    >>> import autogradkit as torch
    >>> from autogradkit.vision import tv_tensors
    >>> from autogradkit.vision.transforms import v2
    >>> class Row(tv_tensors.TVTensor):
    ...     pass
    >>> @v2.functional.register_kernel("hflip", Row)
    ... def flip(row):
    ...     return tv_tensors.wrap(row.flip(-1), like=row)
    >>> v2.functional.hflip(torch.arange(3).as_subclass(Row))
    Row([2, 1, 0])
    """
    if isinstance(functional, str):
        name, functional = functional, getattr(import_module(__package__ or ""), functional, None)
        if functional is None:
            raise ValueError(f"Could not find functional with name '{name}' in torchvision.transforms.v2.functional.")
    if not isinstance(functional, Functional):
        raise ValueError(
            "Kernels can only be registered on functionals from the torchvision.transforms.v2.functional namespace, "
            f"but got {functional}."
        )
    if not (isinstance(tv_tensor_cls, type) and issubclass(tv_tensor_cls, TVTensor)):
        raise ValueError(
            f"Kernels can only be registered for subclasses of torchvision.tv_tensors.TVTensor, but got {tv_tensor_cls}."
        )
    if tv_tensor_cls in (BoundingBoxes, Image, KeyPoints, Mask, Video):
        raise ValueError(f"Kernels cannot be registered for the builtin tv_tensor classes, but got {tv_tensor_cls}")
    if tv_tensor_cls in functional.registered:
        raise ValueError(f"Functional {functional} already has a kernel registered for type {tv_tensor_cls}.")

    def register(kernel: Kernel) -> Kernel:
        functional.registered[tv_tensor_cls] = kernel
        return kernel

    return register


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
