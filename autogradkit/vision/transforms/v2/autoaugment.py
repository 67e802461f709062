"""The policies of `transforms.autoaugment` for samples with one image or video: torchvision's v2 draws in another order."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.utils._pytree import tree_flatten, tree_unflatten
from autogradkit.vision.transforms.autoaugment import (
    LEARNT,
    AutoAugmentPolicy,
    Space,
    changed,
    changes,
    dirichlet,
    mixed_changes,
    part_of,
    policies_of,
)
from autogradkit.vision.transforms.functional.conversion import largest_value
from autogradkit.vision.transforms.functional.images import is_pil
from autogradkit.vision.transforms.v2 import functional as F
from autogradkit.vision.transforms.v2.functional import is_pure_tensor
from autogradkit.vision.transforms.v2.transform import Transform, check_type, fill_of, fills
from autogradkit.vision.tv_tensors import BoundingBoxes, Image, KeyPoints, Mask, Video, wrap

__all__ = ["AugMix", "AutoAugment", "AutoAugmentPolicy", "RandAugment", "TrivialAugmentWide"]


class _Policy(Transform):
    def __init__(self, interpolation: Any, fill: Any) -> None:
        super().__init__()
        self.interpolation = interpolation
        self.fill = fill
        self._fill = fills(fill)

    @entry
    def forward(self, *inputs: Any) -> Any:
        """The sample with its one image or video changed; TypeError for none, several, masks, boxes or points."""
        leaves, structure = tree_flatten(inputs[0] if len(inputs) == 1 else inputs)
        found = []
        for at, (leaf, needed) in enumerate(zip(leaves, self._needs_transform_list(leaves), strict=True)):
            if needed and check_type(leaf, (Image, is_pil, is_pure_tensor, Video)):
                found.append(at)
            elif isinstance(leaf, BoundingBoxes | Mask | KeyPoints):
                raise TypeError(f"Inputs of type {type(leaf).__name__} are not supported by {type(self).__name__}()")
        if not found:
            raise TypeError("Found no image in the sample.")
        if len(found) > 1:
            raise TypeError(
                "Auto augment transformations are only properly defined for a single image or video, "
                f"but found {len(found)}."
            )
        leaves[found[0]] = self._augmented(leaves[found[0]], *F.get_size(leaves[found[0]]))
        return tree_unflatten(leaves, structure)

    def _augmented(self, img: Any, height: int, width: int) -> Any:
        raise NotImplementedError

    def _step(self, img: Any, space: Space, name: str, at: int | None) -> Any:
        """An image after one change, of the magnitude with a number or, without one, of one of them."""
        magnitudes, signed = space[name]
        magnitude = 0.0
        if magnitudes is not None:
            magnitude = float(magnitudes[self._random_magnitude(magnitudes) if at is None else at])
            if signed and ak.rand(()) <= 0.5:
                magnitude *= -1
        if name == "Solarize":
            magnitude *= largest_value(img.dtype) if isinstance(img, Tensor) else 255.0
        return changed(F, img, name, magnitude, self.interpolation, fill_of(self._fill, img))

    def _random_magnitude(self, magnitudes: Tensor) -> int:
        return int(ak.randint(len(magnitudes), ()))


def _random_key(space: Space) -> str:
    return list(space)[int(ak.randint(len(space), ()))]


class AutoAugment(_Policy):
    """One of 25 policies that were learnt on a data set, of two changes, each with its own probability and magnitude."""

    @entry
    def __init__(
        self,
        policy: AutoAugmentPolicy = AutoAugmentPolicy.IMAGENET,
        interpolation: Any = "nearest",
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        self.policy = policy
        if policy not in LEARNT:
            raise ValueError(f"The provided policy {policy} is not recognized.")
        self._policies = policies_of(LEARNT[policy])

    def _augmented(self, img: Any, height: int, width: int) -> Any:
        space = changes(10, 0.3, part_of(height, width), 30.0, 0.9, 4, 1.0) | {"Invert": (None, False)}
        for name, probability, at in self._policies[int(ak.randint(len(self._policies), ()))]:
            if ak.rand(()) <= probability:
                img = self._step(img, space, name, at)
        return img


class RandAugment(_Policy):
    """`num_ops` random changes in turn, all of one magnitude, the number of a step of `num_magnitude_bins`."""

    @entry
    def __init__(
        self,
        num_ops: int = 2,
        magnitude: int = 9,
        num_magnitude_bins: int = 31,
        interpolation: Any = "nearest",
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        if not isinstance(num_ops, int) or num_ops < 0:
            raise ValueError(f"num_ops should be a non-negative integer, but got {num_ops} instead.")
        self.num_ops = num_ops
        self.magnitude = magnitude
        self.num_magnitude_bins = num_magnitude_bins

    def _augmented(self, img: Any, height: int, width: int) -> Any:
        space: Space = {"Identity": (None, False)}
        space |= changes(self.num_magnitude_bins, 0.3, part_of(height, width), 30.0, 0.9, 4, 1.0)
        for _ in range(self.num_ops):
            img = self._step(img, space, _random_key(space), self.magnitude)
        return img


class TrivialAugmentWide(_Policy):
    """One random change of a random magnitude."""

    @entry
    def __init__(self, num_magnitude_bins: int = 31, interpolation: Any = "nearest", fill: Any = None) -> None:
        super().__init__(interpolation, fill)
        self.num_magnitude_bins = num_magnitude_bins

    def _augmented(self, img: Any, height: int, width: int) -> Any:
        space: Space = {"Identity": (None, False)}
        space |= changes(self.num_magnitude_bins, 0.99, (32.0, 32.0), 135.0, 0.99, 6, 1.0)
        return self._step(img, space, _random_key(space), None)


class AugMix(_Policy):
    """The image, mixed with chains of random changes of it (Hendrycks et al., 2020); a batch has weights for each image.

    A chain has `chain_depth` changes, or one to three where that is negative. `severity`, of ten, bounds their magnitude;
    without `all_ops` none of them changes brightness, colour, contrast or sharpness.
    """

    @entry
    def __init__(
        self,
        severity: int = 3,
        mixture_width: int = 3,
        chain_depth: int = -1,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: Any = "bilinear",
        fill: Any = None,
    ) -> None:
        super().__init__(interpolation, fill)
        if not 1 <= severity <= 10:
            raise ValueError(f"The severity must be between [1, 10]. Got {severity} instead.")
        self.severity = severity
        self.mixture_width = mixture_width
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops

    def _random_magnitude(self, magnitudes: Tensor) -> int:
        return int(ak.randint(self.severity, ()))

    def _augmented(self, img: Any, height: int, width: int) -> Any:
        plain = img.as_subclass(Tensor) if isinstance(img, Tensor) else F.pil_to_tensor(img)
        missing = (5 if isinstance(img, Video) else 4) - plain.ndim
        batch = plain.reshape([1] * max(missing, 0) + list(plain.shape))
        count = batch.shape[0]
        each = [count] + [1] * (batch.ndim - 1)
        kept = dirichlet(self.alpha, count, 2)
        weights = dirichlet(self.alpha, count, self.mixture_width) * kept[:, 1].reshape([count, -1])
        space = mixed_changes(height, width, self.all_ops, 1.0)
        mix = kept[:, 0].reshape(each) * batch
        for number in range(self.mixture_width):
            part = batch
            depth = self.chain_depth if self.chain_depth > 0 else int(ak.randint(1, 4, (1,)))
            for _ in range(depth):
                part = self._step(part, space, _random_key(space), None)
            mix.add_(weights[:, number].reshape(each) * part)
        mix = mix.reshape(plain.shape).to(plain.dtype)
        if isinstance(img, Image | Video):
            return wrap(mix, like=img)
        return mix if isinstance(img, Tensor) else F.to_pil_image(mix)
