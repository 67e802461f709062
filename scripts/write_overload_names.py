"""Write `autogradkit/_ops/operators/overload_names.txt`: what PyTorch calls the forms of each operator that is declared here.

`python -m scripts.write_overload_names`, with the PyTorch of the tests installed. A form is PyTorch's whose arguments have the
same types and, where several have, the same names. Where the names are what they would be taken for (`default`, `out`) the file
has no line; `tests/parity/test_operators.py` holds it to what is installed.
"""

from __future__ import annotations

from typing import Any

import torch

from autogradkit._ops.declare.names import SETS
from autogradkit._ops.declare.unloaded import load_all
from autogradkit._ops.operators.declared import NAMES_FILE, NO_NAME, OUT, forms_of
from autogradkit.core.schema_text import parse_schema


def _types(schema: Any) -> list[str]:
    return [str(each.type) for each in schema.arguments]


def _arguments(schema: Any) -> list[str]:
    return [each.name for each in schema.arguments]


def names_of(name: str) -> list[str]:
    """PyTorch's names of the forms of an operator, in the order of the declarations."""
    found: list[str] = []
    theirs = _schemas(name)
    for _, _, text in forms_of(name):
        own = parse_schema(text)
        alike = [each for each in theirs if _types(each) == _types(own)]
        exact = [each for each in alike if _arguments(each) == _arguments(own)]
        called = [each.overload_name or "default" for each in exact or alike]
        found.append(called[0] if len(called) == 1 and called[0] not in found else NO_NAME)
    return found


def _schemas(name: str) -> list[Any]:
    return torch._C._jit_get_schemas_for_operator(f"aten::{name}")


def lines() -> list[str]:
    """The lines of the file."""
    load_all()
    called = {
        each for owner in SETS for each in (owner.name, *owner.aliases, *((owner.edit_name,) if owner.in_place else ()))
    }
    found: list[str] = []
    for name in sorted(called):
        usual = ["out" if how == OUT else "default" for how, _, _ in forms_of(name)]
        names = names_of(name)
        if names != usual:
            found.append(" ".join([name, *names]))
    return found


if __name__ == "__main__":
    NAMES_FILE.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    print(f"{NAMES_FILE}: {len(lines())} operators")
