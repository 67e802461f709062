"""Transforms made of transforms: one after another, some of them, or a function of the user's."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry

__all__ = ["Compose", "Lambda", "RandomApply", "RandomChoice", "RandomOrder"]


def listed(name: str, *lines: Any) -> str:
    """What a container prints: each part on its own line."""
    return "\n".join([f"{name}(", *(f"    {line}" for line in lines), ")"])


class Compose:
    """Apply several transforms in turn.

    >>> from autogradkit.vision.transforms import Normalize, ToTensor
    >>> Compose([ToTensor(), Normalize((0.5,), (0.5,))])
    Compose(
        ToTensor()
        Normalize(mean=(0.5,), std=(0.5,))
    )
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    @entry
    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return listed(type(self).__name__, *self.transforms)


class Lambda:
    """Apply a function of the user's."""

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    @entry
    def __call__(self, img: Any) -> Any:
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class RandomApply(nn.Module):
    """Apply several transforms in turn, or, with probability 1 − p, none of them."""

    def __init__(self, transforms: Sequence[Callable[[Any], Any]] | nn.ModuleList, p: float = 0.5) -> None:
        super().__init__()
        self.transforms: Any = transforms
        self.p = p

    def forward(self, img: Any) -> Any:
        """The image, transformed or not."""
        if self.p < ak.rand(1):
            return img
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return listed(type(self).__name__, f"p={self.p}", *self.transforms)


class RandomTransforms:
    """What chooses among transforms; Python's own random numbers decide, as in torchvision."""

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        if not isinstance(transforms, Sequence):
            raise TypeError("Argument transforms should be a sequence")
        self.transforms = transforms

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def __repr__(self) -> str:
        return listed(type(self).__name__, *self.transforms)


class RandomOrder(RandomTransforms):
    """Apply several transforms in a random order."""

    @entry
    def __call__(self, img: Any) -> Any:
        order = list(range(len(self.transforms)))
        random.shuffle(order)
        for number in order:
            img = self.transforms[number](img)
        return img


class RandomChoice(RandomTransforms):
    """Apply one of several transforms, chosen with the weights `p`."""

    def __init__(self, transforms: Sequence[Callable[..., Any]], p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        if p is not None and not isinstance(p, Sequence):
            raise TypeError("Argument p should be a sequence")
        self.p = p

    @entry
    def __call__(self, *args: Any) -> Any:
        return random.choices(self.transforms, weights=self.p)[0](*args)

    def __repr__(self) -> str:
        return f"{super().__repr__()}(p={self.p})"
