"""What packages ask of `torch._C`, the private module of PyTorch that its C++ code makes: a few questions, and names of classes.

It has what published packages were found to ask for, no more; anything else raises AttributeError.
"""

from __future__ import annotations

from typing import Any as _Any

from autogradkit._C import _functorch as _functorch
from autogradkit._C import _nn as _nn
from autogradkit._C import _profiler as _profiler
from autogradkit._ops.declare.names import _VariableFunctionsClass as _VariableFunctionsClass
from autogradkit._ops.declare.overriding import STATE as _STATE
from autogradkit._ops.declare.overriding import DisableTorchFunction as DisableTorchFunction
from autogradkit._ops.declare.overriding import DisableTorchFunctionSubclass as DisableTorchFunctionSubclass
from autogradkit._ops.declare.overriding import _disabled as _disabled_torch_function_impl  # noqa: F401
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.batched import under_way as _under_way
from autogradkit.core.random import Generator as Generator
from autogradkit.core.schema import Argument as Argument
from autogradkit.core.schema import FunctionSchema as FunctionSchema
from autogradkit.core.schema_text import parse_schema as parse_schema
from autogradkit.core.tensor import Tensor as _Tensor
from autogradkit.engine.dispatching import DisableTorchDispatch as _DisableTorchDispatch  # noqa: F401
from autogradkit.linalg import LinAlgError as _LinAlgError  # noqa: F401

TensorBase = _TensorBase = _Tensor  # which PyTorch's Tensor is derived from
_TensorMeta = type  # the class of `Tensor`, for annotations

# What was built in: decompositions and transforms are SciPy's and NumPy's; `backends` says the same of the others.
has_lapack = has_spectral = True
has_mkl = has_openmp = _has_mkldnn = _has_cuda = _has_cudnn = _has_mps = False


def _log_api_usage_once(event: str, /) -> None:
    """Nothing: what PyTorch logs there is for its makers, and off."""
    if not isinstance(event, str):
        raise TypeError("bad argument type for built-in operation")


def _get_tracing_state() -> _Any:
    """None: nothing is translated (`jit.trace` gives back what it is given)."""
    return None


def _are_functorch_transforms_active() -> bool:
    """Whether tensors may be samples of `vmap`. Derivatives of functions are plain autograd here, which needs no care."""
    return bool(_under_way())


def _add_docstr(obj: _Any, doc_obj: str, /) -> _Any:
    """The same object with this docstring; RuntimeError where it has one."""
    if getattr(obj, "__doc__", None):
        raise RuntimeError(f"function '{obj.__name__}' already has a docstring")
    obj.__doc__ = doc_obj
    return obj


class _Switch:
    """A setting of PyTorch's translator, which there is none of here: it is kept, and given back when the next is set."""

    def __init__(self, on: bool) -> None:
        self._on = on

    def __call__(self, on: bool, /) -> bool:
        before, self._on = self._on, on
        return before


_jit_set_profiling_executor = _Switch(True)
_jit_set_profiling_mode = _Switch(True)


def _is_torch_function_mode_enabled() -> bool:
    """Whether a `TorchFunctionMode` is on."""
    return bool(_STATE.modes)


def _get_default_device() -> str:
    """The device that C++ makes tensors on: the processor, whatever `set_default_device` says."""
    return "cpu"


class _OfTranslator:
    """A class of what PyTorch's translator makes, which there is none of here: something to ask `isinstance` for."""

    def __init__(self) -> None:
        raise TypeError(f"torch._C.{type(self).__name__}: No constructor defined!")


def _of_translator(name: str) -> type[_OfTranslator]:
    return type(name, (_OfTranslator,), {"__module__": "autogradkit", "__doc__": _OfTranslator.__doc__})


Block = _of_translator("Block")
Node = _of_translator("Node")
ScriptMethod = _of_translator("ScriptMethod")
TracingState = _of_translator("TracingState")
Type = _of_translator("Type")
Value = _of_translator("Value")

__getattr__ = _absent_from("_C")
