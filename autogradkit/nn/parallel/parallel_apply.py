"""Calling a copy of a module on each of several devices, of which there are none: refused as PyTorch without GPUs does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

from autogradkit.core.frames import entry


@entry
def parallel_apply(
    modules: Sequence[Any], inputs: Sequence[Any], kwargs_tup: Any = None, devices: Any = None
) -> NoReturn:
    """Raises AssertionError where the numbers differ, ValueError for the processor, RuntimeError without devices."""
    for what, given in (("inputs", inputs), ("kwargs_tup", kwargs_tup), ("devices", devices)):
        if given is not None and len(given) != len(modules):
            place = "the number of inputs" if what == "inputs" else f"the length of {what}"
            raise AssertionError(f"The number of modules {len(modules)} is not equal to {place} {len(given)}")
    if devices:
        raise ValueError(f"Expected a cuda device, but got: {devices[0]}")
    if modules:
        raise RuntimeError("Cannot access accelerator device when none is available.")
    raise AssertionError("No available accelerator found.")
