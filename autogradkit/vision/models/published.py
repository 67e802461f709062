"""Published parameters by name, as in torchvision: `ResNet18_Weights.DEFAULT`.

The facts (addresses, accuracies, how a picture is prepared) are in `published.json`, which `scripts/write_published_weights.py`
writes. Rests on `hub`, which finds the files, and on `transforms`. The files of models make their enums with it.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from autogradkit.core.tensor import Tensor
from autogradkit.hub import load_state_dict_from_url
from autogradkit.vision.transforms import _presets
from autogradkit.vision.transforms.functional import InterpolationMode


@dataclass
class Weights:
    """Where parameters are published, what prepares a picture for them, and what else is known of them."""

    url: str
    transforms: Callable[..., Any]
    meta: dict[str, Any]

    def __eq__(self, other: object) -> bool:
        """Whether all is alike; of two `partial`s, what they would call."""
        return _parts(self) == _parts(other) if isinstance(other, Weights) else NotImplemented


def _parts(weights: Weights) -> list[Any]:
    prepared = weights.transforms
    if isinstance(prepared, functools.partial):
        prepared = (prepared.func, prepared.args, prepared.keywords)
    return [weights.url, weights.meta, prepared]


class WeightsEnum(Enum):
    """The published parameters of one model; each member's value is a `Weights`."""

    @classmethod
    def verify(cls, obj: Any) -> Any:
        """The member: itself or by its name. Raises KeyError for another name, TypeError for anything else; None stays.

        >>> from autogradkit.vision.models import ResNet18_Weights
        >>> ResNet18_Weights.verify("ResNet18_Weights.DEFAULT")
        ResNet18_Weights.IMAGENET1K_V1
        """
        if isinstance(obj, str):
            return cls[obj.replace(f"{cls.__name__}.", "")]
        if obj is not None and not isinstance(obj, cls):
            raise TypeError(
                f"Invalid Weight class provided; expected {cls.__name__} but received {type(obj).__name__}."
            )
        return obj

    def get_state_dict(self, *args: Any, **kwargs: Any) -> dict[str, Tensor]:
        """The parameters, as `hub.load_state_dict_from_url` finds them; it takes the further arguments."""
        return load_state_dict_from_url(self.url, *args, **kwargs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    @property
    def url(self) -> str:
        """The address of the file."""
        return self.value.url

    @property
    def transforms(self) -> Callable[..., Any]:
        """What makes the transform that prepares a picture."""
        return self.value.transforms

    @property
    def meta(self) -> dict[str, Any]:
        """Categories, number of parameters, accuracies, ..."""
        return self.value.meta


@functools.cache
def _facts() -> dict[str, Any]:
    return json.loads(Path(__file__).with_name("published.json").read_text(encoding="utf-8"))


def published(name: str, home: str) -> Any:
    """The enum `name`, which says that it comes from the module `home`."""
    members: dict[str, Weights] = {}
    for each, told in _facts()["weights"][name].items():
        members[each] = members[told] if isinstance(told, str) else _weights(told)
    return WeightsEnum(name, members, module=home)


def _weights(told: dict[str, Any]) -> Weights:
    prepared = dict(told["transforms"])
    preset = getattr(_presets, prepared.pop("preset", "ImageClassification"))
    if "interpolation" in prepared:
        prepared["interpolation"] = InterpolationMode(prepared["interpolation"])
    categories = told["categories"] and list(_facts()["categories"][told["categories"]])
    meta = {**told["meta"], "categories": categories}
    if "min_size" in meta:
        meta["min_size"] = tuple(meta["min_size"])
    return Weights(told["url"], functools.partial(preset, **prepared) if prepared else preset, meta)
