"""The observer that counts numbers in bins, and leaves out outliers where that makes the whole error of quantising smaller.

From both ends bins are given up, a hundred-thousandth of the numbers at a time at the end where that frees more bins, as long as
the expected square of what rounding changes falls; it is known from the counts, as numbers in a bin are taken as spread evenly.
Everything is computed in float32 with the library's own operations, as PyTorch does, since a last digit decides when to stop.
Rests on `observing.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.making.data import tensor
from autogradkit._ops.making.filled import zeros
from autogradkit._ops.making.ranges import linspace
from autogradkit._ops.selection.searching import bucketize
from autogradkit.core import dtype as dtypes
from autogradkit.core import schemes
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.quantization.observing import UniformQuantizationObserverBase

_FINER = 16  # into how many parts a bin is cut when the range grows
_SHARE = 1e-5  # of all numbers, given up at a time


class HistogramObserver(UniformQuantizationObserverBase):
    """Watches how often numbers of each size come. Raises NotImplementedError with `is_dynamic`.

    >>> import autogradkit as torch
    >>> observer = torch.quantization.HistogramObserver(bins=4)
    >>> _ = observer(torch.tensor([0.0, 1.0, 2.0, 2.5]))
    >>> observer
    HistogramObserver(min_val=0.0, max_val=2.5)
    >>> observer.histogram
    tensor([1., 1., 0., 2.])
    """

    histogram: Tensor
    _schemes = (schemes.per_tensor_affine, schemes.per_tensor_symmetric)

    @_entry
    def __init__(
        self,
        bins: int = 2048,
        dtype: dtypes.dtype = dtypes.quint8,
        *args: Any,
        is_dynamic: bool = False,
        **options: Any,
    ) -> None:
        if is_dynamic:
            raise NotImplementedError("HistogramObserver doesn't support dynamic quantization")
        self.bins = bins
        super().__init__(dtype, *args, **options)
        self.dst_nbins = 2 ** {dtypes.qint32: 32}.get(dtype, 8)
        self.upsample_rate = _FINER

    def _begin(self, **where: Any) -> None:
        self.register_buffer("histogram", zeros((self.bins,), **where))
        super()._begin(**where)

    def forward(self, x_orig: Tensor) -> Tensor:
        """The same tensor, counted; infinite numbers are not, with a warning."""
        if not x_orig.numel():
            return x_orig
        x = x_orig.detach()
        if x.isinf().any():
            warn("torch.inf detected in input tensor, ignoring input")
            x = x[~x.isinf()]
            if not x.numel():
                return x_orig
        least, largest = x.min().to(self.min_val.dtype), x.max().to(self.max_val.dtype)
        if self.min_val.item() > self.max_val.item():
            counts = x.histc(self.bins, least.item(), largest.item())
        else:
            least, largest = self.min_val.minimum(least), self.max_val.maximum(largest)
            counts = self._within(least, largest) + x.histc(self.bins, least.item(), largest.item())
        self.histogram.copy_(counts)
        self.min_val.copy_(least)
        self.max_val.copy_(largest)
        return x_orig

    def _within(self, least: Tensor, largest: Tensor) -> Tensor:
        """The counts so far, in the bins of a range that holds the one they were counted in."""
        if self.min_val == least and self.max_val == largest:
            return self.histogram
        if self.min_val == self.max_val:
            return self.min_val.histc(self.bins, least.item(), largest.item()) * self.histogram.sum()
        finer = self.bins * _FINER
        begins = linspace(self.min_val, self.max_val, finer + 1)[:-1]
        middles = begins + 0.5 * ((self.max_val - self.min_val) / finer)
        bins = bucketize(middles, linspace(least, largest, self.bins + 1), right=True) - 1
        parts = self.histogram.repeat_interleave(_FINER) / _FINER
        return bins.clamp(0, self.bins - 1).bincount(parts, self.bins)

    @_entry
    def calculate_qparams(self) -> tuple[Tensor, Tensor]:
        """The scale, as float32, and the zero point, of shape (1,); 1 and 0, with a warning, before any number was seen."""
        if self.min_val.item() > self.max_val.item():
            warn(
                f"must run observer before calling calculate_qparams.{' ' * 36}Returning default scale and zero point "
            )
            return tensor([1.0]), tensor([0])
        first, last = self._bins_kept()
        width = (self.max_val - self.min_val) / self.bins
        return self._reaching(self.min_val + width * first, self.min_val + width * (last + 1))

    def _bins_kept(self) -> tuple[int, int]:
        total, counted = self.histogram.sum().item(), self.histogram.cumsum(0).numpy()
        first, last, error = 0, self.bins - 1, float("inf")
        left, right = 0.0, 1.0
        while left < right:
            further_left, further_right = left + _SHARE, right - _SHARE
            low = min(max(first, int(np.searchsorted(counted, np.float32(further_left * total)))), last)
            high = max(min(last, int(np.searchsorted(counted, np.float32(further_right * total), "right")) - 1), first)
            before = first, last
            if low - first > last - high:
                left, kept = further_left, (low, last)
            else:
                right, kept = further_right, (first, high)
            if kept == before:
                continue
            now = self._error(*kept)
            if now > error:
                break
            error, (first, last) = now, kept
        return first, last

    def _error(self, first: int, last: int) -> float:
        """The expected squares of what rounding changes, of all numbers, where the steps reach over these bins."""
        width = (self.max_val.item() - self.min_val.item()) / self.bins
        step = width * (last - first + 1) / self.dst_nbins
        if step == 0.0:
            return 0.0
        begins = (np.arange(self.bins) - first).astype(np.float32) * np.float32(width)
        ends = begins + np.float32(width)
        density = self.histogram.numpy() / np.float32(width)
        from_step, to_step = (
            np.clip(np.floor_divide(each, np.float32(step)), 0, self.dst_nbins - 1) for each in (begins, ends)
        )
        half = np.float32(step / 2)
        # From where a bin begins to the end of its first step, over whole steps, and from the last step's middle to its end.
        error = _squares(begins - (from_step + np.float32(0.5)) * np.float32(step), half, density)
        error = error + (to_step - from_step - np.float32(1)) * _squares(-half, half, density)
        error = error + _squares(-half, ends - (to_step * np.float32(step) + half), density)
        return tensor(error).sum().item()

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        for name in ("min_val", "max_val"):
            destination[prefix + name] = getattr(self, name)


def _squares(begin: Any, end: Any, density: Any) -> Any:
    """The integral of density · x² from one place to another."""
    return density * ((end * end * end - begin * begin * begin) / np.float32(3))
