"""Observers of the least and the largest number: of all, as running means, and of each channel. Rests on `observing.py`."""

from __future__ import annotations

from typing import Any

from autogradkit._ops.making.data import tensor
from autogradkit.core import dtype as dtypes
from autogradkit.core import schemes
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor
from autogradkit.quantization.observing import UniformQuantizationObserverBase


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
            self._take(rows.amin(1), rows.amax(1))
        return x_orig

    def _take(self, least: Tensor, largest: Tensor) -> None:
        if self.min_val.numel():
            least, largest = self.min_val.minimum(least), self.max_val.maximum(largest)
        self.min_val, self.max_val = least, largest

    def _said(self, value: Tensor) -> Any:
        return value

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *more: Any) -> None:
        for name in ("min_val", "max_val"):  # as many as the file's has channels
            if prefix + name in state_dict:
                getattr(self, name).resize_(state_dict[prefix + name].shape)
        super()._load_from_state_dict(state_dict, prefix, *more)


class MovingAveragePerChannelMinMaxObserver(PerChannelMinMaxObserver):
    """Watches, of each index along `ch_axis`, running means of the least and the largest number of each batch."""

    @_entry
    def __init__(self, averaging_constant: float = 0.01, ch_axis: int = 0, *args: Any, **options: Any) -> None:
        super().__init__(ch_axis, *args, **options)
        self.averaging_constant = averaging_constant

    def _take(self, least: Tensor, largest: Tensor) -> None:
        if self.min_val.numel():
            least = self.min_val + self.averaging_constant * (least - self.min_val)
            largest = self.max_val + self.averaging_constant * (largest - self.max_val)
        self.min_val, self.max_val = least, largest
