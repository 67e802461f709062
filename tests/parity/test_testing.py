"""`torch.testing` beside PyTorch: what is close, the whole text where something is not, and tensors to test with."""

from __future__ import annotations

import collections
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

Case = Callable[[Any], tuple[Any, ...]]
NAN, INF = float("nan"), float("inf")

CLOSE: dict[str, tuple[Case, dict[str, Any]]] = {
    "numbers": (lambda m: (1.0, 1.0 + 1e-8), {}),
    "numbers apart": (lambda m: (1.0, 1.5), {}),
    "whole numbers apart": (lambda m: (1, 3), {}),
    "a whole number and a float": (lambda m: (1, 1.0), {}),
    "a whole number and a float of any dtype": (lambda m: (1, 1.5), {"check_dtype": False}),
    "complex numbers": (lambda m: (1 + 2j, 1 + 2.5j), {}),
    "beside zero": (lambda m: (0.5, 0.0), {}),
    "NaN": (lambda m: (NAN, NAN), {}),
    "NaN is NaN": (lambda m: (NAN, NAN), {"equal_nan": True}),
    "infinite": (lambda m: (INF, INF), {}),
    "infinite and not": (lambda m: (INF, 1.0), {}),
    "tolerances of numbers": (lambda m: (1.0, 1.5), {"rtol": 0.5, "atol": 0.0}),
    "equality": (lambda m: (1.0, 1.0 + 1e-9), {"rtol": 0, "atol": 0}),
    "NumPy's numbers": (lambda m: (np.float32(1.0), np.float64(2.0)), {}),
    "a number of NumPy's and Python's": (lambda m: (np.float64(1.0), 1.0), {}),
    "bools": (lambda m: (True, False), {}),
    "NumPy's bools": (lambda m: (np.bool_(True), True), {}),
    "a bool and a number": (lambda m: ([True], [1]), {}),
    "None": (lambda m: (None, None), {}),
    "None and a number": (lambda m: (None, 3), {}),
    "None and a tensor": (lambda m: ([1, None], [1, m.ones(2)]), {}),
    "tensors": (lambda m: (m.tensor([1.0, 2.0]), m.tensor([1.0, 2.000001])), {}),
    "tensors apart": (lambda m: (m.tensor([1.0, 2.0, 3.0]), m.tensor([1.0, 2.5, 4.0])), {}),
    "matrices apart": (lambda m: (m.tensor([[1.0, 2.0], [3.0, 4.0]]), m.tensor([[1.0, 2.0], [3.5, 0.25]])), {}),
    "float64": (lambda m: (m.tensor([1.0], dtype=m.float64), m.tensor([1.001], dtype=m.float64)), {}),
    "float16": (lambda m: (m.tensor([1.0, 2.0], dtype=m.float16), m.tensor([1.0, 2.5], dtype=m.float16)), {}),
    "bfloat16": (lambda m: (m.tensor([1.0, 2.0], dtype=m.bfloat16), m.tensor([1.01, 2.5], dtype=m.bfloat16)), {}),
    "complex tensors": (lambda m: (m.tensor([1 + 2j, 3j]), m.tensor([1 + 2j, 4j])), {}),
    "whole tensors": (lambda m: (m.tensor([1, 5, 3]), m.tensor([1, 2, 0])), {}),
    "bytes": (lambda m: (m.tensor([1, 5], dtype=m.uint8), m.tensor([1, 7], dtype=m.uint8)), {}),
    "tensors of bools": (lambda m: (m.tensor([True, False]), m.tensor([True, True])), {}),
    "without dimensions": (lambda m: (m.tensor(1.0), m.tensor(1.25)), {}),
    "without elements": (lambda m: (m.ones(0, 2), m.ones(0, 2)), {}),
    "NaN in tensors": (lambda m: (m.tensor([NAN, 1.0]), m.tensor([NAN, 1.0])), {}),
    "NaN in tensors is NaN": (lambda m: (m.tensor([NAN, 1.0]), m.tensor([NAN, 2.0])), {"equal_nan": True}),
    "infinities": (lambda m: (m.tensor([INF, -INF, 1.0]), m.tensor([INF, INF, 1.0])), {}),
    "zeros expected": (lambda m: (m.tensor([0.5, 0.0]), m.tensor([0.0, 0.0])), {}),
    "tolerances": (lambda m: (m.tensor([1.0, 2.0]), m.tensor([1.1, 2.9])), {"rtol": 0.125, "atol": 0.25}),
    "equal tensors": (lambda m: (m.tensor([1.0]), m.tensor([1.0000001])), {"rtol": 0, "atol": 0}),
    "shapes": (lambda m: (m.ones(2, 3), m.ones(3, 2)), {}),
    "dtypes": (lambda m: (m.ones(2), m.ones(2, dtype=m.float64)), {}),
    "any dtype": (lambda m: (m.ones(2), m.tensor([1, 2])), {"check_dtype": False}),
    "strides": (lambda m: (m.ones(2, 3), m.ones(3, 2).t()), {"check_stride": True}),
    "any strides": (lambda m: (m.ones(2, 3), m.ones(3, 2).t()), {}),
    "no device": (lambda m: (m.ones(2), m.zeros(2)), {"check_device": False, "check_layout": False}),
    "requires grad": (lambda m: (m.ones(2, requires_grad=True), m.zeros(2)), {}),
    "a parameter": (lambda m: (m.nn.Parameter(m.ones(2)), m.ones(2)), {}),
    "no subclass": (lambda m: (m.nn.Parameter(m.ones(2)), m.ones(2)), {"allow_subclasses": False}),
    "one tolerance": (lambda m: (m.ones(2), m.ones(2)), {"rtol": 0.5}),
    "the other tolerance": (lambda m: ([1.0], [1.0]), {"atol": 0.5}),
    "lists": (lambda m: ([m.ones(2), 3], [m.ones(2), 3]), {}),
    "lists apart": (lambda m: ([m.ones(2), 3, 4], (m.ones(2), 3, 5)), {}),
    "the first of several": (lambda m: ([1, 2, 3], [1, 0, 0]), {}),
    "lengths": (lambda m: ([1, 2], [1, 2, 3]), {}),
    "lengths within": (lambda m: ([1, [2]], [0, [2, 3]]), {}),
    "mappings": (lambda m: ({"a": 1, "b": m.ones(2)}, {"b": m.ones(2), "a": 1}), {}),
    "mappings apart": (lambda m: ({"b": 1, "a": {"c": [1.0, 2.0]}}, {"a": {"c": [1.0, 2.5]}, "b": 1}), {}),
    "keys": (lambda m: ({"a": 1, "b": 2}, {"a": 1, "c": 2, "d": 3}), {}),
    "keys without order": (lambda m: ({1: 1, "a": 2}, {1: 1, "a": 3}), {}),
    "an ordered mapping": (lambda m: (collections.OrderedDict(a=1), {"a": 2}), {}),
    "a mapping and a list": (lambda m: ({"a": 1}, [1]), {}),
    "text": (lambda m: ("a", "a"), {}),
    "a tensor and a list": (lambda m: (m.ones(2), [1.0, 1.0]), {}),
    "a tensor and a number": (lambda m: (m.tensor(1.0), 1.0), {}),
    "arrays": (lambda m: (np.array([1.0, 2.0]), np.array([1.0, 3.0])), {}),
    "an array and a tensor": (lambda m: (np.ones(2), m.ones(2)), {}),
    "sets": (lambda m: ({1}, {1}), {}),
    "own text": (lambda m: (1, 2), {"msg": "my own"}),
    "text made of the text": (lambda m: ([1], [2]), {"msg": lambda said: f"before\n{said}\nafter"}),
    "own text of what does not fit": (lambda m: ([1], [2, 3]), {"msg": "my own"}),
}


def _told(run: Callable[[], Any]) -> Any:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            given = run()
        except (AssertionError, TypeError, ValueError, RuntimeError) as error:
            text = re.sub(r"<class '(?:torch|autogradkit)\.(?:\w+\.)*(\w+)'>", r"<class '\1'>", str(error))
            given = type(error).__name__, text.partition(" If you are a user")[0]
    return given, [(each.category, str(each.message)) for each in warned]


@every_case("case options", CLOSE.values())
def test_what_is_close(case: Case, options: dict[str, Any]) -> None:
    ours, theirs = (_told(lambda m=m: m.testing.assert_close(*case(m), **options)) for m in (autogradkit, torch))
    assert ours == theirs


ALLCLOSE: dict[str, tuple[Case, dict[str, Any]]] = {
    "lists": (lambda m: ([1.0, 2.0], [1.0, 2.00001]), {}),
    "apart": (lambda m: (m.tensor([1.0, 2.0]), [1.0, 2.5]), {}),
    "dtypes": (lambda m: (m.ones(2), m.ones(2, dtype=m.float64)), {}),
    "float16": (lambda m: (m.ones(2, dtype=m.float16), m.full((2,), 1.5, dtype=m.float16)), {}),
    "NaN": (lambda m: (m.tensor([NAN]), m.tensor([NAN])), {}),
    "own text": (lambda m: (m.ones(1), m.zeros(1)), {"msg": "my own"}),
    "one tolerance": (lambda m: (m.ones(1), m.zeros(1)), {"rtol": 1.0}),
}


@pytest.mark.parametrize(("case", "options"), ALLCLOSE.values(), ids=ALLCLOSE.keys())
def test_the_old_form(case: Case, options: dict[str, Any]) -> None:
    ours, theirs = (_told(lambda m=m: m.testing.assert_allclose(*case(m), **options)) for m in (autogradkit, torch))
    assert ours == theirs


MADE: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "sizes": ((2, 3), {}),
    "a list of sizes": (([2, 3],), {}),
    "no dimensions": (((),), {}),
    "one number": ((4,), {"low": 2, "high": 3}),
    "every second": ((2, 3), {"noncontiguous": True}),
    "one element, contiguous": ((1,), {"noncontiguous": True}),
    "no zeros": ((50,), {"low": 0, "high": 2, "exclude_zero": True}),
    "beyond the dtype": ((3,), {"low": -1e40, "high": 1e40}),
    "no range": ((3,), {"low": 3, "high": 2}),
    "an empty range": ((3,), {"low": 2, "high": 2}),
    "NaN": ((3,), {"low": NAN}),
    "out of the dtype": ((3,), {"low": 1e39, "high": 1e40}),
    "fractions": ((3,), {"low": 0.5, "high": 3.5}),
    "gradient": ((2,), {"requires_grad": True}),
    "two layouts": ((2,), {"noncontiguous": True, "memory_format": "contiguous_format"}),
    "channels last": ((2, 3, 2, 2), {"memory_format": "channels_last"}),
}


@every_case("dtype", ["float32", "float64", "float16", "complex64", "int64", "uint8", "int8", "bool"])
@every_case("shape options", MADE.values())
def test_what_is_made(shape: tuple[Any, ...], options: dict[str, Any], dtype: str) -> None:
    def made(m: Any) -> Any:
        m.manual_seed(0)
        given = dict(options)
        if "memory_format" in given:
            given["memory_format"] = getattr(m, given["memory_format"])
        tensor = m.testing.make_tensor(*shape, dtype=getattr(m, dtype), device="cpu", **given)
        return tensor.tolist(), str(tensor.dtype), tensor.stride(), tensor.requires_grad

    assert _told(lambda: made(autogradkit)) == _told(lambda: made(torch))
