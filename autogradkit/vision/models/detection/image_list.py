"""Pictures of several sizes in one tensor."""

from __future__ import annotations

from typing import Any

from autogradkit.core.tensor import Tensor


class ImageList:
    """A batch whose pictures were made alike in size by borders, with the sizes (height, width) that they had."""

    def __init__(self, tensors: Tensor, image_sizes: list[tuple[int, int]]) -> None:
        self.tensors = tensors
        self.image_sizes = image_sizes

    def to(self, device: Any) -> ImageList:
        """The same on a device."""
        return ImageList(self.tensors.to(device), self.image_sizes)
