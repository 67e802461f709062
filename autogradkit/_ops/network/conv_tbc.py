"""Convolution of sequences that are laid out time first, as `conv1d` but for the order of the dimensions.

Rests on declare and conv, whose gradients serve. `nn.functional` publishes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.memory import real_part
from autogradkit._ops.declare.refusals import scalar_type
from autogradkit.core.dtype import from_numpy_dtype

_BATCH_FIRST = (1, 2, 0)
_TIME_FIRST = (2, 0, 1)
_TURNED = (2, 1, 0)  # of a weight, either way


def _meta(self: Array, weight: Array, bias: Array, pad: int) -> Any:
    if self.ndim != 3:
        raise RuntimeError("Input must have 3 dims: time, batch, in_channel")
    if weight.ndim != 3:
        raise RuntimeError("Weight tensor must have 3 dims: kernel_width, in_channels, out_channels.")
    if bias.ndim != 1:
        raise RuntimeError("Bias must be 1-D")
    width, channels, outputs = weight.shape
    if self.shape[2] != channels:
        raise RuntimeError("Input dim 2 (input channels) is not == dim 1 in the weight tensor")
    if bias.shape[0] != outputs:
        raise RuntimeError("Bias size must equal dim 2 in the weight tensor (output channels).")
    shape = (self.shape[0] + 2 * pad - width + 1, self.shape[1], outputs)
    if shape[0] < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {shape[0]}: {list(shape)}")
    multiplies = self.shape[0] and shape[0]  # by PyTorch's products, which refuse dtypes
    if multiplies and self.dtype != weight.dtype:
        names = [scalar_type(from_numpy_dtype(each.dtype)) for each in (self, weight)]
        raise RuntimeError(f"self and mat2 must have the same dtype, but got {names[0]} and {names[1]}")
    if multiplies and 0 not in shape and self.dtype.kind == "b":
        if not channels:
            raise RuntimeError("result type Long can't be cast to the desired output type Bool")
        raise NotImplementedError("\"addmm_impl_cpu_\" not implemented for 'Bool'")
    return shape, self.dtype


def _to_operands(g: Any, self: Any, weight: Any, bias: Any, pad: int, needs: Any) -> Any:
    found = k.convolution_backward(
        k.permute(g, _BATCH_FIRST), k.permute(self, _BATCH_FIRST), k.permute(weight, _TURNED), bias.shape, (1,), (pad,),
        (1,), False, (0,), 1, needs,
    )  # fmt: skip
    turns = (_TIME_FIRST, _TURNED, (0,))
    return tuple([
        k.permute(each, turn) if need else None for each, turn, need in zip(found, turns, needs, strict=True)
    ])  # fmt: skip


@op(
    variants="function",
    meta=_meta,
    out=False,
    real_gradient=True,
    samples=lambda t: [(t(5, 2, 3), t(2, 3, 4), t(4), 1), (t(4, 1, 2), t(3, 2, 1), t(1))],
    group=("self weight bias", _to_operands),
    rule="∂self = ∂ ⋆ weight, turned by 180°\n∂weight = self ⋆ ∂\n∂bias = Σ∂, over times and samples",
)
def conv_tbc(self: Array, weight: Array, bias: Array, pad: int = 0, *, out: Array) -> None:
    """Slide `weight` (width, C, O) along sequences (time, batch, C) that `pad` zeros stand around: (time', batch, O).

    Raises RuntimeError where sizes or dtypes clash.

    >>> import autogradkit as torch
    >>> torch.conv_tbc(torch.arange(3.0).reshape(3, 1, 1), torch.ones(2, 1, 1), torch.zeros(1)).flatten()
    tensor([1., 3.])
    """
    start = real_part(bias, out) if bias.dtype.kind == "c" != out.dtype.kind else bias
    np.copyto(out, start, casting="unsafe")  # which may be of any dtype
    for at, each in enumerate(weight):
        seen = at - pad  # the step of the input that the first one of the result sees; zeros around are not multiplied
        first, last = max(0, -seen), min(len(out), len(self) - seen)
        if first < last:
            out[first:last] += self[first + seen : last + seen] @ each
