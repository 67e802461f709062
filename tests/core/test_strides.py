"""The geometry rules on cases a reader can check by hand."""

from __future__ import annotations

import numpy as np
import pytest

from autogradkit.core import strides as S
from autogradkit.core.shapes import wrap_dim


def test_a_transposed_operand_gives_a_transposed_result():
    transposed = ((3, 2), (1, 3))
    assert S.output_strides([transposed, transposed], (3, 2)) == (1, 3)
    assert S.output_strides([transposed, ((), ())], (3, 2)) == (1, 3)
    assert S.output_strides([((3, 2), (2, 1)), transposed], (3, 2)) == (2, 1)


def test_an_expanded_operand_has_no_say_in_its_expanded_dimension():
    assert S.output_strides([((2, 3), (0, 1))], (2, 3)) == (3, 1)
    assert S.output_strides([((2, 1), (1, 1)), ((2, 3), (1, 2))], (2, 3)) == (1, 2)


def test_view_keeps_memory_or_refuses():
    assert S.view_strides((4, 3), (3, 1), (2, 2, 3)) == (6, 3, 1)
    assert S.view_strides((3, 4), (1, 3), (12,)) is None
    assert S.view_strides((3, 4), (1, 3), (3, 2, 2)) == (1, 6, 3)
    assert S.view_strides((), (), (1, 1)) == (1, 1)
    assert S.view_strides((0, 3), (3, 1), (3, 0)) == (1, 1)


def test_empty_arrays_keep_strides_that_numpy_would_zero():
    array = S.empty_strided((2, 0, 3), (3, 3, 1), np.dtype("float64"))
    assert array.strides == (24, 24, 8)
    assert S.element_strides(array) == (3, 3, 1)
    assert S.element_strides(np.empty((2, 0, 3))) == (3, 3, 1)


def test_windows_that_overlap_in_part():
    flat = np.zeros(10)
    assert S.partial_overlap(flat[0:4], flat[2:6])
    assert not S.partial_overlap(flat[0:4], flat[4:8])
    assert not S.partial_overlap(flat[0:4], flat[0:4])
    square = flat[0:9].reshape(3, 3)
    assert S.partial_overlap(square, square.T)


def test_a_dimension_that_does_not_exist():
    with pytest.raises(IndexError, match=r"expected to be in range of \[-2, 1\], but got 2"):
        wrap_dim(2, 2)
