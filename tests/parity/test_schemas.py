"""The schema that follows from each declaration against PyTorch's own schema strings, parameter by parameter.

A kernel's annotated signature is the only place that says what an overload takes; here it is held to PyTorch.
"""

from __future__ import annotations

import re

import pytest
import torch

from autogradkit._ops.declare import SETS
from autogradkit._ops.declare.overload import Overload
from autogradkit._ops.declare.unloaded import load_all

load_all()  # of families that are declared when they are asked for, too

# Forms that PyTorch writes by hand, in Python or in its bindings, outside its schemas: compared as calls in
# test_wrong_calls.py.
IN_PYTHON = {
    "as_tensor", "asarray", "copy_", "cpu", "cuda", "from_numpy", "frombuffer", "is_contiguous", "new_tensor", "nonzero",
    "norm", "size", "sparse_compressed_tensor", "sparse_coo_tensor", "sparse_csc_tensor", "sparse_csr_tensor",
    "split", "stride", "tensor", "to", "unique",
}  # fmt: skip
# Defaults that the schema strings spell in C++'s way.
SPELLED = {
    "dtype=4": "dtype=None",
    "memory_format=0": "memory_format=torch.contiguous_format",
    "1.0000000000000001e-05": "1e-05",
    "9.9999999999999995e-07": "1e-06",
    "0.33333333333333331": "0.3333333333333333",
    "1.0000000000000001e-15": "1e-15",
}


def _bare(schema: str) -> str:
    """A schema without namespace, overload name, alias marks and result."""
    text = re.sub(r"\((?:a!?|a -> \*|[a-z]!?)\)", "", schema.removeprefix("aten::")).replace("SymInt", "int")
    text = re.sub(r"(float \w+=\d+)(?=[,)])", r"\1.", text)  # PyTorch's errors say `float std = 1`
    for theirs, ours in SPELLED.items():
        text = text.replace(theirs, ours)
    return re.sub(r"^(\w+)\.\w+\(", r"\1(", text).rpartition(" -> ")[0]


def _of_pytorch(name: str) -> set[str]:
    return {_bare(str(each)) for each in torch._C._jit_get_schemas_for_operator(f"aten::{name}")}


PUBLIC = [each for owner in SETS if owner.variants for each in owner.overloads if not each.deprecated]


@pytest.mark.parametrize("name", sorted({each.owner.name for each in PUBLIC} - IN_PYTHON))
def test_the_derived_schema_is_one_of_pytorchs(name: str) -> None:
    # Python's binding takes a default of C++'s, `at::Reduction::Mean`, for 0, whatever the schema says.
    theirs = {each.replace("reduction=1", "reduction=0") for each in _of_pytorch(name)}
    if not theirs:
        assert not hasattr(torch._C._VariableFunctions, name), f"{name} has no schema, but is one of PyTorch's builtins"
        return
    for overload in PUBLIC:
        if overload.owner.name == name:
            assert _bare(overload.schema) in theirs, "\n".join([_bare(overload.schema), *sorted(theirs)])


def _symbols(schema: str) -> set[str]:
    """The parameters that are one integer which may be a symbol."""
    return set(re.findall(r"SymInt\?? (\w+)[,=)]", schema))


@pytest.mark.parametrize("name", sorted({each.owner.name for each in PUBLIC} - IN_PYTHON))
def test_integers_that_may_be_symbols_are_pytorchs(name: str) -> None:
    theirs = {_bare(str(each)): str(each) for each in torch._C._jit_get_schemas_for_operator(f"aten::{name}")}
    for overload in PUBLIC:
        schema = theirs.get(_bare(overload.schema))
        if overload.owner.name == name and schema is not None:
            assert {p.public for p in overload.parameters if p.spelled == "SymInt"} == _symbols(schema), schema


# Overloads that nobody but this package calls, and that take less than PyTorch's of the same name, or say it otherwise.
# Sizes or factors, and corners, for all
OTHERWISE = {each for each in (owner.name for owner in SETS) if "upsample" in each}
OTHERWISE |= {
    "div",
    "to",
    "grid_sampler_2d_backward",
    "grid_sampler_3d_backward",
    "_embedding_bag_backward",
} | {  # masks are of three bools here
    f"{mode}_pad{count}d{backward}"  # a list of any length stands for that of two, four or six
    for mode in ("reflection", "replication")
    for count in (1, 2, 3)
    for backward in ("", "_backward")
}
PRIVATE = [each for owner in SETS if not owner.variants for each in owner.overloads]


@pytest.mark.parametrize("name", sorted({each.owner.name for each in PRIVATE} - OTHERWISE))
def test_private_schemas_are_pytorchs_where_it_has_them(name: str) -> None:
    theirs = _of_pytorch(name)
    mine = {_bare(each.schema) for each in PRIVATE if each.owner.name == name}
    assert not theirs or mine <= theirs, "\n".join([*sorted(mine), *sorted(theirs)])


def test_what_takes_out_has_an_out_form_in_pytorch() -> None:
    wrong = [each.schema for each in PUBLIC if each.takes_out and not _takes_out(each)]
    assert wrong == []


def _takes_out(overload: Overload) -> bool:
    name = overload.owner.name
    try:
        text = str(getattr(torch, name)(object(), object(), object(), object(), object(), object(), object()))
    except (TypeError, AttributeError) as error:
        text = str(error)
    # The schemas of forms with several results name what is written: `*, Tensor(a!) values, Tensor(b!) indices`.
    written = [str(each) for each in torch._C._jit_get_schemas_for_operator(f"aten::{name}")]
    return "out" in text or any("!" in each for each in written)
