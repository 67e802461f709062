"""Arguments of transforms in the form that they are kept in, or refused. Rests on nothing but `functional`'s images."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms.functional.geometry import SIZE_OF_TWO, both_edges
from autogradkit.vision.transforms.functional.images import get_dimensions


def edges(size: Any, message: str = SIZE_OF_TWO) -> Any:
    """(height, width) of a size that may be one number; ValueError, with what is to be said, for other than two."""
    both = both_edges(size)
    if len(both) != 2:
        raise ValueError(message)
    return both


def refuse_lengths(value: Any, name: str, lengths: tuple[int, ...] = (2,)) -> None:
    """Refuse what is no sequence of one of the lengths."""
    message = f"{name} should be a sequence of length {' or '.join(map(str, lengths))}."
    if not isinstance(value, Sequence):
        raise TypeError(message)
    if len(value) not in lengths:
        raise ValueError(message)


def angles(value: Any, name: str, lengths: tuple[int, ...] = (2,)) -> list[float]:
    """A range of angles, given as such or as the number that it reaches to on both sides of 0."""
    if isinstance(value, numbers.Real):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be positive.")
        return [float(-value), float(value)]
    refuse_lengths(value, name, lengths)
    return [float(each) for each in value]


def filling(fill: Any) -> Any:
    """A fill, 0 where there is none; TypeError for what is no number and no sequence."""
    if fill is None:
        return 0
    if not isinstance(fill, Sequence | numbers.Real):
        raise TypeError("Fill should be either a sequence or a number.")
    return fill


def fill_for(img: Any, fill: Any) -> Any:
    """A fill as `functional` wants it for an image: a number for each channel of a tensor."""
    if not isinstance(img, Tensor) or fill is None:
        return fill
    if isinstance(fill, int | float):
        return [float(fill)] * get_dimensions(img)[0]
    return [float(each) for each in fill]


def two_numbers(value: Any, name: str) -> list[float]:
    """A number for both of two, or two, as floats."""
    if not isinstance(value, int | float | Sequence):
        raise TypeError(f"{name} should be a number or a sequence of numbers. Got {type(value)}")
    if not isinstance(value, Sequence):
        return [float(value)] * 2
    if len(value) not in (1, 2):
        raise ValueError(f"If {name} is a sequence its length should be 1 or 2. Got {len(value)}")
    for each in value:
        if not isinstance(each, int | float):
            raise ValueError(f"{name} should be a sequence of numbers. Got {type(each)}")
    return [float(value[0]), float(value[-1])]
