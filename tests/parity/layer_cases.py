"""Code about layers that autogradkit and PyTorch both run, and all that a user would see of it: values, texts, warnings.

A case is a function of the module. Rests on outcomes; the tests beside it use it.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch

import autogradkit

from .outcomes import Case


def _seen(value: Any) -> Any:
    if isinstance(value, torch.Tensor | autogradkit.Tensor):
        lazy = type(value).__name__.startswith("Uninitialized")
        facts = () if lazy else (tuple(value.shape), tuple(value.stride()), value.requires_grad)
        return [type(value).__name__, str(value.dtype), *facts]
    if isinstance(value, dict):
        return {key: _seen(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_seen(each) for each in value]
    if isinstance(value, torch.nn.Module | autogradkit.nn.Module):
        return repr(value), _seen(dict(value.state_dict()))
    return repr(value) if isinstance(value, float) else value


def _numbers(value: Any) -> list[Any]:
    if isinstance(value, torch.Tensor | autogradkit.Tensor):
        return [] if type(value).__name__.startswith("Uninitialized") else [value.detach().numpy()]
    if isinstance(value, torch.nn.Module | autogradkit.nn.Module):
        value = dict(value.state_dict())
    if isinstance(value, dict):
        value = list(value.values())
    return [array for each in value for array in _numbers(each)] if isinstance(value, tuple | list) else []


def run(code: Case, m: Any) -> tuple[Any, list[Any]]:
    """What the code gives or raises and what it warns of, as one value that compares; and its numbers."""
    m.manual_seed(4)
    result: Any = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = code(m)
            seen = _seen(result)
        except Exception as error:
            seen = f"{type(error).__name__}: {error}"
    said = [(each.category.__name__, str(each.message)) for each in caught]
    return _as_pytorchs([seen, said]), _numbers(result)


def _as_pytorchs(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("autogradkit.", "torch.")
    if isinstance(value, dict):
        return {key: _as_pytorchs(each) for key, each in value.items()}
    return [_as_pytorchs(each) for each in value] if isinstance(value, tuple | list) else value


def assert_alike(code: Case, rtol: float = 1e-5, atol: float = 1e-6) -> None:
    """Both libraries come to the same: texts and warnings word for word, numbers within a tolerance."""
    (seen, numbers), (expected, theirs) = run(code, autogradkit), run(code, torch)
    assert seen == expected, f"ours {seen}\ntheirs {expected}"
    for one, other in zip(numbers, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=atol)
