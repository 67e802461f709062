"""Write the type stubs of what ops attach to `Tensor` and publish in `autogradkit`.

An op's method and function exist only once its declaration has run, so editors and type checkers cannot see them in
the source. The stubs say it to them: `core/_attached.pyi` is the base of `Tensor` while types are checked,
`_ops/_published.pyi` what `autogradkit/__init__.py` takes its functions from. They are made wherever the package is
built or installed (`hatch_build.py`), are not committed, and nothing at run time reads them. After a change in the
declarations an editable install is brought up to date by

    python scripts/write_stubs.py

It needs NumPy alone. What the declarations say comes from `declared.py`; this file spells it.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import math
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import autogradkit  # noqa: E402
from scripts.declared import Declared, Property, functions, methods  # noqa: E402

HEAD = '"""{what}. Written by scripts/write_stubs.py."""'

# What annotations may name; each stub imports those that it names.
IMPORTS = {
    "Any": "from typing import Any",
    "Array": "from autogradkit.core.storage import Array",
    "Callable": "from collections.abc import Callable",
    "Generator": "from autogradkit.core.random import Generator",
    "Iterator": "from collections.abc import Iterator",
    "Layout": "from autogradkit.core.tensor import Layout",
    "Sequence": "from collections.abc import Sequence",
    "Size": "from autogradkit.core.size import Size",
    "Tensor": "from autogradkit.core.tensor import Tensor",
    "TypedStorage": "from autogradkit.core.typed_storages import TypedStorage",
    "UntypedStorage": "from autogradkit.core.storages import UntypedStorage",
    "VersionCounter": "from autogradkit.core.storage import VersionCounter",
    "View": "from autogradkit.core.views import View",
    "_device": "from autogradkit.core.device import device as _device",
    "_dtype": "from autogradkit.core.dtype import dtype as _dtype",
    "builtins": "import builtins",
    "overload": "from typing import overload",
    "return_types": "from autogradkit._ops.reduction import return_types",
    "np": "import numpy as np",
}
_KNOWN = {*IMPORTS, "str", "tuple", "list", "dict", "None", "object"}

# Names that a method or a dtype of the same name hides, inside the stub.
_RENAMED = {name: f"builtins.{name}" for name in ("int", "float", "bool", "complex", "type")} | {
    "dtype": "_dtype",
    "dtypes.dtype": "_dtype",
    "Dtype": "_dtype",
    "device": "_device",
}


# What is in the slots of a tensor. Annotations of the class itself would be met by everybody who asks for its type hints.
SLOTS = {
    "_array": "Array",
    "_counter": "VersionCounter | None",
    "_grad": "Tensor | None",
    "_hooks": "Any",
    "_layout": "Layout | None",
    "_memory": "Array",
    "_node": "Any",
    "_output_nr": "builtins.int",
    "_requires_grad": "builtins.bool",
    "_view": "View | None",
}


class _Names(ast.NodeTransformer):
    """Respell an annotation for the stub."""

    unknown = False

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        spelled = ast.unparse(node)
        if spelled in _RENAMED:
            return _expression(_RENAMED[spelled])
        return node if spelled.split(".")[0] in _KNOWN else self._refuse(node)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in _RENAMED:
            return _expression(_RENAMED[node.id])
        return node if node.id in _KNOWN else self._refuse(node)

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        return self.visit(_expression(node.value)) if isinstance(node.value, str) else node

    def _refuse(self, node: ast.expr) -> ast.expr:
        self.unknown = True
        return node


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def annotation(given: Any) -> str:
    """An annotation as the stub spells it; "Any" where a name in it is not the stub's.

    >>> annotation("Sequence[int] | None"), annotation("graph.Node")
    ('Sequence[builtins.int] | None', 'Any')
    """
    if given is inspect.Parameter.empty:
        return "Any"
    names = _Names()
    text = given if isinstance(given, str) else getattr(given, "__name__", "Any")
    spelled = ast.unparse(names.visit(_expression(text)))
    return "Any" if names.unknown else spelled


def default(value: Any) -> str:
    """A default as the stub spells it: itself if it is a plain literal, else an ellipsis."""
    if isinstance(value, float) and not math.isfinite(value):
        return "..."
    return repr(value) if value is None or value == () or isinstance(value, bool | int | float | str) else "..."


def parameter_text(parameter: inspect.Parameter) -> str:
    """One parameter, with its annotation and default."""
    if parameter.name == "self":
        return "self"
    prefix = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
    text = f"{prefix}{parameter.name}: {annotation(parameter.annotation)}"
    return text if parameter.default is parameter.empty else f"{text} = {default(parameter.default)}"


def definitions(declared: Iterable[Declared | Property], indent: str = "") -> list[str]:
    """Functions and properties of the stub; the forms of one name as overloads."""
    found: list[str] = []
    for _, group in itertools.groupby(declared, key=lambda each: each.name):
        forms = list(group)
        overloaded = f"{indent}@overload\n" if len(forms) > 1 else ""
        found += [
            property_text(each) if isinstance(each, Property) else overloaded + definition(each, indent)
            for each in forms
        ]
    return found


def definition(declared: Declared, indent: str = "") -> str:
    """A function of the stub, with the first sentences of its documentation where they are short."""
    listed: list[str] = []
    starred = False
    for parameter in declared.parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            listed.append("*")
        starred = starred or parameter.kind in (parameter.KEYWORD_ONLY, parameter.VAR_POSITIONAL)
        listed.append(parameter_text(parameter))
    quiet = "  # type: ignore[override]" if declared.name in ("__eq__", "__ne__") else ""
    head = f"{indent}def {declared.name}({', '.join(listed)}) -> {annotation(declared.result)}:"
    first = declared.doc.strip().split("\n\n")[0].replace("\n", " ").replace('"""', "'''")
    if not first or len(first) > 100 - len(indent):
        return f"{head} ...{quiet}"
    return f'{head}\n{indent}    """{first}"""\n{indent}    ...'


def property_text(declared: Property) -> str:
    """A property of the stub, with its setter if it has one."""
    name = declared.name
    text = f"    @property\n    def {name}(self) -> {annotation(declared.gives)}: ..."
    if declared.accepts is None:
        return text
    return f"{text}\n    @{name}.setter\n    def {name}(self, value: {annotation(declared.accepts)}) -> None: ..."


def attached() -> str:
    """core/_attached.pyi. The slots stand here too: what a stub declares may be used outside the class."""
    slots = [f"    {name}: {kind}" for name, kind in SLOTS.items()]
    members = definitions(methods(), indent="    ")
    return stub(
        "The slots of `Tensor`, and what ops and the engine attach to it", ["class Attached:", *slots, *members]
    )


def published() -> str:
    """_ops/_published.pyi. What `autogradkit` loads when it is first used stands here too."""
    namespace = vars(autogradkit)
    names = dict.fromkeys(namespace["_LAZY_MODULES"], "autogradkit") | namespace["_LAZY_NAMES"]
    lazy = [f"from {module} import {name} as {name}" for name, module in sorted(names.items())]
    return stub("What `autogradkit` publishes besides what its source names", [*lazy, *definitions(functions())])


def stub(what: str, lines: list[str]) -> str:
    """A whole file: its head, the imports that it needs, and these lines."""
    body = "\n".join(lines) + "\n"
    named = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    imports = sorted(IMPORTS[name] for name in named & IMPORTS.keys())
    return "\n".join([HEAD.format(what=what), "", *imports, "", body])


STUBS: dict[str, Callable[[], str]] = {
    "autogradkit/core/_attached.pyi": attached,
    "autogradkit/_ops/_published.pyi": published,
}


def main() -> None:
    for name, make in STUBS.items():
        text = make()
        (ROOT / name).write_text(text, encoding="utf-8")
        print(f"{name}: {text.count(chr(10)):,} lines")


if __name__ == "__main__":
    main()
