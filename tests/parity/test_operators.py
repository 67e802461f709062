"""`torch.ops.aten` against PyTorch's: the names of overloads, schemas, calls, refusals."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import autogradkit as ak
from autogradkit._ops.declare.names import SETS
from autogradkit._ops.declare.unloaded import load_all
from autogradkit._ops.operators.declared import NAMES_FILE
from scripts.write_overload_names import lines
from tests.every_case import every_case
from tests.parity.one_line import outcome
from tests.parity.outcomes import Case, assert_same, case_of

load_all()
NAMES = sorted({each for owner in SETS for each in (owner.name, *owner.aliases, *([owner.edit_name] * owner.in_place))})


def test_the_file_of_names_is_what_its_script_writes() -> None:
    assert NAMES_FILE.read_text(encoding="utf-8").splitlines() == lines(), "run python -m scripts.write_overload_names"


def _operators(module: Any, name: str) -> dict[str, Any]:
    packet = getattr(module.ops.aten, name, None)
    return {} if packet is None else {each: getattr(packet, each) for each in packet.overloads()}


@every_case("first", sorted({name[0] for name in NAMES}))
def test_every_overload_is_one_of_pytorchs_with_its_arguments(first: str) -> None:
    for name in NAMES:
        if name[0] != first:
            continue
        theirs = _operators(torch, name)
        for called, own in _operators(ak, name).items():
            schema, wanted = own._schema, theirs[called]._schema
            assert [str(each.type) for each in schema.arguments] == [str(each.type) for each in wanted.arguments], (
                schema
            )
            assert (schema.name, schema.overload_name) == (wanted.name, wanted.overload_name)
            assert (own.name(), str(own), repr(own), own.__name__, own.__module__) == (
                theirs[called].name(), str(theirs[called]), repr(theirs[called]), theirs[called].__name__,
                theirs[called].__module__,
            )  # fmt: skip


# What the declarations do not say of PyTorch's schemas: that an int may be a symbol, what a composition shares or gives.
def test_most_schemas_are_pytorchs_to_the_letter() -> None:
    own = {str(each._schema) for name in NAMES for each in _operators(ak, name).values()}
    theirs = {str(each._schema) for name in NAMES for each in _operators(torch, name).values()}
    assert len(own) > 1500
    assert len(own & theirs) / len(own) > 0.8


LINES = """
torch.ops.aten.sin(torch.ones(2))
torch.ops.aten.sin.default(torch.ones(2), 3)
torch.ops.aten.sin.default(3)
torch.ops.aten.sin.default()
torch.ops.aten.sin.default(x=1)
torch.ops.aten.sin.default(torch.ones(1), self=3)
torch.ops.aten.add.Tensor(torch.ones(2), torch.ones(2), alpha=3)
torch.ops.aten.add.Tensor(torch.ones(2), 2)
torch.ops.aten.add.Scalar(torch.ones(2), 2, 3)
torch.ops.aten.add.out(torch.ones(2), torch.ones(2), out=torch.zeros(2))
x = torch.ones(2); torch.ops.aten.add_.Tensor(x, 1) is x, x
torch.ops.aten.add.Tensor(torch.ones(1), torch.ones(1), alpa=3)
torch.ops.aten.mul.Tensor(torch.ones(1), "2")
torch.ops.aten.sum(torch.ones(2, 3), dim=1)
torch.ops.aten.sum.dim_IntList(torch.ones(2, 3), [0], dtype=torch.float64)
torch.ops.aten.sum.IntList_out(torch.ones(2, 3), [0], out=torch.empty(3))
type(torch.ops.aten.max.dim(torch.ones(2, 3), 0)).__name__, torch.ops.aten.max.dim(torch.ones(2, 3), 0)
torch.ops.aten.split.Tensor(torch.ones(2), 1)
torch.ops.aten.arange.start(1, 3, dtype=torch.int64).tolist()
torch.ops.aten.view(torch.ones(2, requires_grad=True), [1, 2])
torch.ops.aten.view.default(torch.ones(2), 1, 2)
torch.ops.aten.slice.Tensor(torch.arange(4), 0, 1)
torch.ops.aten.native_layer_norm(torch.ones(2), [2], None, None, 1e-5)
torch.ops.aten.view.default(torch.ones(2), [2.5])
torch.ops.aten.copy_(torch.ones(2), torch.zeros(2))
torch.ops.aten._to_copy(torch.ones(2, requires_grad=True))
torch.ops.aten._to_copy(torch.ones(2), dtype=torch.float64)
torch.ops.aten._pin_memory(torch.ones(2))
torch.ops.aten.is_floating_point(torch.ones(2))
torch.ops.aten.sin(torch.ones(2, requires_grad=True))
torch.ops.aten.sin(torch.ones(2, device="meta"))
torch.ops.aten.nothing
torch.ops.aten.add.nothing
torch.ops.nowhere.nothing
hasattr(torch.ops.aten, "nothing"), hasattr(torch.ops.aten, "sin"), hasattr(torch.ops.aten.sin, "out")
torch.ops.aten.sin is torch.ops.aten.sin, torch.ops.aten.sin.default is torch.ops.aten.sin.default
str(torch.ops.aten), str(torch.ops), str(torch.ops.aten.add), repr(torch.ops.aten.add)
copy.deepcopy(torch.ops.aten.sin.default) is torch.ops.aten.sin.default
str(torch.ops.aten.view.default._schema), torch.ops.aten.view.default.is_view, torch.ops.aten.sin.default.namespace
torch.fx.symbolic_trace(lambda x: torch.ops.aten.sin.default(x)).code
torch.ops.load_library("nothing.so")
"""


@every_case("line", LINES.strip().splitlines())
def test_a_line_says_what_it_says_in_pytorch(line: str) -> None:
    assert outcome(ak, line) == outcome(torch, line)


CASES: dict[str, Case] = {}
case = case_of(CASES)


@case
def gradients_go_through_operators(m: Any) -> Any:
    x = m.tensor([1.0, 2.0], requires_grad=True)
    m.ops.aten.mul.Tensor(m.ops.aten.sin(x), 3).sum().backward()
    return x.grad


@case
def modes_hear_operators(m: Any) -> Any:
    heard: list[str] = []

    class Mode(m.overrides.TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            heard.append(str(func))
            return func(*args, **(kwargs or {}))

    x = m.ones(1)
    with Mode():
        m.ops.aten.sin.default(x)
        m.ops.aten.sin(x)
    return heard


@case
def parsed_schemas(m: Any) -> Any:
    found = []
    for text in (
        "foo(Tensor x, int y=1, float z=2, str? s=None, bool b=True, int[] l=[1,2], int[2] p=3, *, Device d='cpu') -> Tensor",
        "foo.out(Tensor x, *, Tensor(a!) out, ScalarType? t=None, ScalarType u=float32) -> (Tensor(a!), int)",
        "foo(Tensor(a!)[] x, Tensor(a -> *) y, Tensor(b!)? o, float e=1e-5) -> ((Tensor))",
        "mylib::foo() -> ()",
    ):
        schema = m._C.parse_schema(text)
        arguments = [
            (a.name, str(a.type), str(a.default_value), a.has_default_value(), a.N, a.kwarg_only, a.is_out, a.is_write)
            for a in schema.arguments
        ]
        found.append((str(schema), arguments, schema.is_mutable, schema.name, schema.overload_name))
    return found


@every_case("text", [
    "foo(Tensor x, ) -> Tensor", "foo(Tensor x)", "(Tensor x) -> Tensor", "foo(Tensor x -> Tensor", "foo(Blub x) -> Tensor",
    "foo", "foo.bar.baz(Tensor x) -> Tensor", "foo(Tensor x) -> Tensor,",
])  # fmt: skip
def test_a_schema_that_cannot_be_read(text: str) -> None:
    assert_same(lambda m: m._C.parse_schema(text))


@pytest.mark.parametrize("name", CASES)
def test_a_case(name: str) -> None:
    assert_same(CASES[name])
