"""One call asked of both libraries, forward and backward, and what of the answers differs.

Ours is asked where any warning of NumPy's is an error and any floating-point error raises: neither may reach a user.
Rests on oracle; used by sweep.py.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch

import autogradkit as ak

from ..oracle import UnsupportedError, to_ours

# What is called rounding: relative to the larger modulus, and where the largest of a result is much larger, to that.
ROUNDING = {
    "torch.float16": 2e-3, "torch.bfloat16": 1.6e-2, "torch.float32": 4e-6, "torch.float64": 1e-12,
    "torch.complex64": 6e-6, "torch.complex128": 1e-12,
}  # fmt: skip


def carried(value: Any) -> Any:
    """An argument as autogradkit's, on memory of its own."""
    if isinstance(value, torch.Tensor) and value.dtype is torch.bfloat16:
        made = to_ours(value.detach().view(torch.int16)).view(ak.bfloat16)  # bit by bit: a NaN has many
        return made.requires_grad_() if value.requires_grad else made
    if isinstance(value, torch.dtype) and value is torch.bfloat16:
        return ak.bfloat16
    if isinstance(value, torch.layout):
        return ak.strided
    if isinstance(value, list | tuple):
        return type(value)(carried(each) for each in value)
    return value.copy() if isinstance(value, np.ndarray) else to_ours(value)


def array_of(value: Any) -> np.ndarray[Any, Any]:
    """The numbers of a tensor of either library, bfloat16 as float32."""
    if isinstance(value, ak.Tensor):
        array = value.detach()._array
        return array.astype(np.float32) if value.dtype is ak.bfloat16 else array
    value = value.detach().resolve_conj().resolve_neg()
    return (value.float() if value.dtype is torch.bfloat16 else value).numpy(force=True)


def tensors_in(value: Any) -> list[Any]:
    """The tensors in an answer, in order."""
    if isinstance(value, torch.Tensor | ak.Tensor):
        return [value]
    if isinstance(value, list | tuple):
        return [each for part in value for each in tensors_in(part)]
    return []


def _error_summary(error: Exception) -> tuple[str, str]:
    first = (str(error).splitlines() or [""])[0]
    return type(error).__name__, re.sub(r"0x[0-9a-f]+", "0x…", first)


Answer = dict[str, Any]


def ask(
    module: Any, function: Callable[..., Any], args: list[Any], kwargs: dict[str, Any], backward: bool, begin: int = 0
) -> Answer:
    """What one library answers: `result` or `error`, and with `backward` the `grads` of the arguments, or `grad error`."""
    inputs = [each for each in tensors_in([*args, *kwargs.values()]) if each.requires_grad]
    answer: Answer = {}
    module.default_generator.manual_seed(0)
    try:
        with _strict(module):
            result = answer["result"] = function(*args, **kwargs)
            results = [each for each in tensors_in(result) if each.requires_grad and each.grad_fn is not None]
            if not backward or not results or not inputs:
                return answer
    except Exception as error:  # the answer of this library
        return {"error": _error_summary(error)}
    try:
        with _strict(module):
            seeds = [_seed(module, each, begin) for each in results]
            answer["grads"] = module.autograd.grad(results, inputs, seeds, allow_unused=True)
    except Exception as error:
        answer["grad error"] = _error_summary(error)
    return answer


@contextmanager
def _strict(module: Any) -> Iterator[None]:
    """Whatever NumPy has to say is an error while ours runs."""
    with warnings.catch_warnings(), np.errstate(all="raise" if module is ak else "ignore"):
        warnings.simplefilter("ignore")
        if module is ak:
            warnings.simplefilter("error", RuntimeWarning)
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
        yield


def _seed(module: Any, result: Any, begin: int) -> Any:
    """A gradient to begin with: different numbers, none of them hard."""
    count = math.prod(result.shape)
    numbers = [(0.5, 1.0, -1.5, 2.0, 1.25)[(i + begin) % 5] for i in range(count)]
    kind = module.complex64 if result.is_complex() else module.float32
    return module.tensor(numbers, dtype=kind).reshape(tuple(result.shape)).to(result.dtype)


class Leave(NamedTuple):
    """What of a result is not compared: see listed.py for what and why."""

    values: bool = False
    signs_of_zeros: bool = False
    complex_parts: bool = False  # whether a complex number is not finite, but not in which part
    indices: bool = False  # which of equal elements was found
    rounding: float = 0.0  # at least: what is computed in another dtype on the way
    sums: bool = False  # finite numbers are compared beside the largest of the result, as the order of a sum decides
    least: float = 0.0  # of sums whose terms may cancel, the largest term that is expected at least


NOTHING = Leave()


def difference(theirs: Any, mine: Any, leave: Leave = NOTHING) -> str | None:
    """What a user would notice between two results, in a few words; None where nothing."""
    if isinstance(theirs, torch.Tensor):
        if not isinstance(mine, ak.Tensor):
            return f"{type(mine).__name__} for a tensor"
        if repr(theirs.dtype) != repr(mine.dtype):
            return f"dtype {mine.dtype} for {theirs.dtype}"
        if tuple(theirs.shape) != tuple(mine.shape):
            return f"shape {tuple(mine.shape)} for {tuple(theirs.shape)}"
        if theirs.requires_grad != mine.requires_grad:
            return f"requires_grad {mine.requires_grad} for {theirs.requires_grad}"
        if leave.values or theirs.layout is not torch.strided or (leave.indices and theirs.dtype is torch.int64):
            return None
        if theirs.dtype is torch.bool and theirs.is_neg():
            return None  # of a bool with a sign pending no library reads the numbers
        rounding = max(ROUNDING.get(str(theirs.dtype), 0.0), leave.rounding)
        found = unequal(array_of(theirs), array_of(mine), rounding, leave)
        return None if found is None else f"value {found[2]!r} for {found[1]!r}"
    if isinstance(theirs, list | tuple):
        if not isinstance(mine, list | tuple) or len(theirs) != len(mine):
            return f"{type(mine).__name__} of another length"
        for one, other in zip(theirs, mine, strict=True):
            found = difference(one, other, leave)
            if found:
                return found
        return None
    if theirs is None or mine is None:
        return (
            None
            if theirs is mine
            else f"{'None' if mine is None else 'a tensor'} for {'None' if theirs is None else 'a tensor'}"
        )
    if isinstance(theirs, bool | int | str):
        return None if theirs == mine or repr(theirs) == repr(mine) else f"{mine!r} for {theirs!r}"
    if isinstance(theirs, float | complex):
        found = unequal(np.asarray(theirs), np.asarray(mine), 1e-6)
        return None if found is None else f"value {mine!r} for {theirs!r}"
    return None


def unequal(
    theirs: np.ndarray[Any, Any], mine: np.ndarray[Any, Any], rounding: float, leave: Leave = NOTHING
) -> tuple[int, Any, Any] | None:
    """(place, theirs, mine) of the first element that differs by more than rounding."""
    different = differing(theirs.reshape(-1), mine.reshape(-1), rounding, leave)
    if not different.any():
        return None
    place = int(np.flatnonzero(different)[0])
    return place, theirs.reshape(-1)[place].item(), mine.reshape(-1)[place].item()


@np.errstate(invalid="ignore")  # of a NaN of other bits
def differing(
    theirs: np.ndarray[Any, Any], mine: np.ndarray[Any, Any], rounding: float, leave: Leave = NOTHING
) -> np.ndarray[Any, Any]:
    """Which elements differ: NaN equals NaN, zeros have their signs, finite numbers are allowed `rounding`."""
    if theirs.dtype.kind not in "fc":
        return np.asarray(theirs != mine)
    parts = [(theirs.real, mine.real), (theirs.imag, mine.imag)] if theirs.dtype.kind == "c" else [(theirs, mine)]
    scale = np.zeros(theirs.shape)
    for one, _ in parts:
        scale = np.maximum(scale, np.where(np.isfinite(one), np.abs(one), 0))
    if leave.sums and scale.size:
        scale = np.full(theirs.shape, max(scale.max(), leave.least))
    signs = not leave.signs_of_zeros and theirs.dtype.kind != "c"
    apart = [_distance(one, other, rounding, scale, signs) for one, other in parts]
    different = apart[0] if len(apart) == 1 else apart[0] | apart[1]
    if leave.complex_parts and theirs.dtype.kind == "c":
        different &= np.isfinite(theirs) | np.isfinite(mine)
    return different


def _distance(theirs: Any, mine: Any, rounding: float, scale: Any, signs: bool) -> np.ndarray[Any, Any]:
    least = float(np.finfo(theirs.dtype).smallest_subnormal)
    theirs, mine = theirs.astype(float), mine.astype(float)
    with np.errstate(all="ignore"):
        largest = np.maximum(np.maximum(np.abs(theirs), np.abs(mine)), scale)
        near = np.abs(theirs - mine) <= rounding * largest + 2 * least
        near &= np.isfinite(theirs) & np.isfinite(mine)  # else any number is within an infinite one's rounding
    equal = (theirs == mine) | (np.isnan(theirs) & np.isnan(mine)) | near
    if not signs:
        return ~equal
    return ~equal | ((theirs == 0) & (mine == 0) & (np.signbit(theirs) != np.signbit(mine)))


__all__ = [
    "Leave",
    "UnsupportedError",
    "array_of",
    "ask",
    "carried",
    "difference",
    "differing",
    "tensors_in",
    "unequal",
]
