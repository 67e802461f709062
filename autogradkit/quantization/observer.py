"""Observers: layers that watch the range of the numbers they pass on, and say which scale and zero point suit it.

`calculate_qparams` of an affine scheme reaches from the least to the largest number and holds 0; of a symmetric one it reaches
as far to one side as to the other. Rests on nn and `tensor.py`; `quantize.py` quantises weights by them.
"""

from __future__ import annotations

import functools
from typing import Any

from autogradkit._ops.making.data import tensor
from autogradkit._ops.making.filled import zeros
from autogradkit.core import dtype as dtypes
from autogradkit.core import schemes
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.core.limits import finfo
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.nn.modules.module import Module as _Module
from autogradkit.quantization.tensor import ENDS

__getattr__ = _absent_from("quantization.observer")
_EPSILON = finfo(dtypes.float32).eps
_SYMMETRIC = (schemes.per_tensor_symmetric, schemes.per_channel_symmetric)


class _Made:
    """A class and what it is to be made with, to be made later; it shows as PyTorch's does."""

    def __init__(self, call: Any) -> None:
        self.p = call

    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.p(*args, **options)

    def __repr__(self) -> str:
        return f"{self.p!r}{{}}"

    def with_args(self, **options: Any) -> _Made:
        """The same, with these arguments too."""
        return _Made(functools.partial(self.p, **options))


class ObserverBase(_Module):
    """The base of observers: it knows the dtype whose numbers are to be chosen."""

    def __init__(self, dtype: dtypes.dtype, is_dynamic: bool = False) -> None:
        super().__init__()
        self.dtype = dtype
        self.is_dynamic = is_dynamic

    @classmethod
    def with_args(cls, **options: Any) -> _Made:
        """The class with some arguments, as a `QConfig` wants it.

        >>> import autogradkit as torch
        >>> torch.quantization.MinMaxObserver.with_args(dtype=torch.qint8)().dtype
        torch.qint8
        """
        return _Made(functools.partial(cls, **options))


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
        if qscheme in _SYMMETRIC and reduce_range and dtype is dtypes.quint8:
            raise NotImplementedError("Cannot reduce range for symmetric quantization for quint8")
        if (quant_min is None) != (quant_max is None):
            raise AssertionError("quant_min and quant_max must be specified together")
        self.qscheme = qscheme
        self.reduce_range = reduce_range
        self.register_buffer("eps", tensor([eps], **(factory_kwargs or {})))
        self.has_customized_qrange = quant_min is not None
        low, high = ENDS[dtype.name]
        if reduce_range and dtype is not dtypes.qint32:
            low, high = low // 2, high // 2
        self.quant_min = low if quant_min is None else quant_min
        self.quant_max = high if quant_max is None else quant_max
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
        low, high = self.quant_min, self.quant_max
        least, largest = self.min_val.clamp(max=0).reshape(-1), self.max_val.clamp(min=0).reshape(-1)
        if self.qscheme in _SYMMETRIC:
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


class MinMaxObserver(UniformQuantizationObserverBase):
    """Watches the least and the largest of all numbers that it was ever given, and passes them on.

    >>> import autogradkit as torch
    >>> observer = torch.quantization.MinMaxObserver()
    >>> _ = observer(torch.tensor([-1.0, 4.1]))
    >>> observer.calculate_qparams()
    (tensor([0.0200]), tensor([50], dtype=torch.int32))
    """

    _schemes = (schemes.per_tensor_affine, schemes.per_tensor_symmetric)

    def forward(self, x_orig: Tensor) -> Tensor:
        """The same tensor, looked at."""
        if x_orig.numel():
            seen = x_orig.detach().to(self.min_val.dtype)
            self._take(seen.min(), seen.max())
        return x_orig

    def _take(self, least: Tensor, largest: Tensor) -> None:
        self.min_val.copy_(self.min_val.minimum(least))
        self.max_val.copy_(self.max_val.maximum(largest))


class MovingAverageMinMaxObserver(MinMaxObserver):
    """Watches running means of the least and the largest number of each batch: new = old + averaging_constant · (seen - old)."""

    @_entry
    def __init__(self, averaging_constant: float = 0.01, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.averaging_constant = averaging_constant

    def _take(self, least: Tensor, largest: Tensor) -> None:
        if self.min_val.isinf().item():
            super()._take(least, largest)
            return
        self.min_val.add_(self.averaging_constant * (least - self.min_val))
        self.max_val.add_(self.averaging_constant * (largest - self.max_val))


class PerChannelMinMaxObserver(UniformQuantizationObserverBase):
    """Watches the least and the largest number of each index along `ch_axis`."""

    _schemes = (schemes.per_channel_affine, schemes.per_channel_symmetric)

    @_entry
    def __init__(
        self,
        ch_axis: int = 0,
        dtype: dtypes.dtype = dtypes.quint8,
        qscheme: schemes.qscheme = schemes.per_channel_affine,
        *args: Any,
        **options: Any,
    ) -> None:
        super().__init__(dtype, qscheme, *args, **options)
        self.ch_axis = ch_axis

    def _begin(self, **where: Any) -> None:
        self.register_buffer("min_val", tensor([], **where))
        self.register_buffer("max_val", tensor([], **where))

    reset_min_max_vals = _begin

    def forward(self, x_orig: Tensor) -> Tensor:
        """The same tensor, looked at."""
        if x_orig.numel():
            rows = x_orig.detach().to(self.min_val.dtype).movedim(self.ch_axis, 0).flatten(1)
            least, largest = rows.amin(1), rows.amax(1)
            if self.min_val.numel():
                least, largest = self.min_val.minimum(least), self.max_val.maximum(largest)
            self.min_val, self.max_val = least, largest
        return x_orig

    def _said(self, value: Tensor) -> Any:
        return value


class HistogramObserver(UniformQuantizationObserverBase):
    """Raises NotImplementedError when one is made: no range is chosen by a histogram here."""

    _schemes = (schemes.per_tensor_affine, schemes.per_tensor_symmetric)

    @_entry
    def __init__(self, *_args: Any, **_options: Any) -> None:
        raise NotImplementedError(
            "autogradkit chooses no range by a histogram; MinMaxObserver and MovingAverageMinMaxObserver are here"
        )


default_observer = MinMaxObserver.with_args(quant_min=0, quant_max=127)
default_weight_observer = MinMaxObserver.with_args(dtype=dtypes.qint8, qscheme=schemes.per_tensor_symmetric)
default_per_channel_weight_observer = PerChannelMinMaxObserver.with_args(
    dtype=dtypes.qint8, qscheme=schemes.per_channel_symmetric
)
