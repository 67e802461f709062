"""Reductions and normalisations of the elements that a mask keeps, as PyTorch's `torch.masked` names them.

Compositions over declared ops, in PyTorch's order of steps and of checks: what a mask leaves out becomes the value that changes
nothing (0 in a sum, −∞ in a maximum), and means and variances count what is left. `mask` is true where an element counts, and is
broadcast to the input; without one all count. `dim` is a dimension, several, or None for all. What no element is left of gives
that neutral value, or NaN. A tensor with its mask, `MaskedTensor`, is loaded when it is first named.
"""

from importlib import import_module as _import_module
from typing import Any as _Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.masked.elementwise import cumprod as cumprod
from autogradkit.masked.elementwise import cumsum as cumsum
from autogradkit.masked.elementwise import log_softmax as log_softmax
from autogradkit.masked.elementwise import normalize as normalize
from autogradkit.masked.elementwise import softmax as softmax
from autogradkit.masked.elementwise import softmin as softmin
from autogradkit.masked.reductions import amax as amax
from autogradkit.masked.reductions import amin as amin
from autogradkit.masked.reductions import argmax as argmax
from autogradkit.masked.reductions import argmin as argmin
from autogradkit.masked.reductions import logaddexp as logaddexp
from autogradkit.masked.reductions import logsumexp as logsumexp
from autogradkit.masked.reductions import mean as mean
from autogradkit.masked.reductions import median as median
from autogradkit.masked.reductions import norm as norm
from autogradkit.masked.reductions import prod as prod
from autogradkit.masked.reductions import std as std
from autogradkit.masked.reductions import sum as sum
from autogradkit.masked.reductions import var as var

_absent = _absent_from("masked")


def __getattr__(name: str) -> _Any:
    if name in ("MaskedTensor", "as_masked_tensor", "is_masked_tensor", "masked_tensor"):
        return getattr(_import_module("autogradkit.masked.maskedtensor"), name)
    if name in ("_ops", "maskedtensor"):
        return _import_module(f"autogradkit.masked.{name}")
    return _absent(name)
