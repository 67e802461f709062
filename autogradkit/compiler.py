"""PyTorch's `torch.compile` and `torch.compiler`: functions come back as they are, modules in a wrapper that calls them.

A compiler translates the ops that a function runs into fewer, larger kernels, which changes the time, and not what is computed.
There is none here: every op stays one that a recording sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry

# What `nn` hands up: the class of modules, and the one that they are wrapped in.
MODULES: list[tuple[type, Callable[[Any], Any]]] = []
_MODES = ("default", "lite", "reduce-overhead", "max-autotune-no-cudagraphs", "max-autotune")
_STANCES = (
    "default", "eager_then_compile", "aot_eager_then_compile", "force_eager", "eager_on_recompile", "fail_on_recompile",
)  # fmt: skip
# PyTorch's names of what makes kernels, by the tag with which `list_backends` leaves them out.
_BACKENDS = {
    "": ("cudagraphs", "inductor", "openxla", "tvm"),
    "experimental": ("openxla_eval",),
    "debug": (
        "aot_eager", "aot_eager_decomp_partition", "aot_eager_decomp_partition_crossref", "aot_eager_decomp_partition_with_mode",
        "aot_eager_default_partitioner", "aot_ts", "dynamo_accuracy_minifier_backend", "dynamo_minifier_backend", "eager",
        "eager_debug", "eager_noexcept", "invoke_subgraph", "non_leaf_compile_error_TESTING_ONLY", "pre_dispatch_eager",
        "relu_accuracy_error_TESTING_ONLY", "relu_compile_error_TESTING_ONLY", "relu_runtime_error_TESTING_ONLY", "ts",
    ),
}  # fmt: skip


class TorchDynamoException(RuntimeError):  # noqa: N818 - as PyTorch calls it
    """What PyTorch's compiler raises."""


class InvalidBackend(TorchDynamoException):
    """What is raised for a backend that PyTorch has not."""


@_entry
def compile(
    model: Callable[..., Any] | None = None,
    *,
    fullgraph: bool = False,
    dynamic: bool | None = None,
    backend: str | Callable[..., Any] = "inductor",
    mode: str | None = None,
    options: dict[str, Any] | None = None,
    name: str | None = None,
    disable: bool = False,
    recompile_limit: int | None = None,
    isolate_recompiles: bool = False,
    shapes_spec: Any = None,
) -> Any:
    """`model` itself, if it is a function; a module in an `OptimizedModule`; without one a decorator.

    What only says how kernels are made, or made anew (`dynamic`, `name`, `recompile_limit` and its kin), changes nothing.
    Raises RuntimeError for a mode that PyTorch has not, and for a mode with options; `InvalidBackend` for the name of a backend
    that it has not; AssertionError for what cannot be called.

    >>> import autogradkit as torch
    >>> @torch.compile(fullgraph=True)
    ... def double(x):
    ...     return x * 2
    >>> double(torch.ones(2))
    tensor([2., 2.])
    """
    if mode is not None and options is not None:
        raise RuntimeError("Either mode or options can be specified, but both can't be specified at the same time.")
    if mode is not None and mode not in _MODES:
        raise RuntimeError(f"Unrecognized mode={mode}, should be one of: {', '.join(_MODES)}")
    if model is None:
        return lambda decorated: compile(decorated, backend=backend, disable=disable)
    if not callable(model):
        raise AssertionError(f"A callable function is expected, but {type(model)} is provided.")
    if isinstance(backend, str) and backend not in list_backends(None):
        raise InvalidBackend(
            f"Invalid backend: {backend!r}, see `torch._dynamo.list_backends()` for available backends."
        )
    wrappers = [] if disable else [wrapper for kind, wrapper in MODULES if isinstance(model, kind)]
    return wrappers[0](model) if wrappers else model


def disable(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
    """`fn` itself: it is not compiled."""
    return fn if fn is not None else lambda decorated: decorated


def allow_in_graph(fn: Any) -> Any:
    """`fn` itself."""
    return fn


def assume_constant_result(fn: Any) -> Any:
    """`fn` itself."""
    return fn


def reset() -> None:
    """Nothing: nothing was compiled."""


def list_backends(exclude_tags: Sequence[str] | None = ("debug", "experimental")) -> list[str]:
    """The names that `compile(backend=)` takes, without those that have one of some tags.

    >>> import autogradkit as torch
    >>> torch.compiler.list_backends()
    ['cudagraphs', 'inductor', 'openxla', 'tvm']
    """
    return sorted(name for tag, names in _BACKENDS.items() if tag not in (exclude_tags or ()) for name in names)


class set_stance:  # noqa: N801 - as PyTorch calls it
    """When compiled functions are compiled: never, whatever it says. A call sets it; a `with` or a decorated function as well.

    Raises RuntimeError for a stance that PyTorch has not.

    >>> import autogradkit as torch
    >>> with torch.compiler.set_stance("force_eager"):
    ...     torch.compile(torch.sin)(torch.zeros(1))
    tensor([0.])
    """

    @_entry
    def __init__(
        self,
        stance: str = "default",
        *,
        skip_guard_eval_unsafe: bool = False,
        force_backend: str | Callable[..., Any] | None = None,
    ) -> None:
        if stance not in _STANCES:
            told = f"DynamoStance(stance={stance!r}, skip_guard_eval_unsafe={skip_guard_eval_unsafe}, backend={force_backend!r})"
            raise RuntimeError(f"invalid torch.compile stance '{told}'")

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing."""

    def __call__(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself."""
        return fn


class _Default:
    backend: str | Callable[..., Any] | None = None


@_entry
def set_default_backend(backend: str | Callable[..., Any] | None) -> None:
    """Have `get_default_backend` say this one; None puts back PyTorch's. Raises TypeError for neither a name nor a callable.

    >>> import autogradkit as torch
    >>> torch.compiler.set_default_backend("eager")
    >>> torch.compiler.get_default_backend()
    'eager'
    >>> torch.compiler.set_default_backend(None)
    """
    if backend is not None and not isinstance(backend, str) and not callable(backend):
        raise TypeError(f"backend must be a string or callable, got {type(backend)}")
    _Default.backend = backend


def get_default_backend() -> str | Callable[..., Any]:
    """What would compile where a compiler is."""
    return "inductor" if _Default.backend is None else _Default.backend


def cudagraph_mark_step_begin() -> None:
    """Nothing, likewise."""


def is_compiling() -> bool:
    """False."""
    return False


def is_dynamo_compiling() -> bool:
    """False."""
    return False


def is_exporting() -> bool:
    """False."""
    return False


__getattr__ = _absent_from("compiler")
