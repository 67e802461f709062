"""What observers share: `with_args`, the range of whole numbers, and how a scale and a zero point follow from what was seen.

`calculate_qparams` of an affine scheme reaches from the least to the largest number and holds 0; of a symmetric one it reaches
as far to one side as to the other. Rests on nn and `tensor.py`; the observers of `observer.py` are made of it.
"""

from __future__ import annotations

import functools
from abc import ABC as _ABC
from abc import abstractmethod as _abstractmethod
from typing import Any

from autogradkit._ops.making.data import tensor
from autogradkit._ops.making.filled import zeros
from autogradkit.core import dtype as dtypes
from autogradkit.core import schemes
from autogradkit.core.frames import entry as _entry
from autogradkit.core.limits import finfo
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.nn.modules.module import Module as _Module
from autogradkit.quantization.tensor import ENDS

_EPSILON = finfo(dtypes.float32).eps
SYMMETRIC = (schemes.per_tensor_symmetric, schemes.per_channel_symmetric)


class Made:
    """A class and what it is to be made with, to be made later; it shows as PyTorch's does."""

    def __init__(self, call: Any) -> None:
        self.p = call

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.p(*args, **options)

    def __repr__(self) -> str:
        return f"{self.p!r}{{}}"

    def with_args(self, **options: Any) -> Made:
        """The same, with these arguments too."""
        return with_args(self.p, **options)


def with_args(made: Any, **options: Any) -> Made:
    """A class, or what makes one, with some arguments, to be made later."""
    return Made(functools.partial(made, **options))


class ObserverBase(_ABC, _Module):
    """The base of observers, abstract: it knows the dtype whose numbers are to be chosen."""

    def __init__(self, dtype: dtypes.dtype, is_dynamic: bool = False) -> None:
        super().__init__()
        self.dtype = dtype
        self.is_dynamic = is_dynamic

    @_abstractmethod
    def forward(self, x: Any) -> Any:
        """What was given, once it was looked at."""

    @_abstractmethod
    def calculate_qparams(self, **kwargs: Any) -> Any:
        """The scale and the zero point for what was seen."""

    @classmethod
    def with_args(cls, **options: Any) -> Made:
        """The class with some arguments, as a `QConfig` wants it.

        >>> import autogradkit as torch
        >>> torch.quantization.MinMaxObserver.with_args(dtype=torch.qint8)().dtype
        torch.qint8
        """
        return with_args(cls, **options)


class UniformQuantizationObserverBase(ObserverBase):
    """The base of observers that know the least and the largest number. Raises NotImplementedError for other dtypes."""

    min_val: Tensor
    max_val: Tensor
    eps: Tensor
    _schemes: tuple[Any, ...]
    _least, _largest = float("inf"), float("-inf")  # before any number was seen

    @_entry
    def __init__(
        self,
        dtype: dtypes.dtype = dtypes.quint8,
        qscheme: schemes.qscheme = schemes.per_tensor_affine,
        reduce_range: bool = False,
        quant_min: int | None = None,
        quant_max: int | None = None,
        factory_kwargs: dict[str, Any] | None = None,
        eps: float = _EPSILON,
        is_dynamic: bool = False,
    ) -> None:
        super().__init__(dtype, is_dynamic)
        if dtype.name not in ENDS:
            raise NotImplementedError(
                f"autogradkit observes for torch.quint8, torch.qint8 and torch.qint32, not for {dtype}"
            )
        if qscheme not in self._schemes:
            raise NotImplementedError(
                f"{type(self).__name__}'s qscheme only support {self._schemes[1]} and {self._schemes[0]}."
            )
        if qscheme in SYMMETRIC and reduce_range and dtype is dtypes.quint8:
            raise NotImplementedError("Cannot reduce range for symmetric quantization for quint8")
        if (quant_min is None) != (quant_max is None):
            raise AssertionError("quant_min and quant_max must be specified together")
        self.qscheme = qscheme
        self.reduce_range = reduce_range
        self.register_buffer("eps", tensor([eps], **(factory_kwargs or {})))
        self.has_customized_qrange = quant_min is not None
        low, high = ENDS[dtype.name]
        if quant_min is not None and quant_max is not None:
            low, high = quant_min, quant_max
        if reduce_range and dtype is not dtypes.qint32:
            low, high = low // 2, high // 2
        self.quant_min, self.quant_max = low, high
        self._begin(**(factory_kwargs or {}))

    def _begin(self, **where: Any) -> None:
        self.register_buffer("min_val", tensor(self._least, **where))
        self.register_buffer("max_val", tensor(self._largest, **where))

    reset_min_max_vals = _begin

    @_entry
    def calculate_qparams(self) -> tuple[Tensor, Tensor]:
        """The scales, as float32, and the zero points: of shape (1,), or (channels,).

        Before any number was seen they are 1 and 0, with a warning.
        """
        if not self.min_val.numel() or (self.min_val.numel() == 1 and self.min_val.item() > self.max_val.item()):
            warn("must run observer before calling calculate_qparams. Returning default values.")
            return tensor([1.0]), tensor([0])
        return self._reaching(self.min_val, self.max_val)

    def _reaching(self, least: Tensor, largest: Tensor) -> tuple[Tensor, Tensor]:
        """The scale and the zero point by which whole numbers reach from the one to the other, and hold 0."""
        low, high = self.quant_min, self.quant_max
        least, largest = least.clamp(max=0).reshape(-1), largest.clamp(min=0).reshape(-1)
        if self.qscheme in SYMMETRIC:
            reach = (-least).maximum(largest)
            scale = (reach / (float(high - low) / 2)).maximum(self.eps)
            middle = 0 if self.dtype is not dtypes.quint8 else (low + high) // 2 if self.has_customized_qrange else 128
            return scale, zeros(scale.shape, dtype=dtypes.int64) + middle
        scale = ((largest - least) / float(high - low)).maximum(self.eps)
        return scale, (low - (least / scale).round().to(dtypes.int32)).clamp(low, high)

    def extra_repr(self) -> str:
        """The range that was seen."""
        return f"min_val={self._said(self.min_val)}, max_val={self._said(self.max_val)}"

    def _said(self, value: Tensor) -> Any:
        return value.item()
