"""An operator as `torch.ops` has it: a packet of overloads, each with its schema, called as PyTorch's dispatcher is.

Rests on core's schemas and on overriding. What an overload computes is handed to it: `declared.py` has what is declared here,
`autogradkit/library` what users register.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from autogradkit._ops.declare.overriding import STATE, dispatch_failed, handled, overriding
from autogradkit.core.frames import entry
from autogradkit.core.schema import FunctionSchema
from autogradkit.core.schema_calls import matched

Run = Callable[[dict[str, Any]], Any]


class _Operator:
    """What is called as an operator: subclasses of tensors and modes are asked first."""

    def _answer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What it computes itself."""
        raise NotImplementedError

    @property
    def op(self) -> Callable[..., Any]:
        """What calls it."""
        return self._call

    _op = op

    @entry
    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return self._call(*args, **kwargs)

    def _call(self, /, *args: Any, **kwargs: Any) -> Any:
        found = overriding(args, kwargs)
        if found or STATE.modes:
            result = handled(self, found, args, kwargs)
            if result is NotImplemented:
                raise dispatch_failed(str(self), found)
            return result
        return self._answer(args, kwargs)


class OpOverload(_Operator):
    """One form of an operator, `torch.ops.aten.add.Tensor`.

    >>> import autogradkit as torch
    >>> op = torch.ops.aten.add.Tensor
    >>> op, op(torch.ones(2), torch.ones(2), alpha=3)
    (<OpOverload(op='aten.add', overload='Tensor')>, tensor([4., 4.]))
    """

    def __init__(
        self,
        overloadpacket: OpOverloadPacket,
        schema: FunctionSchema,
        run: Run,
        tags: Sequence[Any] = (),
        numbers: bool = False,
    ) -> None:
        self._schema = schema
        self._run = run
        self._numbers = numbers  # whether a number may stand for a tensor
        self._overloadpacket = overloadpacket
        self._tags = list(tags)
        self._overloadname = schema.overload_name or "default"
        self._opname = overloadpacket.__name__
        self._name = f"{schema.name}.{schema.overload_name}" if schema.overload_name else schema.name
        self.__name__ = self.__qualname__ = f"{self._opname}.{self._overloadname}"
        self.__module__ = overloadpacket.__module__

    @property
    def namespace(self) -> str:
        """The library that it belongs to."""
        return self._schema.name.partition("::")[0]

    _namespace = namespace

    @property
    def overloadpacket(self) -> OpOverloadPacket:
        """The packet of all its forms."""
        return self._overloadpacket

    @property
    def tags(self) -> list[Any]:
        """The marks that it was defined with."""
        return self._tags

    @property
    def is_view(self) -> bool:
        """Whether its result looks at an argument's memory."""
        return self._schema._is_view_op()

    def name(self) -> str:
        """Its name for PyTorch's dispatcher: `aten::add.Tensor`."""
        return self._name

    def _answer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._run(matched(self._schema, args, kwargs, self._numbers))

    def __str__(self) -> str:
        return f"{self._overloadpacket}.{self._overloadname}"

    def __repr__(self) -> str:
        return f"<OpOverload(op='{self._overloadpacket}', overload='{self._overloadname}')>"

    def __deepcopy__(self, memo: Any = None) -> OpOverload:
        return self


class OpOverloadPacket(_Operator):
    """All forms of an operator, `torch.ops.aten.add`: a call runs the first that it fits.

    >>> import autogradkit as torch
    >>> torch.ops.aten.sin, torch.ops.aten.sin.overloads()[:1]
    (<OpOverloadPacket(op='aten.sin')>, ['default'])
    """

    def __init__(self, namespace: str, name: str, find: Callable[[OpOverloadPacket], dict[str, OpOverload]]) -> None:
        self.__name__ = name
        self.__module__ = f"torch._ops.{namespace}"  # where PyTorch has the class
        self._qualified_op_name = f"{namespace}::{name}"
        self._find = find  # asked at each use, as others may be registered

    def overloads(self) -> list[str]:
        """The names of its forms."""
        return list(self._find(self))

    @property
    def _schemas(self) -> dict[str, FunctionSchema]:
        return {name: each._schema for name, each in self._find(self).items()}

    def __getattr__(self, name: str) -> OpOverload:
        if name.startswith("__"):
            raise AttributeError(
                f"'{self}' can't have an overload name beginning with '__' and the underlying op {self.op} has no attribute "
                f"{name} either."
            )
        found = self._find(self).get(name)
        if found is None:
            raise AttributeError(f"The underlying op of '{self}' has no overload name '{name}'")
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.overloads())

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.overloads()]

    def _answer(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        forms = list(self._find(self).values())
        refusals: list[str] = []
        for each in forms:
            try:
                values = matched(each._schema, args, kwargs, each._numbers)
            except RuntimeError as error:
                refusals.append(str(error))
                continue
            return each._run(values)
        if len(refusals) == 1:
            raise RuntimeError(refusals[0])
        listed = "\n\n".join(refusals)
        raise RuntimeError(f"Overloaded torch operator invoked from Python failed to match any schema:\n{listed}\n\n")

    def __str__(self) -> str:
        return self._qualified_op_name.replace("::", ".")

    def __repr__(self) -> str:
        return f"<OpOverloadPacket(op='{self}')>"

    def __deepcopy__(self, memo: Any = None) -> OpOverloadPacket:
        return self
