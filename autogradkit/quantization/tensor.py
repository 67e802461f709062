"""The tensor of quantised numbers, and what makes one.

It is a tensor of whole numbers with the scale and the zero point by which they stand for numbers: real = (whole - zero) · scale
(B. Jacob and others, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018,
equation 1). What moves elements runs on the whole numbers; nothing of it is in a graph, as in PyTorch. Its class is a tensor's
whose functions are overridden, so ops on other tensors never ask for it. `ao/nn/quantized/dynamic` multiplies by such tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Never

import numpy as np

from autogradkit._ops.declare.asking import begin_asking
from autogradkit._ops.declare.overriding import DisableTorchFunctionSubclass as PlainTensors
from autogradkit._ops.making.data import from_numpy, tensor
from autogradkit.core import dtype as dtypes
from autogradkit.core.frames import entry
from autogradkit.core.printing import contents, shown_part, with_notes
from autogradkit.core.schemes import per_channel_affine, per_tensor_affine, qscheme
from autogradkit.core.tensor import Tensor

# The least and the largest whole number of each dtype.
ENDS = {"quint8": (0, 255), "qint8": (-128, 127), "qint32": (-(2**31), 2**31 - 1)}
KEPT = {"quint8": np.uint8, "qint8": np.int8, "qint32": np.int32}
_CALLED = {"quint8": "QUInt8", "qint8": "QInt8", "qint32": "QInt32"}
_MOVED = frozenset((
    "__getitem__", "chunk", "clone", "contiguous", "cpu", "detach", "expand", "flatten", "flip", "index_select", "max", "min",
    "movedim", "narrow", "permute", "pixel_shuffle", "repeat", "reshape", "reversed_dims", "select", "sort", "split", "squeeze",
    "t", "T", "topk", "transpose", "unbind", "unflatten", "unsqueeze", "view",
))  # fmt: skip
_PER_TENSOR_ONLY = frozenset(("max", "min", "sort", "topk", "relu", "mean", "cat", "stack"))
_CAST = frozenset(("bfloat16", "bool", "byte", "char", "double", "float", "half", "int", "long", "short"))
_COMPARED = frozenset(("eq", "ne", "gt", "ge", "lt", "le"))
_AFTER_REAL = frozenset(("mean",))  # computed with the real numbers, and quantised as the input is
_ASKED = frozenset(("dim", "numel", "nelement", "size", "stride", "is_contiguous", "storage_offset"))
_MADE: list[bool] = []  # whether there was ever such a tensor
# What `functions.py` adds, by name: of the tensor, of the function as it is of others, and of the arguments that are left.
FUNCTIONS: dict[str, Callable[..., Any]] = {}
_OWN = frozenset((
    "dequantize", "int_repr", "q_per_channel_axis", "q_per_channel_scales", "q_per_channel_zero_points", "q_scale",
    "q_zero_point", "qscheme",
))  # fmt: skip


class QuantizedTensor(Tensor):
    """A tensor of quantised numbers. It is called Tensor, as in PyTorch."""

    __slots__ = ()
    _kind: dtypes.dtype
    _scale: Any  # a float, or a tensor with one for each channel
    _zero_point: Any
    _axis: int | None

    is_quantized = True

    @classmethod
    def __torch_function__(cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """A function of quantised tensors. Raises NotImplementedError for one that PyTorch or autogradkit has not."""
        kwargs = kwargs or {}
        asked: Any = getattr(func, "__self__", func) if func.__name__ == "__get__" else func
        name = getattr(asked, "fget", asked).__name__
        bare = name if name == "__getitem__" else name.strip("_")
        given = next(each for each in _tensors(args) if isinstance(each, QuantizedTensor))
        if given._axis is not None and bare in _PER_TENSOR_ONLY:
            raise RuntimeError("Setting strides is possible only on uniformly quantized tensor")
        with PlainTensors():
            if bare in _OWN:
                return getattr(QuantizedTensor, bare)(*args, **kwargs)
            if bare in _ASKED:
                return func(*args, **kwargs)
            if bare in _MOVED:
                return _again(given, func(*args, **kwargs))
            if bare in FUNCTIONS:
                where = {"inplace": True} if name == f"{bare}_" else {}
                rest = {key: value for key, value in kwargs.items() if key not in ("input", "self")}
                return FUNCTIONS[bare](given, func, *args[1:], **rest, **where)
            if bare in _CAST:
                raise RuntimeError("Creation of quantized tensor requires quantized dtype like torch.quint8")
            if bare == "to":
                return _to(given, *args[1:], **kwargs)
            if bare in ("cat", "stack"):
                parts = [quantized_as(given, each.dequantize()) for each in args[0]]
                return like(given, func(parts, *args[1:], **kwargs))
            if bare == "equal":
                return args[0].dtype is args[1].dtype and bool(
                    np.array_equal(real_numbers(args[0]), real_numbers(args[1]))
                )
            if (bare in _COMPARED and name in (bare, f"__{bare}__")) or bare in _AFTER_REAL:
                plain = [each.dequantize() if isinstance(each, QuantizedTensor) else each for each in args]
                found = func(*plain, **kwargs)
                return found if bare in _COMPARED else like(given, quantized_as(given, found))
        raise NotImplementedError(
            f"Could not run 'aten::{bare}' with arguments from the 'QuantizedCPU' backend. dequantize() has the numbers that "
            "such a tensor stands for, of which there is every function"
        )

    # -- what it says of itself -------------------------------------------------------------------------------------

    @property
    def dtype(self) -> dtypes.dtype:
        """`torch.quint8`, `torch.qint8` or `torch.qint32`."""
        return self._kind

    def type(self, dtype: Any = None) -> str:
        """The name of its old class. Raises NotImplementedError for a `dtype`."""
        if dtype is not None:
            raise NotImplementedError("a quantised tensor is of its dtype: dequantize() it first")
        return f"torch.quantized.{_CALLED[self._kind.name]}Tensor"

    def qscheme(self) -> qscheme:
        """Whether all have one scale, or each channel its own."""
        return per_tensor_affine if self._axis is None else per_channel_affine

    @entry
    def q_scale(self) -> float:
        """What a step of the whole numbers is worth. Raises RuntimeError where each channel has its own."""
        self._require_one_scale("q_scale")
        return self._scale

    @entry
    def q_zero_point(self) -> int:
        """The whole number that stands for 0. Raises RuntimeError where each channel has its own."""
        self._require_one_scale("q_zero_point")
        return self._zero_point

    @entry
    def q_per_channel_scales(self) -> Tensor:
        """The scales of the channels, as float64. Raises RuntimeError where all have one."""
        self._require_channels()
        return self._scale

    @entry
    def q_per_channel_zero_points(self) -> Tensor:
        """The zero points of the channels, as int64. Raises RuntimeError where all have one."""
        self._require_channels()
        return self._zero_point

    @entry
    def q_per_channel_axis(self) -> int:
        """The dimension that the channels are in. Raises RuntimeError where all have one scale."""
        self._require_channels()
        assert self._axis is not None
        return self._axis

    def _require_one_scale(self, asked: str) -> None:
        if self._axis is not None:
            raise RuntimeError(
                "Expected quantizer->qscheme() == kPerTensorAffine to be true, but got false.  "
                "(Could this error message be improved?  If so, please report an enhancement request to PyTorch.)"
            )

    def _require_channels(self) -> None:
        if self._axis is None:
            raise RuntimeError(
                "Expected quantizer->qscheme() == kPerChannelAffine || quantizer->qscheme() == kPerChannelAffineFloatQParams "
                "to be true, but got false.  (Could this error message be improved?  If so, please report an enhancement "
                "request to PyTorch.)"
            )

    # -- its numbers ------------------------------------------------------------------------------------------------

    def int_repr(self) -> Tensor:
        """The whole numbers: uint8 of quint8, int8 of qint8, int32 of qint32."""
        return from_numpy(self._array.copy(order="K"))

    def dequantize(self) -> Tensor:
        """The numbers that it stands for, as float32."""
        return from_numpy(real_numbers(self))

    @entry
    def item(self) -> float:
        """The number that its one element stands for. Raises RuntimeError where there are more."""
        if self._array.size != 1:
            raise RuntimeError(f"a Tensor with {self._array.size} elements cannot be converted to Scalar")
        return float(real_numbers(self).reshape(()))

    @entry
    def numpy(self, *, force: bool = False) -> Never:
        """Raises TypeError: `int_repr()` and `dequantize()` have arrays."""
        raise TypeError(f"Got unsupported ScalarType {_CALLED[self._kind.name]}")

    @entry
    def tolist(self) -> Never:
        """Raises RuntimeError: `int_repr()` and `dequantize()` have lists."""
        raise RuntimeError("load_scalar: invalid type")

    @property
    def data(self) -> Any:
        """The same tensor: nothing of it is in a graph."""
        return self.detach()

    def __repr__(self) -> str:
        notes = [f"size={tuple(self._array.shape)}", f"dtype={self._kind}", f"quantization_scheme={self.qscheme()}"]
        scale, zero = (repr(each) for each in (self._scale, self._zero_point))
        notes += [f"scale={scale}", f"zero_point={zero}"] + ([] if self._axis is None else [f"axis={self._axis}"])
        real, indent = real_numbers(self), len("tensor(")
        return with_notes(f"tensor({contents(shown_part(real), real.shape, indent)}", notes, indent)


QuantizedTensor.__name__ = QuantizedTensor.__qualname__ = "Tensor"
QuantizedTensor.__module__ = Tensor.__module__


def _tensors(args: Any) -> list[Any]:
    return [each for arg in args for each in (arg if isinstance(arg, list | tuple) else (arg,))]


def _to(given: QuantizedTensor, *where: Any, **options: Any) -> QuantizedTensor:
    if any(isinstance(each, dtypes.dtype) for each in (*where, options.get("dtype"))):
        raise RuntimeError("Creation of quantized tensor requires quantized dtype like torch.quint8")
    return given


def like(given: QuantizedTensor, whole: Tensor) -> Any:
    return quantized(whole, given._kind, given._scale, given._zero_point, given._axis)


def _again(given: QuantizedTensor, found: Any) -> Any:
    """What a function gave, with the whole numbers in it as quantised as they were; places stay what they are."""
    if isinstance(found, Tensor):
        return like(given, found) if found._array.dtype == given._array.dtype else found
    return type(found)(_again(given, each) for each in found)


def quantized(whole: Tensor, kind: dtypes.dtype, scale: Any, zero_point: Any, axis: int | None) -> Any:
    """The tensor of whole numbers `whole`, which becomes quantised: with one scale, or with one for each index along `axis`."""
    if not _MADE:
        _MADE.append(True)
        begin_asking()  # from now on what is written in Python asks, too, whether it is given such a tensor
    whole.__class__ = QuantizedTensor
    made: Any = whole
    made._kind, made._scale, made._zero_point, made._axis = kind, scale, zero_point, axis
    return made


def spread(values: Any, axis: int | None, ndim: int, kind: Any) -> Any:
    """Scales or zero points, to go with an array: one number, or one along the axis of the channels."""
    if axis is None:
        return kind(values)
    return values.numpy().astype(kind).reshape([-1 if at == axis else 1 for at in range(ndim)])


def real_numbers(given: QuantizedTensor) -> Any:
    array, axis = given._array, given._axis
    zero, scale = (
        spread(given._zero_point, axis, array.ndim, np.int32),
        spread(given._scale, axis, array.ndim, np.float32),
    )
    return np.asarray((array.astype(np.int32) - zero).astype(np.float32) * scale)


def whole_numbers(array: Any, scale: Any, zero_point: Any, kind: str) -> Any:
    """The nearest whole numbers, halves to even ones, within the ends of their kind."""
    low, high = ENDS[kind]
    with np.errstate(all="ignore"):
        # The product is not rounded before the zero point is added, as PyTorch's processor instruction for both does not.
        wide = array.astype(np.float64) * (np.float32(1) / scale).astype(np.float64) + zero_point
        steps = np.rint(wide.astype(np.float32)).astype(np.float64)
    return np.asarray(np.clip(np.nan_to_num(steps, nan=low), low, high), KEPT[kind])


def quantized_as(given: QuantizedTensor, real: Tensor) -> Tensor:
    return from_numpy(whole_numbers(real.numpy(), np.float32(given._scale), given._zero_point, given._kind.name))


# -- making them -------------------------------------------------------------------------------------------------------


def _require(input: Any, kind: dtypes.dtype, name: str, lowest: int, highest: int) -> None:
    if kind.name not in ENDS:
        raise RuntimeError(f"ScalarType {dtypes.SCALAR_TYPE_NAMES[kind]} is not supported in new_qtensor.")
    if input.dtype is not dtypes.float32:
        raise RuntimeError(f"Quantize only works on Float Tensor, got {dtypes.SCALAR_TYPE_NAMES[input.dtype]}")
    low, high = ENDS[kind.name]
    if highest > high:
        raise RuntimeError(f"{name} zero_point {highest} is above upper bound.")
    if lowest < low:
        raise RuntimeError(f"{name} zero_point {lowest} is below lower bound.")


@entry
def quantize_per_tensor(input: Any, scale: Any, zero_point: Any, dtype: dtypes.dtype) -> Any:
    """The tensor quantised with one scale: each number x becomes round(x / scale) + zero_point, within the ends of `dtype`.

    `input` is float32, of any shape, or a list of such with a tensor of scales and one of zero points. `dtype` is `torch.quint8`,
    `torch.qint8` or `torch.qint32`. Halves go to even numbers. Raises RuntimeError for other dtypes and for a zero point beyond
    the ends.

    >>> import autogradkit as torch
    >>> q = torch.quantize_per_tensor(torch.tensor([0.5, 1.0, -0.3]), scale=0.1, zero_point=10, dtype=torch.quint8)
    >>> q.int_repr()
    tensor([15, 20,  7], dtype=torch.uint8)
    >>> q
    tensor([ 0.5000,  1.0000, -0.3000], size=(3,), dtype=torch.quint8,
           quantization_scheme=torch.per_tensor_affine, scale=0.1, zero_point=10)
    """
    if isinstance(input, list | tuple):
        pairs = zip(input, scale, zero_point, strict=True)
        return tuple(quantize_per_tensor(each, one, zero, dtype) for each, one, zero in pairs)
    step, zero = float(scale), int(zero_point)
    _require(input, dtype, "quantize_tensor_per_tensor_affine", zero, zero)
    whole = whole_numbers(input.detach().numpy(), np.float32(step), zero, dtype.name)
    return quantized(tensor(whole), dtype, step, zero, None)


@entry
def quantize_per_channel(input: Any, scales: Tensor, zero_points: Tensor, axis: int, dtype: dtypes.dtype) -> Any:
    """The tensor quantised with a scale and a zero point for each index along `axis`.

    `scales` and `zero_points` are of shape (channels,). Raises RuntimeError for what `quantize_per_tensor` refuses, and
    NotImplementedError for zero points that are no whole numbers.

    >>> import autogradkit as torch
    >>> q = torch.quantize_per_channel(torch.ones(2, 2), torch.tensor([0.5, 0.25]), torch.tensor([0, 1]), 0, torch.qint8)
    >>> q.int_repr()
    tensor([[2, 2],
            [5, 5]], dtype=torch.int8)
    """
    if zero_points.is_floating_point():
        raise NotImplementedError("autogradkit quantises with zero points that are whole numbers")
    zeros = zero_points.to(dtypes.int64)
    _require(input, dtype, "quantize_tensor_per_channel_affine", int(zeros.min()), int(zeros.max()))
    if not 0 <= axis < input.ndim:
        raise RuntimeError(
            f"Channel axis out of range in per channel affine quantization. Got: {axis}Expected: [0, {input.ndim})"
        )
    if len(scales) != input.shape[axis]:
        raise RuntimeError(f"length of scales must equal to channel, expected {input.shape[axis]} got, {len(scales)}")
    wide = scales.detach().to(dtypes.float64)
    steps, at = spread(wide, axis, input.ndim, np.float32), spread(zeros, axis, input.ndim, np.int64)
    return quantized(tensor(whole_numbers(input.detach().numpy(), steps, at, dtype.name)), dtype, wide, zeros, axis)


@entry
def quantize_per_tensor_dynamic(input: Any, dtype: dtypes.dtype, reduce_range: bool) -> Any:
    """The tensor quantised with the scale that its own least and largest number ask for; in 7 bits with `reduce_range`.

    >>> import autogradkit as torch
    >>> torch.quantize_per_tensor_dynamic(torch.tensor([0.0, 2.55]), torch.quint8, False).int_repr()
    tensor([  0, 255], dtype=torch.uint8)
    """
    low, high = ENDS.get(dtype.name, (0, 0))
    if dtype.name == "qint32" or dtype.name not in ENDS:
        raise RuntimeError("dtype should be QUInt8 or QInt8 or Float16 or BFloat16")
    if reduce_range:
        low, high = low // 2, high // 2
    step, zero = chosen(float(input.min()), float(input.max()), low, high)
    return quantize_per_tensor(input, step, zero, dtype)


_LEAST_SCALE = float(np.float32(6.1e-5))


def chosen(least: float, largest: float, low: int, high: int, symmetric: bool = False) -> tuple[float, int]:
    """The scale and the zero point by which whole numbers from `low` to `high` reach from `least` to `largest`, and hold 0.

    The zero point is taken from the end with less to round, and made whole, so that 0 is exact (section 3 of the paper above).
    With `symmetric` it is the middle, where there are numbers on both sides of 0.

    >>> chosen(-1.0, 1.0, 0, 128)
    (0.015625, 64)
    """
    around = symmetric and least < 0 < largest
    if around:
        first, last = (high - low) // 2 + 1, (high - low) // 2
        reach = max(-least / first, largest / last)
        least, largest = float(np.float32(-reach * first)), float(np.float32(reach * last))
    least, largest = min(least, 0.0), max(largest, 0.0)
    step = (largest - least) / (high - low)
    if np.float32(step) == 0:
        step = 0.1
    if step < _LEAST_SCALE:
        grown = _LEAST_SCALE / step
        step, least, largest = _LEAST_SCALE, least * grown, largest * grown
    from_least, from_largest = low - least / step, high - largest / step
    nearer = abs(low) + abs(least / step) < abs(high) + abs(largest / step)
    zero = (low + high) / 2 if around else from_least if nearer else from_largest
    return step, int(np.rint(min(max(zero, low), high)))
