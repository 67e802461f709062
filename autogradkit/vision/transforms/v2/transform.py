"""What every transform of `v2` is: of a nest of images, masks, boxes and labels it changes those that it knows, all alike.

A transform draws its arguments once for a call (`make_params`), then changes one leaf after another (`transform`). Plain
tensors beside an image are labels or the like, and pass; without an image the first of them is taken for one.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.tensor import Tensor
from autogradkit.utils._pytree import tree_flatten, tree_unflatten
from autogradkit.vision.transforms.functional.images import is_pil
from autogradkit.vision.transforms.v2.functional.dispatch import Functional, is_pure_tensor
from autogradkit.vision.transforms.v2.functional.sizes import get_dimensions, get_size
from autogradkit.vision.tv_tensors import BoundingBoxes, Image, KeyPoints, Mask, Video

Check = type | Callable[[Any], bool]


def check_type(obj: Any, types_or_checks: tuple[Check, ...]) -> bool:
    """Whether something is of one of several classes or passes one of several checks."""
    return any(isinstance(obj, each) if isinstance(each, type) else each(obj) for each in types_or_checks)


def has_any(flat_inputs: list[Any], *types_or_checks: Check) -> bool:
    """Whether some leaf is of one of several classes or passes one of several checks."""
    return any(check_type(each, types_or_checks) for each in flat_inputs)


def has_all(flat_inputs: list[Any], *types_or_checks: Check) -> bool:
    """Whether there is a leaf for each of several classes or checks."""
    return all(has_any(flat_inputs, each) for each in types_or_checks)


def _only(found: set[tuple[int, ...]], none: str, several: str) -> tuple[int, ...]:
    if not found:
        raise TypeError(none)
    if len(found) > 1:
        *first, last = (str(each) for each in sorted(found))
        raise ValueError(f"Found multiple {several} dimensions in the sample: {', '.join(first)} and {last}")
    return found.pop()


def query_chw(flat_inputs: list[Any]) -> tuple[int, ...]:
    """(channels, height, width) of the images of a nest; ValueError where they differ."""
    images = [each for each in flat_inputs if check_type(each, (is_pure_tensor, Image, is_pil, Video))]
    found = {tuple(get_dimensions(each)) for each in images}
    return _only(found, "No image or video was found in the sample", "CxHxW")


def query_size(flat_inputs: list[Any]) -> tuple[int, ...]:
    """(height, width) of the images, masks and canvases of a nest; ValueError where they differ."""
    kinds = (is_pure_tensor, Image, is_pil, Video, Mask, BoundingBoxes, KeyPoints)
    found = {tuple(get_size(each)) for each in flat_inputs if check_type(each, kinds)}
    return _only(found, "No image, video, mask, bounding box of keypoint was found in the sample", "HxW")


class Transform(nn.Module):
    """The base of all transforms; one of the user's has `transform`, and `make_params` where it draws."""

    _transformed_types: tuple[Check, ...] = (Tensor, is_pil)

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Raise for what cannot be transformed."""

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The arguments of one call, the same for all leaves."""
        return {}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """A leaf, transformed."""
        raise NotImplementedError

    def _call_kernel(self, functional: Functional, inpt: Any, *args: Any, **kwargs: Any) -> Any:
        """A function of a leaf, or the leaf itself where the function has no kernel for it."""
        return functional(inpt, *args, **kwargs) if functional.takes(inpt) else inpt

    def forward(self, *inputs: Any) -> Any:
        """The input, or several as a tuple, with everything transformed that this transform knows."""
        leaves, structure = tree_flatten(inputs[0] if len(inputs) == 1 else inputs)
        self.check_inputs(leaves)
        return self._transformed(leaves, structure)

    def _transformed(self, leaves: list[Any], structure: Any) -> Any:
        wanted = self._needs_transform_list(leaves)
        params = self.make_params([leaf for leaf, needed in zip(leaves, wanted, strict=True) if needed])
        changed = [
            self.transform(leaf, params) if needed else leaf for leaf, needed in zip(leaves, wanted, strict=True)
        ]
        return tree_unflatten(changed, structure)

    def _needs_transform_list(self, flat_inputs: list[Any]) -> list[bool]:
        plain = not has_any(flat_inputs, Image, Video, is_pil)
        wanted: list[bool] = []
        for each in flat_inputs:
            needed = check_type(each, self._transformed_types)
            if needed and is_pure_tensor(each):
                needed, plain = plain, False
            wanted.append(needed)
        return wanted

    def extra_repr(self) -> str:
        """The arguments that can be printed on a line."""
        shown = (bool, int, float, str, tuple, list, enum.Enum)
        attributes = ((name, value) for name, value in vars(self).items() if name[0] != "_" and name != "training")
        return ", ".join(f"{name}={value}" for name, value in attributes if isinstance(value, shown))


class RandomApplyTransform(Transform):
    """The base of transforms that leave their input as it is with probability 1 − p."""

    def __init__(self, p: float = 0.5) -> None:
        refuse_probability(p)
        super().__init__()
        self.p = p

    def forward(self, *inputs: Any) -> Any:
        """The input, transformed or not."""
        nest = inputs[0] if len(inputs) == 1 else inputs
        leaves, structure = tree_flatten(nest)
        self.check_inputs(leaves)
        return nest if ak.rand(1) >= self.p else self._transformed(leaves, structure)


def refuse_probability(p: float) -> None:
    """Refuse what is no probability."""
    if not 0.0 <= p <= 1.0:
        raise ValueError("`p` should be a floating point value in the interval [0.0, 1.0].")


def fills(fill: Any) -> dict[Any, Any]:
    """A fill, or one for each of several classes, in the form that `fill_of` reads."""
    given = fill if isinstance(fill, dict) else {"others": fill}
    made = {}
    for kind, each in given.items():
        if each is not None and not isinstance(each, int | float | tuple | list):
            raise TypeError("Got inappropriate fill arg, only Numbers, tuples, lists and dicts are allowed.")
        made[kind] = [float(value) for value in each] if isinstance(each, tuple | list) else each
    return made


def fill_of(made: dict[Any, Any], inpt: Any) -> Any:
    """The fill for a leaf of its class."""
    return made.get(type(inpt), made.get("others"))
