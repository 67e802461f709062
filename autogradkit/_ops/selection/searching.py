"""Where numbers belong in an order, and which are among others: searchsorted, bucketize, isin.

Rests on declare. Nothing here has a gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function
from autogradkit._ops.declare.kinds import Array, Scalar
from autogradkit._ops.declare.refusals import by_kernel, common_dtype, scalar_type
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, dtype_of_number, from_numpy_dtype, result_type
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn_once

_INT32, _INT64 = np.dtype(np.int32), np.dtype(np.int64)

# -- in an order -------------------------------------------------------------------------------------------------------


def _side(right: bool, side: str | None) -> str:
    return side or ("right" if right else "left")


def _require_searchable(
    sorted_sequence: Any, self: Any, out_int32: bool, right: bool, side: str | None, sorter: Any
) -> None:
    boundaries = sorted_sequence._array
    values = self._array if isinstance(self, Tensor) else np.empty(())
    prefix = "torch.searchsorted(): "
    if side is not None:
        if side not in ("left", "right"):
            raise RuntimeError(f"{prefix}side can only be 'left' or 'right' but got {side}")
        if right and side == "left":
            raise RuntimeError(
                f"{prefix}side and right can't be set to opposites, got side of {side} while right was True"
            )
    if not values.ndim and boundaries.ndim != 1:
        raise RuntimeError(
            f"{prefix}input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries tensor "
            f"dim({boundaries.ndim}) and input value's dim(0) numel(1)"
        )
    if not boundaries.ndim:
        raise RuntimeError(f"{prefix}boundaries tensor should have positive dimension, but got 0 dimension")
    if boundaries.ndim != 1 and boundaries.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            f"{prefix}boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and input value "
            f"tensor must match, but we got boundaries tensor {list(boundaries.shape)} and input value tensor "
            f"{list(values.shape)}"
        )
    if sorter is not None:
        order = sorter._array
        if order.shape != boundaries.shape:
            raise RuntimeError(
                f"{prefix}boundary and sorter must have the same size, but got boundary tensor {list(boundaries.shape)}and got "
                f"sorter tensor {list(order.shape)}"
            )
        if order.dtype != np.int64:
            raise RuntimeError(
                f"{prefix}sorter must be a tensor of long dtype but got dtype {scalar_type(sorter.dtype)}"
            )
        if order.size and not 0 <= order.min() <= order.max() < order.shape[-1]:
            raise RuntimeError(f"{prefix}sorter index out of range")
    if values.dtype.kind == "c":  # whatever the boundaries are
        _refuse_kinds(sorted_sequence, self, sorter)


def _refuse_kinds(sorted_sequence: Any, self: Any, *options: Any) -> None:
    common = common_dtype((sorted_sequence, self))
    if common.numpy.kind in "bc" and (not isinstance(self, Tensor) or self._array.size):
        tensors = (sorted_sequence, self, *options[-1:])  # of `searchsorted` the last one is the sorter
        _warn_of_copies(*(each._array if isinstance(each, Tensor) else each for each in tensors))
        raise NotImplementedError(f"\"searchsorted_out_cpu\" not implemented for '{scalar_type(common)}'")


def _require_index(result: np.dtype[Any], out: np.dtype[Any]) -> None:
    if result != out:
        raise RuntimeError(
            "torch.searchsorted(): output tensor's dtype is wrong, it can only be Int(int32) or Long(int64) depending on "
            f"whether out_int32 flag is True, but we got output tensor's dtype {SCALAR_TYPE_NAMES[from_numpy_dtype(out)]} and "
            f"out_int32 flag is {result == _INT32}"
        )


def _search(boundaries: Array, values: Any, side: str, order: Array | None, out: Array) -> None:
    if out.size:
        _warn_of_copies(boundaries, values, order)
    operands = [(from_numpy_dtype(boundaries.dtype), 2)]
    if isinstance(values, np.ndarray):
        operands.append((from_numpy_dtype(values.dtype), 2 if values.ndim else 1))
    else:
        operands.append((dtype_of_number(values), 0))
    kind = result_type(operands).numpy
    if kind.kind == "V" or kind == np.float16:
        boundaries, values, kind = boundaries.astype(kind), np.asarray(values).astype(kind), np.dtype(np.float32)
    boundaries, values = boundaries.astype(kind, copy=False), np.asarray(values).astype(kind, copy=False)
    if order is not None:
        boundaries = np.take_along_axis(boundaries, order, -1)
    np.copyto(out, places_among(boundaries, values, side), casting="unsafe")


def places_among(boundaries: Array, values: Array, side: str) -> Array:
    """Before which of the boundaries each value belongs; of rows of boundaries, those of its own row.

    Where boundaries are in no order, or NaN, it depends on how they are searched: by halves, as in PyTorch.
    """
    if boundaries.ndim == 1 and (boundaries[1:] >= boundaries[:-1]).all() and not np.isnan(boundaries[:1]).any():
        return np.searchsorted(boundaries, values, side)  # type: ignore[call-overload]
    low, high = np.zeros(values.shape, np.int64), np.full(values.shape, boundaries.shape[-1])
    for _ in range(boundaries.shape[-1].bit_length()):
        middle = np.minimum((low + high) // 2, boundaries.shape[-1] - 1)
        met = boundaries[middle] if boundaries.ndim == 1 else np.take_along_axis(boundaries, middle, -1)
        before = ~(met > values if side == "right" else met >= values)
        searching = low < high
        low = np.where(searching & before, middle + 1, low)
        high = np.where(searching & ~before, middle, high)
    return low


def _warn_of_copies(boundaries: Array, values: Any, order: Array | None = None) -> None:
    for what, each in (("input value", values), ("boundary", boundaries), ("sorter", order)):
        if isinstance(each, np.ndarray) and not each.flags.c_contiguous:
            warn_once(
                f"torch.searchsorted(): {what} tensor is non-contiguous, this will lower the performance due to extra data copy "
                f"when converting non-contiguous tensor to contiguous, please use contiguous {what} tensor if possible. This "
                "message will only appear once per program."
            )


searchsorted = function("searchsorted", variants="function")


@searchsorted.overload(
    meta=lambda sorted_sequence, self, *, out_int32, right, side, sorter: (self.shape, _INT32 if out_int32 else _INT64),
    refuse=_require_searchable,
    dtypes=by_kernel(_refuse_kinds),
    out_dtype=_require_index,
)
def _(
    sorted_sequence: Array,
    self: Array,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Array | None = None,
    out: Array,
) -> None:
    """Before which element of a sorted sequence (along its last dimension) each number belongs; with `right` behind equal ones.

    >>> import autogradkit as torch
    >>> torch.searchsorted(torch.tensor([1, 3, 5]), torch.tensor([3, 6]))
    tensor([1, 3])
    """
    _search(sorted_sequence, self, _side(right, side), sorter, out)


@searchsorted.overload(
    meta=lambda sorted_sequence, self, *, out_int32, right, side, sorter: ((), _INT32 if out_int32 else _INT64),
    refuse=_require_searchable,
    dtypes=by_kernel(_refuse_kinds),
    out_dtype=_require_index,
)
def _(
    sorted_sequence: Array,
    self: Scalar,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Array | None = None,
    out: Array,
) -> None:
    _search(sorted_sequence, self, _side(right, side), sorter, out)


bucketize = function("bucketize", variants="function")


def _require_boundaries(self: Any, boundaries: Any, out_int32: bool, right: bool) -> None:
    if boundaries.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    if boundaries.dtype.is_complex:  # whatever `self` is
        _refuse_kinds(boundaries, self)


def _refuse_bucketed(self: Any, boundaries: Any, *_options: Any) -> None:
    _refuse_kinds(boundaries, self)


@bucketize.overload(
    meta=lambda self, boundaries, *, out_int32, right: (self.shape, _INT32 if out_int32 else _INT64),
    refuse=_require_boundaries,
    dtypes=by_kernel(_refuse_bucketed),
    out_dtype=_require_index,
)
def _(self: Array, boundaries: Array, *, out_int32: bool = False, right: bool = False, out: Array) -> None:
    """Which bucket each number falls into: before which of the sorted `boundaries`; with `right` behind equal ones.

    >>> import autogradkit as torch
    >>> torch.bucketize(torch.tensor([3, 6]), torch.tensor([1, 3, 5]))
    tensor([1, 3])
    """
    _search(boundaries, self, _side(right, None), None, out)


@bucketize.overload(
    meta=lambda self, boundaries, *, out_int32, right: ((), _INT32 if out_int32 else _INT64),
    refuse=_require_boundaries,
    dtypes=by_kernel(_refuse_bucketed),
    out=False,
)
def _(self: Scalar, boundaries: Array, *, out_int32: bool = False, right: bool = False, out: Array) -> None:
    _search(boundaries, self, _side(right, None), None, out)


# -- among others ------------------------------------------------------------------------------------------------------


def _refuse_unordered(elements: Any, test_elements: Any, assume_unique: bool, invert: bool) -> None:
    for each in (elements, test_elements):
        kind = each.dtype if isinstance(each, Tensor) else dtype_of_number(each)
        if kind.numpy.kind in "bc":
            name = "ComplexDouble" if isinstance(each, complex) else scalar_type(kind)
            raise RuntimeError(f"Unsupported input type encountered for isin(): {name}")


def _among(elements: Any, tested: Any, invert: bool, out: Array) -> None:
    operands = []
    for each in (elements, tested):
        if isinstance(each, np.ndarray):
            operands.append((from_numpy_dtype(each.dtype), 2 if each.ndim else 1))
        else:
            operands.append((dtype_of_number(each), 0))
    kind = result_type(operands).numpy
    elements, tested = np.asarray(elements).astype(kind), np.asarray(tested).astype(kind)
    if kind.kind == "V":
        elements, tested = elements.astype(np.float32), tested.astype(np.float32)
    np.copyto(out, np.isin(elements, tested, invert=invert))


isin = function("isin", variants="function")


@isin.overload(
    meta=lambda elements, test_elements, *, assume_unique, invert: (elements.shape, np.dtype(np.bool_)),
    refuse=_refuse_unordered,
)
def _(elements: Array, test_elements: Array, *, assume_unique: bool = False, invert: bool = False, out: Array) -> None:
    """Which elements are among the `test_elements`; with `invert` which are not.

    >>> import autogradkit as torch
    >>> torch.isin(torch.tensor([1, 2, 3]), torch.tensor([2, 5]))
    tensor([False,  True, False])
    """
    _among(elements, test_elements, invert, out)


@isin.overload(
    meta=lambda element, test_elements, *, assume_unique, invert: ((), np.dtype(np.bool_)),
    refuse=_refuse_unordered,
)
def _(element: Scalar, test_elements: Array, *, assume_unique: bool = False, invert: bool = False, out: Array) -> None:
    _among(element, test_elements, invert, out)


@isin.overload(
    meta=lambda elements, test_element, *, assume_unique, invert: (elements.shape, np.dtype(np.bool_)),
    refuse=_refuse_unordered,
)
def _(elements: Array, test_element: Scalar, *, assume_unique: bool = False, invert: bool = False, out: Array) -> None:
    _among(elements, test_element, invert, out)
