"""Transforms of boxes and key points themselves: their formats, where their canvas ends, and a crop that looks at boxes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.utils._pytree import tree_flatten, tree_unflatten
from autogradkit.vision.ops import box_iou
from autogradkit.vision.transforms.functional.images import is_pil
from autogradkit.vision.transforms.v2 import functional as F
from autogradkit.vision.transforms.v2.functional import is_pure_tensor
from autogradkit.vision.transforms.v2.functional.formats import XYXY, converted, valid_boxes, valid_points
from autogradkit.vision.transforms.v2.labels import getter_of
from autogradkit.vision.transforms.v2.transform import Transform, has_any, query_size
from autogradkit.vision.tv_tensors import BoundingBoxes, Image, KeyPoints, Mask, wrap

__all__ = [
    "ClampBoundingBoxes",
    "ClampKeyPoints",
    "ConvertBoundingBoxFormat",
    "RandomIoUCrop",
    "SanitizeBoundingBoxes",
    "SanitizeKeyPoints",
    "SetClampingMode",
    "get_bounding_boxes",
    "get_keypoints",
]


def _first(leaves: list[Any], kind: type, message: str) -> Any:
    for leaf in leaves:
        if isinstance(leaf, kind):
            return leaf
    raise ValueError(f"No {message} were found in the sample")


def get_bounding_boxes(flat_inputs: list[Any]) -> BoundingBoxes:
    """The boxes of a sample; ValueError for none."""
    return _first(flat_inputs, BoundingBoxes, "bounding boxes")


def get_keypoints(flat_inputs: list[Any]) -> KeyPoints:
    """The key points of a sample; ValueError for none."""
    return _first(flat_inputs, KeyPoints, "keypoints")


class ConvertBoundingBoxFormat(Transform):
    """Boxes in another format, given itself or by its name."""

    _transformed_types = (BoundingBoxes,)

    def __init__(self, format: Any) -> None:
        super().__init__()
        self.format = format

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The boxes in the other format."""
        return F.convert_bounding_box_format(inpt, new_format=self.format)


class ClampBoundingBoxes(Transform):
    """Boxes cut off where their canvas ends, as they say themselves ("auto") or "soft" or "hard"."""

    _transformed_types = (BoundingBoxes,)

    def __init__(self, clamping_mode: str | None = "auto") -> None:
        super().__init__()
        self.clamping_mode = clamping_mode

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The boxes within their canvas."""
        return F.clamp_bounding_boxes(inpt, clamping_mode=self.clamping_mode)


class ClampKeyPoints(Transform):
    """Points moved to the nearest pixel of their canvas."""

    _transformed_types = (KeyPoints,)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The points within their canvas."""
        return F.clamp_keypoints(inpt)


class SetClampingMode(Transform):
    """Boxes that later transforms cut off as is said here: "soft", "hard", or None for not."""

    _transformed_types = (BoundingBoxes,)

    @entry
    def __init__(self, clamping_mode: str | None) -> None:
        super().__init__()
        self.clamping_mode = clamping_mode
        if clamping_mode not in (None, "soft", "hard"):
            raise ValueError(f"clamping_mode must be soft, hard or None, got {clamping_mode}")

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The boxes with that mode."""
        return wrap(inpt.clone(), like=inpt, clamping_mode=self.clamping_mode)


class _Sanitizing(Transform):
    _labels_getter: Callable[[Any], Any]
    _kinds: tuple[type, ...]
    _mismatch: str

    @entry
    def forward(self, *inputs: Any) -> Any:
        """The sample without what is not valid, in its labels too."""
        nest = inputs[0] if len(inputs) == 1 else inputs
        labels = self._labels_getter(nest)
        several: tuple[Any, ...] = (
            tuple(labels) if isinstance(labels, tuple | list) else () if labels is None else (labels,)
        )
        for each in several:
            if not isinstance(each, Tensor):
                raise ValueError(
                    f"The labels in the input to forward() must be a tensor or None, got {type(each)} instead."
                )
        leaves, structure = tree_flatten(nest)
        valid, shape = self._valid(leaves)
        for each in several:
            if shape[0] != each.shape[0]:
                raise ValueError(self._mismatch.format(shape, each.shape))
        made = [self._filter_valid(leaf, valid, any(leaf is each for each in several)) for leaf in leaves]
        return tree_unflatten(made, structure)

    def _valid(self, leaves: list[Any]) -> tuple[Tensor, tuple[int, ...]]:
        raise NotImplementedError

    def _filter_valid(self, leaf: Any, valid: Tensor, is_label: bool) -> Any:
        if is_label:
            return leaf[valid]
        if not isinstance(leaf, self._kinds):
            return leaf
        if isinstance(leaf, Mask) and leaf.shape[0] != valid.shape[0]:
            return leaf  # of all objects at once
        return wrap(leaf[valid], like=leaf)


class SanitizeBoundingBoxes(_Sanitizing):
    """Leave out boxes that are too small or not in their canvas, with the labels and the masks that belong to them."""

    _kinds = (BoundingBoxes, Mask)
    _mismatch = "Number of boxes (shape={}) and must match the number of labels.Found labels with shape={})."

    @entry
    def __init__(self, min_size: float = 1.0, min_area: float = 1.0, labels_getter: Any = "default") -> None:
        super().__init__()
        for name, least in (("min_size", min_size), ("min_area", min_area)):
            if least < 1:
                raise ValueError(f"{name} must be >= 1, got {least}.")
        self.min_size = min_size
        self.min_area = min_area
        self.labels_getter = labels_getter
        self._labels_getter = getter_of(labels_getter)

    def _valid(self, leaves: list[Any]) -> tuple[Tensor, tuple[int, ...]]:
        boxes = get_bounding_boxes(leaves)
        return valid_boxes(boxes, boxes.format, boxes.canvas_size, self.min_size, self.min_area), boxes.shape


class SanitizeKeyPoints(_Sanitizing):
    """Leave out points, or groups of them, that are not in their canvas, with the labels that belong to them."""

    _kinds = (KeyPoints,)
    _mismatch = "Number of kepyoints (shape={}) must match the number of labels.Found labels with shape={})."

    @entry
    def __init__(self, labels_getter: Any = None) -> None:
        super().__init__()
        self.labels_getter = labels_getter
        self._labels_getter = getter_of(labels_getter)

    def _valid(self, leaves: list[Any]) -> tuple[Tensor, tuple[int, ...]]:
        points = get_keypoints(leaves)
        return valid_points(points, points.canvas_size), points.shape


class RandomIoUCrop(Transform):
    """A random part that overlaps a box enough, as SSD (Liu et al., 2016) has it; boxes whose middle is outside become 0.

    `SanitizeBoundingBoxes` leaves these out. The overlap is one of `sampler_options`, of which 1 leaves all as it is.
    """

    def __init__(
        self,
        min_scale: float = 0.3,
        max_scale: float = 1.0,
        min_aspect_ratio: float = 0.5,
        max_aspect_ratio: float = 2.0,
        sampler_options: list[float] | None = None,
        trials: int = 40,
    ) -> None:
        super().__init__()
        self.min_scale = min_scale
        self.max_scale = max_scale
        self.min_aspect_ratio = min_aspect_ratio
        self.max_aspect_ratio = max_aspect_ratio
        self.options = [0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0] if sampler_options is None else sampler_options
        self.trials = trials

    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Refuse a sample without boxes or without an image."""
        if not has_any(flat_inputs, BoundingBoxes) or not has_any(flat_inputs, is_pil, Image, is_pure_tensor):
            raise TypeError(
                f"{type(self).__name__}() requires input sample to contain tensor or PIL images "
                "and bounding boxes. Sample can also contain masks."
            )

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """The part, and which boxes have their middle in it; nothing where all stays as it is."""
        height, width = query_size(flat_inputs)
        boxes = get_bounding_boxes(flat_inputs)
        corners = converted(boxes.as_subclass(Tensor), boxes.format, XYXY)
        while True:
            least = self.options[int(ak.randint(len(self.options), (1,)))]
            if least >= 1.0:
                return {}
            for _ in range(self.trials):
                part = self._part(height, width)
                inside = None if part is None else self._inside(corners, part, least)
                if inside is not None:
                    return {"part": part, "inside": inside}

    def _part(self, height: int, width: int) -> tuple[int, int, int, int] | None:
        """Top, left, height and width of a random part, or None where it has the wrong form."""
        scale = self.min_scale + (self.max_scale - self.min_scale) * ak.rand(2)
        wide, tall = int(width * scale[0]), int(height * scale[1])
        if not self.min_aspect_ratio <= wide / tall <= self.max_aspect_ratio:
            return None
        place = ak.rand(2)
        left, top = int((width - wide) * place[0]), int((height - tall) * place[1])
        return (top, left, tall, wide) if wide and tall else None

    def _inside(self, corners: Tensor, part: Any, least: float) -> Tensor | None:
        """Which boxes have their middle in a part, or None where there are none or no one overlaps it enough."""
        top, left, tall, wide = part
        x, y = 0.5 * (corners[..., 0] + corners[..., 2]), 0.5 * (corners[..., 1] + corners[..., 3])
        inside = (left < x) & (x < left + wide) & (top < y) & (y < top + tall)
        if not inside.any():
            return None
        window = ak.tensor([[left, top, left + wide, top + tall]], dtype=corners.dtype)
        return inside if box_iou(corners[inside], window).max() >= least else None

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The leaf's part."""
        if not params:
            return inpt
        made = self._call_kernel(F.crop, inpt, *params["part"])
        if isinstance(made, BoundingBoxes):
            made[~params["inside"]] = 0
        return made
