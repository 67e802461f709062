"""What is registered with an operator afterwards, by its name: kernels, a gradient, a rule for `vmap`, what a result looks like.

Of an operator that `custom_op` made they are its methods; of one that was defined by its schema they register kernels. Rests on
`custom.py` and `libraries.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from autogradkit._ops.operators.overloads import OpOverload
from autogradkit.core.frames import entry
from autogradkit.core.warning import warn
from autogradkit.library import batches
from autogradkit.library.custom import OPDEFS, CustomOpDef, require_functional
from autogradkit.library.dispatch import AUTOGRAD, BATCHED, EXPLICIT, KERNELS, lookup, parse_namespace
from autogradkit.library.gradients import autograd_kernel
from autogradkit.library.libraries import Library, impl, library_of

Named = str | OpOverload | CustomOpDef


class _Formulas:
    """A backward and what saves for it."""

    def __init__(self, backward: Callable[..., Any], setup_context: Callable[..., Any] | None) -> None:
        self._backward_fn: Callable[..., Any] | None = backward
        self._setup_context_fn = setup_context


def _resolved(op: Named, asked: str) -> str | CustomOpDef:
    """What `custom_op` made, or the name of what a schema defined."""
    if not isinstance(op, (str, OpOverload, CustomOpDef)):
        raise ValueError(f"{asked}({op}): got unexpected type for op: {type(op)}")
    if isinstance(op, CustomOpDef):
        return op
    name = op.name() if isinstance(op, OpOverload) else op
    return OPDEFS.get(name, name)


@entry
def register_kernel(
    op: Named,
    device_types: str | Sequence[str] | None,
    func: Callable[..., Any] | None = None,
    /,
    *,
    lib: Library | None = None,
) -> Any:
    """Register a kernel for types of devices, None for all; without `func` a decorator."""
    found = _resolved(op, "register_kernel")
    if isinstance(found, CustomOpDef):
        return found.register_kernel(device_types, func)
    return impl(found, EXPLICIT if device_types is None else device_types, func, lib=lib)


@entry
def register_fake(
    op: Named, func: Callable[..., Any] | None = None, /, *, lib: Library | None = None, _stacklevel: int = 1
) -> Any:
    """Register what a result looks like, which runs on the meta device; without `func` a decorator.

    Raises RuntimeError for an operator that does not exist.

    >>> import autogradkit as torch
    >>> torch.library.define("doc_fake::rows", "(Tensor x) -> Tensor")
    >>> @torch.library.register_fake("doc_fake::rows")
    ... def _(x):
    ...     return x.new_empty(x.shape[0])
    >>> torch.ops.doc_fake.rows(torch.ones(2, 3, device="meta"))
    tensor(..., device='meta', size=(2,))
    """
    found = _resolved(op, "register_fake")
    if isinstance(found, CustomOpDef):
        return found.register_fake if func is None else found.register_fake(func)

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        namespace, name = parse_namespace(found)
        if found not in KERNELS:
            raise RuntimeError(f"operator {found} does not exist")
        library_of(namespace, lib)._register_fake(name, function)
        return function

    return register if func is None else register(func)


def impl_abstract(qualname: Named, func: Callable[..., Any] | None = None, *, lib: Library | None = None) -> Any:
    """The older name of `register_fake`."""
    warn(
        "`torch.library.impl_abstract` was renamed to `torch.library.register_fake`. Please use that instead; we will remove "
        "`torch.library.impl_abstract` in a future version of PyTorch.",
        FutureWarning,
    )
    return register_fake(qualname, func, lib=lib)


@entry
def register_autograd(
    op: Named,
    backward: Callable[..., Any],
    /,
    *,
    setup_context: Callable[..., Any] | None = None,
    lib: Library | None = None,
) -> None:
    """Register `backward(ctx, *grads)`, and `setup_context(ctx, inputs, output)`, which saves for it.

    Raises RuntimeError for an operator that writes into an argument.
    """
    found = _resolved(op, "register_autograd")
    if isinstance(found, CustomOpDef):
        found.register_autograd(backward, setup_context=setup_context)
        return
    overload = lookup(found)
    require_functional(overload, overload._schema)
    namespace, name = parse_namespace(found)
    kernel = autograd_kernel(overload, _Formulas(backward, setup_context))
    library_of(namespace, lib).impl(name, kernel, AUTOGRAD)


@entry
def register_vmap(
    op: Named, func: Callable[..., Any] | None = None, /, *, lib: Library | None = None
) -> Callable[..., Any] | None:
    """Register `func(info, in_dims, *args, **kwargs) -> (output, out_dims)` for `vmap`; without `func` a decorator."""
    found = _resolved(op, "register_vmap")
    if isinstance(found, CustomOpDef):
        return found.register_vmap(func)
    lookup(found)
    namespace, name = parse_namespace(found)

    def register(function: Callable[..., Any]) -> None:
        library_of(namespace, lib).impl(name, batches.kernel_of(function), BATCHED)

    if func is None:
        return register
    return register(func)


def triton_op(name: str, fn: Callable[..., Any] | None = None, /, **_options: Any) -> NoReturn:
    """Refuses: kernels in Triton are for GPUs. Raises ModuleNotFoundError, as PyTorch does where Triton is called without it."""
    raise ModuleNotFoundError("No module named 'triton'", name="triton")


def wrap_triton(triton_kernel: Callable[..., Any], /) -> NoReturn:
    """Refuses, as `triton_op` does."""
    raise ModuleNotFoundError("No module named 'triton'", name="triton")
