"""How a pointwise op is declared: promotion, broadcasting, PyTorch's strides, and entries that cost little.

Rests on op. A kernel takes arrays of one dtype and, last, `out` (an array to fill, or None), as NumPy's ufuncs do.

    @unary(INT_TO_FLOAT, in_place=True)
    def exp(self: Array, out: Array | None = None) -> Array:
        \"\"\"Elementwise eˣ. ...\"\"\"
        return np.exp(self, out)

    exp.vjp(self=lambda g, result: g * k.conj(result))

With `ufunc=` the kernel is that ufunc itself and the function only documents it. `refuse=` is a function of the argument
values that raises where PyTorch does not allow them. `numbers=False`: no operand may be a Python number.
`tensors=FIRST` wants a tensor as the first operand, `tensors=SOME` as one of the two.
`tensors_node=` is the node's name where both operands are tensors, if PyTorch has another one for that.

`unary` and `binary` make closures whose first lines handle what nearly every call is, contiguous operands of one shape and
dtype, without looking further; everything else goes through `_general`, which follows PyTorch's TensorIterator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autogradkit._ops.in_place import into_out, require_castable, require_writable, write
from autogradkit._ops.op import Op, publish
from autogradkit.core.dtype import (
    BOOL,
    COMPLEX,
    FLOATING,
    INTEGRAL,
    bool_,
    dtype,
    dtype_of_number,
    get_default_dtype,
    result_type,
)
from autogradkit.core.recording import RECORDERS, observed
from autogradkit.core.storage import Array
from autogradkit.core.strides import broadcast_shapes, element_strides, empty_strided, output_strides
from autogradkit.core.tensor import Tensor, layout_of, wrap
from autogradkit.engine.graph import OpNode, SavedOutput, check_in_place, is_settled, next_sequence_number
from autogradkit.engine.modes import MODE, NO_GRAD

# What the result's dtype is, given what the operands promote to.
SAME, INT_TO_FLOAT, TO_BOOL, TO_REAL = "same", "int_to_float", "to_bool", "to_real"
FIRST, SOME = "first", "some"  # which operands have to be tensors

_ndarray = np.ndarray
_new = object.__new__
_Number = (int, float, complex, np.number, np.bool_)
_KIND_CATEGORY = {"b": BOOL, "i": INTEGRAL, "u": INTEGRAL, "f": FLOATING, "c": COMPLEX}


class PointwiseOp(Op):
    """An op on corresponding elements of its operands."""

    def __init__(
        self,
        kernel: Callable[..., Any],
        promotion: str,
        operands: int,
        *,
        ufunc: np.ufunc | None = None,
        refuse: Callable[..., None] | None = None,
        numbers: bool = True,
        tensors: str | None = None,
        tensors_node: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(kernel, **options)
        if ufunc is not None:
            self.kernel = ufunc
        self.promotion = promotion
        self.operands = operands
        self.refuse = refuse
        self.numbers = numbers and operands > 1
        self.tensors = tensors
        self.tensors_node = tensors_node
        self.tensors_node_class: type[OpNode] | None = None

    def set_formulas(self, formulas: dict[str, Callable[..., Any]], group: Callable[..., Any] | None) -> None:
        super().set_formulas(formulas, group)
        if self.tensors_node is not None:
            assert self.node_class is not None
            self.tensors_node_class = type(self.tensors_node, (self.node_class,), {"__slots__": ()})

    def make_node(self, values: Sequence[Any], needs: Sequence[bool], edges: tuple[Any, ...]) -> OpNode:
        node = super().make_node(values, needs, edges)
        if self.tensors_node_class is not None and all(isinstance(v, Tensor) for v in values[: self.operands]):
            node.__class__ = self.tensors_node_class
        return node

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        values = super().bind(args, kwargs)
        for index in range(self.operands):
            value = values[index]
            if isinstance(value, np.number | np.bool_):
                values[index] = value.item()
        self.require_tensors(values)
        return values

    def require_tensors(self, values: Sequence[Any]) -> None:
        """Raise TypeError, with the first line of PyTorch's text, where a tensor is wanted in place of a number."""
        looked_at = values[:1] if self.tensors is FIRST else values[: self.operands]
        if self.tensors is not None and not any(isinstance(value, Tensor) for value in looked_at):
            raise TypeError(invalid_combination(self.public, values[: self.operands]))

    def _check_tensor(self, index: int, value: Any, kind: str) -> None:
        if not self.numbers or not isinstance(value, _Number):
            super()._check_tensor(index, value, kind)

    def dtypes(self, values: Sequence[Any]) -> tuple[dtype, dtype]:
        """What the kernel computes in, and what the result has."""
        operands: list[tuple[dtype, int]] = []
        for value in values[: self.operands]:
            if isinstance(value, Tensor):
                operands.append((value.dtype, 2 if value._array.ndim else 1))
            else:
                operands.append((dtype_of_number(value), 0))
        common = result_type(operands)
        if self.promotion is INT_TO_FLOAT and common.category < FLOATING:
            common = get_default_dtype()
        result = bool_ if self.promotion is TO_BOOL else common.to_real() if self.promotion is TO_REAL else common
        return common, result

    def compute(self, values: Sequence[Any], into: Array | None = None) -> Array:
        """The result with PyTorch's dtype and strides, or written into `into`."""
        if self.refuse is not None:
            self.refuse(*values)
        common, result = self.dtypes(values)
        numpy_dtype = common.numpy
        arrays: list[Array] = []
        for value in values[: self.operands]:
            if isinstance(value, Tensor):
                array = value._array
                arrays.append(array if array.dtype == numpy_dtype else array.astype(numpy_dtype))
            else:
                arrays.append(as_array(value, numpy_dtype))
        geometry = [
            (value._array.shape, element_strides(value._array)) if isinstance(value, Tensor) else ((), ())
            for value in values[: self.operands]
        ]
        shape = broadcast_shapes(*(each for each, _ in geometry))
        if into is not None:
            require_castable(result.numpy, into.dtype)
            if shape != into.shape:
                raise RuntimeError(
                    f"output with shape {list(into.shape)} doesn't match the broadcast shape {list(shape)}"
                )
        out = empty_strided(shape, output_strides(geometry, shape), result.numpy)
        named = dict(zip(self.parameters[self.operands :], values[self.operands :], strict=True))
        self.kernel(*arrays, out=out, **named)
        return out

    def run(self, *args: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", None) if kwargs else None
        values = self.bind(args, kwargs)
        computed = self.compute(values)
        if out is not None:
            return into_out(self.public, values, computed, out)
        result = wrap(computed)
        if self.node_class is not None and MODE.grad:
            needs, edges = self.needs_and_edges(values)
            if any(needs):
                self.finish_node(self.make_node(self.promoted(values), needs, edges), (result,), needs)
        return result

    def promoted(self, values: Sequence[Any]) -> Sequence[Any]:
        """The operands as they are saved: a tensor without grad that was cast for the computation is saved cast."""
        common, _ = self.dtypes(values)
        return [
            wrap(value._array.astype(common.numpy))
            if isinstance(value, Tensor) and not value.requires_grad and value._array.dtype != common.numpy
            else value
            for value in values
        ]

    def run_in_place(self, *args: Any, **kwargs: Any) -> Tensor:
        values = self.bind(args, kwargs)
        target: Tensor = values[0]
        records = self.records(values)
        check_in_place(target, records)
        require_writable(target._array, [v._array for v in values[1:] if isinstance(v, Tensor)])
        write(self, values, target, records, self.compute(values, target._array))
        return target


def invalid_combination(name: str, values: Sequence[Any]) -> str:
    """The first line of what PyTorch says where no overload takes these operands."""
    kinds = ", ".join("Tensor" if isinstance(value, Tensor) else type(value).__name__ for value in values)
    return f"{name}() received an invalid combination of arguments - got ({kinds}), but expected one of:"


def as_array(number: Any, numpy_dtype: np.dtype[Any]) -> Array:
    """A Python number as an array of `numpy_dtype`; integers wrap around as in C. Raises RuntimeError past int64."""
    if numpy_dtype.kind in "iu" and isinstance(number, int):
        if not -(2**63) <= number < 2**64:
            raise RuntimeError("Overflow when unpacking long long")
        bits = 8 * numpy_dtype.itemsize
        number &= (1 << bits) - 1
        if numpy_dtype.kind == "i" and number >> (bits - 1):
            number -= 1 << bits
    return np.asarray(number, numpy_dtype)


def unary(promotion: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Declare a pointwise op of one operand (parameters after it are plain values)."""

    def declare(kernel: Callable[..., Any]) -> Any:
        declared = PointwiseOp(kernel, promotion, 1, **options)
        return publish(declared, _unary_entry(declared))

    return declare


def binary(promotion: str, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Declare a pointwise op of two operands, either of which may be a Python number."""

    def declare(kernel: Callable[..., Any]) -> Any:
        declared = PointwiseOp(kernel, promotion, 2, **options)
        return publish(declared, _binary_entry(declared))

    return declare


def _unary_entry(declared: PointwiseOp) -> Callable[..., Any]:
    kernel = declared.kernel
    run = declared.run
    name = declared.public
    node_class: Any = None
    simple = declared.promotion in (SAME, INT_TO_FLOAT) and len(declared.parameters) == 1
    saves_self = saves_result = False

    def entry(self: Any = None, *args: Any, **kwargs: Any) -> Any:
        if RECORDERS:
            return observed(name, "op", run, args if self is None else (self, *args), kwargs)
        if (
            args
            or kwargs
            or not simple
            or self.__class__ is not Tensor
            or (self._view is not None and not is_settled(self))
        ):
            return run(*args, **kwargs) if self is None else run(self, *args, **kwargs)
        layout = self._layout or layout_of(self)
        if layout.__class__ is not tuple or not layout:
            return run(self)
        result = kernel(self._array)
        if result.__class__ is not _ndarray:
            result = np.asarray(result)
        out = _new(Tensor)
        out._array = result
        out._layout = layout
        out._grad = out._counter = out._view = out._hooks = None
        out._output_nr = 0
        if self._requires_grad and node_class is not None and (not NO_GRAD or MODE.grad):
            node = node_class()
            node.edges = (self._node or self, self._output_nr)
            node.outputs = layout
            node.hooks = None
            node.sequence = next_sequence_number()
            if saves_self:
                counter = self._counter
                node.saved = (self,)
                node.versions = (0 if counter is None else counter.value,)
            elif saves_result:
                node.saved = (SavedOutput(out, 0),)
                node.versions = (0,)
            else:
                node.saved = node.versions = ()
            out._node = node
            out._requires_grad = True
        else:
            out._node = None
            out._requires_grad = False
        return out

    def configure() -> None:
        nonlocal node_class, saves_self, saves_result, simple
        node_class = declared.node_class
        assert node_class is not None
        saves_self = node_class.saved_names == ("self",)
        saves_result = node_class.saved_names == ("result",)
        known = saves_self or saves_result or not node_class.saved_names
        simple = simple and known and not node_class.setting_names

    declared.when_differentiable(configure)
    return entry


def operator(declared: PointwiseOp) -> Callable[..., Any]:
    """The method behind an operator: like the op, but leaves operands that it does not know to the other side."""
    run = declared.run

    def otherwise(self: Any, other: Any) -> Any:
        if isinstance(other, _ndarray):
            other = wrap(other)
        elif not isinstance(other, Tensor) and not isinstance(other, _Number):
            return NotImplemented
        return run(self, other)

    return fast_binary(declared, otherwise)


def _binary_entry(declared: PointwiseOp) -> Callable[..., Any]:
    run = declared.run
    name = declared.public
    two = fast_binary(declared, run)

    def entry(*args: Any, **named: Any) -> Any:
        if len(args) == 2 and not named:
            return two(*args)
        return observed(name, "op", run, args, named) if RECORDERS else run(*args, **named)

    return entry


_BOTH_UNEDITED = (0, 0)


def fast_binary(declared: PointwiseOp, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """An entry for just two operands: the usual case at once, any other through `otherwise`."""
    kernel = declared.kernel
    name = declared.public
    node_class: Any = None
    simple = saves = self_first = False
    # Whether the formula for self, and the one for other, needs self (other).
    self_needs_self = other_needs_self = self_needs_other = other_needs_other = False
    settings: tuple[Any, ...] = ()
    has_settings = False
    numbers = declared.numbers
    tensors = Tensor if declared.tensors_node is None else None  # the class of operand that needs no further look

    def two(self: Any, other: Any) -> Any:
        if RECORDERS:
            return observed(name, "op", otherwise, (self, other), {})
        if not simple or self.__class__ is not Tensor or (self._view is not None and not is_settled(self)):
            return otherwise(self, other)
        layout = self._layout or layout_of(self)
        if layout.__class__ is not tuple or not layout:
            return otherwise(self, other)
        if other.__class__ is tensors:
            if (other._layout or layout_of(other)) is not layout or (other._view is not None and not is_settled(other)):
                return otherwise(self, other)
            result = kernel(self._array, other._array)
            right_grad = other._requires_grad
            other_counter = other._counter
        elif numbers and (other.__class__ is float or other.__class__ is int) and -1e30 < other < 1e30:
            result = kernel(self._array, other)
            right_grad = False
            other_counter = None
        else:
            return otherwise(self, other)
        if result.__class__ is not _ndarray:
            result = np.asarray(result)
        out = _new(Tensor)
        out._array = result
        out._layout = layout
        out._grad = out._counter = out._view = out._hooks = None
        out._output_nr = 0
        left_grad = self._requires_grad
        if (left_grad or right_grad) and (not NO_GRAD or MODE.grad):
            node = node_class()
            if right_grad:
                node.edges = (
                    (self._node or self) if left_grad else None,
                    self._output_nr,
                    other._node or other,
                    other._output_nr,
                )
            else:
                node.edges = (self._node or self, self._output_nr, None, 0)
            if saves:
                first = self if (right_grad and other_needs_self) or (left_grad and self_needs_self) else None
                second = other if (left_grad and self_needs_other) or (right_grad and other_needs_other) else None
                node.saved = (first, second) if self_first else (second, first)
                counter = self._counter
                if counter is None and other_counter is None:
                    node.versions = _BOTH_UNEDITED
                else:
                    version = 0 if counter is None else counter.value
                    other_version = 0 if other_counter is None else other_counter.value
                    node.versions = (version, other_version) if self_first else (other_version, version)
            else:
                node.saved = node.versions = ()
            node.outputs = layout
            node.hooks = None
            if has_settings:
                node.settings = settings
            node.sequence = next_sequence_number()
            out._node = node
            out._requires_grad = True
        else:
            out._node = None
            out._requires_grad = False
        return out

    def configure() -> None:
        nonlocal node_class, settings, has_settings, simple, saves, self_first
        nonlocal self_needs_self, other_needs_self, self_needs_other, other_needs_other
        node_class = declared.node_class
        assert node_class is not None
        names = node_class.saved_names
        needed = dict(zip(names, declared.needed_by, strict=True))
        self_needs_self, other_needs_self = (i in needed.get("self", ()) for i in (0, 1))
        self_needs_other, other_needs_other = (i in needed.get("other", ()) for i in (0, 1))
        saves = bool(names)
        self_first = names[:1] == ("self",)
        known = set(names) in (set(), {"self", "other"}) and tuple(declared.formulas) == ("self", "other")
        constant = all(setting in declared.index for setting in node_class.setting_names)
        settings = tuple(declared.defaults[declared.index[s]] for s in node_class.setting_names) if constant else ()
        has_settings = bool(settings)
        simple = declared.promotion in (SAME, INT_TO_FLOAT) and known and constant

    declared.when_differentiable(configure)
    return two
