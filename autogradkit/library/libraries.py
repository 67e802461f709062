"""`Library`: operators by their schemas, and kernels by dispatch keys; `define` and `impl`, which need none of one's own.

Rests on `dispatch.py`, which has what runs them. A library that is collected takes its operators with it, as PyTorch's does.
"""

from __future__ import annotations

import re
import sys
import weakref
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from autogradkit._ops.operators.overloads import OpOverload
from autogradkit.core.frames import entry
from autogradkit.core.schema import FunctionSchema
from autogradkit.core.schema_text import parse_schema
from autogradkit.core.tag import Tag
from autogradkit.library.dispatch import (
    EXPLICIT,
    IMPLICIT,
    KEYS,
    Kernel,
    define_operator,
    kernels_of,
    key_of_device,
    parse_namespace,
    undefine_operator,
)

_RESERVED = ("prim",)
_OWNERS: dict[str, str] = {}  # where the one library of a namespace that defines it was made
_DEFINED: dict[str, str] = {}  # where an operator was defined
_KEPT: list[Library] = []  # of `define` and `impl`, which nobody else holds
_NAMELESS = re.compile(r"\(.*\) -> .*")


def fallthrough_kernel() -> NoReturn:
    """Stands for a kernel that passes a call on; it is registered, never called."""
    raise NotImplementedError("fallthrough_kernel() should never be called.")


class Library:
    """The operators of a namespace, or a part of them.

    `kind` is "DEF" for the one library that defines a namespace, "FRAGMENT" for one of several, "IMPL" for one that only
    registers kernels. Raises ValueError for another, RuntimeError for a second "DEF".

    >>> import autogradkit as torch
    >>> lib = torch.library.Library("doc_library", "DEF")
    >>> lib.define("twice(Tensor x) -> Tensor")
    'twice'
    >>> lib.impl("twice", lambda x: x * 2, "CompositeImplicitAutograd")
    >>> torch.ops.doc_library.twice(torch.ones(2))
    tensor([2., 2.])
    """

    @entry
    def __init__(self, ns: str, kind: str, dispatch_key: str = "") -> None:
        if kind not in ("IMPL", "DEF", "FRAGMENT"):
            raise ValueError(f"Unsupported kind: {kind}")
        if ns in _RESERVED and kind != "IMPL":
            raise ValueError(f"{ns} is a reserved namespace. Please try creating a library with another name.")
        frame = sys._getframe(2)  # who makes it, past `entry`
        self._made_at = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        if kind == "DEF":
            if ns in _OWNERS:
                raise RuntimeError(
                    f"Only a single TORCH_LIBRARY can be used to register the namespace {ns}; please put all of your definitions "
                    "in a single TORCH_LIBRARY block.  If you were trying to specify implementations, consider using "
                    "TORCH_LIBRARY_IMPL (which can be duplicated).  If you really intended to define operators for a single "
                    "namespace in a distributed way, you can use TORCH_LIBRARY_FRAGMENT to explicitly indicate this.  Previous "
                    f"registration of TORCH_LIBRARY was registered at {_OWNERS[ns]}; latest registration was registered at "
                    f"{self._made_at}"
                )
            _OWNERS[ns] = self._made_at
        self.ns, self.kind, self.dispatch_key = ns, kind, dispatch_key
        self._schemas: list[FunctionSchema] = []
        self._kernels: list[tuple[str, str]] = []
        self._finalizer = weakref.finalize(self, _forget, ns, kind, self._schemas, self._kernels)
        self._finalizer.atexit = False

    def __repr__(self) -> str:
        return f"Library(kind={self.kind}, ns={self.ns}, dispatch_key={self.dispatch_key})>"

    @entry
    def define(self, schema: str, alias_analysis: str = "", *, tags: Tag | Sequence[Tag] = ()) -> str:
        """Add the operator of a schema, and say its name. Raises RuntimeError, with PyTorch's text, where that cannot be."""
        return self._define(schema, alias_analysis, tags)._opname

    def _define(self, schema: str, alias_analysis: str = "", tags: Tag | Sequence[Tag] = ()) -> OpOverload:
        if alias_analysis not in ("", "FROM_SCHEMA", "CONSERVATIVE"):
            raise RuntimeError(f"Invalid alias_analysis type {alias_analysis}")
        parsed = parse_schema(schema)
        name = parsed.name.rpartition("::")[2]
        if self.kind == "IMPL":
            raise RuntimeError(
                f'def("{name}"): Cannot define an operator inside of a TORCH_LIBRARY_IMPL block.  All def()s should be placed in '
                "the (unique) TORCH_LIBRARY block for their namespace.  (Error occurred while processing TORCH_LIBRARY_IMPL "
                f"block at {self._made_at})"
            )
        parsed.name = f"{self.ns}::{name}"
        qualname = f"{parsed.name}.{parsed.overload_name}"
        if qualname in _DEFINED:
            raise RuntimeError(
                f"Tried to register an operator ({parsed}) with the same name and overload name multiple times. Each overload's "
                "schema should only be registered with a single call to def(). Duplicate registration: registered at "
                f"{self._made_at}. Original registration: registered at {_DEFINED[qualname]}"
            )
        _DEFINED[qualname] = self._made_at
        self._schemas.append(parsed)
        return define_operator(parsed, (tags,) if isinstance(tags, Tag) else tags)

    @entry
    def impl(
        self,
        op_name: str | OpOverload,
        fn: Kernel,
        dispatch_key: str = "",
        *,
        with_keyset: bool = False,
        allow_override: bool = True,
    ) -> None:
        """Register a kernel for a dispatch key.

        Raises TypeError for what cannot be called, RuntimeError for an unknown key, and NotImplementedError for a kernel that
        wants the set of keys, and for one of PyTorch's own operators, whose kernels are not exchanged here.
        """
        if not callable(fn):
            raise TypeError(f"Input function is required to be a callable but found type {type(fn)}")
        key = dispatch_key or self.dispatch_key or IMPLICIT
        if key not in KEYS:
            raise RuntimeError(f"could not parse dispatch key: {key}")
        if self.ns == "aten" or with_keyset:
            what = (
                "kernels that get the set of dispatch keys"
                if with_keyset
                else "other kernels for PyTorch's own operators"
            )
            raise NotImplementedError(f"autogradkit does not have {what}")
        name = op_name.name() if isinstance(op_name, OpOverload) else op_name
        qualname = f"{self.ns}::{name.rpartition('::')[2]}"
        kernels = kernels_of(qualname)
        if not allow_override and key in kernels.by_key:
            raise RuntimeError(
                "This is not allowed since there's already a kernel registered from python overriding "
                f"{name.rpartition('::')[2]}'s behavior for {key} dispatch key and {self.ns} namespace."
            )
        kernels.by_key[key] = fn
        self._kernels.append((qualname, key))

    def _register_fake(self, op_name: str, fn: Kernel) -> None:
        kernels_of(f"{self.ns}::{op_name}").fake = fn

    def _destroy(self) -> None:
        """Take its operators and kernels away."""
        self._finalizer()


def _forget(ns: str, kind: str, schemas: Sequence[FunctionSchema], kernels: Sequence[tuple[str, str]]) -> None:
    if kind == "DEF":
        _OWNERS.pop(ns, None)
    for schema in schemas:
        if _DEFINED.pop(f"{schema.name}.{schema.overload_name}", None):
            undefine_operator(schema)
    for qualname, key in kernels:
        kernels_of(qualname).by_key.pop(key, None)


@contextmanager
def _scoped_library(*args: Any, **kwargs: Any) -> Generator[Library]:
    """The block in which a library is there."""
    library = Library(*args, **kwargs)
    try:
        yield library
    finally:
        library._destroy()


def library_of(namespace: str, lib: Library | None) -> Library:
    """The library that was given, or one that is kept for ever."""
    if lib is None:
        lib = Library(namespace, "FRAGMENT")
        _KEPT.append(lib)
    return lib


@entry
def define(
    qualname: str | Library, schema: str, alias_analysis: str = "", *, lib: Library | None = None, tags: Any = ()
) -> Any:
    """Add an operator, `define("mylib::scale", "(Tensor x, float by) -> Tensor")`.

    With a library first it is a decorator, in the style of before PyTorch 2.4. Raises ValueError for what is no name, or no
    schema.
    """
    if isinstance(qualname, Library):
        library = qualname

        def wrap(function: Kernel) -> Kernel:
            library.impl(library._define(schema, alias_analysis), function)
            return function

        return wrap
    if not isinstance(qualname, str):
        raise ValueError(f"define(qualname, schema): expected qualname to be instance of str, got {type(qualname)}")
    namespace, name = parse_namespace(qualname)
    library = library_of(namespace, lib)
    if not _NAMELESS.fullmatch(schema):
        raise ValueError(
            'define(qualname, schema, ...): expected schema to look like e.g. "(Tensor x) -> Tensor" but got '
            f'"{schema}"'
        )
    library.define(name + schema, alias_analysis="", tags=tags)
    return None


@entry
def impl(
    qualname: str | Library, types: str | Sequence[str], func: Kernel | str | None = None, *, lib: Library | None = None
) -> Any:
    """Register a kernel for types of devices or dispatch keys; "default" is for all devices. Without `func` it is a decorator.

    With a library first, `impl(lib, "scale", "CPU")`, it is the decorator of before PyTorch 2.4.
    """
    if isinstance(qualname, Library):
        library, name, key = qualname, str(types), str(func or "")

        def wrap(function: Kernel) -> Kernel:
            library.impl(name, function, key)
            return function

        return wrap
    keys = {_key_of(each) for each in ((types,) if isinstance(types, str) else types)}

    def register(function: Any) -> None:
        library = library_of(parse_namespace(qualname)[0], lib)
        for key in keys:
            library.impl(qualname, function, key)

    if func is None:
        return register
    return register(func)


def _key_of(name: str) -> str:
    if name in KEYS:
        return name
    return EXPLICIT if name == "default" else key_of_device(name)
