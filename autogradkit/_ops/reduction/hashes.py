"""`hash_tensor`: the bits of all elements, exclusive-or. Rests on declare."""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import op
from autogradkit._ops.declare.kinds import Array, Dims
from autogradkit._ops.declare.refusals import not_implemented
from autogradkit._ops.declare.writing import saying
from autogradkit.core.shapes import wrap_dim

_HASH = np.dtype(np.uint64)


def _refuse(self: Any, dim: Any, keepdim: bool, mode: int) -> None:
    if mode:
        raise RuntimeError(f"Unknown hash_tensor mode: {mode}")
    if not self._array.size and not dim:
        raise RuntimeError(
            "hash_tensor: Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the "
            "'dim' argument."
        )
    for each in dim:
        if self.ndim and not self.shape[wrap_dim(each, self.ndim)]:
            raise IndexError(f"hash_tensor: Expected reduction dim {each} to have non-zero size.")


@op(
    reduces=True,
    result_dtype=lambda _numpy, _dtype: _HASH,
    out_dtype=saying("Expected result to be of dtype uint64, but got {out}"),
    refuse=_refuse,
    dtypes=not_implemented("xor_sum_cpu", "c"),
)
def hash_tensor(self: Array, dim: Dims = (), *, keepdim: bool = False, mode: int = 0, out: Array) -> None:
    """The exclusive-or of all elements, or of those along dimensions, as bits of float64 or int64.

    >>> import autogradkit as torch
    >>> torch.hash_tensor(torch.tensor([1, 2, 4]))
    tensor(7, dtype=torch.uint64)
    """
    wide = self.astype(np.float64 if self.dtype.kind in "fV" else np.int64).view(_HASH)
    np.bitwise_xor.reduce(wide, axis=dim or None, keepdims=keepdim, out=out)
