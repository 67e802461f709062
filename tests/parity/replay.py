"""PyTorch's own operator database, replayed on autogradkit and counted.

For one entry of the database, `replay` gives per kind of check how many were compared and how many passed, with a line on
each that did not. Nothing is left out of the count: a sample that cannot be carried over, or that autogradkit refuses, was
compared and has not passed. The kinds:

    forward         float32, float64, int64, bool, contiguous and not: values, dtype, shape, strides, memory shared
    complex         the same in complex64
    forms           the method, the operators and the further names of the function
    gradient        in float64, by plain backward
    second_gradient in float64, through `create_graph=True`
    in_place        values, strides, the version, that it is the tensor itself
    out             the same tensor back, values, strides; an `out=` that is not contiguous
    errors          the database's wrong inputs: type and first line of the text that PyTorch raises

Rests on samples. Used by test_op_db.py, which holds the counts against ratchet.json, and by the command that writes it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch.testing._internal.common_methods_invocations import op_db

import autogradkit as ak

from .oracle import array_of, assert_same, shares_memory, tensors_in, to_ours
from .samples import (
    PHASES,
    Carried,
    Raised,
    Tally,
    called,
    is_random,
    same,
    same_result,
    samples_of,
    seed_all,
    tolerance,
)

FORWARD_DTYPES = (torch.float32, torch.float64, torch.int64, torch.bool)
WRITING_DTYPES = (torch.float64, torch.int64, torch.bool)

KINDS = ("forward", "complex", "forms", "gradient", "second_gradient", "in_place", "out", "errors")

# Where the database wraps the function to put its arguments into another order, or to spare its input.
_WRAPPED: dict[str, Callable[..., Any]] = {
    "where": lambda self, condition, other, **options: ak.where(condition, self, other, **options),
    "nn.functional.embedding": lambda weight, indices, **options: ak.nn.functional.embedding(
        indices, weight, **options
    ),
    "polygamma": lambda self, n, **options: ak.polygamma(n, self, **options),
    "special.polygamma": lambda self, n, **options: ak.special.polygamma(n, self, **options),
    "einsum": lambda operands, equation: ak.einsum(equation, operands),
    "nn.functional.embedding_bag": lambda weight, indices, **options: ak.nn.functional.embedding_bag(
        indices, weight, **options
    ),
    "resize_": lambda self, size: self.clone().resize_(size),
    "resize_as_": lambda self, other: self.clone().resize_as_(other),
    "zero_": lambda self: self.clone().zero_(),
    "linalg.pinv-singular": lambda a, b: ak.linalg.pinv(a @ b.mT),
    "linalg.lstsq-grad_oriented": lambda a, b, driver: ak.linalg.lstsq(a, b, driver=driver)[:2],
    "svd_lowrank": lambda a, b, **options: _drawn(ak.svd_lowrank, a @ b.mT, **options),
    "pca_lowrank": lambda a, b, **options: _drawn(ak.pca_lowrank, a @ b.mT, **options),
}
# The database seeds the generator before each call of them, so that what they draw can be compared.
_SEEDED = tuple(
    f"nn.functional.{name}"
    for name in (
        "rrelu", "dropout", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "scaled_dot_product_attention",
        "multi_head_attention_forward", "fractional_max_pool2d", "fractional_max_pool3d",
    )
)  # fmt: skip


def ours(op: Any) -> Callable[..., Any] | None:
    """The function, method or attribute here that an entry of the database is about; None where there is none."""
    for name in (title(op), op.name):
        if name in _WRAPPED:
            return _WRAPPED[name]
    if op.name in _SEEDED:
        return _seeded(op.name)
    if op.variant_test_name == "in_place":
        return getattr(ak.Tensor, op.name + "_", None)
    place = _public(op.name)
    if place is None:
        method = getattr(ak.Tensor, op.name, None)
        return method.fget if isinstance(method, property) else method
    return place if callable(place) else None


def _public(name: str) -> Any:
    place: Any = ak
    for part in name.split("."):
        place = getattr(place, part, None)
        if place is None:
            return None
    return place


def _seeded(name: str) -> Callable[..., Any] | None:
    function = _public(name)
    return None if function is None else partial(_drawn, function)


def _drawn(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """A call whose draws are those that the database has PyTorch make."""
    ak.manual_seed(42)
    return function(*args, **kwargs)


def title(op: Any) -> str:
    """The entry's name, with its variant."""
    return op.name + (f"-{op.variant_test_name}" if op.variant_test_name else "")


# Of other devices alone, or of sparse layouts that are not here: nothing of it can be replayed.
_ELSEWHERE = {"nn.functional.batch_norm-without_cudnn", "sparse.mm-reduce"}
FOUND = {title(op): op for op in sorted(op_db, key=title) if title(op) not in _ELSEWHERE and ours(op) is not None}


def replay(op: Any) -> dict[str, Tally]:
    """Every check of one entry, by kind; a kind that the entry has no check of is left out."""
    tallies = {kind: Tally() for kind in KINDS}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dtype in FORWARD_DTYPES:
            _forward(op, dtype, tallies["forward"])
        _forward(op, torch.complex64, tallies["complex"])
        _forms(op, tallies["forms"])
        _gradients(op, tallies["gradient"], second=False)
        _gradients(op, tallies["second_gradient"], second=True)
        _in_place(op, tallies["in_place"])
        _out(op, tallies["out"])
        _errors(op, tallies["errors"])
    return {kind: tally for kind, tally in tallies.items() if tally.compared}


# -- the kinds of checks -----------------------------------------------------------------------------------------------


def _forward(op: Any, dtype: torch.dtype, tally: Tally) -> None:
    function = ours(op)
    assert function is not None

    def compare(sample: Any) -> None:
        mine = Carried(sample)
        theirs = called(op.op, sample)
        result = called(function, mine)
        same_result(op, dtype, result, theirs)
        if is_random(op):
            return  # the database's own call writes in place
        inputs, own = tensors_in([sample.input, *sample.args]), tensors_in([mine.input, *mine.args])
        for one, other in zip(tensors_in(result), tensors_in(theirs), strict=True):
            if other.numel():
                assert shares_memory(one, own) == shares_memory(other, inputs), "memory shared with the inputs"

    for sample in samples_of(op, dtype, most=24, noncontiguous=8):
        tally.check(_where(dtype, sample), lambda sample=sample: compare(sample))


def _forms(op: Any, tally: Tally) -> None:
    forms: list[tuple[str, Any, Any]] = []
    if op.method_variant is not None and hasattr(ak.Tensor, op.method_variant.__name__):
        forms.append(("method", op.method_variant, getattr(ak.Tensor, op.method_variant.__name__)))
    for operator in (op.operator_variant, op.inplace_operator_variant):
        if operator is not None:
            forms.append((f"operator {operator.__name__}", operator, operator))
    forms += [(alias.name, alias.op, ours(alias)) for alias in map(_Alias, op.aliases) if ours(alias) is not None]
    dtype = torch.float64 if torch.float64 in op.dtypes else torch.int64

    def compare(sample: Any, theirs: Callable[..., Any], mine: Callable[..., Any]) -> None:
        carried = Carried(sample)
        expected = called(theirs, sample)
        result = called(mine, carried)
        same(result, expected, values=not is_random(op), **tolerance(expected))
        assert (result is carried.input) == (expected is sample.input), "whether the same tensor comes back"

    for name, theirs, mine in forms:
        for sample in samples_of(op, dtype, most=4, noncontiguous=1):
            if isinstance(sample.input, torch.Tensor):
                tally.check(f"{name} {_where(dtype, sample)}", lambda s=sample, t=theirs, m=mine: compare(s, t, m))


class _Alias:
    """A further name of an entry, as an entry."""

    def __init__(self, alias: Any) -> None:
        self.name, self.op, self.variant_test_name = alias.name, alias.op, ""


def _gradients(op: Any, tally: Tally, second: bool) -> None:
    if not op.supports_autograd or is_random(op) or (second and not op.supports_gradgrad):
        return
    function = ours(op)
    assert function is not None

    def compare(sample: Any) -> None:
        mine = Carried(sample)
        try:
            theirs = _differentiated(torch, processed(op, op.op, sample), sample, second)
        except RuntimeError as error:  # the database has samples that are refused once they are not contiguous
            with pytest.raises(type(error), match=re.escape(str(error).splitlines()[0])):
                _differentiated(ak, processed(op, function, mine), mine, second)
            return
        found = _differentiated(ak, processed(op, function, mine), mine, second)
        if not found or not theirs:  # what is zero everywhere may have no graph at all
            assert not any(each is not None and array_of(each).any() for each in found or theirs), "no gradient"
            return
        assert [each is None for each in found] == [each is None for each in theirs], "which inputs have a gradient"
        for one, other in zip(found, theirs, strict=True):
            if other is not None:
                assert_same(one, other, strides=False, rtol=1e-7, atol=1e-7)

    for sample in samples_of(op, torch.float64, most=12, noncontiguous=4, requires_grad=True):
        tally.check(_where(torch.float64, sample), lambda sample=sample: compare(sample))


def processed(op: Any, function: Callable[..., Any], sample: Any) -> Callable[..., Any]:
    """The function, or what the database makes of its results, where they are given up to a phase."""
    if op.name not in PHASES:
        return function
    return lambda *args, **kwargs: sample.output_process_fn_grad(function(*args, **kwargs))


def _differentiated(module: Any, function: Callable[..., Any], sample: Any, second: bool) -> list[Any]:
    """The gradients of all inputs, or the gradients of these; empty where nothing depends on an input."""
    inputs = [t for t in tensors_in([sample.input, *sample.args, sample.kwargs]) if t.requires_grad]
    outputs = [t for t in tensors_in(function(sample.input, *sample.args, **sample.kwargs)) if t.requires_grad]
    if not outputs or not inputs:
        return []
    first = module.autograd.grad(
        outputs, inputs, [_cotangent(module, t) for t in outputs], create_graph=second, allow_unused=True
    )
    if not second:
        return list(first)
    again = [t for t in first if t is not None and t.requires_grad]
    if not again:
        return []
    return list(module.autograd.grad(again, inputs, [_cotangent(module, t) for t in again], allow_unused=True))


def _cotangent(module: Any, tensor: Any) -> Any:
    """The same cotangent for both libraries, with distinct entries."""
    numbers = module.arange(tensor.numel(), dtype=module.float64).reshape(tuple(tensor.shape))
    return (numbers * 0.37).cos().to(tensor.dtype)


def _in_place(op: Any, tally: Tally) -> None:
    name = getattr(op.inplace_variant, "__name__", "")  # the database has a partial call for some, which has no name
    if not hasattr(ak.Tensor, name):
        return
    method = getattr(ak.Tensor, name)

    def compare(sample: Any) -> None:
        mine = Carried(sample)
        before = sample.input._version  # making the sample may have taken edits
        theirs = called(op.inplace_variant, sample)
        result = called(method, mine)
        same(result, theirs, values=not is_random(op), **tolerance(theirs))
        assert isinstance(result, Raised) or result is mine.input, "another tensor came back"
        assert mine.input._version == sample.input._version - before, "version"
        assert_same(mine.input, sample.input, values=not is_random(op), **tolerance(sample.input))

    for dtype in WRITING_DTYPES:
        for sample in samples_of(op, dtype, most=10, noncontiguous=3):
            if isinstance(sample.input, torch.Tensor):
                tally.check(_where(dtype, sample), lambda sample=sample: compare(sample))


def _out(op: Any, tally: Tally) -> None:
    if not op.supports_out:
        return
    function = ours(op)
    assert function is not None

    def compare(sample: Any, expected: Any, spread: bool) -> None:
        places = [_place(result, spread) for result in tensors_in(expected)]
        out = places[0] if isinstance(expected, torch.Tensor) else tuple(places)
        own = to_ours(out)
        result = called(function, Carried(sample), out=own)
        theirs = called(op.op, sample, out=out)
        if theirs is None and result is None:  # a list of tensors is written, and nothing comes back
            result, theirs = own, out
        same_result(op, sample.input.dtype if isinstance(sample.input, torch.Tensor) else torch.float64, result, theirs)
        if not isinstance(theirs, Raised):
            returned = zip(tensors_in(result), tensors_in(own), strict=True)
            assert all(one is other for one, other in returned), "another tensor came back"

    for dtype in WRITING_DTYPES:
        for number, sample in enumerate(samples_of(op, dtype, most=4, noncontiguous=1)):
            expected = called(op.op, sample)
            if tensors_in(expected):
                where = f"{_where(dtype, sample)} out={'spread' if number % 2 else 'contiguous'}"
                tally.check(where, lambda s=sample, e=expected, odd=bool(number % 2): compare(s, e, odd))


def _place(result: torch.Tensor, spread: bool) -> torch.Tensor:
    """A tensor for this result: contiguous, or every second element of a larger one."""
    if not spread or not result.ndim:
        return torch.zeros(tuple(result.shape), dtype=result.dtype)
    return torch.zeros((*result.shape[:-1], 2 * result.shape[-1]), dtype=result.dtype)[..., ::2]


def _errors(op: Any, tally: Tally) -> None:
    if op.error_inputs_func is None:
        return
    function = ours(op)
    assert function is not None

    def compare(sample: Any) -> None:
        mine = Carried(sample)
        same(called(function, mine), called(op.op, sample), values=False, rtol=0, atol=0)

    seed_all()
    for wrong in op.error_inputs("cpu"):
        tally.check(_where(None, wrong.sample_input), lambda sample=wrong.sample_input: compare(sample))


def _where(dtype: torch.dtype | None, sample: Any) -> str:
    return f"{'' if dtype is None else dtype} {sample.summary()}"[:400]
