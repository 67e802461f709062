"""Whether tensors agree: equal, isclose, allclose.

Rests on declare and core's parts.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import TO_BOOL, op
from autogradkit._ops.declare.kinds import Array
from autogradkit.core.dtype import SCALAR_TYPE_NAMES
from autogradkit.core.parts import in_pieces
from autogradkit.core.tensor import Tensor, counter_of


@op(composition=True)
def equal(self: Array, other: Array) -> Any:
    """Whether both have the same shape and the same elements. NaN equals nothing.

    >>> import autogradkit as torch
    >>> torch.equal(torch.tensor([1, 2]), torch.tensor([1, 2]))
    True
    """
    return _same(self, other)


def _same(self: Any, other: Any) -> bool:
    one, two = self._array, other._array
    if one is two and one.dtype.kind in "biu":  # which has no NaN
        return True
    # Part by part: most that differ do so at the beginning
    return one.shape == two.shape and all(np.array_equal(*parts) for parts in in_pieces(one, two))


def _require_comparable(self: Any, other: Any, rtol: float, atol: float, equal_nan: bool) -> None:
    if self.dtype is not other.dtype:
        raise RuntimeError(f"{SCALAR_TYPE_NAMES[self.dtype]} did not match {SCALAR_TYPE_NAMES[other.dtype]}")
    for name, value in (("rtol", rtol), ("atol", atol)):
        if not value >= 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {value:g}")


@op(composition=True)
def isclose(self: Tensor, other: Tensor, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Where |input − other| ≤ atol + rtol · |other|, as bools.

    Raises RuntimeError where the dtypes differ or a tolerance is negative.

    >>> import autogradkit as torch
    >>> torch.isclose(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.1]))
    tensor([ True, False])
    """
    found = is_close(self, other, rtol, atol, equal_nan)
    # PyTorch makes it of `==`, and edits that for each further way of being close.
    nan = equal_nan and self._array.dtype.kind in "fcV"
    counter_of(found).value = int(bool(rtol or atol)) + int(nan)
    return found


@op(name="isclose", variants="", pointwise=TO_BOOL, out=False, refuse=_require_comparable)
def is_close(
    self: Array, other: Array, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False, *, out: Array
) -> None:
    """Where |input − other| ≤ atol + rtol · |other|, as bools."""
    np.equal(self, other, out=out)
    if self.dtype.kind in "fcV" or rtol or atol:
        distance = np.abs(self.astype(np.float64) - other if self.dtype.kind in "biu" else self - other)
        out |= np.isfinite(distance) & (distance <= float(atol) + np.abs(float(rtol) * other))
    if equal_nan and self.dtype.kind in "fcV":
        out |= np.isnan(self) & np.isnan(other)


@op(composition=True)
def allclose(self: Array, other: Array, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether |input − other| ≤ atol + rtol · |other| everywhere.

    >>> import autogradkit as torch
    >>> torch.allclose(torch.tensor([1.0]), torch.tensor([1.0 + 1e-7]))
    True
    """
    return bool(isclose(self, other, rtol, atol, equal_nan)._array.all())
