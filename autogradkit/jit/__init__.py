"""PyTorch's `torch.jit`: decorators and checks of code that may be scripted. Here nothing is translated.

`script`, `trace`, `freeze` and `optimize_for_inference` give back what they are given, which is from then on an instance of
`ScriptModule` or of `ScriptFunction`, for scripts that ask whether they have translated it already. `saving.py` has `save` and
`load` of such modules, in a file for autogradkit alone; `tasks.py` has `fork` and `wait`, `containers.py` a question about types.
"""

from __future__ import annotations

import builtins as _builtins
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn_unseen as _warn_unseen
from autogradkit.futures import Future as Future
from autogradkit.jit.containers import isinstance as isinstance
from autogradkit.jit.saving import is_told_function as _is_told_function
from autogradkit.jit.saving import is_told_module as _is_told_module
from autogradkit.jit.saving import load as load
from autogradkit.jit.saving import save as save
from autogradkit.jit.saving import told as _told
from autogradkit.jit.tasks import fork as fork
from autogradkit.jit.tasks import wait as wait
from autogradkit.nn.modules.module import Module as _Module

__all__ = [
    "Attribute", "Error", "Final", "Future", "ScriptFunction", "ScriptModule", "annotate", "enable_onednn_fusion", "export",
    "fork", "freeze", "ignore", "interface", "isinstance", "load", "onednn_fusion_enabled", "optimize_for_inference", "save",
    "script", "script_if_tracing", "set_fusion_strategy", "trace", "trace_module", "unused", "wait",
]  # fmt: skip


class _Scripted(type):
    """The class of those classes whose instances are also what `script` or `trace` gave."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return super().__instancecheck__(instance) or ("_given" in vars(cls) and vars(cls)["_given"](instance))


class ScriptModule(_Module, metaclass=_Scripted):
    """The base of modules whose author wants them translated: here a module like any other.

    A module that `script` or `trace` gave is an instance as well.
    """

    _given = staticmethod(_is_told_module)


class Error(Exception):
    """What translated code of PyTorch's raises; nothing here does."""


class ScriptWarning(Warning):
    """What PyTorch warns of when it translates a script; nothing here does."""


class TracingCheckError(Exception):
    """What PyTorch raises where a trace computes something else; nothing here is traced."""


class TracerWarning(Warning):
    """What PyTorch's tracer warns of, a value that it takes for a constant. Scripts filter it; nothing here warns so."""


class Attribute(NamedTuple):
    """A value and its type, which is for a translator."""

    value: Any
    type: Any


class ScriptFunction(metaclass=_Scripted):
    """The class of functions that `script` or `trace` gave. Raises NotImplementedError when it is called."""

    _given = staticmethod(_is_told_function)

    @_entry
    def __init__(self, *_args: Any, **_options: Any) -> None:
        raise NotImplementedError("autogradkit translates no functions: torch.jit.script(f) is f itself.")


def _deprecated(name: str) -> None:
    _warn_unseen(f"`torch.jit.{name}` is deprecated. Please switch to `torch.compile` or `torch.export`.")


def script(obj: Any, optimize: None = None, _frames_up: int = 0, _rcb: Any = None, example_inputs: Any = None) -> Any:
    """`obj` itself: a function, a class or a module. Warns, as PyTorch does, that it is deprecated.

    >>> import warnings
    >>> import autogradkit as torch
    >>> with warnings.catch_warnings(action="ignore"):
    ...     @torch.jit.script
    ...     def double(x):
    ...         return x * 2
    >>> double(torch.ones(2))
    tensor([2., 2.])
    """
    _deprecated("script")
    return _told(obj)


@_entry
def trace(
    func: Callable[..., Any],
    example_inputs: Any = None,
    optimize: Any = None,
    check_trace: bool = True,
    check_inputs: Any = None,
    check_tolerance: float = 1e-5,
    strict: bool = True,
    *,
    example_kwarg_inputs: dict[str, Any] | None = None,
) -> Any:
    """`func` itself, a function or a module, after a run with the example inputs (`example_kwarg_inputs` for named ones).

    The options between them say how PyTorch's tracer works and what it checks of what it made: here nothing is made.
    """
    _deprecated("trace")
    named = example_kwarg_inputs or {}
    if _builtins.isinstance(example_inputs, (Tensor, dict)):
        example_inputs = (example_inputs,)
    func(*(() if named else example_inputs), **named)
    return _told(func)


@_entry
def _get_trace_graph(f: Any, args: Any = (), kwargs: Any = None, *_options: Any, **_named: Any) -> Any:
    """Refuses: there is no graph of PyTorch's intermediate form here, for which packages that count operations look."""
    raise NotImplementedError(
        "torch.jit._get_trace_graph gives a graph in PyTorch's intermediate form, which autogradkit does not have: "
        "torch.utils.flop_counter.FlopCounterMode counts operations, torch.fx.symbolic_trace(model) has a graph"
    )


@_entry
def trace_module(
    mod: Any,
    inputs: Any,
    optimize: Any = None,
    check_trace: bool = True,
    check_inputs: Any = None,
    check_tolerance: float = 1e-5,
    strict: bool = True,
    *,
    example_inputs_is_kwarg: bool = False,
) -> Any:
    """`mod` itself, after a run of each method that `inputs` names with its example inputs. Raises AttributeError for no module.

    Where `example_inputs_is_kwarg` they are dicts of named arguments. The options between are those of `trace`.
    """
    _deprecated("trace_method")
    if not _builtins.isinstance(mod, _Module):
        raise AttributeError("expected torch.nn.Module as the first argument")
    if not _builtins.isinstance(inputs, dict):
        raise AttributeError("expected a dictionary of (method_name, input) pairs")
    for name, given in inputs.items():
        method = mod if name == "forward" else getattr(mod, name)
        if example_inputs_is_kwarg:
            method(**given)
        else:
            method(*((given,) if _builtins.isinstance(given, (Tensor, dict)) else given))
    return _told(mod)


@_entry
def freeze(mod: Any, preserved_attrs: list[str] | None = None, optimize_numerics: bool = True) -> Any:
    """`mod` itself, with all its attributes, which runs as it is. Raises RuntimeError while it is in training."""
    _warn_unseen("`torch.jit.freeze` is deprecated. Please use `torch.compile` instead.")
    if mod.training:
        raise RuntimeError(
            "Freezing is currently only implemented for modules in eval mode. Please call .eval() on your module before freezing."
        )
    return mod


@_entry
def optimize_for_inference(mod: Any, other_methods: list[str] | None = None) -> Any:
    """`mod` itself. Raises RuntimeError while it is in training."""
    _warn_unseen("`torch.jit.optimize_for_inference` is deprecated. Please use `torch.compile` instead.")
    return freeze(mod, other_methods)


class _Fusion:
    strategy: list[tuple[str, int]] = [("STATIC", 2), ("DYNAMIC", 10)]  # noqa: RUF012 - exchanged as a whole
    by_onednn = False


def set_fusion_strategy(strategy: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Keep how often translated code would be translated anew for other sizes, which changes nothing; what was kept before."""
    _warn_unseen("`torch.jit.set_fusion_strategy` is deprecated. Please use `torch.compile` instead.")
    before, _Fusion.strategy = _Fusion.strategy, strategy
    return before


def enable_onednn_fusion(enabled: bool) -> None:
    """Keep whether a library may fuse ops of translated code, which changes nothing."""
    _Fusion.by_onednn = enabled


def onednn_fusion_enabled() -> bool:
    """What was set."""
    return _Fusion.by_onednn


def interface(obj: Any) -> Any:
    """`obj` itself, a class that says what methods of a module take and give."""
    _warn_unseen("`torch.jit.interface` is deprecated. Please use `torch.compile` instead.")
    return obj


def script_method(fn: Any) -> Any:
    """`fn` itself."""
    return fn


def script_if_tracing(fn: Any) -> Any:
    """`fn` itself."""
    return fn


def export(fn: Any) -> Any:
    """`fn` itself."""
    return fn


def _overload(fn: Any) -> Any:
    """`fn` itself, which says one of the types that a function takes."""
    return fn


def _overload_method(fn: Any) -> Any:
    """`fn` itself, which says one of the types that a method takes."""
    return fn


def unused(fn: Any) -> Any:
    """`fn` itself."""
    return fn


@_entry
def ignore(drop: Any = False, **_old: Any) -> Any:
    """As a decorator, with or without arguments: what it decorates. Raises RuntimeError for any other argument."""
    if callable(drop):
        return drop
    if not _builtins.isinstance(drop, bool):
        raise RuntimeError(f"Argument to @torch.jit.ignore must be a bool or a function but got {drop}")
    return lambda fn: fn


def annotate(the_type: Any, the_value: Any) -> Any:
    """The value: the type is for a translator."""
    return the_value


def is_scripting() -> bool:
    """False."""
    return False


def is_tracing() -> bool:
    """False."""
    return False


__getattr__ = _absent_from("jit")
