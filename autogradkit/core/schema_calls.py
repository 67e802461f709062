"""Matching a call to a schema: the values of its arguments, or PyTorch's refusal.

Rests on schema.py and core's tensors; the operators of `torch.ops` call it. An operator that is declared here has a binder of its
own (`_ops/declare/signature.py`), with the texts of Python's front; these texts are those of PyTorch's dispatcher.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from autogradkit.core.device import device
from autogradkit.core.dtype import INTEGRAL, dtype
from autogradkit.core.random import Generator
from autogradkit.core.schema import Argument, FunctionSchema, ListType, OptionalType, Type
from autogradkit.core.schema_text import dtype_of
from autogradkit.core.tensor import Tensor


class _UncastableError(Exception):
    """A value is none of a type; the text is what PyTorch's conversion says."""


def matched(
    schema: FunctionSchema, args: Sequence[Any], kwargs: Mapping[str, Any], numbers: bool = False
) -> dict[str, Any]:
    """The value of each argument by name, defaults among them.

    Raises RuntimeError, with PyTorch's text, where a call does not fit. `numbers`: whether a number may stand where a tensor is
    asked for.

    >>> from autogradkit.core.schema_text import parse_schema
    >>> matched(parse_schema("scale(int x, *, float by=2.) -> int"), [3], {})
    {'x': 3, 'by': 2.0}
    """
    given = len(args) + len(kwargs)
    if given > len(schema.arguments):
        raise RuntimeError(
            f"{schema.name}() expected at most {len(schema.arguments)} argument(s) but received {given} argument(s). "
            f"Declaration: {schema}"
        )
    found: dict[str, Any] = {}
    used = 0
    for at, argument in enumerate(schema.arguments):
        if at < len(args):
            if argument.kwarg_only:
                raise RuntimeError(
                    f"{schema.name}() takes {at} positional argument(s) but {len(args)} was/were given.  Declaration: {schema}"
                )
            value = args[at]
        elif argument.name in kwargs:
            value = kwargs[argument.name]
            used += 1
        elif argument.has_default_value():
            found[argument.name] = default_of(argument)
            continue
        else:
            raise RuntimeError(
                f"{schema.name}() is missing value for argument '{argument.name}'. Declaration: {schema}"
            )
        try:
            found[argument.name] = _cast(value, argument.type, numbers, argument.N)
        except _UncastableError as error:
            raise RuntimeError(_misfit(schema, argument, at, value, str(error))) from None
    if used < len(kwargs):
        taken = {each.name for each in schema.arguments[len(args) :]}
        for name in kwargs:
            if name not in taken:
                known = name in found
                message = f"Argument '{name}' specified both as positional and keyword argument" if known else (
                    f"Unknown keyword argument '{name}' for operator '{schema.name}'"
                )  # fmt: skip
                raise RuntimeError(f"{message}. Schema: {schema}")
    return found


def default_of(argument: Argument) -> Any:
    """The default as a kernel gets it: a schema keeps a dtype as PyTorch's number."""
    default = argument.default_value
    kind = argument.type.of if isinstance(argument.type, OptionalType) else argument.type
    if kind.spelled == "ScalarType" and isinstance(default, int):
        return dtype_of(default)
    return [*default] if isinstance(default, list) else default


def _misfit(schema: FunctionSchema, argument: Argument, at: int, value: Any, message: str) -> str:
    return (
        f"{schema.name}() Expected a value of type '{argument.type}' for argument '{argument.name}' but instead found type "
        f"'{type(value).__name__}'.\nPosition: {at}\nValue: {value!r}\nDeclaration: {schema}\nCast error details: {message}"
    )


def _cast(value: Any, kind: Type, numbers: bool, count: int | None = None) -> Any:
    if isinstance(kind, OptionalType):
        return None if value is None else _cast(value, kind.of, numbers, count)
    if isinstance(kind, ListType):
        if isinstance(value, (list, tuple)):
            several = cast("Sequence[Any]", value)
            return [_element(several, each, kind.of, numbers) for each in several]
        if count and isinstance(value, (int, float)):  # one that stands for all
            return [_cast(value, kind.of, numbers)] * count
        raise _UncastableError(_python_instance(value))
    caster = _CASTS.get(kind.spelled)
    return value if caster is None else caster(value, numbers)


def _element(values: Any, value: Any, kind: Type, numbers: bool) -> Any:
    try:
        return _cast(value, kind, numbers)
    except _UncastableError:
        raise _UncastableError(_python_instance(values)) from None


def _python_instance(value: Any) -> str:
    return (
        f"Unable to cast Python instance of type {type(value)} to C++ type '?' (#define PYBIND11_DETAILED_ERROR_MESSAGES or "
        "compile in debug mode for details)"
    )


def _tensor(value: Any, numbers: bool) -> Any:
    if isinstance(value, Tensor) or (numbers and isinstance(value, (bool, int, float, complex))):
        return value
    raise _UncastableError(f"Unable to cast {value} to Tensor")


def _whole(value: Any, numbers: bool) -> int:
    if isinstance(value, (int, np.integer)) or (isinstance(value, Tensor) and value.dtype.category <= INTEGRAL):
        return int(cast("Any", value))
    raise _UncastableError(_python_instance(value))


def _real(value: Any, numbers: bool) -> float:
    if isinstance(value, (int, float, np.number, Tensor)):
        return float(cast("Any", value))
    raise _UncastableError(_python_instance(value))


def _truth(value: Any, numbers: bool) -> bool:
    if value is None or hasattr(value, "__bool__"):
        return bool(value)
    raise _UncastableError(_python_instance(value))


def _number(value: Any, numbers: bool) -> Any:
    if isinstance(value, (bool, int, float, complex)):
        return value
    if isinstance(value, (np.generic, Tensor)) and not value.ndim:
        return cast("Any", value).item()
    raise _UncastableError(f"Cannot cast {value} to number")


def _text(value: Any, numbers: bool) -> str:
    if isinstance(value, str):
        return value
    raise _UncastableError(_python_instance(value))


def _dtype(value: Any, numbers: bool) -> Any:
    if isinstance(value, (dtype, int)):
        return value
    raise _UncastableError(_python_instance(value))


def _device(value: Any, numbers: bool) -> device:
    if isinstance(value, (str, device)):
        return device(value)
    raise _UncastableError(_python_instance(value))


def _generator(value: Any, numbers: bool) -> Generator:
    if isinstance(value, Generator):
        return value
    raise _UncastableError(_python_instance(value))


_CASTS = {
    "Tensor": _tensor,
    "int": _whole,
    "SymInt": _whole,
    "float": _real,
    "bool": _truth,
    "str": _text,
    "Scalar": _number,
    "ScalarType": _dtype,
    "Device": _device,
    "Generator": _generator,
}
