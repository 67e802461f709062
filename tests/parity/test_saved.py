"""What a node saves, and so which in-place edits make backward fail: the same as PyTorch's node, for every declared op."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

import autogradkit as ak
from autogradkit._ops.declare import SETS
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.unloaded import load_all
from tests.every_case import every_case

load_all()  # of families that are declared when they are asked for, too

WITHIN_PYTHON = {"block_diag"}  # whose public function, in Python, takes its arguments otherwise


def _theirs(overload: Overload) -> Any:
    if overload.owner.name in WITHIN_PYTHON:
        return getattr(torch._C._VariableFunctions, overload.owner.name)
    places = (torch, torch.Tensor, torch._C._nn, torch._C._linalg, torch.nn.functional)
    return next((getattr(place, overload.owner.name) for place in places if hasattr(place, overload.owner.name)), None)


def _ours(overload: Overload) -> Any:
    """The public name; of an op that only Python's functions call, what they call."""
    name = overload.owner.name
    if name in WITHIN_PYTHON or hasattr(torch._C._linalg, name):
        return overload.owner.front("function")
    found = next((getattr(place, name) for place in (ak, ak.Tensor) if hasattr(place, name)), None)
    return overload.owner.front("function") if found is None and hasattr(ak.nn.functional, name) else found


def _name(overload: Overload) -> str:
    return f"{overload.owner.name} {overload.node_name} {', '.join(str(p) for p in overload.parameters)}"


COMPARED = {
    _name(each): each
    for owner in SETS
    for each in owner.overloads
    if each.formulas and each.samples is not None and _theirs(each) is not None and _ours(each) is not None
    if "_" not in (owner.name[0], owner.name[-1]) and owner.name != "view_as_complex_copy"  # which is never recorded
}


def test_most_differentiable_overloads_are_compared() -> None:
    assert len(COMPARED) > 110


def _make(*shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray[Any, Any]:
    """Distinct values within the bounds."""
    count = max(1, math.prod(shape))
    spread = (np.arange(count) * 0.6180339887) % 1
    return (low + (high - low) * spread).reshape(shape) if math.prod(shape) else np.zeros(shape)


def _carry(value: Any, ours: bool, flags: Iterator[bool]) -> Any:
    if isinstance(value, ak.Tensor):
        array = value.detach().numpy().copy()
        made: Any = ak.from_numpy(array) if ours else torch.from_numpy(array)
        if array.dtype.kind not in "fc":
            return made
        return made.requires_grad_(next(flags))
    if isinstance(value, ak.dtype):
        return value if ours else getattr(torch, value.name)
    if isinstance(value, list | tuple):
        return type(value)(_carry(each, ours, flags) for each in value)
    return value


def _tensors(value: Any) -> list[Any]:
    if isinstance(value, ak.Tensor | torch.Tensor):
        return [value]
    return [t for each in value for t in _tensors(each)] if isinstance(value, list | tuple) else []


def _samples(op: Overload) -> Iterator[tuple[tuple[Any, ...], tuple[bool, ...]]]:
    """The op's samples, with each choice of which operands require grad."""
    assert op.samples is not None
    samples = op.samples(lambda *shape, **bounds: ak.from_numpy(_make(*shape, **bounds)).requires_grad_())
    for sample in samples:
        sample = tuple(sample)
        floats = [t for t in _tensors(sample) if t.is_floating_point() or t.is_complex()]
        # PyTorch refuses to differentiate by them, and no pool has more
        if op.parameters[-1].public == "random_samples":
            yield sample, (True, False)
            continue
        for flags in itertools.product((True, False), repeat=min(len(floats), 3)):
            if any(flags):
                yield sample, (*flags, *([True] * (len(floats) - len(flags))))


def _run(op: Overload, sample: tuple[Any, ...], flags: tuple[bool, ...], ours: bool) -> tuple[list[Any], list[Any]]:
    """Operands (no leaves, so that they may be edited) and results."""
    given = _carry(sample, ours, iter(flags))
    given = _no_leaves(given)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        named = {
            p.public: value for p, value in zip(op.parameters[op.positional :], given[op.positional :], strict=False)
        }
        result = (_ours if ours else _theirs)(op)(*given[: op.positional], **named)
    return _tensors(given), _tensors(result)


def _no_leaves(value: Any) -> Any:
    if isinstance(value, ak.Tensor | torch.Tensor):
        return value.clone() if value.requires_grad else value
    return type(value)(_no_leaves(each) for each in value) if isinstance(value, list | tuple) else value


def _saved(node: Any, sample: tuple[Any, ...]) -> dict[str, bool]:
    """Each saved tensor's name, and whether it was left out (None).

    Where a number stands for an operand, PyTorch's node has no name for it at all, and ours has None: not compared.
    """
    has_number = any(isinstance(value, float) for value in sample)
    found = {}
    for name in dir(node):
        if name.startswith("_saved_"):
            value = getattr(node, name)
            if (value is None and not has_number) or _tensors(value):
                found[name] = value is None
    return found


@every_case("name", COMPARED)
def test_a_node_saves_what_pytorch_saves(name: str) -> None:
    op = COMPARED[name]
    for sample, flags in _samples(op):
        _, ours = _run(op, sample, flags, True)
        _, theirs = _run(op, sample, flags, False)
        for one, other in zip(ours, theirs, strict=True):
            assert one.requires_grad == other.requires_grad
            if other.requires_grad:
                assert one.grad_fn.name() == other.grad_fn.name()
                assert _saved(one.grad_fn, sample) == _saved(other.grad_fn, sample), (one.grad_fn.name(), flags)


def _edited(op: Overload, sample: Any, flags: tuple[bool, ...], ours: bool, which: int) -> str:
    """What backward says after the in-place edit of the operand or result at position `which`."""
    operands, results = _run(op, sample, flags, ours)
    target = [*operands, *results][which]
    try:
        target.zero_() if not target.requires_grad or not target._is_view() else target.detach().zero_()
    except RuntimeError as error:
        return f"edit: {str(error).splitlines()[0]}"
    try:
        outputs = [r for r in results if r.requires_grad]
        module = ak if ours else torch
        module.autograd.backward(outputs, [module.ones_like(r) for r in outputs])
    except RuntimeError as error:
        return str(error).splitlines()[0]
    return "runs"


@every_case("name", COMPARED)
def test_the_same_edits_make_backward_fail(name: str) -> None:
    op = COMPARED[name]
    for sample, flags in _samples(op):
        operands, results = _run(op, sample, flags, False)
        if not any(r.requires_grad for r in results):
            continue
        for which in range(len(operands) + len(results)):
            ours = _edited(op, sample, flags, True, which)
            assert ours == _edited(op, sample, flags, False, which), (flags, which)
