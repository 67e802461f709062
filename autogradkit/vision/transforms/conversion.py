"""Transforms between PIL images, arrays and tensors, and of a tensor's dtype and numbers."""

from __future__ import annotations

from typing import Any

from autogradkit import nn
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms import functional as F

__all__ = ["ConvertImageDtype", "LinearTransformation", "Normalize", "PILToTensor", "ToPILImage", "ToTensor"]


class ToTensor:
    """A PIL image or an ndarray (H, W) or (H, W, C) as a tensor (C, H, W), bytes as floats between 0 and 1.

    >>> import numpy as np
    >>> ToTensor()(np.array([[0, 51], [102, 255]], dtype=np.uint8))
    tensor([[[0.0000, 0.2000],
             [0.4000, 1.0000]]])
    """

    @entry
    def __call__(self, pic: Any) -> Tensor:
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class PILToTensor:
    """A PIL image as a tensor (C, H, W) of the same values."""

    @entry
    def __call__(self, pic: Any) -> Tensor:
        return F.pil_to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ToPILImage:
    """A tensor (C, H, W) or an ndarray (H, W, C) as a PIL image, of the `mode` that fits it or that is asked for."""

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    @entry
    def __call__(self, pic: Any) -> Any:
        return F.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'' if self.mode is None else f'mode={self.mode}'})"


class ConvertImageDtype(nn.Module):
    """A tensor image in another dtype, its values scaled."""

    def __init__(self, dtype: Dtype) -> None:
        super().__init__()
        self.dtype = dtype

    def forward(self, image: Any) -> Tensor:
        """The converted image."""
        return F.convert_image_dtype(image, self.dtype)


class Normalize(nn.Module):
    """Subtract `mean` from every channel of a float tensor (..., C, H, W) and divide it by `std`.

    `inplace=True` writes into the given tensor.

    >>> import autogradkit as torch
    >>> Normalize(mean=(0.5,), std=(0.25,))(torch.tensor([[[0.0, 1.0]]]))
    tensor([[[-2.,  2.]]])
    """

    def __init__(self, mean: Any, std: Any, inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Any) -> Tensor:
        """The normalised image."""
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


class LinearTransformation(nn.Module):
    """Subtract a mean from an image's numbers, (C · H · W) in a row, and multiply them by a square matrix: whitening."""

    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        super().__init__()
        rows, columns = transformation_matrix.size(0), transformation_matrix.size(1)
        if rows != columns:
            raise ValueError(
                f"transformation_matrix should be square. Got {tuple(transformation_matrix.shape)} rectangular matrix."
            )
        if mean_vector.size(0) != rows:
            raise ValueError(
                f"mean_vector should have the same length {mean_vector.size(0)} as any one of the dimensions of the "
                f"transformation_matrix [{tuple(transformation_matrix.shape)}]"
            )
        if transformation_matrix.dtype != mean_vector.dtype:
            raise ValueError(
                f"Input tensors should have the same dtype. Got {transformation_matrix.dtype} and {mean_vector.dtype}"
            )
        self.transformation_matrix = transformation_matrix
        self.mean_vector = mean_vector

    def forward(self, tensor: Tensor) -> Tensor:
        """The transformed image."""
        c, h, w = tensor.shape[-3:]
        size = self.transformation_matrix.shape[0]
        if c * h * w != size:
            raise ValueError(
                f"Input tensor and transformation matrix have incompatible shape.[{c} x {h} x {w}] != {size}"
            )
        flat = tensor.view(-1, size) - self.mean_vector
        return flat.mm(self.transformation_matrix.to(flat.dtype)).view(tensor.shape)

    def __repr__(self) -> str:
        matrix, mean = self.transformation_matrix.tolist(), self.mean_vector.tolist()
        return f"{type(self).__name__}(transformation_matrix={matrix}, mean_vector={mean})"
