"""Which memory an edit may write and read at once: PyTorch's checks of overlap, which come before the first write.

Rests on core; writing.py, and whatever declares an edit, ask here. An edit says by its check what it may share.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit.core import errors
from autogradkit.core.address import address_of
from autogradkit.core.storage import Array, root_of
from autogradkit.core.strides import (
    contiguous_strides,
    element_strides,
    has_internal_overlap,
    is_non_overlapping_and_dense,
    partial_overlap,
)
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn

SHARED = (
    "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory location. "
    "Please clone() the tensor before performing the operation."
)


def require_writable(target: Array, others: Sequence[Any]) -> None:
    """Raise RuntimeError where writing into `target` would write an element twice or change an operand midway."""
    if has_internal_overlap(target.shape, target.strides):
        raise RuntimeError(errors.WRITTEN_TWICE)
    for other in others:
        if isinstance(other, np.ndarray) and partial_overlap(target, other):
            raise RuntimeError(SHARED)


def require_disjoint(target: Array, others: Sequence[Any]) -> None:
    """As `require_writable`, of an edit that may read no part of what it writes, be it the very memory."""
    require_writable(target, others)
    _require_no_shared(target, others)


def _require_no_shared(target: Array, others: Sequence[Any]) -> None:
    for other in others:
        if other is target:
            raise RuntimeError(SHARED)
        if not isinstance(other, np.ndarray) or not np.may_share_memory(target, other):
            continue
        dense = [is_non_overlapping_and_dense(each.shape, element_strides(each)) for each in (target, other)]
        if all(dense):
            raise RuntimeError(SHARED)


def expanded_with_warning(name: str, example: str, apart: bool) -> Callable[[Array, Sequence[Any]], None]:
    """The check of an edit that PyTorch still lets write an element several times, with a warning."""

    def check(target: Array, others: Sequence[Any]) -> None:
        if has_internal_overlap(target.shape, target.strides):
            warn(
                f"Use of {name} on expanded tensors is deprecated. Please clone() the tensor before performing this operation. "
                f"This also applies to advanced indexing e.g. {example}"
            )
        if apart:
            _require_no_shared(target, others)

    return check


def unless_the_same(target: Array, others: Sequence[Any]) -> None:
    """As `require_writable`, of an edit that does nothing where it reads the very elements that it writes."""
    [other] = others or [None]
    if other is None or other is target:
        return None if other is target else require_writable(target, ())
    return None if are_the_same(target, other) else require_writable(target, others)


def may_be_copied(target: Array, other: Array) -> bool:
    """Whether `copy_` may read `other` and write `target`: they show the same elements, or are not certain to share some."""
    return are_the_same(target, other) or not partial_overlap(target, other)


def are_the_same(one: Array, other: Array) -> bool:
    """Whether two arrays show the same elements."""
    return (
        one.shape == other.shape
        and one.strides == other.strides
        and one.dtype == other.dtype
        and address_of(one) == address_of(other)
    )


def require_once(target: Array, others: Sequence[Any]) -> None:
    """As `require_writable`, of an edit that has read what it needs before it writes."""
    require_writable(target, ())


def unchecked(target: Array, others: Sequence[Any]) -> None:
    """The check of an edit that may write an element several times, as it writes the same."""


def require_apart(
    out: Tensor, shape: tuple[int, ...], tensors: Sequence[Tensor], whole: Sequence[Tensor] | None = None
) -> None:
    """As `require_writable` of what `out` is with that shape, which may not be one of `whole`, or its very memory, either.

    `whole` are all of the tensors, if it is not given.
    """
    target = out._array
    grows = math.prod(shape) > target.size  # then its storage does, and whatever has another lies elsewhere
    begin = address_of(root_of(target))
    if shape != target.shape:  # where the memory ends does not matter, as only addresses are compared
        target = np.lib.stride_tricks.as_strided(
            target, shape, [n * target.itemsize for n in contiguous_strides(shape)]
        )

    def beside(those: Sequence[Tensor]) -> list[Array]:
        arrays = [each._array for each in those]
        return [each for each in arrays if address_of(root_of(each)) == begin] if grows else arrays

    require_writable(target, beside(tensors))
    whole = tensors if whole is None else whole
    if any(each is out for each in whole):
        raise RuntimeError(SHARED)
    for other in beside(whole):
        if target.flags.forc and other.flags.forc and np.may_share_memory(target, other):
            raise RuntimeError(SHARED)
