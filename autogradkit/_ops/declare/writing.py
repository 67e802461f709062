"""Results into memory that exists: what `out=` names, and what is checked of it before the first write.

Rests on core and overlaps; memory.py, out.py and overload.py write by it. A refused call leaves memory as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from autogradkit._ops.declare.overlaps import require_apart, require_writable
from autogradkit.core.dtype import SCALAR_TYPE_NAMES, can_cast, from_numpy_dtype
from autogradkit.core.halves import before_rounding
from autogradkit.core.memory import empty
from autogradkit.core.pending import writing
from autogradkit.core.steps import Step, at_once
from autogradkit.core.storage import (
    NOT_RESIZABLE,
    Array,
    Bytes,
    VersionCounter,
    is_borrowed,
    offset_of,
    strided,
)
from autogradkit.core.strides import (
    contiguous_strides,
    element_strides,
)
from autogradkit.core.tensor import Tensor, counter_of
from autogradkit.core.warning import warn
from autogradkit.engine.history import Unimplemented, check_in_place, grad_fn, rebased_history, requires_grad
from autogradkit.engine.modes import MODE
from autogradkit.engine.required import OPS
from autogradkit.engine.reseating import reseating


def require_apart_resized(
    out: Tensor, shape: tuple[int, ...], tensors: Sequence[Tensor], whole: Sequence[Tensor] | None = None
) -> None:
    """As `require_apart`, after PyTorch has resized `out`, and said so."""
    try:
        require_apart(out, shape, tensors, whole)
    except RuntimeError:
        warn_of_resizing(out._array.shape, shape)
        raise


def require_iterable(out: Tensor, shape: tuple[int, ...], tensors: Sequence[Tensor]) -> None:
    """The checks that PyTorch's iteration over operands begins with: of `out` as it was given, and whether it may be resized."""
    if out._array.shape != shape:
        require_writable(out._array, [each._array for each in tensors])
        if any(each is out for each in tensors):
            require_shape(out._array.shape, shape)


def require_shape(target: tuple[int, ...], computed: tuple[int, ...]) -> None:
    """Raise RuntimeError where a result has another shape than what it is to be written into."""
    if target != computed:
        raise RuntimeError(f"output with shape {list(target)} doesn't match the broadcast shape {list(computed)}")


def require_castable(from_: np.dtype[Any], to: np.dtype[Any]) -> None:
    """Raise RuntimeError where a result's dtype cannot be written into a tensor of dtype `to`."""
    if from_ == to:
        return
    result, wanted = from_numpy_dtype(from_), from_numpy_dtype(to)
    if not can_cast(result, wanted):
        raise RuntimeError(
            f"result type {SCALAR_TYPE_NAMES[result]} can't be cast to the desired output type {SCALAR_TYPE_NAMES[wanted]}"
        )


# What C++ calls the element types, as PyTorch's messages do.
C_NAMES = {
    "bool": "bool", "uint8": "unsigned char", "uint16": "short unsigned int", "uint32": "unsigned int",
    "uint64": "long unsigned int", "int8": "signed char", "int16": "short int", "int32": "int",
    "int64": "long int", "float16": "c10::Half", "bfloat16": "c10::BFloat16", "float32": "float", "float64": "double",
    "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip


def require_same_dtype(from_: np.dtype[Any], to: np.dtype[Any]) -> None:
    """Raise RuntimeError where a result has another dtype than what it is to be written into."""
    if from_ != to:
        wanted, given = (C_NAMES[from_numpy_dtype(each).name] for each in (from_, to))
        raise RuntimeError(f"Expected out tensor to have dtype {wanted}, but got {given} instead")


def is_of_kernels(check: Callable[[np.dtype[Any], np.dtype[Any]], None]) -> bool:
    """Whether a check of the dtype of `out=` is one of those that PyTorch's kernels make, and no composition of its own."""
    return check in (require_castable, require_same_dtype, require_found)


_AT_FIRST: set[Any] = set()


def at_first(check: Callable[[np.dtype[Any], np.dtype[Any]], None]) -> Callable[[np.dtype[Any], np.dtype[Any]], None]:
    """Mark a check of the dtype of `out=`, which asks for no other, as one that a composition of PyTorch's begins with."""
    _AT_FIRST.add(check)
    return check


def is_at_first(check: Callable[[np.dtype[Any], np.dtype[Any]], None]) -> bool:
    """Whether a composition of PyTorch's begins with a check of the dtype of `out=`."""
    return check in _AT_FIRST


def saying(
    text: str, error: type[Exception] = RuntimeError, same: bool = True
) -> Callable[[np.dtype[Any], np.dtype[Any]], None]:
    """A check of the dtype of `out=` with a text of its own: `{result}` is what was computed, `{out}` what was given.

    With `same` only the very dtype will do, else what the result may be cast to.
    """

    def require(from_: np.dtype[Any], to: np.dtype[Any]) -> None:
        result, out = from_numpy_dtype(from_), from_numpy_dtype(to)
        if result is not out and (same or not can_cast(result, out)):
            raise error(text.format(result=SCALAR_TYPE_NAMES[result], out=SCALAR_TYPE_NAMES[out]))

    return require


def castable(name: str, what: str = "result") -> Callable[[np.dtype[Any], np.dtype[Any]], None]:
    """As PyTorch's functions of linear algebra say that `out=` cannot take what they computed."""
    text = f"{name}: Expected {what} to be safely castable from {{result}} dtype, but got {what} with dtype {{out}}"
    return saying(text, same=False)


require_found = saying("Found dtype {out} but expected {result}")


# What the forms with `out=` of PyTorch's compositions are made of, and those that it names with their namespace.
_WRITTEN_BY = {
    "max": "maximum", "min": "minimum",
    "square": "pow", "hstack": "cat", "vstack": "cat", "dstack": "cat", "row_stack": "cat", "column_stack": "cat",
    "concat": "cat", "outer": "mul", "ger": "mul", "argsort": "sort", "msort": "sort",
    "multiply": "mul", "subtract": "sub", "diff": "sub",
    "divide": "div", "true_divide": "div", "float_power": "pow", "nanmean": "nansum",
    "take_along_dim": "gather", "diag": "aten::diagonal_copy", "softmax": "aten::softmax", "log_softmax": "aten::log_softmax",
}  # fmt: skip


# The compositions that are one such iteration in PyTorch.
POINTWISE_COMPOSED = frozenset(
    ("add", "div", "divide", "max", "min", "multiply", "square", "sub", "subtract", "true_divide")
)


# Whose own checks come before that.
_CHECKED_FIRST = (
    "outer",
    "ger",
    "diff",
    "diag",
    "take_along_dim",
    "softmax",
    "log_softmax",
    "argsort",
    "msort",
    "frobenius_norm",
    "qr",
)


def is_checked_first(name: str) -> bool:
    """Whether a composition of PyTorch's has checks of its own before it meets something that writes into `out=`."""
    return name in _CHECKED_FIRST


def require_no_leaf(name: str, out: Tensor) -> None:
    """Raise RuntimeError where a leaf that requires grad, or a view of one, is written by what has no gradient in PyTorch."""
    if MODE.grad and requires_grad(out):
        if grad_fn(out) is None or (out._view is not None and out._view.base._node is None):
            require_no_grad(name, (out,))
        check_in_place(out, True)


def history_of(name: str, tensors: Sequence[Tensor], out: Tensor, shape: tuple[int, ...], edits: int = 1) -> list[Step]:
    """The steps by which `out` gets the node of an op that PyTorch has no gradient of, where gradients are recorded.

    `shape` is what `out` is about to have; `edits` will be counted.
    """
    needed = MODE.grad and any(map(requires_grad, (*tensors, out)))
    if not needed or out._array.dtype.kind in "iub":
        return []
    return rebased_history(out, Unimplemented(name, tensors, out, shape), edits)[0]


def writer_of(name: str) -> str:
    """What writes into the `out=` of a composition, as PyTorch's messages name it: with its namespace if it has no gradient."""
    return _WRITTEN_BY.get(name, name)


def require_no_grad(name: str, tensors: Sequence[Tensor]) -> None:
    """Raise RuntimeError where `out=` is given and something among the tensors is to be differentiated."""
    if MODE.grad and any(requires_grad(tensor) for tensor in tensors):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )


def into_out(
    tensors: Sequence[Tensor],
    computed: Any,
    out: Any,
    require_dtype: Callable[[np.dtype[Any], np.dtype[Any]], None],
    laid_out: bool | Literal["empty"] = True,
    unimplemented: str = "",
    warns: bool = True,
    edits: int = 1,
) -> Any:
    """Write what was computed from `tensors` into the tensor (or tuple of tensors) `out`, resizing where shapes differ.

    What is resized gets the result's strides if that is `laid_out` as PyTorch's (or if it was "empty"), else contiguous ones.
    An op that PyTorch has no gradient of names itself as `unimplemented`. It `warns` of resizing what had elements, unless the
    op resizes by itself. `edits` will be counted of each.
    """
    outs = out if isinstance(out, (list, tuple)) else (out,)
    results = computed if isinstance(computed, (list, tuple)) else (computed,)
    for each, result in zip(outs, results, strict=True):
        require_dtype(result.dtype, each._array.dtype)
        if result.shape == each._array.shape:  # else it gets memory of its own
            require_writable(each._array, [tensor._array for tensor in tensors])
    steps: list[Step] = []
    counts: dict[VersionCounter, int] = {}
    for each, result in zip(outs, results, strict=True):
        if warns:
            warn_of_resizing(each._array.shape, result.shape)
        steps += _write_steps(each, result, laid_out)
        if unimplemented:
            steps += history_of(unimplemented, tensors, each, result.shape)
        counter = counter_of(each)
        counts[counter] = counts.get(counter, counter.value) + edits
    for counter in counts:
        if counter.tells:
            counter.require_editable()
    at_once([*steps, *[(setattr, counter, "value", value) for counter, value in counts.items()]])
    for counter in counts:
        if counter.tells:
            counter.edited()
    return out


def copied_into(out: Tensor, computed: Tensor, require_dtype: Callable[[np.dtype[Any], np.dtype[Any]], None]) -> Tensor:
    """Copy a result, with its history, into `out`, resized where shapes differ."""
    result, given = computed._array, out._array
    require_dtype(result.dtype, given.dtype)
    if given.shape != result.shape:
        warn_of_resizing(given.shape, result.shape)
        check_in_place(out, MODE.grad and (requires_grad(out) or requires_grad(computed)))  # before it has other sizes
        at_once(reseating(out, resized(given, result.shape, contiguous_strides(result.shape))))
    return OPS.copy_(out, computed)


def resized(array: Array, shape: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """Memory for what `out=` names and is to have another shape: its own where that is large enough, as in PyTorch."""
    offset = offset_of(array) if array.base is not None else 0
    extent = 0 if 0 in shape else 1 + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if array.flags.writeable and (offset + extent) * array.itemsize <= Bytes(array).nbytes():
        return strided(array, shape, strides, offset)
    if is_borrowed(array):
        raise RuntimeError(NOT_RESIZABLE)
    return strided(empty((offset + extent,), array.dtype), shape, strides, offset)


def warn_of_resizing(given: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """Warn where what `out=` names, of shape `given`, has elements and another shape than the result."""
    if 0 not in given and given != shape:
        warn(
            f"An output with one or more elements was resized since it had shape {list(given)}, which does not "
            f"match the required output shape {list(shape)}. This behavior is deprecated, and in a future PyTorch release "
            "outputs will not be resized unless they have zero elements. You can explicitly reuse an out tensor t by "
            "resizing it, inplace, to zero elements with t.resize_(0)."
        )


def _write_steps(out: Tensor, result: Array, laid_out: bool | Literal["empty"]) -> list[Step]:
    """The steps that write `result` into `out`, which takes its shape, and its strides if that is `laid_out`."""
    array = out._memory
    steps: list[Step] = []
    if array.shape != result.shape:
        takes = not array.size if laid_out == "empty" else laid_out
        strides = element_strides(result) if takes else contiguous_strides(result.shape)
        array = resized(array, result.shape, strides)
        steps = reseating(out, array)
    return [*writing(out, array, before_rounding(result, array.dtype)), *steps]
