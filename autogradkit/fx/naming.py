"""Names: of nodes, none twice and none that Python has; of functions, as PyTorch's graphs write them.

Rests on what is declared, and on which functions the package has from PyTorch's Python files.
"""

from __future__ import annotations

import builtins
import keyword
import re
from types import MethodType
from typing import Any

from autogradkit._ops.declare import PUBLISHED
from autogradkit.core.homes import pytorchs_home

_NUMBERED = re.compile(r"(.*)_(\d+)$")
_SPACES = {"linalg": "_linalg", "fft": "_fft", "special": "_special"}
# The file of PyTorch's that is `torch.functional`.
_IN_FUNCTIONAL = frozenset(
    (
        "atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "broadcast_tensors", "cartesian_prod", "cdist", "chain_matmul",
        "einsum", "norm", "split", "stft", "tensordot", "unique", "unique_consecutive", "unravel_index",
    )
)  # fmt: skip
_CALLED = {"_return_output": "unique", "_consecutive_return_output": "unique_consecutive"}


class Namespace:
    """The names that are taken in a graph, or in its code."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def name(self, wanted: str) -> str:
        """A name that is free, this one or with a number behind it."""
        wanted = re.sub("[^0-9a-zA-Z_]+", "_", wanted) or "_unnamed"
        if wanted[0].isdigit():
            wanted = f"_{wanted}"
        found = _NUMBERED.match(wanted)
        base, number = (found[1], int(found[2])) if found else (wanted, None)
        free = wanted
        if number is None:
            number = self._counts.get(wanted, 0)
        while free in self._taken or keyword.iskeyword(free) or hasattr(builtins, free):
            number += 1
            free = f"{base}_{number}"
        self._taken.add(free)
        self._counts[base] = number
        return free


def snake_case(text: str) -> str:
    """The name in small letters, with `_` before what was a capital."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", text).lower()


def name_of(function: Any) -> str:
    """What PyTorch calls a function."""
    name: str = function.__name__
    return _CALLED.get(name, name)


def is_pytorchs(function: Any) -> bool:
    """Whether PyTorch has the function: it is of this package."""
    module = getattr(function, "__module__", None) or ""
    return module.split(".")[0] in ("autogradkit", "torch")


def qualified_name(function: Any) -> str:
    """The module of a function and its name; of one of this package's, where PyTorch has it.

    >>> import autogradkit as torch
    >>> qualified_name(torch.relu), qualified_name(torch.nn.functional.relu)
    ('torch.relu', 'torch.nn.functional.relu')
    """
    if getattr(builtins, function.__name__, None) is function:
        return f"builtins.{function.__name__}"
    module: str = function.__module__
    name = name_of(function)
    if module == "_operator":
        return f"operator.{name}"
    if module.startswith("torch._ops."):  # an operator
        return f"torch.ops.{module.removeprefix('torch._ops.')}.{name}"
    if not is_pytorchs(function):
        return f"{module}.{name}"
    if module in ("autogradkit", "torch"):
        space = _SPACES.get(name.partition("_")[0])
        if space is not None and "_" in name:
            return f"torch._C.{space}.{name}"
        if isinstance(function, MethodType) and name not in PUBLISHED:  # of `nn.functional`, which offers it as it is
            return f"torch._C._nn.{name}"
        return f"torch.functional.{name}" if name in _IN_FUNCTIONAL else f"torch.{name}"
    if module.endswith("_ops.asserting"):
        return f"torch.{name}"
    return f"{pytorchs_home(module.replace('autogradkit', 'torch', 1), name)}.{name}"


def type_text(kind: Any) -> str:
    """An annotation as code has it."""
    if isinstance(kind, type):
        if kind.__module__ == "builtins":
            return kind.__name__
        return f"{kind.__module__}.{kind.__name__}".replace("autogradkit.core.tensor", "torch").replace(
            "autogradkit", "torch"
        )
    return repr(kind).replace("autogradkit.core.tensor", "torch").replace("autogradkit", "torch")
