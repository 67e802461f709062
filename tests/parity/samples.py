"""Samples of PyTorch's operator database, carried over to autogradkit, and what compares and counts what calls with them give.

Rests on oracle. Used by replay.py, and by the tests of forward mode and of the ratchet.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from torch.testing._internal import common_utils
from torch.testing._internal.opinfo import core

from .oracle import array_of, assert_same, tensors_in, to_ours

RANDOM = ("dropout", "rand", "bernoulli", "multinomial", "normal", "uniform", "exponential", "empty")
# Whose vectors are given up to a phase, which is LAPACK's choice: where they stand as columns, and where as rows. They are
# compared by their absolute values, and gradients of what the database makes of them, which does not depend on the phases.
PHASES: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "linalg.eig": ((1,), ()),
    "linalg.eigh": ((1,), ()),
    "linalg.svd": ((0,), (2,)),
    "svd": ((0, 2), ()),
    "svd_lowrank": ((0, 2), ()),
    "pca_lowrank": ((0, 2), ()),
}

# Whose numbers are sums of terms as large as the largest of their matrix, which the library of products adds in its own order:
# a small one among large ones has few digits in either library. They are compared beside the largest.
SUMS_OF_MATRICES = ("matrix_exp",)


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


class Carried:
    """A sample of the database as autogradkit's tensors and dtypes."""

    def __init__(self, sample: Any) -> None:
        memory: dict[Any, Any] = {}  # an `out=` that is an operand, or overlaps one, does so here too
        self.input = to_ours(sample.input, memory)
        self.args = tuple(to_ours(each, memory) for each in sample.args)
        self.kwargs = {key: to_ours(value, memory) for key, value in sample.kwargs.items()}
        self.output_process_fn_grad = sample.output_process_fn_grad


def seed_all(seed: int = 0) -> None:
    """Seed what samples are drawn with: `torch.manual_seed` writes the stack down for each kind of device, too."""
    torch.default_generator.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed)


# For each sample the database looks through the stack for a unittest.TestCase, of which there is none here, and seeds all
# devices. Under pytest, whose stacks are deep, that was nine tenths of a replay.
common_utils.set_rng_seed = lambda seed=common_utils.SEED: seed_all(seed)
common_utils.extract_test_fn = core.extract_test_fn = lambda: None


def samples_of(op: Any, dtype: torch.dtype, most: int, noncontiguous: int, requires_grad: bool = False) -> list[Any]:
    """`most` samples, spread over all that the database has, and some of them again, not contiguous."""
    if dtype not in op.dtypes:
        return []
    seed_all()
    found = list(itertools.islice(op.sample_inputs("cpu", dtype, requires_grad=requires_grad), 400))
    chosen = found[:: max(1, len(found) // most)][:most]
    strided = [sample for sample in chosen if _is_strided((sample.input, *sample.args))]
    return [*chosen, *(sample.noncontiguous() for sample in strided[:noncontiguous])]


def _is_strided(values: Sequence[Any]) -> bool:
    """Whether no tensor among them is sparse: of those the database makes no other strides."""
    return not any(isinstance(each, torch.Tensor) and each.layout is not torch.strided for each in values)


def is_random(op: Any) -> bool:
    """Whether what it gives is drawn."""
    return any(word in op.name for word in RANDOM)


def _has_ties(op: Any, dtype: torch.dtype) -> bool:
    """Whether equal elements leave the order, and with it the indices, to the implementation."""
    return op.name in ("sort", "argsort", "topk", "kthvalue") and not dtype.is_floating_point


def called(function: Callable[..., Any], sample: Any, **more: Any) -> Any:
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


def tolerance(value: Any) -> dict[str, float]:
    """How far numbers of these dtypes may be apart."""
    single = any(t.dtype in (torch.float32, torch.complex64) for t in tensors_in(value))
    return {"rtol": 1e-4, "atol": 1e-4} if single else {"rtol": 1e-9, "atol": 1e-9}


def same_result(op: Any, dtype: torch.dtype, mine: Any, theirs: Any) -> None:
    """Assert that results agree: random ones but for numbers, tied ones but for indices, vectors but for phases."""
    tied = _has_ties(op, dtype)
    if op.name in PHASES and isinstance(theirs, tuple):
        same(mine, theirs, values=False, rtol=0, atol=0)
        pairs = zip(_without_phases(op, mine), _without_phases(op, theirs), strict=True)
        for one, other in pairs:
            np.testing.assert_allclose(one, other, **tolerance(theirs))
        return
    if op.name in SUMS_OF_MATRICES and isinstance(theirs, torch.Tensor):
        same(mine, theirs, values=False, rtol=0, atol=0)
        expected = array_of(theirs)
        largest = np.abs(expected).max(axis=(-2, -1), keepdims=True, initial=0)
        apart = np.abs(array_of(mine) - expected) / np.where(largest > 0, largest, 1)
        assert apart.max(initial=0) <= 1000 * np.finfo(expected.dtype).eps, "values, beside the largest of their matrix"
        return
    same(mine, theirs, values=not is_random(op) and not tied, **tolerance(theirs))
    if tied and isinstance(theirs, tuple):
        same(mine[0], theirs[0], **tolerance(theirs))


def _without_phases(op: Any, results: tuple[Any, ...]) -> list[np.ndarray[Any, Any]]:
    """The arrays of results, vectors by their absolute values; those that complete a basis are left out."""
    columns, rows = PHASES[op.name]
    arrays = [array_of(each) for each in results]
    count = min(each.shape[-1] for each in arrays)
    for place in columns:
        arrays[place] = np.abs(arrays[place][..., :count])
    for place in rows:
        arrays[place] = np.abs(arrays[place][..., :count, :])
    return arrays
