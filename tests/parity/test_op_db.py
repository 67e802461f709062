"""PyTorch's own operator database replayed on autogradkit.

For every operator of the database that exists here: sample inputs (contiguous and not) in several dtypes, compared in
values, dtype, shape, strides, memory shared with inputs; first and second gradients in float64; the in-place variant with
its version; `out=`; and the errors of its error inputs. What a sample needs and autogradkit does not have is counted as
refused, in the open.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.testing._internal.common_methods_invocations import op_db

import autogradkit as ak

from .oracle import DTYPES, UnsupportedError, array_of, assert_same, error_of, shares_memory, tensors_in, to_ours

MOST_SAMPLES = 24
FORWARD_DTYPES = (torch.float32, torch.float64, torch.int64, torch.bool)
RANDOM = ("dropout", "rand", "bernoulli", "multinomial", "normal", "uniform", "exponential", "empty")


# Where the database wraps the function to put its arguments into another order, or to spare its input.
_WRAPPED: dict[str, Callable[..., Any]] = {
    "where": lambda self, condition, other, **options: ak.where(condition, self, other, **options),
    "nn.functional.embedding": lambda weight, indices, **options: ak.nn.functional.embedding(
        indices, weight, **options
    ),
    "zero_": lambda self: self.clone().zero_(),
}


def _ours(name: str) -> Callable[..., Any] | None:
    if name in _WRAPPED:
        return _WRAPPED[name]
    place: Any = ak
    for part in name.split("."):
        place = getattr(place, part, None)
        if place is None:
            method = getattr(ak.Tensor, name, None)
            return method.fget if isinstance(method, property) else method
    return place if callable(place) else None


# The in-place entries of the random ops call methods (`normal_`); those are compared by seed in test_random_ops.py.
FOUND = [op for op in op_db if _ours(op.name) is not None and op.variant_test_name != "in_place"]
IDS = [op.name + (f"-{op.variant_test_name}" if op.variant_test_name else "") for op in FOUND]


def _refused(error: BaseException) -> bool:
    """Whether autogradkit said that it does not have what the sample asks for."""
    said = str(error)
    return isinstance(error, NotImplementedError) or "is not supported; only" in said or "unexpected keyword" in said


def _has_ties(op: Any, dtype: torch.dtype) -> bool:
    """Whether equal elements leave the order, and with it the indices, to the implementation."""
    return op.name in ("sort", "argsort", "topk", "kthvalue") and not dtype.is_floating_point


def _is_random(op: Any) -> bool:
    return any(word in op.name for word in RANDOM)


def _samples(op: Any, dtype: torch.dtype, requires_grad: bool) -> list[Any]:
    torch.manual_seed(0)
    samples = itertools.islice(op.sample_inputs("cpu", dtype, requires_grad=requires_grad), 400)
    found = list(samples)
    step = max(1, len(found) // MOST_SAMPLES)
    return found[::step][:MOST_SAMPLES]


def _call(function: Callable[..., Any], sample: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(sample.input, *sample.args, **sample.kwargs)


class _Sample:
    """A sample carried over."""

    def __init__(self, sample: Any) -> None:
        self.input = to_ours(sample.input)
        self.args = tuple(to_ours(each) for each in sample.args)
        self.kwargs = {key: to_ours(value) for key, value in sample.kwargs.items()}


def _noncontiguous(sample: Any) -> Any:
    return sample.noncontiguous()


@pytest.mark.parametrize("op", FOUND, ids=IDS)
def test_forward(op: Any, record_property: Callable[[str, object], None]) -> None:
    function = _ours(op.name)
    assert function is not None
    compared = refused = 0
    for dtype in FORWARD_DTYPES:
        if dtype not in op.dtypes:
            continue
        samples = _samples(op, dtype, False)
        for sample in [*samples, *map(_noncontiguous, samples[:8])]:
            try:
                mine = _Sample(sample)
            except UnsupportedError:
                refused += 1
                continue
            theirs = _call(op.op, sample)
            try:
                ours = _call(function, mine)
            except Exception as error:
                if _refused(error):
                    refused += 1
                    continue
                raise
            tolerance = 1e-4 if any(t.dtype == torch.float32 for t in tensors_in(theirs)) else 1e-9
            values = not _is_random(op) and not (_has_ties(op, dtype))
            where = f"{op.name} {dtype} {sample.summary()}"
            try:
                assert_same(ours, theirs, values=values, rtol=tolerance, atol=tolerance)
                for one, other in zip(tensors_in(ours), tensors_in(theirs), strict=True):
                    if other.numel() == 0 or _is_random(op):
                        continue  # no memory to share, or written in place by the database's own call
                    inputs = tensors_in([sample.input, *sample.args])
                    own = tensors_in([mine.input, *mine.args])
                    assert shares_memory(one, own) == shares_memory(other, inputs), "memory shared with the inputs"
            except AssertionError as error:
                raise AssertionError(f"{where}\n{error}") from None
            compared += 1
    record_property("refused", refused)
    assert compared or refused, "no sample could be compared"


def _gradients(module: Any, function: Callable[..., Any], sample: Any, second: bool) -> list[Any]:
    inputs = [t for t in tensors_in([sample.input, *sample.args, sample.kwargs]) if t.requires_grad]
    result = _call(function, sample)
    outputs = [t for t in tensors_in(result) if t.requires_grad]
    if not outputs or not inputs:
        return []
    seeds = [_seed(module, t) for t in outputs]
    first = module.autograd.grad(outputs, inputs, seeds, create_graph=second, allow_unused=True)
    if not second:
        return list(first)
    again = [t for t in first if t is not None and t.requires_grad]
    if not again:
        return list(first)
    seeds = [_seed(module, t) for t in again]
    return [*first, *module.autograd.grad(again, inputs, seeds, allow_unused=True)]


def _seed(module: Any, tensor: Any) -> Any:
    """The same cotangent for both libraries, with distinct entries."""
    numbers = module.arange(tensor.numel(), dtype=module.float64).reshape(tuple(tensor.shape))
    return (numbers * 0.37).cos().to(tensor.dtype)


@pytest.mark.parametrize(
    "op",
    [op for op in FOUND if op.supports_autograd],
    ids=[name for op, name in zip(FOUND, IDS, strict=True) if op.supports_autograd],
)
def test_gradients(op: Any) -> None:
    if torch.float64 not in op.dtypes or _is_random(op):
        return
    function = _ours(op.name)
    assert function is not None
    samples = _samples(op, torch.float64, True)
    for sample in [*samples[:12], *map(_noncontiguous, samples[:4])]:
        try:
            mine = _Sample(sample)
        except UnsupportedError:
            continue
        second = bool(op.supports_gradgrad)
        where = f"{op.name} {sample.summary()}"
        theirs = _gradients(torch, op.op, sample, second)
        try:
            ours = _gradients(ak, function, mine, second)
        except Exception as error:
            if _refused(error):
                continue
            raise
        if len(ours) != len(theirs):  # a second derivative that is zero everywhere may have no graph at all
            longer = max(ours, theirs, key=len)[min(len(ours), len(theirs)) :]
            assert all(each is None or not array_of(each).any() for each in longer), where
            ours, theirs = ours[: len(theirs)], theirs[: len(ours)]
        try:
            assert [each is None for each in ours] == [each is None for each in theirs]
            for one, other in zip(ours, theirs, strict=True):
                if other is not None:
                    assert_same(one, other, strides=False, rtol=1e-7, atol=1e-7)
        except AssertionError as error:
            raise AssertionError(f"{where}\n{error}") from None


IN_PLACE = [op for op in FOUND if op.inplace_variant is not None and hasattr(ak.Tensor, op.inplace_variant.__name__)]


@pytest.mark.parametrize("op", IN_PLACE, ids=[op.name + op.variant_test_name for op in IN_PLACE])
def test_in_place(op: Any) -> None:
    method = getattr(ak.Tensor, op.inplace_variant.__name__)
    for sample in _samples(op, torch.float64 if torch.float64 in op.dtypes else torch.int64, False)[:10]:
        if sample.broadcasts_input or not isinstance(sample.input, torch.Tensor):
            continue
        try:
            mine = _Sample(sample)
        except UnsupportedError:
            continue
        version = sample.input._version  # making the sample may have taken edits
        theirs = error_or_value(lambda s=sample: _call(op.inplace_variant, s))
        ours = error_or_value(lambda m=mine: _call(method, m))
        where = f"{op.name} {sample.summary()}"
        if isinstance(ours, tuple) and issubclass(ours[0], NotImplementedError):
            continue  # said in the open
        if isinstance(theirs, tuple):
            assert isinstance(ours, tuple), where
            assert ours[0] is theirs[0], where
            continue
        assert not isinstance(ours, tuple), f"{where}: {ours}"
        assert ours is mine.input, where
        if not _is_random(op):
            assert_same(ours, theirs, rtol=1e-9, atol=1e-9)
        assert ours._version == theirs._version - version, where


def error_or_value(function: Callable[[], Any]) -> Any:
    """What a call gives, or its error as (type, message)."""
    found = error_of(lambda: None)
    assert found is None
    try:
        return function()
    except Exception as error:
        return type(error), str(error)


OUT = [op for op in FOUND if op.supports_out]


@pytest.mark.parametrize("op", OUT, ids=[op.name + op.variant_test_name for op in OUT])
def test_out(op: Any) -> None:
    function = _ours(op.name)
    assert function is not None
    dtype = torch.float64 if torch.float64 in op.dtypes else torch.int64
    for sample in _samples(op, dtype, False)[:4]:
        try:
            mine = _Sample(sample)
        except UnsupportedError:
            continue
        theirs = _call(op.op, sample)
        if not isinstance(theirs, torch.Tensor):
            continue
        out = ak.empty(tuple(theirs.shape), dtype=DTYPES[theirs.dtype])
        mine.kwargs["out"] = out
        try:
            returned = _call(function, mine)
        except Exception as error:
            if _refused(error) or "unexpected keyword argument 'out'" in str(error):
                return  # said in the open: it takes no out=
            raise
        assert returned is out
        if not _is_random(op):
            assert_same(out, theirs, strides=False, rtol=1e-9, atol=1e-9)


def test_the_database_covers_what_is_here() -> None:
    """A guard for the file itself: a broken import of the database would compare nothing."""
    assert len(FOUND) >= 60
    assert array_of(ak.ones(2)).tolist() == [1.0, 1.0]
