"""Bounded copies of tensors: what a trace may keep of a value.

Rests on NumPy, core and identity. A value of at most `FULL` elements is copied whole, as long as the trace has copied fewer
than `BUDGET` elements altogether; of any other only its range, mean and printed summary are kept. These are found when somebody
looks, for a value of at most `LATER` elements: until then it is a copy, too. No array of the learner is held.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from autogradkit.core.address import address_of
from autogradkit.core.batched import BatchArray
from autogradkit.core.dtype import from_numpy_dtype
from autogradkit.core.meta import MetaArray
from autogradkit.core.parameter import Parameter
from autogradkit.core.printing import contents, shown_part
from autogradkit.core.sparse import SparseArray
from autogradkit.core.storage import Bytes, offset_of
from autogradkit.core.strides import element_strides
from autogradkit.engine.history import requires_grad
from autogradkit.tracing.events import Number, Numbers, Value, quickly_made
from autogradkit.tracing.identity import ByIdentity

FEW = 32  # elements that Python summarises faster than NumPy
FULL = 1_000  # elements: what PyTorch prints without "..."
BUDGET = 200_000  # elements copied whole in one trace
LATER = 16_384  # elements that are copied in less time than they are summarised
MOST_LATER = 250_000  # elements copied in one trace to be summarised

_SUMMED = 3e38  # as much fits into the sum of singles
_ROW = 2_048  # elements: as much as stays in the processor's first cache
_FEWEST_ROWS = 20
_MARKED = 64  # elements
_value = quickly_made(Value)
_BITS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}  # by bytes of an element

# What `array.min()` and its kin call, without their Python on the way.
_least, _greatest, _sum = np.minimum.reduce, np.maximum.reduce, np.add.reduce


class Copier:
    """Copies values for one trace and watches its budget."""

    def __init__(self) -> None:
        self.copied = 0
        self.left_out = 0
        self._summarised_later = 0
        self._passed_on: ByIdentity[Numbers] = ByIdentity()  # of an array

    def gradient(self, tensor: Any) -> Numbers:
        """As `copy`, of a gradient that is passed on unchanged, from node to node and into a `.grad`: copied once.

        It holds until `forget`, which is due before anybody can write into a gradient.
        """
        array = tensor._array
        known = self._passed_on.get(array)
        if known is None:
            known = self._passed_on[array] = self.copy(tensor)
        return known

    def forget(self) -> None:
        """Copy gradients anew from now on."""
        self._passed_on.clear()

    def copy(self, tensor: Any) -> Numbers:
        """The numbers of a tensor as they are now."""
        array: Any = tensor._array
        if array.__class__ is np.ndarray:
            return self._of_array(array, _name_of(array.dtype))
        dtype = tensor.dtype.name
        if array.__class__ is not SparseArray:  # of the device "meta", or one sample of all that `vmap` has at once
            return Numbers(array.shape, dtype, None, "", None, None, None, 0, 0, array.size)
        if self._fits(array.size) and array.fits():
            return self._of_array(array.dense(), dtype)
        self.left_out += array.size
        return _of_values(array, dtype)

    def _fits(self, size: int) -> bool:
        return size <= FULL and self.copied + size <= BUDGET

    def _of_array(self, array: np.ndarray[Any, Any], dtype: str) -> Numbers:
        size = array.size
        if self._fits(size):
            self.copied += size
            return Numbers.later((_looked_at, np.array(array)), shape=array.shape, dtype=dtype, omitted=0)
        self.left_out += size
        if size <= LATER and self._summarised_later + size <= MOST_LATER:
            self._summarised_later += size
            found = (_summarised, np.array(array))
            return Numbers.later(found, shape=array.shape, dtype=dtype, data=None, omitted=size)
        shown = np.array(shown_part(array))  # a copy, which no later edit changes
        known = dict(zip(_SUMMARY, _signed(_summary(array), array), strict=True))
        found = (_printed, shown, array.shape)
        return Numbers.later(found, shape=array.shape, dtype=dtype, data=None, omitted=size, **known)


@functools.cache
def _name_of(dtype: np.dtype[Any]) -> str:
    return from_numpy_dtype(dtype).name


# What a tensor is known by, so that `was_changed` sees that it has other numbers: its copy; of one that was not copied the sum of
# its bits, which one element changes, and some elements, as they may only have changed places. None of what lies nowhere.
Mark = np.ndarray[Any, Any] | tuple[tuple[int, ...], int, bytes] | None


def mark_of(numbers: Numbers, tensor: Any) -> Mark:
    """By what `was_changed` knows a tensor of which these numbers were copied just now."""
    array = tensor._array
    if array.__class__ is not np.ndarray:
        return None
    found = vars(numbers)["_later"]
    return _bits_of(array) if found[0] is _printed else found[1]


def _bits_of(array: np.ndarray[Any, Any]) -> tuple[tuple[int, ...], int, bytes]:
    parts = (array,) if array.itemsize in _BITS else (array.real, array.imag)
    bits = [part.view(_BITS[part.itemsize]) for part in parts]
    some = array.flat[:: array.size // _MARKED + 1].tobytes()
    return array.shape, sum([int(_sum(each, None, each.dtype)) for each in bits]), some


def was_changed(mark: Mark, tensor: Any) -> bool:
    """Whether a tensor holds other numbers by now than when it was marked, as NumPy may have written them."""
    array = tensor._array
    if mark is None or array.__class__ is not np.ndarray:
        return False
    if isinstance(mark, tuple):
        return array.shape == mark[0] and _bits_of(array) != mark
    return array.shape == mark.shape and array.tobytes() != mark.tobytes()


def _of_values(array: SparseArray, dtype: str) -> Numbers:
    """What is kept of a large sparse tensor: the summary of its values, and of the zeros around them."""
    seen = np.append(array.values.reshape(-1), np.zeros(int(array.size > array.values.size), array.dtype))
    low, high, mean, nans, infs = _summary(seen)
    if mean is not None:
        mean *= seen.size / array.size
    text = f"{array.nnz:,} values at their places, and zeros"
    return Numbers(array.shape, dtype, None, text, low, high, mean, nans, infs, array.size)


def place_of(tensor: Any) -> tuple[tuple[int, int], tuple[int, ...], int]:
    """Where a tensor's memory begins, and its bytes; its strides, and its offset in that memory.

    Of a sparse one the memory is that of its values; a picture shows all its elements, and has no strides for them.
    """
    array = tensor._memory
    if array.__class__ is np.ndarray and array.base is None:  # as most: nobody has to look for what it is a part of
        return (address_of(array), array.nbytes), element_strides(array), 0
    if array.__class__ is SparseArray:
        return (address_of(array.values), array.values.nbytes), (), 0
    if array.__class__ is BatchArray:
        return (id(array), 0), (), 0
    strides, array = element_strides(array), array.hollow if array.__class__ is MetaArray else array
    held = Bytes(array)
    return (held.data_ptr(), held.nbytes()), strides, 0 if array.base is None else offset_of(array)


def value_of(
    tensor: Any,
    copier: Copier,
    id: int,
    number: int,
    stride: tuple[int, ...],
    offset: int,
    storage: int,
    version: int,
    base: int | None = None,
    name: str | None = None,
    since: int = 0,
    grad_of: int | None = None,
    given: bool = False,
) -> Value:
    """A tensor as it is now. `stride` and `offset` are its layout, `version` counts its edits; `number`, `storage`, `base` and
    `grad_of` are the trace's numbers of it, its memory, its base
    and the tensor whose `.grad` it is, or whose gradient code was `given`; `since` counts the events before."""
    differentiated = requires_grad(tensor)
    array = tensor._array
    return _value(
        id,
        number,
        name,
        copier.copy(tensor),
        stride,
        offset,
        storage,
        version,
        differentiated,
        not differentiated or is_leaf(tensor),
        isinstance(tensor, Parameter),
        base,
        _retains_grad(tensor),
        (),
        since,
        grad_of,
        given,
        array.nnz if array.__class__ is SparseArray else None,
    )


def is_leaf(tensor: Any) -> bool:
    """As `Tensor.is_leaf`, but of a view whose base was edited: to ask that would renew its `grad_fn`, or raise."""
    view = tensor._view
    follows = view is not None and requires_grad(view.base)
    return not requires_grad(tensor) or (tensor._node is None and not follows)


def _retains_grad(tensor: Any) -> bool:
    node = tensor._node
    return node is not None and node.hooks is not None and tensor._output_nr in node.hooks.retained


_Summary = tuple[float | None, float | None, float | None, int, int]
_SUMMARY = ("low", "high", "mean", "nans", "infs")


def _looked_at(name: str, array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """What is told of a small tensor, from its copy: the text, whether all is finite, or all else."""
    if name == "is_finite":
        return {name: bool(np.isfinite(array).all())}
    if name == "printed":
        return _printed(name, shown_part(array), array.shape)
    elements = tuple(array.reshape(-1).tolist())
    found = _summary_of(elements) if array.size <= FEW else _summary(array)
    return {"data": elements, **dict(zip(_SUMMARY, _signed(found, array), strict=True))}


def _summarised(name: str, array: np.ndarray[Any, Any]) -> dict[str, Any]:
    """What is told of a larger tensor, from its copy: whether all is finite, or all else, after which the copy is not needed."""
    if name == "is_finite":
        return {name: bool(np.isfinite(array).all())}
    shown = np.array(shown_part(array))
    found = _printed("printed", shown, array.shape) if name == "printed" else {"_later": (_printed, shown, array.shape)}
    return {"_later": (), **dict(zip(_SUMMARY, _signed(_summary(array), array), strict=True)), **found}


def _printed(name: str, shown: np.ndarray[Any, Any], shape: tuple[int, ...]) -> dict[str, str]:
    """The data as PyTorch prints it now, without the `tensor(...)` around it."""
    return {name: contents(shown, shape, 7).replace("\n       ", "\n")}


def _signed(summary: _Summary, array: np.ndarray[Any, Any]) -> _Summary:
    """0. and -0. are equal, so which of them was found as the least and the greatest says nothing of the others."""
    if summary[0] == summary[1] == 0:
        zero = -0.0 if np.signbit(array).all() else 0.0
        return zero, zero, *summary[2:]
    return summary


def _summary(array: np.ndarray[Any, Any]) -> _Summary:
    if not array.size or array.dtype.kind == "c":
        return None, None, None, 0, 0
    if array.dtype.kind in "biu":
        return float(array.min()), float(array.max()), float(array.mean()), 0, 0
    low, high = float(_least(array, None)), float(_greatest(array, None))
    if math.isfinite(low) and math.isfinite(high):  # a NaN would be both
        if array.itemsize >= 4 and max(-low, high) * array.size < _SUMMED:
            return low, high, _total(array) / array.size, 0, 0
        with np.errstate(all="ignore"):
            return low, high, float(array.mean(dtype=np.float64)), 0, 0
    finite = np.isfinite(array)
    nans = int(np.isnan(array).sum())
    kept = array[finite]
    infs = int(array.size - kept.size - nans)
    if not kept.size:
        return None, None, None, nans, infs
    return float(kept.min()), float(kept.max()), float(kept.mean(dtype=np.float64)), nans, infs


def _total(array: np.ndarray[Any, Any]) -> float:
    """The sum of single or double numbers. Where they are many, to add row to row takes half the time of NumPy's own
    sum."""
    rows = array.size // _ROW
    if rows < _FEWEST_ROWS or not array.flags.forc:
        return float(_sum(array, None))
    elements = array.ravel("K")  # without a copy, transposed as well
    end = rows * _ROW
    return float(_sum(_sum(elements[:end].reshape(rows, _ROW), 0), None)) + float(_sum(elements[end:], None))


def _summary_of(elements: tuple[Number, ...]) -> _Summary:
    """As `_summary`, of the numbers themselves."""
    known: Any = elements
    total = sum(known)
    if known and total.__class__ is not complex and math.isfinite(total):  # then all of them are
        return float(min(known)), float(max(known)), total / len(known), 0, 0
    real = [each for each in elements if not isinstance(each, complex)]
    if len(real) < len(elements):
        return None, None, None, 0, 0
    finite = [float(each) for each in real if math.isfinite(each)]
    nans = sum(each != each for each in real)
    infs = len(real) - len(finite) - nans
    if not finite:
        return None, None, None, nans, infs
    return min(finite), max(finite), sum(finite) / len(finite), nans, infs
