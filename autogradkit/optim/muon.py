"""Muon."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from operator import setitem
from types import MappingProxyType
from typing import Any

import numpy as np

from autogradkit.core.blas import matmul
from autogradkit.core.dtype import is_half
from autogradkit.core.frames import entry
from autogradkit.core.steps import Step
from autogradkit.core.tensor import Tensor, write_at_once
from autogradkit.optim.formula import zeros
from autogradkit.optim.kernels import Array
from autogradkit.optim.optimizer import Optimizer, counted, number, spelled
from autogradkit.optim.saving import Group


class Muon(Optimizer):
    """Steps of a matrix along the nearest orthogonal one (Jordan et al., 2024, kellerjordan.github.io/posts/muon).

    b ← momentum·b + (1 − momentum)·g; o is made of b (`nesterov`: of momentum·b + (1 − momentum)·g) by `ns_steps` times
    o ← a·o + (b·ooᵀ + c·(ooᵀ)²)·o in bfloat16, which brings all singular values near 1; θ ← (1 − lr·weight_decay)·θ − lr'·o,
    where lr' is lr times a factor of the matrix's sizes. Raises ValueError for options out of range and for what is no matrix.

    >>> import autogradkit as torch
    >>> torch.optim.Muon([torch.nn.Parameter(torch.ones(2, 2))]).defaults["ns_steps"]
    5
    """

    @entry
    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        for name, value in (("Learning rate", lr), ("momentum", momentum), ("weight decay", weight_decay)):
            if not 0.0 <= value:  # noqa: SIM300 - what Python says of what is no number is as in PyTorch
                raise ValueError(f"{name} should be >= 0 but is: {value}")
        if adjust_lr_fn is not None and adjust_lr_fn not in ("original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.ndim != 2:
                    raise ValueError(
                        f"Muon only supports 2D parameters whereas we found a parameter with size: {parameter.size()}"
                    )

    _symbols = MappingProxyType({"momentum_buffer": "buf"})

    def _lines(self, group: Group, state: Mapping[str, Any]) -> list[str]:
        momentum, rest = spelled(group["momentum"]), spelled(1 - group["momentum"])
        kept = f"(1 − {spelled(group['lr'])} · {spelled(group['weight_decay'])}) · self"
        return [f"buf = {momentum} · buf + {rest} · grad", f"self = {kept} − rate · orthogonal"]

    def _updater(self, group: Group) -> Callable[[Tensor, Tensor], Tensor]:
        lr = number(group["lr"])

        def update(parameter: Tensor, gradient: Tensor) -> Tensor:
            if parameter.is_complex():
                raise RuntimeError("Muon does not support complex parameters")
            state = self.state[parameter]
            buffer = state.get("momentum_buffer")
            begins = buffer is None
            if begins:
                buffer = zeros(gradient)
            values, slope, kept = (each._array for each in (parameter, gradient, buffer))
            kind = np.dtype(np.float32) if is_half(values.dtype) else values.dtype
            momentum = np.asarray(group["momentum"], kind)
            slope, average = slope.astype(kind, copy=False), kept.astype(kind)
            average += (slope - average) * np.asarray(1 - group["momentum"], kind)
            ahead = slope + (average - slope) * momentum if group["nesterov"] else average
            direction = _orthogonal(ahead, group["ns_coefficients"], group["ns_steps"], group["eps"])
            shrunk = values.astype(kind, copy=False) * np.asarray(1 - lr * group["weight_decay"], kind)
            rate = np.asarray(_adjusted(lr, group["adjust_lr_fn"], values.shape), kind)
            steps: list[Step] = [
                (setitem, kept, ..., average),
                (setitem, values, ..., shrunk - direction.astype(kind, copy=False) * rate),
                counted(buffer, 1),
            ]
            if begins:
                steps.append((setitem, state, "momentum_buffer", buffer))
            write_at_once(parameter, steps, 2)
            return parameter

        return update

    def _update_without_numbers(self, group: Group, parameter: Tensor, gradient: Tensor) -> Tensor:
        self.state[parameter].setdefault("momentum_buffer", zeros(gradient))
        return parameter


def _orthogonal(matrix: Array, coefficients: tuple[float, float, float], steps: int, eps: float) -> Array:
    """Newton and Schulz's iteration: about U·Vᵀ of a matrix U·S·Vᵀ, in float32 rounded to bfloat16 after each operation."""
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = (np.float32(each) for each in coefficients)
    found = _rounded(matrix.astype(np.float32))
    high = matrix.shape[0] > matrix.shape[1]
    if high:
        found = np.ascontiguousarray(found.T)
    size = _rounded(np.sqrt((found * found).sum(dtype=np.float32, keepdims=True)))
    found = _rounded(found / np.maximum(size, _rounded(np.full(1, eps, np.float32))))
    for _ in range(steps):
        gram = _rounded(matmul(found, found.T))
        update = _rounded(gram * b + matmul(gram, gram) * c)
        found = _rounded(found * a + matmul(update, found))
    return found.T if high else found


def _rounded(array: Array) -> Array:
    """Numbers of float32 with as many digits as bfloat16 has, ties to even."""
    bits = array.view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) & np.uint32(0xFFFF0000)).view(
        np.float32
    )


def _adjusted(lr: float, how: str | None, shape: tuple[int, ...]) -> float:
    """The learning rate for a matrix of these sizes."""
    rows, columns = shape
    if how == "match_rms_adamw":
        return lr * 0.2 * math.sqrt(max(rows, columns))
    return lr * math.sqrt(max(1, rows / columns))
