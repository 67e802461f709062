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

Rests on oracle. Used by test_op_db.py, which holds the counts against ratchet.json, and by the command that writes it.
"""

from __future__ import annotations

import itertools
import random
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch.testing._internal import common_utils
from torch.testing._internal.common_methods_invocations import op_db
from torch.testing._internal.opinfo import core

import autogradkit as ak

from .oracle import array_of, assert_same, shares_memory, tensors_in, to_ours

FORWARD_DTYPES = (torch.float32, torch.float64, torch.int64, torch.bool)
WRITING_DTYPES = (torch.float64, torch.int64, torch.bool)
RANDOM = ("dropout", "rand", "bernoulli", "multinomial", "normal", "uniform", "exponential", "empty")

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
# Whose vectors are given up to a phase, which is LAPACK's choice: where they stand as columns, and where as rows. They are
# compared by their absolute values, and gradients of what the database makes of them, which does not depend on the phases.
_PHASES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "linalg.eig": ((1,), ()),
    "linalg.eigh": ((1,), ()),
    "linalg.svd": ((0,), (2,)),
    "svd": ((0, 2), ()),
    "svd_lowrank": ((0, 2), ()),
    "pca_lowrank": ((0, 2), ()),
}
# The database seeds the generator before each call of them, so that what they draw can be compared.
_SEEDED = tuple(
    f"nn.functional.{name}"
    for name in (
        "rrelu", "dropout", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout", "scaled_dot_product_attention",
        "multi_head_attention_forward", "fractional_max_pool2d", "fractional_max_pool3d",
    )
)  # fmt: skip


@dataclass
class Tally:
    """How many checks of one kind were compared, how many passed, and what the others said."""

    compared: int = 0
    passed: int = 0
    failures: list[str] = field(default_factory=list)

    def check(self, where: str, compare: Callable[[], None]) -> None:
        """Count one comparison: passed where `compare` returns."""
        self.compared += 1
        try:
            compare()
        except (Exception, pytest.fail.Exception) as error:
            self.failures.append(f"{where}\n    {type(error).__name__}: {str(error).strip()[:600]}")
        else:
            self.passed += 1


@dataclass(frozen=True)
class Raised:
    """What a call raised: the type's name, and the first line of the text."""

    kind: str
    text: str


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


# -- samples -----------------------------------------------------------------------------------------------------------


class Carried:
    """A sample of the database as autogradkit's tensors and dtypes."""

    def __init__(self, sample: Any) -> None:
        memory: dict[Any, Any] = {}  # an `out=` that is an operand, or overlaps one, does so here too
        self.input = to_ours(sample.input, memory)
        self.args = tuple(to_ours(each, memory) for each in sample.args)
        self.kwargs = {key: to_ours(value, memory) for key, value in sample.kwargs.items()}
        self.output_process_fn_grad = sample.output_process_fn_grad


def _seed(seed: int = 0) -> None:
    torch.default_generator.manual_seed(seed)  # `torch.manual_seed` writes the stack down for each kind of device, too
    random.seed(seed)
    np.random.seed(seed)


# For each sample the database looks through the stack for a unittest.TestCase, of which there is none here, and seeds all
# devices. Under pytest, whose stacks are deep, that was nine tenths of a replay.
common_utils.set_rng_seed = lambda seed=common_utils.SEED: _seed(seed)
common_utils.extract_test_fn = core.extract_test_fn = lambda: None


def _samples(op: Any, dtype: torch.dtype, most: int, noncontiguous: int, requires_grad: bool = False) -> list[Any]:
    """`most` samples, spread over all that the database has, and some of them again, not contiguous."""
    if dtype not in op.dtypes:
        return []
    _seed()
    found = list(itertools.islice(op.sample_inputs("cpu", dtype, requires_grad=requires_grad), 400))
    chosen = found[:: max(1, len(found) // most)][:most]
    strided = [sample for sample in chosen if _is_strided((sample.input, *sample.args))]
    return [*chosen, *(sample.noncontiguous() for sample in strided[:noncontiguous])]


def _is_strided(values: Sequence[Any]) -> bool:
    """Whether no tensor among them is sparse: of those the database makes no other strides."""
    return not any(isinstance(each, torch.Tensor) and each.layout is not torch.strided for each in values)


def _is_random(op: Any) -> bool:
    return any(word in op.name for word in RANDOM)


def _has_ties(op: Any, dtype: torch.dtype) -> bool:
    """Whether equal elements leave the order, and with it the indices, to the implementation."""
    return op.name in ("sort", "argsort", "topk", "kthvalue") and not dtype.is_floating_point


def _call(function: Callable[..., Any], sample: Any, **more: Any) -> Any:
    """What a call gives, or what it raised."""
    try:
        return function(sample.input, *sample.args, **sample.kwargs, **more)
    except Exception as error:
        return Raised(type(error).__name__, (str(error).splitlines() or [""])[0])


def same(mine: Any, theirs: Any, **options: Any) -> None:
    """Assert that two calls gave the same, or raised the same."""
    if isinstance(mine, Raised) or isinstance(theirs, Raised):
        assert mine == theirs, f"ours {mine!r}\n    theirs {theirs!r}"
    else:
        assert_same(mine, theirs, **options)


def _tolerance(value: Any) -> dict[str, float]:
    single = any(t.dtype in (torch.float32, torch.complex64) for t in tensors_in(value))
    return {"rtol": 1e-4, "atol": 1e-4} if single else {"rtol": 1e-9, "atol": 1e-9}


def _same_result(op: Any, dtype: torch.dtype, mine: Any, theirs: Any) -> None:
    """Assert that results agree: random ones but for numbers, tied ones but for indices, vectors but for phases."""
    tied = _has_ties(op, dtype)
    if op.name in _PHASES and isinstance(theirs, tuple):
        same(mine, theirs, values=False, rtol=0, atol=0)
        pairs = zip(_without_phases(op, mine), _without_phases(op, theirs), strict=True)
        for one, other in pairs:
            np.testing.assert_allclose(one, other, **_tolerance(theirs))
        return
    same(mine, theirs, values=not _is_random(op) and not tied, **_tolerance(theirs))
    if tied and isinstance(theirs, tuple):
        same(mine[0], theirs[0], **_tolerance(theirs))


def _without_phases(op: Any, results: tuple[Any, ...]) -> list[np.ndarray[Any, Any]]:
    """The arrays of results, vectors by their absolute values; those that complete a basis are left out."""
    columns, rows = _PHASES[op.name]
    arrays = [array_of(each) for each in results]
    count = min(each.shape[-1] for each in arrays)
    for place in columns:
        arrays[place] = np.abs(arrays[place][..., :count])
    for place in rows:
        arrays[place] = np.abs(arrays[place][..., :count, :])
    return arrays


# -- the kinds of checks -----------------------------------------------------------------------------------------------


def _forward(op: Any, dtype: torch.dtype, tally: Tally) -> None:
    function = ours(op)
    assert function is not None

    def compare(sample: Any) -> None:
        mine = Carried(sample)
        theirs = _call(op.op, sample)
        result = _call(function, mine)
        _same_result(op, dtype, result, theirs)
        if _is_random(op):
            return  # the database's own call writes in place
        inputs, own = tensors_in([sample.input, *sample.args]), tensors_in([mine.input, *mine.args])
        for one, other in zip(tensors_in(result), tensors_in(theirs), strict=True):
            if other.numel():
                assert shares_memory(one, own) == shares_memory(other, inputs), "memory shared with the inputs"

    for sample in _samples(op, dtype, most=24, noncontiguous=8):
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
        expected = _call(theirs, sample)
        result = _call(mine, carried)
        same(result, expected, values=not _is_random(op), **_tolerance(expected))
        assert (result is carried.input) == (expected is sample.input), "whether the same tensor comes back"

    for name, theirs, mine in forms:
        for sample in _samples(op, dtype, most=4, noncontiguous=1):
            if isinstance(sample.input, torch.Tensor):
                tally.check(f"{name} {_where(dtype, sample)}", lambda s=sample, t=theirs, m=mine: compare(s, t, m))


class _Alias:
    """A further name of an entry, as an entry."""

    def __init__(self, alias: Any) -> None:
        self.name, self.op, self.variant_test_name = alias.name, alias.op, ""


def _gradients(op: Any, tally: Tally, second: bool) -> None:
    if not op.supports_autograd or _is_random(op) or (second and not op.supports_gradgrad):
        return
    function = ours(op)
    assert function is not None

    def compare(sample: Any) -> None:
        mine = Carried(sample)
        try:
            theirs = _differentiated(torch, _processed(op, op.op, sample), sample, second)
        except RuntimeError as error:  # the database has samples that are refused once they are not contiguous
            with pytest.raises(type(error), match=re.escape(str(error).splitlines()[0])):
                _differentiated(ak, _processed(op, function, mine), mine, second)
            return
        found = _differentiated(ak, _processed(op, function, mine), mine, second)
        if not found or not theirs:  # what is zero everywhere may have no graph at all
            assert not any(each is not None and array_of(each).any() for each in found or theirs), "no gradient"
            return
        assert [each is None for each in found] == [each is None for each in theirs], "which inputs have a gradient"
        for one, other in zip(found, theirs, strict=True):
            if other is not None:
                assert_same(one, other, strides=False, rtol=1e-7, atol=1e-7)

    for sample in _samples(op, torch.float64, most=12, noncontiguous=4, requires_grad=True):
        tally.check(_where(torch.float64, sample), lambda sample=sample: compare(sample))


def _processed(op: Any, function: Callable[..., Any], sample: Any) -> Callable[..., Any]:
    """The function, or what the database makes of its results, where they are given up to a phase."""
    if op.name not in _PHASES:
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
        theirs = _call(op.inplace_variant, sample)
        result = _call(method, mine)
        same(result, theirs, values=not _is_random(op), **_tolerance(theirs))
        assert isinstance(result, Raised) or result is mine.input, "another tensor came back"
        assert mine.input._version == sample.input._version - before, "version"
        assert_same(mine.input, sample.input, values=not _is_random(op), **_tolerance(sample.input))

    for dtype in WRITING_DTYPES:
        for sample in _samples(op, dtype, most=10, noncontiguous=3):
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
        result = _call(function, Carried(sample), out=own)
        theirs = _call(op.op, sample, out=out)
        if theirs is None and result is None:  # a list of tensors is written, and nothing comes back
            result, theirs = own, out
        _same_result(
            op, sample.input.dtype if isinstance(sample.input, torch.Tensor) else torch.float64, result, theirs
        )
        if not isinstance(theirs, Raised):
            returned = zip(tensors_in(result), tensors_in(own), strict=True)
            assert all(one is other for one, other in returned), "another tensor came back"

    for dtype in WRITING_DTYPES:
        for number, sample in enumerate(_samples(op, dtype, most=4, noncontiguous=1)):
            expected = _call(op.op, sample)
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
        same(_call(function, mine), _call(op.op, sample), values=False, rtol=0, atol=0)

    _seed()
    for wrong in op.error_inputs("cpu"):
        tally.check(_where(None, wrong.sample_input), lambda sample=wrong.sample_input: compare(sample))


def _where(dtype: torch.dtype | None, sample: Any) -> str:
    return f"{'' if dtype is None else dtype} {sample.summary()}"[:400]
