"""`infer_schema`: the schema that a function's annotations say.

Rests on `inspect`, `typing` and core's dtypes and tags; `custom_op` asks it.
"""

from __future__ import annotations

import collections.abc
import inspect
import types
import typing
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from autogradkit.core.device import device
from autogradkit.core.dtype import dtype
from autogradkit.core.tag import Tag
from autogradkit.core.tensor import Tensor

_Number = int | float | bool


def _spellings(base: Any, name: str, lists: bool, lists_of_optional: bool, optional_lists: bool) -> dict[Any, str]:
    found: dict[Any, str] = {base: name, typing.Optional[base]: f"{name}?"}  # noqa: UP045 - it hashes as `base | None` does

    def sequences(of: Any) -> list[Any]:
        return [
            typing.Sequence[of], typing.List[of], types.GenericAlias(collections.abc.Sequence, (of,)),  # noqa: UP006
            types.GenericAlias(list, (of,)),
        ]  # fmt: skip

    if lists:
        found |= dict.fromkeys(sequences(base), f"{name}[]")
    if lists_of_optional:
        found |= dict.fromkeys(sequences(typing.Optional[base]), f"{name}?[]")  # noqa: UP045
    if optional_lists:
        found |= {typing.Optional[each]: f"{name}[]?" for each in sequences(base)}  # noqa: UP045
    return found


# What may be annotated, and what schemas call it.
_PARAMETERS: dict[Any, str] = {
    **_spellings(Tensor, "Tensor", True, True, False),
    **_spellings(int, "SymInt", True, False, True),
    **_spellings(float, "float", True, False, True),
    **_spellings(bool, "bool", True, False, True),
    **_spellings(str, "str", False, False, False),
    **_spellings(_Number, "Scalar", True, False, False),
    **_spellings(dtype, "ScalarType", False, False, False),
    **_spellings(device, "Device", False, False, False),
}
_RETURNS: dict[Any, str] = {
    Tensor: "Tensor",
    typing.List[Tensor]: "Tensor[]",  # noqa: UP006
    list[Tensor]: "Tensor[]",
    int: "SymInt",
    float: "float",
    bool: "bool",
    _Number: "Scalar",
}
_NO_TUPLE = "We do not support Tuple inputs in schema. As a workaround, please try to use List instead. "


class _Inference:
    """One function, its annotations, and the refusal that names it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.globals: dict[str, Any] = function.__globals__
        self.signature = inspect.signature(function)

    def refusal(self, what: str) -> ValueError:
        return ValueError(f"infer_schema(func): {what} Got func with signature {self.signature})")

    def refuse(self, what: str) -> NoReturn:
        raise self.refusal(what)

    def resolved(self, annotation: Any) -> Any:
        """An annotation without strings in it."""
        if isinstance(annotation, str):
            return self._evaluated(annotation)
        origin = typing.get_origin(annotation)
        if origin is not None:
            given = typing.get_args(annotation)
            found = tuple([self.resolved(each) for each in given])
            if any(new is not old for new, old in zip(found, given, strict=True)):
                return types.GenericAlias(origin, found)
        return annotation

    def _evaluated(self, text: str) -> Any:
        try:
            return eval(text, self.globals)
        except NameError as error:
            self.refuse(
                f"Unsupported type annotation {text}. It is not a type. ({error}). If you are using 'from __future__ import "
                "annotations', note that annotations are evaluated lazily as strings; make sure all types referenced in "
                "annotations are importable at module scope, not only inside a local function."
            )
        except Exception as error:
            self.refuse(f"Unsupported type annotation {text}. It is not a type. ({type(error).__name__}: {error})")

    def type_of(self, name: str, parameter: inspect.Parameter) -> str:
        """What schemas call a parameter's type."""
        if parameter.kind not in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY):
            self.refuse("We do not support positional-only args, varargs, or varkwargs.")
        if parameter.annotation is inspect.Parameter.empty:
            self.refuse(f"Parameter {name} must have a type annotation.")
        annotation = self.resolved(parameter.annotation)
        found = _PARAMETERS.get(annotation)
        if found is not None:
            return found
        message = f"Parameter {name} has unsupported type {parameter.annotation}. "
        if typing.get_origin(annotation) is tuple:
            message += _NO_TUPLE
            inner = typing.get_args(annotation)
            if len(set(inner) - {Ellipsis}) == 1:
                message += f"For example, {list[inner[0]]}.\n\n"
        raise self.refusal(f"{message}The valid types are: {_PARAMETERS.keys()}.")

    def default_of(self, name: str, default: Any) -> str:
        """A default as schemas write it."""
        if default is None or isinstance(default, (int, float)):
            return str(default)
        if isinstance(default, (str, device)):
            return f'"{default}"'
        if isinstance(default, dtype):
            return str(default).removeprefix("torch.")
        raise self.refusal(
            f"Parameter {name} has an unsupported default value type {type(default)}. Please file an issue on GitHub so we can "
            "prioritize this."
        )

    def returned(self) -> str:
        """What schemas call the result's type."""
        annotation = self.resolved(self.signature.return_annotation)
        if annotation is None:
            return "()"
        if annotation is inspect.Signature.empty:
            self.refuse("No return type annotation was provided. Please add one.")
        several = typing.get_args(annotation) if typing.get_origin(annotation) is tuple else (annotation,)
        for each in several:
            if each not in _RETURNS:
                self.refuse(f"Return has unsupported type {annotation}. The valid types are: {_RETURNS}.")
        if typing.get_origin(annotation) is not tuple:
            return _RETURNS[annotation]
        listed = ", ".join(_RETURNS[each] for each in several)
        return f"(({listed}))" if len(several) == 1 else f"({listed})"


def infer_schema(
    prototype_function: Callable[..., Any],
    /,
    *,
    mutates_args: str | Iterable[str],
    op_name: str | None = None,
    tags: Tag | Sequence[Tag] | None = (),
) -> str:
    """The schema that a function's annotations say, with what it writes into as `mutates_args` names it.

    `"unknown"` stands for every tensor. With `Tag.inplace` or `Tag.out` among `tags` the result is what is written. Raises
    ValueError, with PyTorch's text, for annotations that no schema has.

    >>> import autogradkit as torch
    >>> def scale(x: torch.Tensor, by: float = 2.0) -> torch.Tensor:
    ...     return x * by
    >>> torch.library.infer_schema(scale, op_name="scale", mutates_args=())
    'scale(Tensor x, float by=2.0) -> Tensor'
    """
    inference = _Inference(prototype_function)
    given_tags = (tags,) if isinstance(tags, Tag) else tuple(tags or ())
    is_inplace, is_out = Tag.inplace in given_tags, Tag.out in given_tags
    if is_inplace and is_out:
        raise AssertionError("torch.Tag.inplace and torch.Tag.out are mutually exclusive")
    mutated: str | tuple[str, ...] = mutates_args if isinstance(mutates_args, str) else tuple(mutates_args)
    parts: list[str] = []
    written: list[str] = []  # by what schemas call the memory
    for at, (name, parameter) in enumerate(inference.signature.parameters.items()):
        by_name = parameter.kind is inspect.Parameter.KEYWORD_ONLY
        if by_name and "*" not in parts:
            parts.append("*")
        kind = inference.type_of(name, parameter)
        if _is_written(inference, mutated, name, kind):
            kind = f"Tensor(a{at}!){kind.removeprefix('Tensor')}"
            if is_out and not by_name:
                inference.refuse("torch.Tag.out requires mutable arguments to be keyword-only.")
            if is_out and kind != f"Tensor(a{at}!)":
                inference.refuse("torch.Tag.out only supports mutable keyword-only Tensor arguments.")
            written.append(f"a{at}")
        has_default = parameter.default is not inspect.Parameter.empty
        parts.append(f"{kind} {name}" + (f"={inference.default_of(name, parameter.default)}" if has_default else ""))
    names = list(inference.signature.parameters)
    if not isinstance(mutated, str):
        unknown = {each for each in mutated if each not in names}
        if unknown:
            inference.refuse(
                f"{unknown} in mutates_args were not found in the custom op's signature. mutates_args should contain the names "
                "of all args that the custom op mutates, or just the string 'unknown' if you don't know."
            )
    result = inference.returned()
    if is_inplace:
        _require_first(inference, mutated, names, result)
    if is_out and not written:
        inference.refuse("torch.Tag.out requires at least one mutable keyword-only Tensor argument.")
    if is_inplace or is_out:
        listed = [f"Tensor({each}!)" for each in written]
        result = listed[0] if len(listed) == 1 else f"({', '.join(listed)})"
    return f"{op_name or ''}({', '.join(parts)}) -> {result}"


def _is_written(inference: _Inference, mutated: str | tuple[str, ...], name: str, kind: str) -> bool:
    if isinstance(mutated, str):
        if mutated != "unknown":
            raise ValueError(
                "mutates_args must either be a sequence of the names of the arguments that are mutated or the string 'unknown'. "
            )
        return kind.startswith("Tensor")
    if name not in mutated:
        return False
    if not kind.startswith("Tensor"):
        inference.refuse(
            f"Parameter {name} is in mutable_args but only Tensors or collections of Tensors can be mutated"
        )
    return True


def _require_first(inference: _Inference, mutated: str | tuple[str, ...], names: Sequence[str], result: str) -> None:
    """Of `Tag.inplace`: the first operand is written, it alone, and it is the result."""
    if isinstance(mutated, str) or set(mutated) != set(names[:1]):
        inference.refuse(
            f"torch.Tag.inplace requires mutates_args to contain exactly the first positional argument, got {mutated}."
        )
    if result != "Tensor":
        inference.refuse("torch.Tag.inplace requires the return annotation to be torch.Tensor.")
