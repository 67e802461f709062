"""The functions that gradient formulas may call: `k.exp`, `k.sum`, `k.where`, every declared op by its name.

Given arrays (plain backward) a function runs the op's kernel, with no tensor made; given tensors (`create_graph`) it runs
the op itself, so that the formula is differentiable in turn. A formula looks the function up when it runs, hence it may
name ops that are declared after it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit._ops.op import REGISTRY
from autogradkit.core.tensor import Tensor

if TYPE_CHECKING:

    def __getattr__(name: str) -> Callable[..., Any]: ...

else:

    def __getattr__(name):
        declared = REGISTRY.get(name)
        if declared is None:
            raise AttributeError(f"no op '{name}' is declared that a gradient formula could use")
        function = _either(declared.kernel, declared.entry)
        globals()[name] = function
        return function


def _either(kernel: Callable[..., Any], entry: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        for value in args:
            if isinstance(value, Tensor):
                return entry(*args, **kwargs)
            if isinstance(value, list | tuple) and any(isinstance(each, Tensor) for each in value):
                return entry(*args, **kwargs)
        return kernel(*args, **kwargs)

    return call


def conj(x: Any) -> Any:
    """The complex conjugate; a real operand comes back as it is."""
    if isinstance(x, np.ndarray):
        return np.conj(x) if x.dtype.kind == "c" else x
    if isinstance(x, Tensor):
        return REGISTRY["conj"].entry(x) if x.is_complex() else x
    return x.conjugate() if isinstance(x, complex) else x


def zeros_like(x: Any) -> Any:
    """Zeros with the shape and dtype of `x`, outside the graph."""
    if isinstance(x, Tensor):
        from autogradkit.core.tensor import wrap

        return wrap(np.zeros_like(x._array))
    return np.zeros_like(x)


def new_zeros(x: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of `shape` with the dtype of `x`, outside the graph."""
    if isinstance(x, Tensor):
        from autogradkit.core.tensor import wrap

        return wrap(np.zeros(shape, x._array.dtype))
    return np.zeros(shape, x.dtype)


def where(condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition holds, `b` elsewhere; either may be a Python number."""
    if isinstance(condition, Tensor) or isinstance(a, Tensor) or isinstance(b, Tensor):
        from autogradkit._ops.compare import where as where_tensors

        return where_tensors(condition, a, b)
    return np.where(condition, a, b)


def reshape(x: Any, shape: tuple[int, ...]) -> Any:
    """`x` with another shape, copied where the strides ask for it."""
    return x.reshape(shape)
