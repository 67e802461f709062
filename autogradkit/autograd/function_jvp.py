"""The tangents of a custom function's outputs, which its `jvp` gives in forward mode, and PyTorch's refusals of some.

Rests on `engine/dual.py`; `function_forward.py` calls it once the forward is done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autogradkit.autograd.function_ctx import FunctionCtx
from autogradkit.core.errors import c_type_name
from autogradkit.core.storage import Bytes
from autogradkit.core.tensor import Tensor, version_of, wrap
from autogradkit.engine.dual import DualLevel
from autogradkit.engine.modes import forward_grad

_NOT_IN_PLACE = (
    "An inplace custom Function is not modifying the forward mode gradients inplace. If the forward is modifying an input "
    "inplace, then the jvp function must modify the corresponding gradient inplace."
)


def push_forward(
    level: DualLevel,
    jvp: Any,
    context: FunctionCtx,
    args: Sequence[Any],
    tangents: Sequence[Tensor | None],
    outputs: Sequence[Any],
    results: Sequence[Any],
) -> None:
    """Call `jvp` with the tangents of the arguments, and make what it gives the tangents of the results."""
    given = [
        wrap(np.zeros_like(each._array))
        if isinstance(each, Tensor) and tangent is None and context._materialize
        else tangent
        for each, tangent in zip(args, tangents, strict=True)
    ]
    versions = {id(each): version_of(each) for each in tangents if each is not None}
    with forward_grad(False):
        answer = jvp(context, *given)
    answers = answer if isinstance(answer, tuple) else (answer,)
    for number, each in enumerate(answers):
        if each is not None and not isinstance(each, Tensor):
            raise RuntimeError(f"expected Variable or None (got {c_type_name(each)}) for grad output {number}.")
    if len(answers) != len(results):
        raise RuntimeError(
            f"Function's jvp returned an invalid number of forward gradients (expected {len(results)} but got "
            f"{len(answers)})"
        )
    for place, (output, result, tangent) in enumerate(zip(outputs, results, answers, strict=True)):
        differentiable = (
            isinstance(result, Tensor)
            and (result.is_floating_point() or result.is_complex())
            and all(output is not each for each in context.non_differentiable or ())
        )
        if not differentiable:
            if tangent is not None:
                raise RuntimeError(
                    f"Function's jvp returned a gradient at position {place}, but  the corresponding forward output is not a "
                    "differentiable Tensor.You should return None at that position instead."
                )
            continue
        if any(output is each for each in context.dirty_tensors or ()):
            old = next((t for each, t in zip(args, tangents, strict=True) if each is output), None)
            if old is not None and (tangent is not old or version_of(old) == versions[id(old)]):
                raise RuntimeError(_NOT_IN_PLACE)
            if old is None and tangent is not None:
                level.attach(result, tangent)
        elif tangent is not None:
            _attach_tangent(level, args, tangents, result, tangent)


def _attach_tangent(
    level: DualLevel, args: Sequence[Any], tangents: Sequence[Tensor | None], result: Tensor, tangent: Tensor
) -> None:
    viewed = next((t for each, t in zip(args, tangents, strict=True) if t is not None and _shares(each, result)), None)
    if viewed is not None and (tangent is viewed or not _shares(viewed, tangent)):
        raise RuntimeError(
            "A custom Function's forward is returning a view (or an input as-is) but the jvp is not returning a view."
        )
    if viewed is not None:
        level.keep(result, tangent)
    else:
        level.attach(result, tangent)


def _shares(one: Tensor, other: Tensor) -> bool:
    return Bytes(one._memory).data_ptr() == Bytes(other._memory).data_ptr()
