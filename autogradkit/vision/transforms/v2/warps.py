"""Transforms that rotate, shear, see in perspective and distort pictures, with the masks that belong to them."""

from __future__ import annotations

from typing import Any

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.vision.transforms.checks import angles, refuse_lengths, two_numbers
from autogradkit.vision.transforms.geometry import drawn_number
from autogradkit.vision.transforms.v2 import functional as F
from autogradkit.vision.transforms.v2.transform import RandomApplyTransform, Transform, fill_of, fills, query_size
from autogradkit.vision.transforms.warps import RandomAffine as _Affine
from autogradkit.vision.transforms.warps import RandomPerspective as _Perspective
from autogradkit.vision.transforms.warps import refuse_affine, smoothed_noise

__all__ = ["ElasticTransform", "RandomAffine", "RandomPerspective", "RandomRotation"]


class RandomRotation(Transform):
    """Turned by a random angle in degrees, from −degrees to degrees or of a range."""

    @entry
    def __init__(
        self, degrees: Any, interpolation: Any = "nearest", expand: bool = False, center: Any = None, fill: Any = 0
    ) -> None:
        super().__init__()
        self.degrees = angles(degrees, "degrees")
        self.interpolation = interpolation
        self.expand = expand
        self.fill = fill
        self._fill = fills(fill)
        if center is not None:
            refuse_lengths(center, "center")
        self.center = center

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """An angle."""
        return {"angle": drawn_number(self.degrees[0], self.degrees[1])}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The turned leaf."""
        how = {"interpolation": self.interpolation, "expand": self.expand, "center": self.center}
        return self._call_kernel(F.rotate, inpt, **params, **how, fill=fill_of(self._fill, inpt))


class RandomAffine(Transform):
    """Turned, moved, scaled and sheared at random."""

    @entry
    def __init__(
        self,
        degrees: Any,
        translate: Any = None,
        scale: Any = None,
        shear: Any = None,
        interpolation: Any = "nearest",
        fill: Any = 0,
        center: Any = None,
    ) -> None:
        super().__init__()
        self.degrees = angles(degrees, "degrees")
        refuse_affine(translate, scale, None)
        self.translate = translate
        self.scale = scale
        self.shear = None if shear is None else angles(shear, "shear", (2, 4))
        self.interpolation = interpolation
        self.fill = fill
        self._fill = fills(fill)
        refuse_affine(None, None, center)
        self.center = center

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Angle, translation, scale and shears."""
        height, width = query_size(flat_inputs)
        drawn = _Affine.get_params(self.degrees, self.translate, self.scale, self.shear, (width, height))
        return dict(zip(("angle", "translate", "scale", "shear"), drawn, strict=True))

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The transformed leaf."""
        how = {"interpolation": self.interpolation, "center": self.center}
        return self._call_kernel(F.affine, inpt, **params, **how, fill=fill_of(self._fill, inpt))


class RandomPerspective(RandomApplyTransform):
    """With probability `p` in perspective: each corner moves inwards, by up to a part of half the edges."""

    @entry
    def __init__(
        self, distortion_scale: float = 0.5, p: float = 0.5, interpolation: Any = "bilinear", fill: Any = 0
    ) -> None:
        super().__init__(p=p)
        if not 0 <= distortion_scale <= 1:
            raise ValueError("Argument distortion_scale value should be between 0 and 1")
        self.distortion_scale = distortion_scale
        self.interpolation = interpolation
        self.fill = fill
        self._fill = fills(fill)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The corners, and where they are to lie."""
        height, width = query_size(flat_inputs)
        startpoints, endpoints = _Perspective.get_params(width, height, self.distortion_scale)
        return {"startpoints": startpoints, "endpoints": endpoints}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The leaf in perspective."""
        fill = fill_of(self._fill, inpt)
        return self._call_kernel(F.perspective, inpt, **params, interpolation=self.interpolation, fill=fill)


class ElasticTransform(Transform):
    """As if seen through water: pixels are displaced by noise of strength `alpha`, smoothed by `sigma`."""

    @entry
    def __init__(self, alpha: Any = 50.0, sigma: Any = 5.0, interpolation: Any = "bilinear", fill: Any = 0) -> None:
        super().__init__()
        self.alpha = two_numbers(alpha, "alpha")
        self.sigma = two_numbers(sigma, "sigma")
        self.interpolation = interpolation
        self.fill = fill
        self._fill = fills(fill)

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """How far each pixel is displaced."""
        height, width = query_size(flat_inputs)
        x, y = (
            smoothed_noise((height, width), sigma, list(self.sigma)) * alpha / edge
            for alpha, sigma, edge in zip(self.alpha, self.sigma, (width, height), strict=True)
        )
        return {"displacement": ak.cat([x, y], 1).permute(0, 2, 3, 1)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The distorted leaf."""
        fill = fill_of(self._fill, inpt)
        return self._call_kernel(F.elastic, inpt, **params, interpolation=self.interpolation, fill=fill)
