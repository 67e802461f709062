"""`custom_op`: an operator of an annotated function, and what may be registered with it.

Rests on `infer.py` (its schema), `libraries.py` (where it stands), `gradients.py` and `batches.py` (its backward and its rule for
`vmap`).
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from typing import Any

from autogradkit.autograd.graph import increment_version
from autogradkit.core.frames import entry
from autogradkit.core.schema import FunctionSchema, TensorType
from autogradkit.core.schema_text import parse_schema
from autogradkit.core.storage import root_of
from autogradkit.core.tag import Tag
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.library import batches
from autogradkit.library.dispatch import AUTOGRAD, BATCHED, EXPLICIT, kernels_of, key_of_device
from autogradkit.library.gradients import autograd_kernel
from autogradkit.library.infer import infer_schema
from autogradkit.library.libraries import Library

_log = logging.getLogger(__name__)
OPDEFS: dict[str, CustomOpDef] = {}  # by their names
_INPLACE, _OUT, _COMPLIANT = Tag.inplace, Tag.out, Tag.pt2_compliant_tag


@entry
def custom_op(
    name: str,
    fn: Callable[..., Any] | None = None,
    /,
    *,
    mutates_args: str | Iterable[str],
    device_types: str | Sequence[str] | None = None,
    schema: str | None = None,
    tags: Tag | Sequence[Tag] | None = None,
) -> Any:
    """Make an operator of a function whose arguments and result are annotated; without `fn` a decorator.

    `name` is "namespace::name". `mutates_args` names what the function writes into ("unknown": any tensor). The result may not
    share memory with an argument. Gradients are what `register_autograd` is told.

    Raises ValueError, with PyTorch's texts, for annotations that no schema has, and where `schema` says another thing than
    `mutates_args`.

    >>> import numpy as np
    >>> import autogradkit as torch
    >>> @torch.library.custom_op("doc_custom::cube", mutates_args=())
    ... def cube(x: torch.Tensor) -> torch.Tensor:
    ...     return torch.from_numpy(np.power(x.detach().numpy(), 3))
    >>> def setup_context(ctx, inputs, output):
    ...     ctx.save_for_backward(inputs[0])
    >>> def backward(ctx, grad):
    ...     return grad * 3 * ctx.saved_tensors[0] ** 2
    >>> cube.register_autograd(backward, setup_context=setup_context)
    >>> x = torch.tensor([2.0], requires_grad=True)
    >>> y = cube(x)
    >>> y
    tensor([8.], grad_fn=<GeneratedBackwardFor_doc_custom_cube_defaultBackward>)
    >>> y.backward()
    >>> x.grad
    tensor([12.])
    """
    several = (tags,) if isinstance(tags, Tag) else tuple(tags or ())

    @entry
    def make(function: Callable[..., Any]) -> CustomOpDef:
        text = schema or infer_schema(function, mutates_args=mutates_args, tags=several)
        namespace, opname = name.split("::")
        made = CustomOpDef(namespace, opname, text, function, several)
        if schema is not None:
            expected = {each.name for each in made._opoverload._schema.arguments if each.is_write}
            if expected != set(mutates_args):
                raise ValueError(
                    f"Attempted to create a custom op with `mutates_args={mutates_args}` and `schema={schema}. The schema "
                    f"suggests that the op mutates {expected}which is different from what was provided to us in `mutates_args`. "
                    "Please make these consistent."
                )
        made.register_kernel(device_types)(function)
        return made

    return make if fn is None else make(fn)


class CustomOpDef:
    """An operator that `custom_op` made of a function. It is called as the function is."""

    def __init__(
        self, namespace: str, name: str, schema: str, fn: Callable[..., Any], tags: Sequence[Tag] = ()
    ) -> None:
        self._namespace, self._name, self._schema = namespace, name, schema
        self._init_fn = fn
        self._backend_fns: dict[str | None, Callable[..., Any]] = {}
        self._abstract_fn: Callable[..., Any] | None = None
        self._setup_context_fn: Callable[..., Any] | None = None
        self._backward_fn: Callable[..., Any] | None = None
        self._disabled_kernel: set[str] = set()
        self._is_inplace, self._is_out = _INPLACE in tags, _OUT in tags
        if not self._is_out and _has_named_tensors(parse_schema(name + schema)):
            raise NotImplementedError(
                "custom_op with kwarg-only Tensor args. Please make your tensors not kwarg-only. Got: " + name + schema
            )
        before = OPDEFS.pop(self._qualname, None)
        if before is not None:
            before._lib._destroy()
        self._lib = Library(namespace, "FRAGMENT")
        self._opoverload = self._lib._define(name + schema, tags=[*tags, _COMPLIANT])
        kernels_of(self._qualname).fake = self._fake
        self._lib.impl(name, autograd_kernel(self._opoverload, self), AUTOGRAD)
        OPDEFS[self._qualname] = self

    @property
    def _qualname(self) -> str:
        return f"{self._namespace}::{self._name}"

    def __repr__(self) -> str:
        return f"<CustomOpDef({self._qualname})>"

    @entry
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._opoverload._call(*args, **kwargs)

    @contextmanager
    def set_kernel_enabled(self, device_type: str, enabled: bool = True) -> Generator[None]:
        """The block in which the kernel of a type of device runs, or does not: then the function itself does."""
        was_disabled = device_type in self._disabled_kernel
        action = "enable" if enabled else "disable"
        if device_type not in self._backend_fns:
            _log.warning(
                "Attempted to %s kernel for %s but no kernel was registered for this device type.", action, device_type
            )
        if was_disabled == (not enabled):
            _log.warning("Attempted to %s kernel for %s but it was already %sd.", action, device_type, action)
        (self._disabled_kernel.discard if enabled else self._disabled_kernel.add)(device_type)
        try:
            yield
        finally:
            (self._disabled_kernel.add if was_disabled else self._disabled_kernel.discard)(device_type)

    def register_kernel(
        self, device_types: str | Sequence[str] | None, fn: Callable[..., Any] | None = None, /
    ) -> Callable[..., Any]:
        """Register the function for types of devices, None for all; without `fn` a decorator.

        Raises ValueError for an operator without tensors and without a `device` argument.
        """

        def register(function: Callable[..., Any]) -> Callable[..., Any]:
            types = [device_types] if device_types is None or isinstance(device_types, str) else list(device_types)
            for each in types:
                if each not in self._backend_fns:
                    self._lib.impl(self._name, self._kernel_of(each), EXPLICIT if each is None else key_of_device(each))
                self._backend_fns[each] = function
            return function

        types_of = [each.type.annotation for each in self._opoverload._schema.arguments]
        if device_types is not None and not any("Tensor" in each or each == "Device" for each in types_of):
            raise ValueError("Functions without tensor inputs are required to have a `device: torch.device` argument")
        return register if fn is None else register(fn)

    def _kernel_of(self, device_type: str | None) -> Callable[..., Any]:
        """The kernel for a type of device: the function that is registered for it, whose result is looked at."""
        schema = self._opoverload._schema

        def kernel(*args: Any, **kwargs: Any) -> Any:
            function = self._init_fn if device_type in self._disabled_kernel else self._backend_fns[device_type]
            for each in _written_tensors(schema, args, kwargs):
                increment_version(each)
            result = function(*args, **kwargs)
            self._require_own(function, args, kwargs, result)
            return result

        return kernel

    def _require_own(
        self, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], result: Any
    ) -> None:
        """Raise RuntimeError where a result is not what the tags say, or is memory of an argument's."""
        message = ""
        if self._is_inplace:
            if result is not args[0]:
                message = "An operator tagged with torch.Tag.inplace must return its first argument."
        elif self._is_out:
            written = [kwargs[each.name] for each in self._opoverload._schema.arguments if each.is_write]
            returned = result if isinstance(result, tuple) else (result,)
            if len(returned) != len(written) or any(a is not b for a, b in zip(returned, written, strict=True)):
                message = "An operator tagged with torch.Tag.out must return its mutable keyword-only arguments."
        elif not self._opoverload.is_view and _shares((*args, *kwargs.values()), result):
            message = (
                "The output of this custom operator (1) must not also be an input to this custom operator and (2) may not alias "
                "any inputs to this custom operator or other returns. The most common way to trigger this error is if we have "
                "y = custom_op(x) and y and x are the same Tensor. Please instead return a clone of the offending output "
                "tensor(s) (e.g. return x.clone()) or refactor the custom operator to not return y."
            )
        if message:
            raise RuntimeError(f"{self._name} (with implementation in {inspect.getmodule(function)}): {message}")

    def register_fake(self, fn: Callable[..., Any], /) -> Callable[..., Any]:
        """Register what a result looks like, which runs on the meta device."""
        if self._is_inplace or self._is_out:
            tag = "torch.Tag.inplace" if self._is_inplace else "torch.Tag.out"
            warn(
                f"The fake registration for {self} is unnecessary. Custom ops tagged with {tag} already get an autogenerated "
                "fake kernel. The provided fake impl will be used instead."
            )
        self._abstract_fn = fn
        return fn

    def _fake(self, *args: Any, **kwargs: Any) -> Any:
        if self._abstract_fn is not None:
            return self._abstract_fn(*args, **kwargs)
        schema = self._opoverload._schema
        if self._is_inplace:
            return args[0]
        if self._is_out:
            written = [kwargs[each.name] for each in schema.arguments if each.is_write]
            return written[0] if len(written) == 1 else tuple(written)
        if schema.is_mutable and not schema.returns:
            return None
        raise RuntimeError(
            f"There was no fake impl registered for {self}. This is necessary for torch.compile/export/fx tracing to work. "
            f"Please use `{self._init_fn.__name__}.register_fake` to add an fake impl."
        )

    @entry
    def register_autograd(
        self, backward: Callable[..., Any], /, *, setup_context: Callable[..., Any] | None = None
    ) -> None:
        """Register `backward(ctx, *grads)`, and `setup_context(ctx, inputs, output)`, which saves for it.

        With arguments by name only it is `setup_context(ctx, inputs, keyword_only_inputs, output)`. Raises RuntimeError for an
        operator that writes into an argument.
        """
        schema = self._opoverload._schema
        if self._is_out:
            raise RuntimeError(
                f"Cannot register autograd formula for operator tagged with torch.Tag.out: {self}. Out variants do not support "
                "autograd."
            )
        require_functional(self, schema)
        self._backward_fn, self._setup_context_fn = backward, setup_context

    def register_vmap(self, func: Callable[..., Any] | None = None) -> Callable[..., Any] | None:
        """Register `func(info, in_dims, *args, **kwargs) -> (output, out_dims)` for `vmap`; without `func` a decorator."""

        def register(function: Callable[..., Any]) -> None:
            self._lib.impl(self._name, batches.kernel_of(function), BATCHED)

        if func is None:
            return register
        return register(func)


def require_functional(op: object, schema: FunctionSchema) -> None:
    """Raise RuntimeError for an operator that writes into an argument, or gives nothing."""
    if schema.is_mutable or not schema.returns:
        raise RuntimeError(
            f"Cannot register autograd formula for non-functional operator {op} with schema {schema}. Please create a functional "
            "operator and register an autograd formula for that."
        )


def _has_named_tensors(schema: FunctionSchema) -> bool:
    return any(each.kwarg_only and isinstance(each.type, TensorType) for each in schema.arguments)


def _written_tensors(schema: FunctionSchema, args: Sequence[Any], kwargs: dict[str, Any]) -> list[Tensor]:
    """The tensors that the schema says are written into."""
    found: list[Tensor] = []
    for at, each in enumerate(schema.arguments):
        if each.is_write:
            value = args[at] if at < len(args) else kwargs.get(each.name)
            found += [
                one for one in (value if isinstance(value, (list, tuple)) else (value,)) if isinstance(one, Tensor)
            ]
    return found


def _shares(given: Sequence[Any], result: Any) -> bool:
    """Whether results share memory with what was given, or with one another."""
    seen = {id(root_of(each._memory)) for each in _tensors(given)}
    for each in _tensors((result,)):
        root = id(root_of(each._memory))
        if root in seen:
            return True
        seen.add(root)
    return False


def _tensors(values: Iterable[Any]) -> list[Tensor]:
    found: list[Tensor] = []
    for each in values:
        if isinstance(each, (list, tuple)):
            found += _tensors(each)
        elif isinstance(each, Tensor):
            found.append(each)
    return found
