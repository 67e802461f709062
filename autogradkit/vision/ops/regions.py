"""What `roi_align` and `roi_pool` are given: regions of feature maps, in either of two forms. Rests on tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.making.filled import full_like
from autogradkit._ops.selection.joining import cat
from autogradkit.core.tensor import Tensor

Boxes = Tensor | list[Tensor]


def regions(boxes: Boxes) -> Tensor:
    """The boxes as (K, 5): the number of the picture, and the corners."""
    if isinstance(boxes, list | tuple):
        for each in boxes:
            assert each.size(1) == 4, "The shape of the tensor in the boxes list is not correct as List[Tensor[L, 4]]"
        numbers = [full_like(each[:, :1], number) for number, each in enumerate(boxes)]
        return cat([cat(numbers, dim=0), cat(list(boxes), dim=0)], dim=1)
    assert isinstance(boxes, Tensor), "boxes is expected to be a Tensor[L, 5] or a List[Tensor[K, 4]]"
    assert boxes.size(1) == 5, "The boxes tensor shape is not correct as Tensor[K, 5]"
    return boxes


def prepared(input: Tensor, boxes: Boxes, output_size: Any, op: str) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """The number of each region's picture, the corners (K, 4), and the size of the result."""
    rois = regions(boxes)
    if rois.dtype != input.dtype:
        types = [each.dtype.tensor_type for each in (input, rois)]
        raise RuntimeError(
            "Expected tensor for argument #1 'input' to have the same type as tensor for argument #2 'rois'; "
            f"but type {types[0]} does not equal {types[1]} (while checking arguments for {op}_forward_kernel)"
        )
    height, width = (output_size, output_size) if isinstance(output_size, int) else output_size
    array = rois.detach().numpy()
    return array[:, 0].astype(np.intp), array[:, 1:], (height, width)
