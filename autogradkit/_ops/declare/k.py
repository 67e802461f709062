"""What gradient formulas may call: `k.exp`, `k.where`, every declared overload by its kernel's name.

Given arrays (plain backward) a function computes, with no tensor made; given tensors (`create_graph`) it runs the op itself,
so that the formula is differentiable in turn. A formula looks the function up when it runs, hence it may name ops that are
declared after it. Rests on names.
"""

from __future__ import annotations

import cmath
import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit._ops.declare.names import OVERLOADS
from autogradkit._ops.declare.unloaded import load
from autogradkit.core import dtype
from autogradkit.core.batched import BatchedTensor
from autogradkit.core.meta import MetaTensor, emptied
from autogradkit.core.recording import reported
from autogradkit.core.sparse import SparseArray, around
from autogradkit.core.tensor import Tensor, wrap
from autogradkit.core.zeros import Zeros, mark, zeros
from autogradkit.engine.modes import MODE

if TYPE_CHECKING:
    from autogradkit._ops.declare.overload import Overload

    def __getattr__(name: str) -> Callable[..., Any]: ...

else:

    def __getattr__(name):
        if name not in OVERLOADS:
            load(name)
        overload = OVERLOADS.get(name)
        if overload is None:
            raise AttributeError(f"no op '{name}' is declared that a gradient formula could use")
        # What is composed of ops runs on tensors alone: a formula may name it where its arrays go another way (`on_arrays`).
        function = globals()[name] = overload if overload.composition else _either(overload.on_arrays, overload)
        return function


def _either(on_arrays: Callable[..., Any], on_tensors: Overload) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if args and args[0].__class__ is np.ndarray:  # then all are arrays: a formula gets either kind, never both
            return on_arrays(*args, **kwargs)
        for value in args:
            if isinstance(value, Tensor):
                return on_tensors(*args, **kwargs)
            if isinstance(value, (list, tuple)) and any(isinstance(each, Tensor) for each in value):
                return on_tensors(*args, **kwargs)
        made = on_arrays(*args, **kwargs)
        if on_tensors.view and args[0].__class__ is Zeros:  # which a view that NumPy makes of memory forgets
            return (
                tuple([zeros(v.shape, v.dtype) for v in made])
                if isinstance(made, tuple)
                else zeros(made.shape, made.dtype)
            )
        return made

    return call


def on_arrays(quick: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a helper of formulas: where its first argument is an array, `quick` computes the same with fewer steps.

    As a formula itself it goes without a look at the argument in plain backward, which finds `quick` by its name there.
    """

    def declare(helper: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(helper)
        def call(g: Any, *rest: Any) -> Any:
            return quick(g, *rest) if g.__class__ is np.ndarray else helper(g, *rest)

        call.on_arrays = quick  # type: ignore[attr-defined]
        return call

    return declare


def conj(x: Any) -> Any:
    """The complex conjugate; a real operand comes back as it is."""
    if isinstance(x, (np.ndarray, np.generic)):  # arithmetic on arrays without dimensions gives NumPy's scalars
        return np.conj(x) if x.dtype.kind == "c" else x
    if isinstance(x, Tensor):
        return OVERLOADS["conjugated"](x) if x.is_complex() else x
    return x.conjugate() if isinstance(x, complex) else x


def is_differentiated(x: Any) -> bool:
    """Whether a formula, given tensors, makes a graph of them for another derivative, and not only for a recorder."""
    return isinstance(x, Tensor) and MODE.grad


def is_half(x: Any) -> bool:
    """Whether it is an array of half precision, and none that is known to be zeros, which nothing rounds."""
    return x.__class__ is not Zeros and not isinstance(x, Tensor) and dtype.is_half(x.dtype)


def has_half_precision(x: Any) -> bool:
    """Whether it is an array or a tensor of half precision."""
    return dtype.is_half(numpy_dtype(x))


def is_zero_tensor(x: Any) -> bool:
    """Whether it is a tensor, of a formula that is recorded, without anything but zeros."""
    return isinstance(x, Tensor) and x.__class__ is not BatchedTensor and not x._array.any()


def times(x: Any, number: Any) -> Any:
    """`x` times a Python number: where formulas are recorded, by the node that PyTorch's have there."""
    if isinstance(x, Tensor):
        return OVERLOADS["mul_by_number"](x, number)
    return OVERLOADS["mul_by_number"].on_arrays(x, number) if is_half(x) else x * number


def product(g: Any, other: Any) -> Any:
    """`g` times the conjugate of `other`. A number meets half precision in float32, as in the op itself."""
    if g.__class__ is np.ndarray and g.dtype.char in "fd":  # the usual case, in which nothing is to be asked
        return g * other
    return OVERLOADS["mul"].on_arrays(g, other) if is_half(g) else g * conj(other)


def quotient(g: Any, other: Any) -> Any:
    """`g` divided by the conjugate of `other`; as `product`."""
    if g.__class__ is np.ndarray and g.dtype.char in "fd":
        return g / other
    return OVERLOADS["true_div"].on_arrays(g, other) if is_half(g) else g / conj(other)


def log_of_number(x: Any) -> Any:
    """The natural logarithm of a Python number, NaN for a negative one."""
    if isinstance(x, complex):
        return cmath.log(x)
    return math.log(x) if x > 0 else math.nan


def _beside(x: Tensor, make: Callable[[], Any]) -> Tensor:
    """A tensor of what `make` gives, on the device of another."""
    return emptied(make()) if x.__class__ is MetaTensor else wrap(make())


def any_all(x: Any) -> Any:
    """Whether an element is not zero, for which a formula goes another way; without numbers it goes the usual one."""
    if x.__class__ is MetaTensor:
        return False
    return OVERLOADS["any_all"](x) if isinstance(x, Tensor) else OVERLOADS["any_all"].on_arrays(x)


def zeros_like(x: Any) -> Any:
    """Zeros with the shape and dtype of `x`, outside the graph."""
    if isinstance(x, Tensor):
        return reported("zeros_like", "create", _zeros_like, x)
    return np.zeros_like(x, subok=False)


def known_zeros_like(x: Any) -> Any:
    """As `zeros_like`, but they stay zeros whatever they are multiplied by, from node to node."""
    if not isinstance(x, Tensor):
        return zeros(x.shape, x.dtype)
    made = zeros_like(x)
    if made.__class__ is Tensor:
        mark(made)
    return made


def in_memory(x: Any) -> Any:
    """`x`; zeros that are known as such become zeros like any others, as in PyTorch's fused kernels."""
    return x if isinstance(x, Tensor) else np.asarray(x)


def _zeros_like(x: Tensor) -> Tensor:
    if x.__class__ is BatchedTensor:
        return OVERLOADS["zeros_like"](x)
    array: Any = x._array
    if x.__class__ is MetaTensor:
        return emptied(array.hollow)
    return around(array.zeros() if array.__class__ is SparseArray else np.zeros_like(array))


@on_arrays(lambda x, other: x.astype(other.dtype, copy=False))
def in_dtype_of(x: Any, other: Any) -> Any:
    """x with the dtype of another."""
    return x.to(other.dtype)


def is_complex(x: Any) -> bool:
    """Whether an array, a tensor or a number is complex."""
    return np.iscomplexobj(x._array if isinstance(x, Tensor) else x)


def real(x: Any) -> Any:
    """The real part of an array or tensor, outside the graph."""
    if isinstance(x, Tensor):
        return reported("real", "detach", lambda x: wrap(np.asarray(x._array.real)), x)
    return np.real(x)


def imag(x: Any) -> Any:
    """The imaginary part of an array or tensor, outside the graph."""
    if isinstance(x, Tensor):
        return reported("imag", "detach", lambda x: wrap(np.asarray(x._array.imag)), x)
    return np.imag(x)


def real_part(x: Any) -> Any:
    """The real part, as a view within the graph."""
    return OVERLOADS["real"](x) if isinstance(x, Tensor) else np.real(x)


def imag_part(x: Any) -> Any:
    """The imaginary part, as a view within the graph; zeros for real numbers."""
    if isinstance(x, Tensor):
        return OVERLOADS["imag"](x) if x.is_complex() else zeros_like(x)
    return np.imag(x)


def dense(x: Any) -> Any:
    """`x` with its elements side by side in memory, in row-major order."""
    if isinstance(x, Tensor):
        return x.contiguous()
    made = np.ascontiguousarray(x)
    return made.view(Zeros) if x.__class__ is Zeros else made


def numpy_dtype(x: Any) -> np.dtype[Any]:
    """NumPy's dtype of an array or tensor."""
    return (x._array if isinstance(x, Tensor) else x).dtype


def accumulated_dtype(x: Any) -> dtype.dtype:
    """The dtype that PyTorch adds numbers of an array's or a tensor's dtype up in: float32 for half precision, else double."""
    own = numpy_dtype(x)
    return dtype.from_numpy_dtype(np.result_type(own, np.float32 if dtype.is_half(own) else np.float64))


def lowest(x: Any) -> float:
    """The least finite number of its dtype."""
    return -dtype.largest(dtype.from_numpy_dtype(numpy_dtype(x)))


def distinct(x: Any) -> Any:
    """The different elements of an array or tensor, sorted, outside the graph."""
    return reported("unique", "op", lambda x: wrap(np.unique(x._array)), x) if isinstance(x, Tensor) else np.unique(x)


def constant(array: Any, beside: Any) -> Any:
    """An array as a number of the formula beside an array or tensor: one of its kind, outside the graph."""
    if isinstance(beside, Tensor):
        return reported("tensor", "create", lambda array: _beside(beside, lambda: array), array)
    return array


def eye(rows: int, columns: int, beside: Any) -> Any:
    """A matrix with ones on its diagonal, of the kind and dtype of an array or tensor, outside the graph."""
    if isinstance(beside, Tensor):
        kind = beside._array.dtype
        return reported("eye", "create", lambda n, m: _beside(beside, lambda: np.eye(n, m, dtype=kind)), rows, columns)
    return np.eye(rows, columns, dtype=beside.dtype)


def epsilon(x: Any) -> float:
    """How far 1 is from the next number of an array's or a tensor's dtype."""
    return float(np.finfo(numpy_dtype(x)).eps)


def new_zeros(x: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with the dtype of `x`, outside the graph."""
    if isinstance(x, Tensor):
        make: Callable[..., Tensor] = lambda x, shape: _beside(x, lambda: np.zeros(shape, x._array.dtype))  # noqa: E731
        return reported("new_zeros", "create", make, x, shape)
    return np.zeros(shape, x.dtype)


def where(condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition holds, `b` elsewhere; either may be a Python number."""
    if isinstance(condition, Tensor) or isinstance(a, Tensor) or isinstance(b, Tensor):
        return OVERLOADS["where_tensors"](condition, *[_as_operand(each, a, b) for each in (a, b)])
    found = np.where(condition, a, b)
    for each in (a, b):  # NumPy widens bfloat16 beside a number, as it does not know it
        if isinstance(each, (np.ndarray, np.generic)) and each.dtype.kind == "V":
            return found.astype(each.dtype)
    return found


def _as_operand(value: Any, a: Any, b: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value
    other = a if isinstance(a, Tensor) else b
    kind = other._array.dtype if isinstance(other, Tensor) else np.float32
    return reported("scalar_tensor", "create", lambda value: wrap(np.asarray(value, kind)), value)


def reshape(x: Any, shape: tuple[int, ...]) -> Any:
    """`x` with another shape, copied where the strides ask for it."""
    return x.reshape(shape)
