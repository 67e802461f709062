"""`LinearCrossEntropyOptions`: how PyTorch divides a linear cross entropy into parts of the batch, to save memory.

Here it is computed whole; the options are checked as in PyTorch and change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from autogradkit.core.dtype import bfloat16, float16, float32, float64
from autogradkit.core.dtype import dtype as Dtype

__all__ = ["LinearCrossEntropyOptions"]


@dataclass(slots=True, frozen=True)
class LinearCrossEntropyOptions:
    """Options of `linear_cross_entropy`. Raises ValueError for one that PyTorch does not know.

    >>> import autogradkit as torch
    >>> torch.nn.LinearCrossEntropyOptions(batch_chunk_size=4).acc_policy
    'auto'
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: Literal["accurate", "balanced", "compact", "auto"] = "auto"
    acc_dtype: Dtype | None = None

    def __post_init__(self) -> None:
        if self.acc_policy not in {"auto", "accurate", "balanced", "compact"}:
            raise ValueError(f"invalid acc_policy: {self.acc_policy!r}")
        if self.chunking_method is not None and self.chunking_method != "auto":
            name, colon, parts = self.chunking_method.partition(":")
            if name != "aspect_ratio" or (colon and not (parts.isdigit() and int(parts) > 0)):
                raise ValueError(f"invalid chunking_method: {self.chunking_method!r}")
        size = self.batch_chunk_size
        if size is not None and not (isinstance(size, int) and size > 0):
            raise ValueError(f"batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype not in (None, float16, bfloat16, float32, float64):
            raise ValueError(
                "acc_dtype must be one of {None, torch.float16, torch.bfloat16, torch.float32, torch.float64}, got "
                f"{self.acc_dtype!r}. Pass acc_dtype=None to let the op pick automatically."
            )

    def require_fitting(self, samples: int, in_features: int, classes: int, dtype: Dtype) -> None:
        """Raise as PyTorch for two sizes of a part that differ (ValueError), or sums in a dtype that does not fit."""
        if self.batch_chunk_size is not None and self.chunking_method not in (None, "auto"):
            _, _, parts = self.chunking_method.partition(":")
            rows = -(-samples // -(-classes // in_features))  # whose logits take the memory of the input
            size = min((1 << (rows - 1).bit_length()) // int(parts or 1), samples)
            if size != self.batch_chunk_size:
                raise ValueError(
                    f"batch_chunk_size (={self.batch_chunk_size}) and chunking_method ('{self.chunking_method}') give "
                    f"different chunk sizes ({self.batch_chunk_size} vs {size}); pass only one."
                )
        half = dtype in (float16, bfloat16)
        if self.acc_dtype not in (None, dtype) and not (half and self.acc_dtype == float32):
            raise RuntimeError(
                "linear_cross_entropy supports float32 acc_dtype with float16/bfloat16 inputs, but got "
                f"{self.acc_dtype} acc_dtype and {dtype} inputs."
            )
