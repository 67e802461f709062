"""The address of an array's first element: which memory a tensor shows, where its storage begins, what lies over what.

NumPy tells it in a dictionary that it makes anew for each question, which takes up to thirty times as long as reading the
one word: in an array as C sees it, the pointer to its data comes first behind Python's header. That is tried before it is
trusted. Rests on NumPy; storage and strides ask here.
"""

from __future__ import annotations

import sys
from ctypes import c_size_t
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_word_at = c_size_t.from_address
_HEADER = object.__basicsize__


def _read(array: Array) -> int:
    if array.__class__ is not np.ndarray:  # what stands in an array's place
        return _address_by_interface(array)
    return _word_at(id(array) + _HEADER).value


def _address_by_interface(array: Array) -> int:
    return array.__array_interface__["data"][0]


def _is_read_rightly() -> bool:
    whole = np.zeros((2, 3), np.float32)
    return sys.implementation.name == "cpython" and all(
        _read(each) == _address_by_interface(each) for each in (whole, whole[1:, 2], whole.T)
    )


address_of = _read if _is_read_rightly() else _address_by_interface
