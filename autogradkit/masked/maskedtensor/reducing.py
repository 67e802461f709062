"""Reductions of masked tensors, by the functions of `torch.masked`; the result counts where some element did.

Taken before ops are, so that they are recorded as what those functions do; the formulas of other ops come to them as ops. Rests
on core and on the functions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from autogradkit.core.warning import warn
from autogradkit.masked import reductions
from autogradkit.masked.maskedtensor.core import MISSING, from_values, functions, is_masked_tensor, masked, operators

_NAMES = ("sum", "mean", "amin", "amax", "argmin", "argmax", "prod", "all", "norm", "var", "std")


def _all(data: Any, *, mask: Any, **options: Any) -> Any:
    options.pop("dtype", None)
    return data.masked_fill(~mask, True).all(**options)


def _of_all(name: str, given: Any) -> Any:
    data, mask = given.get_data(), given.get_mask()
    kept = mask.values() if given.is_sparse else mask
    if name == "all":
        found = _all(data, mask=kept)
    elif given.is_sparse_coo() and name in ("argmin", "argmax"):
        found = _place_in_dense(name, data, kept)
    elif given.is_sparse:
        found = getattr(reductions, name)(masked(data.values(), kept))
    else:
        found = getattr(reductions, name)(given, mask=mask)
    return from_values(found, kept.any())


def _place_in_dense(name: str, data: Any, kept: Any) -> Any:
    """Where the least or greatest value of coordinates would stand in all elements."""
    at = getattr(reductions, name)(data.values(), mask=kept).long()
    place = 0.0
    for index, size in zip(data.indices()[:, at].tolist(), data.size(), strict=True):
        place = place * size + index
    return data.new_tensor(place)


def _along(name: str, given: Any, dim: Any, keepdim: bool = False, dtype: Any = None) -> Any:
    if given.is_sparse:
        warn(f"The sparse version of {name} is not implemented in reductions.\n{MISSING}")
        return NotImplemented
    if not is_masked_tensor(given):
        raise TypeError("Input to reduce_dim must be a MaskedTensor")
    kept = given.get_mask()
    if name == "all":
        found = _all(given.get_data(), dim=dim, keepdim=keepdim, mask=kept)
    else:
        found = getattr(reductions, name)(given, dim=dim, keepdim=keepdim, dtype=dtype, mask=kept)
    for each in sorted([dim] if isinstance(dim, int) else dim, reverse=True):
        kept = kept.any(dim=each, keepdim=keepdim)
    return from_values(found, kept)


def _reduced(name: str, *args: Any, **kwargs: Any) -> Any:
    return _of_all(name, args[0]) if len(args) == 1 and not kwargs else _along(name, *args, **kwargs)


def _as_operator(name: str) -> Callable[..., Any]:
    return lambda func, *args, **kwargs: _reduced(name, *args, **kwargs)


for _name in _NAMES:
    functions(_name)(partial(_reduced, _name))
    operators(_name)(_as_operator(_name))
