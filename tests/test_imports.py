"""No circle among our modules: every import counts, inside functions and by `import_module("...")` too. And all ops are found."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import autogradkit

ROOT = Path(autogradkit.__file__).parent


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = ("autogradkit", *path.relative_to(ROOT).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(name: str, path: Path, known: set[str]) -> set[str]:
    """Our modules that a module imports anywhere in its text, also by a string.

    Two things are no need of its own: what it imports for type checkers only, and what `autogradkit/__init__.py`, the
    public face, loads when a name is first asked for.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        later = name == "autogradkit" and isinstance(node, ast.FunctionDef)
        if not typing_only and not later:
            waiting.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
                base = f"{above}.{base}" if base else above
            found |= {f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and name != "autogradkit":
            found.add(node.value if "." in node.value else name)
    return found & known - {name}


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The strongly connected groups of more than one module (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(graph[name]):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            at = stack.index(name)
            group = set(stack[at:])
            del stack[at:]
            if len(group) > 1:
                found.append(group)

    for name in sorted(graph):
        if name not in index:
            visit(name)
    return found


def test_circles_are_found_wherever_an_import_stands(tmp_path: Path):
    texts = {
        "autogradkit.a": "from autogradkit.b import x",
        "autogradkit.b": "def f():\n    from . import c",
        "autogradkit.c": "import importlib\ndef g():\n    importlib.import_module('autogradkit.d')",
        "autogradkit.d": "import autogradkit.a",
        "autogradkit.e": "from autogradkit import a",
    }
    graph = {}
    for name, text in texts.items():
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        graph[name] = imported(name, path, set(texts))
    assert circles(graph) == [{"autogradkit.a", "autogradkit.b", "autogradkit.c", "autogradkit.d"}]


def test_no_circle_among_our_modules():
    paths = modules()
    found = circles({name: imported(name, path, set(paths)) for name, path in paths.items()})
    assert [sorted(circle) for circle in found] == [], (
        "these modules import one another: move what both need to a floor below them"
    )


ALL_LOADED = """
import importlib, pkgutil
import autogradkit._ops
from autogradkit._ops.declare.names import SETS
from autogradkit._ops.declare.unloaded import load_all
load_all()
known = {each.name for each in SETS}
for module in pkgutil.walk_packages(autogradkit._ops.__path__, "autogradkit._ops."):
    importlib.import_module(module.name)
print(sorted({each.name for each in SETS} - known))
"""


def test_every_op_that_is_declared_is_among_all_that_are_loaded():
    found = subprocess.run([sys.executable, "-c", ALL_LOADED], capture_output=True, text=True, timeout=120)
    assert (found.stdout, found.stderr) == ("[]\n", "")


WAITING = """
import sys
import autogradkit as torch
from autogradkit import _ops
from autogradkit._ops.declare import PUBLISHED, PYTHON_FUNCTIONS
from autogradkit._ops.declare.unloaded import UnloadedMethod, load_all
print([family for family in _ops._WAITING if family in sys.modules])
at_first = set(dir(torch.Tensor))
for family, names in _ops._WAITING.items():
    __import__(family)
    for name in names.split():
        if name[0] == ".":
            found = not isinstance(torch.Tensor.__dict__[name[1:]], UnloadedMethod)
        else:
            found = name in PUBLISHED or name in PYTHON_FUNCTIONS
        if not found:
            print(name, "is not of", family)
load_all()
print(sorted(set(dir(torch.Tensor)) ^ at_first))
"""

NAMESPACES = """
import importlib, sys
from autogradkit._ops.declare.names import namespaced
from autogradkit._ops.declare.unloaded import load_all
there = set(dir(importlib.import_module("autogradkit." + sys.argv[1])))
load_all()
print(sorted(set(namespaced(sys.argv[1] + "_")) - there))
"""


@pytest.mark.parametrize("name", ["linalg", "fft", "special"])
def test_a_namespace_that_is_imported_first_has_all_of_its_names(name):
    found = subprocess.run([sys.executable, "-c", NAMESPACES, name], capture_output=True, text=True, timeout=120)
    assert (found.stdout, found.stderr) == ("[]\n", "")


def test_families_that_wait_are_not_loaded_give_what_is_told_of_them_and_no_method_more():
    found = subprocess.run([sys.executable, "-c", WAITING], capture_output=True, text=True, timeout=120)
    assert (found.stdout, found.stderr) == ("[]\n[]\n", "")


ALONE = """
import sys
import autogradkit as torch
class Doubled(torch.Tensor):
    def det(self):
        return super().det() * 2
assert torch.eye(2).as_subclass(Doubled).det() == 2
torch.Tensor.norm = lambda self: "of my own"
assert torch.norm(torch.ones(1)) == 1 and torch.ones(1).norm() == "of my own"
assert torch.det(torch.eye(2)) == 1 and (torch.tensor([1]) << 2).item() == 4
waiting = [each for each in __import__("autogradkit._ops")._ops._WAITING if each not in sys.modules]
print(len(waiting) > 30, sorted(each for each in waiting if "matrix_norms" in each or "determinants" in each))
"""


def test_a_name_of_a_family_that_waits_loads_that_family_alone():
    found = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, timeout=120)
    assert (found.stdout, found.stderr) == ("True []\n", "")
