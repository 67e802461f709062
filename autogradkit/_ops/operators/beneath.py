"""What PyTorch's dispatcher calls the ops that are declared here by other names or with other values.

Some have operators of their own there, which no function publishes (`aten._softmax_backward_data`); they are made here, as
`torch.ops.aten` has none of them. Rests on declared and overloads; dispatched.py asks.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from autogradkit._ops.declare.names import FUNCTION, OVERLOADS
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.operators import declared
from autogradkit._ops.operators.namespaces import packet_of
from autogradkit._ops.operators.overloads import OpOverload
from autogradkit.core.dtype import bool_
from autogradkit.core.schema_text import parse_schema

Told = tuple[OpOverload, dict[str, Any]]  # an operator, and its values by name
BENEATH: dict[str, Callable[..., Told]] = {}  # by the name of the op, of which the function gets the values


@functools.cache
def _operator(schema: str, run: Callable[..., Any]) -> OpOverload:
    parsed = parse_schema(f"aten::{schema}")
    return OpOverload(packet_of("aten", schema.partition("(")[0]), parsed, lambda values: run(**values))


@functools.cache
def by_its_own_name(form: Overload) -> OpOverload:
    """The operator of a form that is made of others in PyTorch, and one op here: it is told by the name that it has here."""
    text = next(text for _, way, each, text in declared.called(form.owner.name) if way == FUNCTION and each is form)
    schema = parse_schema(f"aten::{text}")
    return OpOverload(
        packet_of("aten", form.owner.name), schema, declared.running(form, FUNCTION, schema), numbers=True
    )


def _aten(name: str, overload: str = "default") -> OpOverload:
    return getattr(packet_of("aten", name), overload)


def _beneath(name: str) -> Callable[[Callable[..., Told]], Callable[..., Told]]:
    def note(function: Callable[..., Told]) -> Callable[..., Told]:
        BENEATH[name] = function
        return function

    return note


_FROM_RESULT = "_{}_backward_data(Tensor grad_output, Tensor output, int dim, ScalarType input_dtype) -> Tensor"


def _from_result(name: str) -> None:
    def run(grad_output: Any, output: Any, dim: int, input_dtype: Any) -> Any:
        return OVERLOADS[f"{name}_backward_data"](grad_output, output, dim)

    @_beneath(f"{name}_backward_data")
    def _(**given: Any) -> Told:
        return _operator(_FROM_RESULT.format(name), run), {**given, "input_dtype": given["grad_output"].dtype}


_from_result("softmax")
_from_result("log_softmax")


@_beneath("relu_backward")
def _(grad_output: Any, self: Any) -> Told:
    return _aten("threshold_backward"), {"grad_output": grad_output, "self": self, "threshold": 0}


@_beneath("mul_by_number")
def _(**given: Any) -> Told:
    return _aten("mul", "Scalar"), given


@_beneath("div_by_number")
def _(**given: Any) -> Told:
    return _aten("div", "Scalar"), given


@_beneath("_reshape_alias")
def _(self: Any, size: Any, stride: Any) -> Told:
    return _aten("view"), {"self": self, "size": size}


@_beneath("to")
def _(self: Any, dtype: Any, memory_format: Any) -> Told:
    return _aten("_to_copy"), {"self": self, "dtype": dtype, "memory_format": memory_format}


@_beneath("item")
def _(self: Any) -> Told:
    return _operator("_local_scalar_dense(Tensor self) -> Scalar", lambda self: self.item()), {"self": self}


def _isfinite(self: Any) -> Any:
    if not self.is_floating_point():
        return self.new_ones(self.shape, dtype=bool_)
    bounded = self.abs() != math.inf
    return (self == self) * bounded


# Ops that PyTorch makes of others, which are told.
COMPOSED: dict[str, Callable[..., Any]] = {"isfinite": _isfinite}


def lift_fresh(made: Any) -> Told:
    """What is told of a tensor that was made of numbers."""
    return _operator("lift_fresh(Tensor(a) self) -> Tensor(a)", lambda self: self), {"self": made}


def _copied(self: Any) -> Any:
    return self.clone()


def lift_fresh_copy() -> OpOverload:
    """What a graph has in the place of that: the numbers are kept, and each run gets a tensor of its own."""
    return _operator("lift_fresh_copy(Tensor self) -> Tensor", _copied)
