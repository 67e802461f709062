"""Where arrays lie, as NumPy itself tells it."""

from __future__ import annotations

import numpy as np
import pytest

from autogradkit.core.address import address_of
from autogradkit.core.sparse import SparseArray


def test_an_address_is_what_numpy_tells():
    whole = np.arange(24.0).reshape(2, 3, 4)
    locked = np.broadcast_to(np.float32(1), (3, 2))
    for array in (whole, whole[1:, 2], whole[:, ::-1].T, whole[:0], np.zeros(()), locked, np.ma.array([1, 2])):
        assert address_of(array) == array.__array_interface__["data"][0]


def test_what_is_no_array_has_no_address():
    with pytest.raises(AttributeError):
        address_of(object.__new__(SparseArray))
