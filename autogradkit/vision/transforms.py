"""What is done to a picture before a network sees it: to a tensor, normalised, one step after another.

Rests on the tensor; data sets take these as their `transform`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit.core.tensor import Tensor, wrap


class Compose:
    """Apply several transforms in turn.

    >>> Compose([ToTensor(), Normalize((0.5,), (0.5,))])
    Compose(
        ToTensor()
        Normalize(mean=(0.5,), std=(0.5,))
    )
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return "\n".join(["Compose(", *(f"    {transform}" for transform in self.transforms), ")"])


class ToTensor:
    """A PIL image or an ndarray (H, W) or (H, W, C) as a tensor (C, H, W).

    uint8 becomes float32 between 0 and 1; an ndarray of another dtype keeps it and its values. Raises TypeError for
    what is no picture, ValueError for an ndarray of other than two or three dimensions.

    >>> ToTensor()(np.array([[0, 51], [102, 255]], dtype=np.uint8))
    tensor([[[0.0000, 0.2000],
             [0.4000, 1.0000]]])
    """

    def __call__(self, pic: Any) -> Tensor:
        if isinstance(pic, np.ndarray):
            array = pic
        elif hasattr(pic, "getbands"):  # a PIL image, told by its method: PIL need not be loaded for an ndarray
            array = np.asarray(pic)
        else:
            raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
        if array.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {array.ndim} dimensions.")
        channels_last = array[:, :, None] if array.ndim == 2 else array
        picture = np.array(channels_last.transpose(2, 0, 1), order="C")
        return wrap(picture.astype(np.float32) / np.float32(255) if picture.dtype == np.uint8 else picture)

    def __repr__(self) -> str:
        return "ToTensor()"


class Normalize:
    """Subtract `mean` from every channel of a float tensor (..., C, H, W) and divide it by `std`.

    `inplace=True` writes into the given tensor. Raises TypeError for a tensor that is not floating point, ValueError
    for one without channels or for an `std` of zero.

    >>> Normalize(mean=(0.5,), std=(0.25,))(ToTensor()(np.array([[0, 255]], dtype=np.uint8)))
    tensor([[[-2.,  2.]]])
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], inplace: bool = False) -> None:
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def __call__(self, tensor: Tensor) -> Tensor:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
        if not tensor.dtype.is_floating_point:
            raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
        if tensor.ndim < 3:
            raise ValueError(
                f"Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = {tensor.size()}"
            )
        kind = tensor.dtype.numpy
        mean, std = (np.asarray(each, kind).reshape(-1, 1, 1) for each in (self.mean, self.std))
        if not std.all():
            raise ValueError(f"std evaluated to zero after conversion to {tensor.dtype}, leading to division by zero.")
        changed = tensor if self.inplace else tensor.clone()
        return changed.sub_(wrap(mean)).div_(wrap(std))

    def __repr__(self) -> str:
        return f"Normalize(mean={self.mean}, std={self.std})"
