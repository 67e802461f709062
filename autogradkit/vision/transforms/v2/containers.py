"""Transforms made of transforms: one after another, some of them, one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autogradkit as ak
from autogradkit import nn
from autogradkit.core.frames import entry
from autogradkit.vision.transforms.v2.transform import Transform, refuse_probability

__all__ = ["Compose", "RandomApply", "RandomChoice", "RandomOrder"]


class _Several(Transform):
    _taken: tuple[type, ...] = (Sequence,)
    _said = "Argument transforms should be a sequence of callables"

    def __init__(self, transforms: Any) -> None:
        super().__init__()
        if not isinstance(transforms, self._taken):
            raise TypeError(self._said)
        if not transforms:
            raise ValueError("Pass at least one transform")
        self.transforms: Any = transforms


def _in_turn(transforms: Any, inputs: tuple[Any, ...]) -> Any:
    several = len(inputs) > 1
    for transform in transforms:
        made = transform(*inputs)
        inputs = made if several else (made,)
    return inputs if several else inputs[0]


class Compose(_Several):
    """Apply several transforms in turn."""

    def forward(self, *inputs: Any) -> Any:
        """What the last transform makes."""
        return _in_turn(self.transforms, inputs)

    def extra_repr(self) -> str:
        """Each transform on a line of its own."""
        return "\n".join(f"    {transform}" for transform in self.transforms)


class RandomApply(_Several):
    """Apply several transforms in turn, or, with probability 1 − p, none of them."""

    _taken = (Sequence, nn.ModuleList)
    _said = "Argument transforms should be a sequence of callables or a `nn.ModuleList`"

    @entry
    def __init__(self, transforms: Sequence[Callable[..., Any]] | nn.ModuleList, p: float = 0.5) -> None:
        super().__init__(transforms)
        refuse_probability(p)
        self.p = p

    def forward(self, *inputs: Any) -> Any:
        """What the last transform makes, or the input."""
        return _in_turn([] if ak.rand(1) >= self.p else self.transforms, inputs)

    def extra_repr(self) -> str:
        """Each transform on a line of its own."""
        return "\n".join(f"    {transform}" for transform in self.transforms)


class RandomChoice(_Several):
    """Apply one of several transforms, chosen with probabilities in proportion to `p`."""

    @entry
    def __init__(self, transforms: Sequence[Callable[..., Any]], p: list[float] | None = None) -> None:
        super().__init__(transforms)
        weights = [1.0] * len(transforms) if p is None else p
        if len(weights) != len(transforms):
            raise ValueError(f"Length of p doesn't match the number of transforms: {len(weights)} != {len(transforms)}")
        self.p = [each / sum(weights) for each in weights]

    def forward(self, *inputs: Any) -> Any:
        """What the chosen transform makes."""
        return self.transforms[int(ak.multinomial(ak.tensor(self.p), 1))](*inputs)


class RandomOrder(_Several):
    """Apply several transforms in a random order."""

    def forward(self, *inputs: Any) -> Any:
        """What the last transform makes."""
        order = ak.randperm(len(self.transforms)).tolist()
        return _in_turn([self.transforms[number] for number in order], inputs)
