"""How far PyTorch's own numbers move where the last bit of each number of a program is another. Used by `runs`.

Two right ways of computing one thing differ by a rounding here and there, and what cancels or inverts makes more of it. How much
more, the program itself says: PyTorch runs it again, and after each line every number that was rounded goes to the next one up or
down. A difference between the libraries that is no larger than a few times what that moves is none that a program can show. A
number whose last half of bits is zero was not rounded, hence stays (1.5, and all that decides ties and branches); equal numbers
go the same way, so that they stay equal.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .functions import Functions
from .state import ROUNDING, reachable

RUNS = 6  # so that no number moves too little by chance in all
TIMES = 16.0  # roundings in one line: of a sum, of an exponential, of what a backward goes through

# The integers that show the bits of each dtype, and how many bits the latter half of what it rounds to has.
_BITS = {
    torch.float64: (torch.int64, 26),
    torch.float32: (torch.int32, 12),
    torch.float16: (torch.int16, 5),
    torch.bfloat16: (torch.int16, 4),
}
_PARTS = {torch.complex128: torch.float64, torch.complex64: torch.float32}


def is_rounding(lines: Sequence[str], mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Whether all numbers that differ after these lines do so by no more than PyTorch's own would move."""
    here, there = _numbers(mine), _numbers(theirs)
    differs = {name: _distance(here[name], numbers) for name, numbers in there.items() if name in here}
    moved = {name: np.zeros(numbers.shape) for name, numbers in there.items()}
    for salt in range(RUNS):
        again = _numbers(_nudged(lines, salt))
        for name, numbers in there.items():
            if name not in again or again[name].shape != numbers.shape:
                return False  # another way through the program: nothing can be said
            np.maximum(moved[name], _distance(again[name], numbers), out=moved[name])
    return all(
        apart.shape == moved[name].shape and bool((apart <= _least(there[name]) + TIMES * moved[name]).all())
        for name, apart in differs.items()
    )


def _numbers(space: dict[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """The numbers of everything that can be reached, of its gradients, and of plain numbers."""
    found: dict[str, np.ndarray[Any, Any]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `.grad` of what is no leaf
        for name, tensor in reachable(space):
            found[name] = _wide(tensor)
            if tensor.grad is not None:
                found[f"{name}.grad"] = _wide(tensor.grad)
    plain = {name: np.asarray(value) for name, value in space.items() if isinstance(value, float | complex)}
    return found | plain


def _wide(tensor: Any) -> np.ndarray[Any, Any]:
    """A tensor's numbers as an array, those of bfloat16 in float32, which holds them."""
    if isinstance(tensor, torch.Tensor):
        plain = tensor.detach().clone().resolve_conj().resolve_neg()
        return (plain.float() if plain.dtype is torch.bfloat16 else plain).numpy()
    array = tensor._array
    return array.astype(np.float32) if array.dtype.kind == "V" or array.dtype.name == "bfloat16" else array


def _distance(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """How far numbers are from others: 0 where both are NaN or the same infinity, infinity where only one is."""
    if one.shape != other.shape:
        return np.full(other.shape, np.inf)
    with np.errstate(all="ignore"):
        wide = np.result_type(one, other, np.float64)
        apart = np.abs(one.astype(wide) - other.astype(wide))
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        return np.where(same, 0.0, np.nan_to_num(apart, nan=np.inf, posinf=np.inf))


def _least(numbers: np.ndarray[Any, Any]) -> float:
    """What is rounding anyway."""
    with np.errstate(all="ignore"):
        finite = np.abs(numbers[np.isfinite(numbers)])
    return ROUNDING.get(numbers.dtype.name, 0.0) * max(1e-2, float(finite.max()) if finite.size else 0.0)


def _nudged(lines: Sequence[str], salt: int) -> dict[str, Any]:
    """PyTorch's namespace after the lines, with what each of them rounded moved."""
    space: dict[str, Any] = {"T": torch, "F": Functions(torch), "copy": copy, "np": np, "log": []}
    torch.set_default_dtype(torch.float32)
    torch.default_generator.manual_seed(0)
    seen: dict[int, bytes] = {}
    for line in lines:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                exec(line, space)
            except Exception:  # a line that is refused is part of a program
                continue
            for _, tensor in list(reachable(space)):
                for each in (tensor, tensor.grad):
                    if each is not None:
                        _nudge(each, salt, seen)
    return space


def _nudge(tensor: torch.Tensor, salt: int, seen: dict[int, bytes]) -> None:
    """Move what was rounded in the memory of a tensor, unless it holds what it held when it was moved last."""
    dtype = _PARTS.get(tensor.dtype, tensor.dtype)
    if tensor.layout is not torch.strided or dtype not in _BITS or tensor._is_zerotensor():
        return  # the last are zeros without memory, as the second derivative of `abs`
    integer, half = _BITS[dtype]
    storage = tensor.untyped_storage()
    bits = torch.empty(0, dtype=integer).set_(storage, 0, (storage.nbytes() // dtype.itemsize,))
    if seen.get(storage.data_ptr()) == _bytes(bits):
        return
    finite = bits.view(dtype).isfinite()
    rounded = finite & ((bits & ((1 << half) - 1)) != 0)
    upward = ((bits.long() + salt) * 0x9E3779B97F4A7C1 >> 17) & 1
    bits += torch.where(rounded, 2 * upward - 1, 0).to(integer)
    seen[storage.data_ptr()] = _bytes(bits)


def _bytes(bits: torch.Tensor) -> bytes:
    return bits.clone().numpy().tobytes()  # of a copy: `.numpy()` alone would forbid resizing
