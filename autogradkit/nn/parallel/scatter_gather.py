"""Sharing arguments out among GPUs, and collecting what they gave: without GPUs only what is no tensor goes either way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit.core.device import device as Device
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor


@entry
def scatter(inputs: Any, target_gpus: Sequence[Any], dim: int = 0) -> Any:
    """The same for each device: containers and what is in them. Raises RuntimeError for tensors, ValueError for the CPU.

    >>> scatter((1, {"a": [2]}), [0, 1])
    [(1, {'a': [2]}), (1, {'a': [2]})]
    """
    if isinstance(inputs, Tensor):
        for each in target_gpus:
            if Device(each).type == "cpu":
                raise ValueError(f"Expected a non cpu device, but got: {Device(each)}")
        raise RuntimeError("there is no GPU that a tensor could be scattered to")
    if isinstance(inputs, dict) and inputs:
        return [
            type(inputs)(each) for each in zip(*[scatter(item, target_gpus) for item in inputs.items()], strict=True)
        ]
    if isinstance(inputs, (tuple, list)) and inputs:
        parts = zip(*[scatter(each, target_gpus) for each in inputs], strict=True)
        return [type(inputs)(*each) if hasattr(inputs, "_fields") else type(inputs)(each) for each in parts]
    return [inputs for _ in target_gpus]


def scatter_kwargs(
    inputs: tuple[Any, ...], kwargs: dict[str, Any] | None, target_gpus: Sequence[Any], dim: int = 0
) -> tuple[tuple[Any, ...], tuple[dict[str, Any], ...]]:
    """Arguments and named arguments for each device, as many of one as of the other."""
    places = scatter(inputs, target_gpus, dim) if inputs else []
    names = scatter(kwargs, target_gpus, dim) if kwargs else []
    count = max(len(places), len(names))
    return (*places, *[()] * (count - len(places))), (*names, *[{} for _ in range(count - len(names))])


@entry
def gather(outputs: Sequence[Any], target_device: Any, dim: int = 0) -> Any:
    """What the devices gave, as one: None, or containers of it. Raises AssertionError for tensors, which are the CPU's here."""
    first = outputs[0]
    if isinstance(first, Tensor):
        raise AssertionError("Gather function not implemented for CPU tensors")
    if first is None:
        return None
    if isinstance(first, dict):
        if any(len(each) != len(first) for each in outputs):
            raise ValueError("All dicts must have the same number of keys")
        return type(first)((key, gather([each[key] for each in outputs], target_device)) for key in first)
    collected = [gather(each, target_device) for each in zip(*outputs, strict=True)]
    return type(first)(*collected) if hasattr(first, "_fields") else type(first)(collected)
