"""The whole state of every tensor that a program can reach, and where those of the two libraries differ.

Numbers that differ by rounding only are made PyTorch's afterwards, so that no later line makes more of it. Used by `runs`.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

import autogradkit as ak

from ..oracle import array_of

# Of what is not a number: each is read from a tensor of either library.
FIELDS = (
    "dtype", "shape", "stride", "offset", "requires_grad", "is_leaf", "grad_fn", "output_nr", "version", "retains_grad",
)  # fmt: skip
ROUNDING = {
    "float32": 2e-5,
    "complex64": 2e-5,
    "float64": 1e-11,
    "complex128": 1e-11,
    "float16": 4e-3,
    "bfloat16": 3e-2,
}


def reachable(space: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Tensors by how they are reached, those of lists, tuples and the states of optimizers among them."""
    for name, value in space.items():
        if name[0] == "_" or name == "T":
            continue
        if isinstance(value, torch.Tensor | ak.Tensor):
            yield name, value
        elif isinstance(value, list | tuple):
            for i, each in enumerate(value):
                if isinstance(each, torch.Tensor | ak.Tensor):
                    yield f"{name}[{i}]", each
        elif isinstance(value, torch.optim.Optimizer | ak.optim.Optimizer):
            for i, state in enumerate(value.state[p] for group in value.param_groups for p in group["params"]):
                for key, each in sorted(state.items()):
                    if isinstance(each, torch.Tensor | ak.Tensor):
                        yield f"{name}.state[{i}].{key}", each


def first_line(error: BaseException) -> tuple[str, str]:
    """Type and first line of an error, without addresses."""
    text = (str(error).splitlines() or [""])[0]
    return type(error).__name__, re.sub(r"0x[0-9a-f]+", "0x…", text).replace("autogradkit.", "torch.")


def _maker(tensor: Any) -> str | None:
    node = tensor.grad_fn
    return None if node is None else node.name()


_READ: tuple[Callable[[Any], Any], ...] = (
    lambda t: str(t.dtype), lambda t: tuple(t.shape), lambda t: tuple(t.stride()), lambda t: t.storage_offset(),
    lambda t: t.requires_grad, lambda t: t.is_leaf, _maker, lambda t: t.output_nr, lambda t: t._version,
    lambda t: t.retains_grad,
)  # fmt: skip


def facts(tensor: Any) -> tuple[Any, ...]:
    """The fields of a tensor, in order of `FIELDS`. What a field raises stands in its place."""
    found: list[Any] = []
    for read in _READ:
        try:
            found.append(read(tensor))
        except RuntimeError as error:  # of a view that may not follow its base
            found.append(first_line(error))
    return tuple(found)


def difference(mine: dict[str, Any], theirs: dict[str, Any]) -> tuple[str, str] | None:
    """(kind, description) of the first difference of two namespaces, or None."""
    pairs = list(reachable(theirs))
    ours = dict(reachable(mine))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `.grad` of what is no leaf
        for name, their in pairs:
            if name not in ours:
                return "result", f"{name} is {type(mine.get(name)).__name__}, no tensor"
            found = _of_tensor(ours[name], their)
            if found is not None:
                return found[0], f"{name}: {found[1]}"
        for name, their in theirs.items():
            other = mine.get(name)
            if name == "T" or name[0] == "_" or isinstance(their, torch.Tensor):
                continue
            if isinstance(their, list | tuple) and len(their) != len(other if isinstance(other, list | tuple) else ()):
                return "result", f"{name} has {len(their)} elements, here {other!r}"
            if isinstance(their, list | tuple):
                for one, another in zip(other, their, strict=True):
                    if _is_plain(another) and (type(one) is not type(another) or one != another):
                        return "result", f"{name} has {another!r}, here {one!r}"
            if isinstance(their, np.ndarray):
                found = _of_array(other, their)
                if found is not None:
                    return found[0], f"{name}: {found[1]}"
            if not isinstance(their, tuple) and _is_plain(their) and (type(their) is not type(other) or their != other):
                return "result", f"{name} is {their!r}, here {other!r}"
            if isinstance(their, float | complex) and not (
                isinstance(other, float | complex) and np.isclose(their, other, rtol=1e-4, atol=1e-6, equal_nan=True)
            ):
                return "values", f"{name} is {their!r}, here {other!r}"
    return None


def _is_plain(value: Any) -> bool:
    """Whether it is no library's: a bool, an int, text, None or a tuple of such."""
    if type(value) is tuple:
        return all(map(_is_plain, value))
    return isinstance(value, bool | int | str) or value is None


def _of_array(mine: Any, theirs: np.ndarray[Any, Any]) -> tuple[str, str] | None:
    """What differs of arrays that tensors gave or were made of; their numbers within rounding."""
    if not isinstance(mine, np.ndarray):
        return "result", f"an array, here {type(mine).__name__}"
    for field in ("dtype", "shape", "strides"):
        if theirs.size > 1 or field != "strides":
            here, there = getattr(mine, field), getattr(theirs, field)
            if here != there:
                return field, f"{field} is {there}, here {here}"
    if mine.flags.writeable != theirs.flags.writeable:
        return "result", f"writeable is {theirs.flags.writeable}, here {mine.flags.writeable}"
    limit = ROUNDING.get(theirs.dtype.name, 0.0)
    with np.errstate(all="ignore"):
        same = np.allclose(mine, theirs, rtol=limit, atol=limit, equal_nan=True)
    return None if same else ("values", f"{theirs.tolist()}, here {mine.tolist()}")


def snapshot(space: dict[str, Any]) -> dict[str, tuple[tuple[Any, ...], bytes]]:
    """What every tensor that can be reached is and holds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: (facts(tensor), tensor._array.tobytes()) for name, tensor in reachable(space)}


def changed(space: dict[str, Any], before: dict[str, tuple[tuple[Any, ...], bytes]]) -> tuple[str, str] | None:
    """What a refused line has changed all the same."""
    for name, now in snapshot(space).items():
        if name in before and (now[0][:-1], now[1]) != (
            before[name][0][:-1],
            before[name][1],
        ):  # `inputs=` retains grads
            return "changed", f"{name} was {before[name][0]}, is {now[0]}, though the line was refused"
    return None


def _of_tensor(mine: Any, theirs: Any) -> tuple[str, str] | None:
    """What differs of a tensor."""
    ours, others = facts(mine), facts(theirs)
    if ours != others:
        for field, here, there in zip(FIELDS, ours, others, strict=True):
            if here != there:
                # Of a view that may not follow its base even that is refused, where it is asked for.
                refused = field == "is_leaf" and isinstance(here, tuple) != isinstance(there, tuple)
                return f"{field} refused" if refused else field, f"{field} is {there}, here {here}"
    found = numbers(mine, theirs)
    if found is not None:
        return "rounding" if found.startswith("rounding") else "values", found
    here, there = _grad(mine), _grad(theirs)
    if isinstance(here, tuple) or isinstance(there, tuple):
        return None if here == there else ("grad's error", f".grad is {there}, here {here}")
    if (here is None) != (there is None):
        return "grad", f".grad is {there}, here {here}"
    if there is not None:
        ours, others = facts(here), facts(there)
        for field, one, other in zip(FIELDS, ours, others, strict=True):
            if one != other:
                return f"grad's {field}", f"{field} of .grad is {other}, here {one}"
        found = numbers(here, there)
        if found is not None:
            return "rounding" if found.startswith("rounding") else "grad", f".grad: {found}"
    return None


def _grad(tensor: Any) -> Any:
    """The `.grad`, or what asking for it raises, as of a view that may not follow its base."""
    try:
        return tensor.grad
    except RuntimeError as error:
        return first_line(error)


def _numbers_of(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """A copy of a tensor's numbers; `.numpy()` alone would forbid its resizing."""
    copy = tensor.detach().clone()
    if copy.dtype is torch.bfloat16:
        return array_of(copy.view(torch.int16)).view(ak.bfloat16.numpy)
    return array_of(copy)


def numbers(mine: Any, theirs: Any) -> str | None:
    """What differs in the numbers beyond rounding; those within it become PyTorch's."""
    here, there = mine._array, _numbers_of(theirs)
    if there.dtype.kind == "b" and np.array_equal(here, there):
        return None
    if here.tobytes() == there.tobytes():
        return None
    # A sum that cancels is as exact as its terms were large, hence by the largest element.
    limit = ROUNDING.get(there.dtype.name, 0.0)
    if there.dtype.name == "bfloat16":
        here, there = here.astype(np.float32), there.astype(np.float32)
    parts = np.array([there.real, there.imag]) if there.dtype.kind == "c" else there
    for name in {
        "complex128": ("complex64",),
        "complex64": ("float16",),
        "float64": ("float32", "float16"),
        "float32": ("float16",),
    }.get(there.dtype.name, ()):  # computed in less, and then widened
        with np.errstate(all="ignore"):
            exact = parts if name == "float16" else there
            if np.array_equal(exact.astype(name), exact, equal_nan=True) and not np.array_equal(there, np.rint(there)):
                limit = ROUNDING[name]
    finite = np.abs(there[np.isfinite(there)])
    size = float(finite.max()) if finite.size else 0.0
    with np.errstate(all="ignore"):
        if there.dtype.kind == "c":
            # Of what is infinite or NaN in complex numbers only that it is: PyTorch multiplies even by 1 + 0j, which makes NaN.
            lost = ~np.isfinite(there) & ~np.isfinite(here)
            here, there = np.where(lost, 0, here), np.where(lost, 0, there)
        same = np.allclose(here, there, rtol=limit, atol=limit * max(1e-2, size), equal_nan=True)
        if same and there.dtype.kind == "f":
            zeros = (here == 0) & (there == 0)
            same = bool((np.signbit(here) == np.signbit(there))[zeros].all())
    if not same:
        close = limit and np.allclose(here, there, rtol=2e-5, atol=2e-5 * max(1e-2, size), equal_nan=True)
        return f"{'rounding: ' if close else ''}{there.tolist()}, here {here.tolist()}"
    if mine._array.flags.writeable and there.dtype.kind != "b":  # a bool may show bytes of other numbers
        np.copyto(mine._array, _numbers_of(theirs))
    return None
