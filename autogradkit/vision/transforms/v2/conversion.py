"""Transforms between PIL images, arrays and tensors, of dtypes and numbers, and by a function of the user's."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import autogradkit as ak
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.vision.transforms.conversion import LinearTransformation as _Whitening
from autogradkit.vision.transforms.functional.images import is_pil
from autogradkit.vision.transforms.v2 import functional as F
from autogradkit.vision.transforms.v2.functional import is_pure_tensor
from autogradkit.vision.transforms.v2.transform import Transform, has_any
from autogradkit.vision.tv_tensors import Image, TVTensor, Video, wrap

__all__ = [
    "ConvertImageDtype",
    "Identity",
    "Lambda",
    "LinearTransformation",
    "Normalize",
    "PILToTensor",
    "ToDtype",
    "ToImage",
    "ToPILImage",
    "ToPureTensor",
    "ToTensor",
]


class ToImage(Transform):
    """A tensor, a PIL image or an ndarray (H, W) or (H, W, C) as an `Image` of the same values.

    >>> import autogradkit as torch
    >>> type(ToImage()(torch.zeros(1, 2, 2))).__name__
    'Image'
    """

    _transformed_types = (is_pure_tensor, is_pil, np.ndarray)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The image."""
        return F.to_image(inpt)


class PILToTensor(Transform):
    """A PIL image as a tensor (C, H, W) of the same values."""

    _transformed_types = (is_pil,)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The tensor."""
        return F.pil_to_tensor(inpt)


class ToPILImage(Transform):
    """A tensor (C, H, W) or an ndarray (H, W, C) as a PIL image, of the `mode` that fits it or that is asked for."""

    _transformed_types = (is_pure_tensor, Image, np.ndarray)

    def __init__(self, mode: str | None = None) -> None:
        super().__init__()
        self.mode = mode

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The PIL image."""
        return F.to_pil_image(inpt, mode=self.mode)


class ToPureTensor(Transform):
    """Tensors that say what they hold as plain ones."""

    _transformed_types = (TVTensor,)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The plain tensor."""
        return inpt.as_subclass(Tensor)


class ToTensor(Transform):
    """A PIL image or an ndarray as a tensor of floats between 0 and 1; with torchvision's warning that it is deprecated."""

    _transformed_types = (is_pil, np.ndarray)

    def __init__(self) -> None:
        warnings.warn(
            "The transform `ToTensor()` is deprecated and will be removed in a future release. "
            "Instead, please use `v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])`."
            "Output is equivalent up to float precision.",
            stacklevel=2,
        )
        super().__init__()

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The tensor."""
        return F.to_tensor(inpt)


class ToDtype(Transform):
    """Images in another dtype, or each class in its own; with `scale` what was white is white again.

    A dict names dtypes for classes, and one for the "others"; None leaves them as they are.
    """

    _transformed_types = (Tensor,)

    def __init__(self, dtype: Any, scale: bool = False) -> None:
        super().__init__()
        if not isinstance(dtype, dict | Dtype):
            raise ValueError(f"dtype must be a dict or a torch.dtype, got {type(dtype)} instead")
        if isinstance(dtype, dict) and Tensor in dtype and (Image in dtype or Video in dtype):
            warnings.warn(
                "Got `dtype` values for `torch.Tensor` and either `tv_tensors.Image` or `tv_tensors.Video`. "
                "Note that a plain `torch.Tensor` will *not* be transformed by this (or any other transformation) "
                "in case a `tv_tensors.Image` or `tv_tensors.Video` is present in the input.",
                stacklevel=2,
            )
        self.dtype = dtype
        self.scale = scale

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The tensor, cast or not."""
        picture = is_pure_tensor(inpt) or isinstance(inpt, Image | Video)
        if isinstance(self.dtype, Dtype):
            return F.to_dtype(inpt, dtype=self.dtype, scale=self.scale) if picture else inpt
        if type(inpt) not in self.dtype and "others" not in self.dtype:
            raise ValueError(
                f"No dtype was specified for type {type(inpt)}. "
                "If you only need to convert the dtype of images or videos, you can just pass e.g. dtype=torch.float32. "
                "If you're passing a dict as dtype, "
                'you can use "others" as a catch-all key '
                'e.g. dtype={tv_tensors.Mask: torch.int64, "others": None} to pass-through the rest of the inputs.'
            )
        dtype = self.dtype.get(type(inpt), self.dtype.get("others"))
        if dtype is None:
            if self.scale and picture:
                warnings.warn(
                    "scale was set to True but no dtype was specified for images or videos: no scaling will be done.",
                    stacklevel=2,
                )
            return inpt
        return self._call_kernel(F.to_dtype, inpt, dtype=dtype, scale=self.scale)


class ConvertImageDtype(Transform):
    """Images in another dtype, their values scaled."""

    def __init__(self, dtype: Dtype = ak.float32) -> None:
        super().__init__()
        self.dtype = dtype

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The converted image."""
        return self._call_kernel(F.to_dtype, inpt, dtype=self.dtype, scale=True)


class _NotOfPIL(Transform):
    def check_inputs(self, flat_inputs: list[Any]) -> None:
        """Refuse PIL images."""
        if has_any(flat_inputs, is_pil):
            raise TypeError(f"{type(self).__name__}() does not support PIL images.")


class Normalize(_NotOfPIL):
    """Subtract `mean` from every channel of a float image and divide it by `std`."""

    def __init__(self, mean: Any, std: Any, inplace: bool = False) -> None:
        super().__init__()
        self.mean = list(mean)
        self.std = list(std)
        self.inplace = inplace

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The normalised image."""
        return self._call_kernel(F.normalize, inpt, mean=self.mean, std=self.std, inplace=self.inplace)


class LinearTransformation(_NotOfPIL):
    """Subtract a mean from an image's numbers, in a row, and multiply them by a square matrix: whitening."""

    _transformed_types = (is_pure_tensor, Image, Video)

    @entry
    def __init__(self, transformation_matrix: Tensor, mean_vector: Tensor) -> None:
        super().__init__()
        self._whitening = _Whitening(transformation_matrix, mean_vector)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The transformed image."""
        made = self._whitening(inpt.as_subclass(Tensor))
        return wrap(made, like=inpt) if isinstance(inpt, TVTensor) else made


class Identity(Transform):
    """Everything as it is."""

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """The input."""
        return inpt


class Lambda(Transform):
    """Apply a function of the user's to all leaves, or to those of some classes."""

    _transformed_types = (object,)

    def __init__(self, lambd: Callable[[Any], Any], *types: type) -> None:
        super().__init__()
        self.lambd = lambd
        self.types = types or (object,)

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """What the function makes of a leaf, or the leaf."""
        return self.lambd(inpt) if isinstance(inpt, self.types) else inpt

    def extra_repr(self) -> str:
        """The function's name, and the classes."""
        name = getattr(self.lambd, "__name__", None)
        return ", ".join([*([name] if name else []), f"types={[each.__name__ for each in self.types]}"])
