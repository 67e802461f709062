"""The kernel's contract: it writes every element of the memory that its caller allocates, and returns nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autogradkit as torch
from autogradkit._ops.declare import memory

from .declared import DIFFERENTIABLE, OVERLOADS, kernel_results

ALLOCATED = [each for each in OVERLOADS if each.pointwise or each.reduces or each.edits or each.meta]


def _poison(array: Any) -> Any:
    array.reshape(-1).view(np.uint8)[:] = 0xAB  # no kernel's result by chance, in any dtype
    return array


@pytest.mark.parametrize(
    "name", sorted(name for name, op in DIFFERENTIABLE.items() if op.allocated and op.make_samples and not op.draws)
)
def test_every_element_of_the_memory_is_written(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    op = DIFFERENTIABLE[name]
    for sample in op.samples(seed=5):
        expected = kernel_results(op, sample)
        with monkeypatch.context() as patched:
            allocate, like = memory.allocate, memory.like
            patched.setattr(memory, "allocate", lambda *args, allocate=allocate: _poison(allocate(*args)))
            patched.setattr(memory, "like", lambda *args, like=like: _poison(like(*args)))
            found = kernel_results(op, sample)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_array_equal(one, other)


def test_most_kernels_leave_the_memory_to_their_caller() -> None:
    """Those that allocate themselves are those whose size depends on data, or whose result may be a view.

    Or they copy a whole storage, make as many tensors as they find, or work out edges before what lies between them.
    """
    own = {
        each.owner.name
        for each in OVERLOADS
        if not (each.composition or each.view or each.pointwise or each.reduces or each.edits or each.meta)
    }
    known = {
        "_unique2",
        "_unsafe_view",
        "bincount",
        "index",
        "masked_select",
        "nonzero",
        "unique_consecutive",
        "unique_dim",
    }
    known |= {"select_scatter", "slice_scatter", "diagonal_scatter", "as_strided_scatter"}
    known |= {"split_copy", "split_with_sizes_copy", "unbind_copy", "unsafe_split", "unsafe_split_with_sizes"}
    known |= {"histogram", "histogram_counts", "histogram_counts_by_numbers", "histogram_edges"}
    assert own <= known, sorted(own)
    assert len(ALLOCATED) > 130


def test_an_operand_without_elements_makes_memory_without_elements() -> None:
    assert torch.zeros(0, 3).exp().stride() == (3, 1)
