"""Numbers rounded as if they were quantised, and kept as they were: what training that foresees quantising computes with.

Rests on declare; declared when somebody asks for a name of it (`_ops.unloaded`). What was cut off at the ends gets no gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import function, op
from autogradkit._ops.declare.kinds import Array
from autogradkit._ops.declare.refusals import constants, not_implemented, scalar_type
from autogradkit._ops.making.filled import ones
from autogradkit.core.dtype import bfloat16, float16, float32, from_numpy_dtype, int32
from autogradkit.core.strides import dense_strides_like, element_strides
from autogradkit.core.tensor import Tensor, wrap

_FURTHEST = 2.0**63  # beyond it PyTorch's whole numbers turn round to the least of all


def _meta(self: Array, *_: Any) -> Any:
    strides = dense_strides_like(self.shape, element_strides(self))
    return (self.shape, self.dtype, strides), (self.shape, np.dtype(np.bool_), strides)


def _require_order(quant_min: int, quant_max: int) -> None:
    if quant_min > quant_max:
        raise RuntimeError("`quant_min` should be less than or         equal to `quant_max`.")


def _require_range(zero_point: Any, quant_min: int, quant_max: int) -> None:
    _require_order(quant_min, quant_max)
    whole = zero_point.dtype.kind in "iu"  # those that are floats may lie anywhere
    if whole and zero_point.size and not quant_min <= zero_point.min() <= zero_point.max() <= quant_max:
        raise RuntimeError("`zero_point` must be between `quant_min` and `quant_max`.")


def _write(
    self: Array, places: Any, scale: Any, zero_point: Any, low: int, high: int, out: tuple[Array, Array]
) -> None:
    """The numbers at these places of the grid, those beyond the ends at the ends, and which were within."""
    found, within = out
    np.copyto(within, (places >= low) & (places <= high))
    kept = np.fmin(np.fmax(places, low), high) - zero_point
    np.copyto(found, kept.astype(np.promote_types(self.dtype, np.float32), copy=False) * scale, casting="unsafe")


def _on_grid(self: Array, scale: Any) -> Array:
    wide = self.astype(np.promote_types(self.dtype, np.float32), copy=False)
    return wide * (np.float32(1) / scale)


def _by_tensor(self: Array, scale: Any, zero_point: Any, low: int, high: int, out: tuple[Array, Array]) -> None:
    scale = np.float32(scale)
    _write(self, np.rint(_on_grid(self, scale)) + zero_point, scale, zero_point, low, high, out)


_STEPS = "the numbers go up in steps, and the gradient is that of none"
_without_kernel = not_implemented("fake_quantize_tensor_cachemask_kernel_type_handling", "biuc")


def _refuse(self: Tensor, *_: Any) -> None:
    _without_kernel(self)  # a zero point may be a whole number


def _of(*numbers: float) -> Tensor:
    """Scales or zero points, which are no operands to differentiate by."""
    return wrap(np.array(numbers, np.float32))


@op(
    name="fake_quantize_per_tensor_affine_cachemask",
    variants="",
    out=False,
    meta=_meta,
    dtypes=_refuse,
    outputs="output mask",
    differentiable_outputs=1,
    unmeasured=_STEPS,
    vjp={"self": lambda g, mask: g * mask},
    rule="∂self = ∂ where it was within the ends, 0 elsewhere",
    samples=lambda t: [(t(2, 3, low=2.0), 0.1, 1, -5, 5)],  # beyond the ends, where a difference says the same
)
def by_number(
    self: Array, scale: float, zero_point: int, quant_min: int, quant_max: int, *, out: tuple[Array, Array]
) -> None:
    """`fake_quantize_per_tensor_affine` by numbers, and which elements were within the ends."""
    _require_range(np.asarray(zero_point), quant_min, quant_max)
    _by_tensor(self, scale, zero_point, quant_min, quant_max, out)


@op(
    name="_fake_quantize_per_tensor_affine_cachemask_tensor_qparams",
    node="FakeQuantizePerTensorAffineCachemaskTensorQparamsBackward0",
    variants="",
    out=False,
    meta=_meta,
    dtypes=_refuse,
    refuse=constants("_fake_quantize_per_tensor_affine_cachemask_tensor_qparams", scale=1, zero_point=2),
    outputs="output mask",
    differentiable_outputs=1,
    unmeasured=_STEPS,
    vjp={"self": lambda g, mask: g * mask},
    rule="∂self = ∂ where it was within the ends, 0 elsewhere",
    samples=lambda t: [(t(2, 3, low=2.0), _of(0.1), _of(1), _of(1), -5, 5)],
)
def by_element(
    self: Array,
    scale: Array,
    zero_point: Array,
    fake_quant_enabled: Array,
    quant_min: int,
    quant_max: int,
    *,
    out: tuple[Array, Array],
) -> None:
    """`fake_quantize_per_tensor_affine` by tensors of one element, and which elements were within the ends.

    The zero point may lie beyond the ends, as PyTorch does not read it before.
    """
    _require_order(quant_min, quant_max)
    _by_tensor(self, scale.item(), int(zero_point.item()), quant_min, quant_max, out)


@op(
    name="fake_quantize_per_channel_affine_cachemask",
    variants="",
    out=False,
    meta=_meta,
    refuse=constants("fake_quantize_per_channel_affine_cachemask", scale=1, zero_point=2),
    outputs="output mask",
    differentiable_outputs=1,
    unmeasured=_STEPS,
    vjp={"self": lambda g, mask: g * mask},
    rule="∂self = ∂ where it was within the ends, 0 elsewhere",
    samples=lambda t: [(t(2, 3, low=2.0), _of(0.1, 0.2, 0.3), _of(1, 0, -1), 1, -5, 5)],
)
def by_channel(
    self: Array, scale: Array, zero_point: Array, axis: int, quant_min: int, quant_max: int, *, out: tuple[Array, Array]
) -> None:
    """`fake_quantize_per_channel_affine`, and which elements were within the ends."""
    _require_channels(self, scale, zero_point, axis)
    _require_range(zero_point, quant_min, quant_max)
    if self.dtype.kind in "biuc":
        kind = scalar_type(from_numpy_dtype(self.dtype))
        raise NotImplementedError(f"\"fake_quantize_channel_cachemask_cpu_type_handling\" not implemented for '{kind}'")
    along = [1] * self.ndim
    along[axis] = -1
    scale, zeros = scale.astype(np.float32).reshape(along), zero_point.reshape(along)
    spread = _on_grid(self, scale)
    places = np.rint(spread) + zeros if zeros.dtype.kind == "i" else np.rint(spread + zeros.astype(np.float32))
    places = np.where(np.abs(places) < _FURTHEST, places, -_FURTHEST)
    _write(self, places, scale, zeros.astype(np.float32), quant_min, quant_max, out)


def _require_channels(self: Array, scale: Array, zero_point: Array, axis: int) -> None:
    kinds = [from_numpy_dtype(each.dtype) for each in (scale, zero_point)]
    if kinds[0] not in (float32, bfloat16):
        raise RuntimeError(f"Scale must be Float or BFloat16, found {scalar_type(kinds[0])}")
    if kinds[1] not in (int32, float32, float16):
        raise RuntimeError(f"Zero-point must be Int32, Float or Half, found {scalar_type(kinds[1])}")
    if scale.ndim != 1:
        raise RuntimeError("scale should be a 1-D tensor")
    if zero_point.ndim != 1:
        raise RuntimeError("zero point should be a 1-D tensor")
    if len(scale) != len(zero_point):
        raise RuntimeError("scale and zero-point need to have the same dimensions")
    if not -self.ndim <= axis < self.ndim:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [-{self.ndim}, {self.ndim - 1}], but got {axis})"
        )
    if self.shape[axis] != len(scale):
        raise RuntimeError("dimensions of scale and zero-point are not consistent with input tensor")
    if axis < 0:
        raise RuntimeError("`axis` must be between 0 and number of dimensions of input")


fake_quantize_per_tensor_affine = function("fake_quantize_per_tensor_affine", variants="function")


@fake_quantize_per_tensor_affine.overload(composition=True)
def _(self: Tensor, scale: Tensor, zero_point: Tensor, quant_min: int, quant_max: int) -> Any:
    """Each number rounded to whole steps of `scale` from `zero_point`, no step below `quant_min` or above `quant_max`.

    The result has the dtype of `self`, and is what quantising and dequantising would give. `scale` and `zero_point` are
    numbers, or tensors of one element. Raises RuntimeError where `zero_point` is not within the ends.

    >>> import autogradkit as torch
    >>> torch.fake_quantize_per_tensor_affine(torch.tensor([0.26, 9.0]), 0.1, 0, -5, 5)
    tensor([0.3000, 0.5000])
    """
    return by_element(self, scale, zero_point, ones.owner((1,)), quant_min, quant_max)[0]


@fake_quantize_per_tensor_affine.overload(composition=True)
def _(self: Tensor, scale: float, zero_point: int, quant_min: int, quant_max: int) -> Any:
    return by_number(self, scale, zero_point, quant_min, quant_max)[0]


@op(variants="function", composition=True)
def fake_quantize_per_channel_affine(
    self: Tensor, scale: Tensor, zero_point: Tensor, axis: int, quant_min: int, quant_max: int
) -> Any:
    """As `fake_quantize_per_tensor_affine`, with a scale and a zero point for each place along `axis`.

    >>> import autogradkit as torch
    >>> scale, zero = torch.tensor([0.1, 1.0]), torch.zeros(2, dtype=torch.int32)
    >>> torch.fake_quantize_per_channel_affine(torch.tensor([[0.26], [0.26]]), scale, zero, 0, -5, 5)
    tensor([[0.3000],
            [0.0000]])
    """
    return by_channel(self, scale, zero_point, axis, quant_min, quant_max)[0]
