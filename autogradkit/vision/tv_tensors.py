"""Tensors that say what they hold, an image, a mask, boxes or points, so that `transforms.v2` does to each what belongs to it.

What an op makes of one is a plain tensor; copies and casts stay what they were. Rests on the tensor.
"""

from __future__ import annotations

import enum
from typing import Any, Self

import autogradkit as ak
from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.printing import tensor_repr
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms.functional import pil_to_tensor
from autogradkit.vision.transforms.functional.images import is_pil


class TVTensor(Tensor):
    """The base of tensors that say what they hold."""

    # A parameter's: ops see a plain tensor, and make plain ones of it.
    __torch_function__ = Parameter.__torch_function__  # pyright: ignore[reportAttributeAccessIssue]

    @classmethod
    def wrap(cls, tensor: Tensor, like: Any, **_facts: Any) -> Any:
        """A tensor as one of this class, with what `like` knows beside its numbers."""
        return tensor.as_subclass(cls)

    def clone(self, **options: Any) -> Self:
        """A copy that is of the same class."""
        return self.wrap(super().clone(**options), self)

    def detach(self) -> Self:
        """The same numbers without a graph, of the same class."""
        return self.wrap(super().detach(), self)

    def to(self, *args: Any, **options: Any) -> Self:
        """Another dtype, of the same class."""
        return self.wrap(super().to(*args, **options), self)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return tensor_repr(self, type(self).__name__)

    def _repr_with(self, **facts: Any) -> str:
        listed = ", ".join(f"{name}={value}" for name, value in facts.items())
        return f"{TVTensor.__repr__(self)[:-1]}, {listed})"


def _tensor_of(data: Any, dtype: Any, device: Any, requires_grad: bool | None) -> Tensor:
    if requires_grad is None:
        requires_grad = isinstance(data, Tensor) and data.requires_grad
    given = data.as_subclass(Tensor) if isinstance(data, Tensor) else data
    return ak.as_tensor(given, dtype=dtype, device=device).requires_grad_(requires_grad)


class Image(TVTensor):
    """An image (..., C, H, W), from what a tensor can be made of or from a PIL image; one of (H, W) gets a channel.

    >>> Image([[[0, 255]]])
    Image([[[  0, 255]]], )
    """

    @entry
    def __new__(cls, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool | None = None) -> Any:
        tensor = _tensor_of(pil_to_tensor(data) if is_pil(data) else data, dtype, device, requires_grad)
        if tensor.ndim < 2:
            raise ValueError(f"Tensor must be 2D or higher, got {tensor.ndim}D tensor.")
        return (tensor.unsqueeze(0) if tensor.ndim == 2 else tensor).as_subclass(cls)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return self._repr_with()


class Video(TVTensor):
    """A video (..., T, C, H, W)."""

    @entry
    def __new__(cls, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool | None = None) -> Any:
        tensor = _tensor_of(data, dtype, device, requires_grad)
        if tensor.ndim < 4:
            raise ValueError(f"Tensor must be 4D or higher, got {tensor.ndim}D tensor.")
        return tensor.as_subclass(cls)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return self._repr_with()


class Mask(TVTensor):
    """A mask (..., H, W): for each pixel a class or whether it belongs to an object."""

    @entry
    def __new__(cls, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool | None = None) -> Any:
        data = pil_to_tensor(data) if is_pil(data) else data
        return _tensor_of(data, dtype, device, requires_grad).as_subclass(cls)


class BoundingBoxFormat(enum.Enum):
    """What the numbers of a box are: two corners, a corner and a size, or the middle and a size.

    Rotated boxes have an angle in degrees at the end, counted counter-clockwise, or are given by their four corners.
    """

    XYXY = "XYXY"
    XYWH = "XYWH"
    CXCYWH = "CXCYWH"
    XYWHR = "XYWHR"
    CXCYWHR = "CXCYWHR"
    XYXYXYXY = "XYXYXYXY"


def named_format(format: Any) -> Any:
    """A format, given itself or by its name."""
    return BoundingBoxFormat[format.upper()] if isinstance(format, str) else format


def is_rotated_bounding_format(format: BoundingBoxFormat | str) -> bool:
    """Whether boxes of a format may be rotated.

    >>> is_rotated_bounding_format("XYXY"), is_rotated_bounding_format("CXCYWHR")
    (False, True)
    """
    if not isinstance(format, BoundingBoxFormat | str):
        raise ValueError(f"format should be str or BoundingBoxFormat, got {type(format)}")
    return (format if isinstance(format, str) else format.value) in ("XYWHR", "CXCYWHR", "XYXYXYXY")


class BoundingBoxes(TVTensor):
    """Boxes (N, 4), or (N, 5) and (N, 8) where they may be rotated, of a format, in a picture of `canvas_size` (height, width).

    Where a transform would leave one partly outside of the picture it is cut off, unless `clamping_mode` is None.
    """

    format: BoundingBoxFormat
    canvas_size: tuple[int, int]
    clamping_mode: str | None

    @entry
    def __new__(
        cls,
        data: Any,
        *,
        format: BoundingBoxFormat | str,
        canvas_size: tuple[int, int],
        clamping_mode: str | None = "soft",
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool | None = None,
    ) -> BoundingBoxes:
        tensor = _tensor_of(data, dtype, device, requires_grad)
        if not tensor.is_floating_point() and is_rotated_bounding_format(format):
            raise ValueError(f"Rotated bounding boxes should be floating point tensors, got {tensor.dtype}.")
        return cls._of_tensor(tensor, format, canvas_size, clamping_mode)

    @classmethod
    def _of_tensor(cls, tensor: Tensor, format: Any, canvas_size: Any, clamping_mode: str | None) -> BoundingBoxes:
        if tensor.ndim == 1:
            tensor = tensor.unsqueeze(0)
        elif tensor.ndim != 2:
            raise ValueError(f"Expected a 1D or 2D tensor, got {tensor.ndim}D")
        if clamping_mode not in (None, "hard", "soft"):
            raise ValueError(f"clamping_mode must be None, hard or soft, got {clamping_mode}.")
        boxes: Any = tensor.as_subclass(cls)
        boxes.format = named_format(format)
        boxes.canvas_size = canvas_size
        boxes.clamping_mode = clamping_mode
        return boxes

    @classmethod
    def wrap(cls, tensor: Tensor, like: Any, **facts: Any) -> BoundingBoxes:
        """Boxes with the format, canvas and clamping of others, or with those that are given."""
        known = {name: facts.get(name, getattr(like, name)) for name in ("format", "canvas_size", "clamping_mode")}
        return cls._of_tensor(tensor, **known)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return self._repr_with(format=self.format, canvas_size=self.canvas_size, clamping_mode=self.clamping_mode)


class KeyPoints(TVTensor):
    """Points (..., 2), each x and y, in a picture of `canvas_size` (height, width)."""

    canvas_size: tuple[int, int]

    @entry
    def __new__(
        cls,
        data: Any,
        *,
        canvas_size: tuple[int, int],
        dtype: Any = None,
        device: Any = None,
        requires_grad: bool | None = None,
    ) -> KeyPoints:
        return cls._of_tensor(_tensor_of(data, dtype, device, requires_grad), canvas_size)

    @classmethod
    def _of_tensor(cls, tensor: Tensor, canvas_size: Any) -> KeyPoints:
        if tensor.ndim == 1:
            tensor = tensor.unsqueeze(0)
        elif tensor.shape[-1] != 2:
            raise ValueError(f"Expected a tensor of shape (..., 2), not {tensor.shape}")
        points: Any = tensor.as_subclass(cls)
        points.canvas_size = canvas_size
        return points

    @classmethod
    def wrap(cls, tensor: Tensor, like: Any, **facts: Any) -> KeyPoints:
        """Points in the canvas of others, or in one that is given."""
        return cls._of_tensor(tensor, facts.get("canvas_size", like.canvas_size))

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return self._repr_with(canvas_size=self.canvas_size)


def wrap(wrappee: Tensor, *, like: TVTensor, **kwargs: Any) -> Any:
    """A tensor as one of the class of `like`, with what that knows beside its numbers, or with what is given."""
    return type(like).wrap(wrappee, like, **kwargs)
