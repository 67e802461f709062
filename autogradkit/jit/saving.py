"""`torch.jit.save` and `load` of modules that `script` or `trace` was given: a file for autogradkit alone.

Such a file holds the module as `torch.save(model, path)` keeps one, with its weights and the names of its classes, and no code:
PyTorch reads none of them, and nothing here reads a file of TorchScript. Rests on serialization, whose restricted reader makes
what the file names only where this process has the class of a module, or the function of `nn.functional`, under that name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import FunctionType
from typing import IO, Any
from weakref import WeakSet

from autogradkit.core.frames import entry
from autogradkit.nn import functional
from autogradkit.nn.modules.members import SCRIPTED
from autogradkit.nn.modules.module import Module
from autogradkit.serialization import get_unsafe_globals_in_checkpoint, safe_globals
from autogradkit.serialization import load as _load
from autogradkit.serialization import save as _save

File = str | os.PathLike[str] | IO[bytes]


_FUNCTIONS: WeakSet[FunctionType] = WeakSet()


def told(given: Any) -> Any:
    """`given` itself, of which is known from now on that `script` or `trace` gave it; a module has `save`."""
    if isinstance(given, Module):
        SCRIPTED[given] = {"save": _save_module}
    elif isinstance(given, FunctionType):
        _FUNCTIONS.add(given)
    return given


def is_told_module(asked: Any) -> bool:
    """Whether it is a module that `script` or `trace` gave."""
    return isinstance(asked, Module) and asked in SCRIPTED


def is_told_function(asked: Any) -> bool:
    """Whether it is a function that `script` or `trace` gave."""
    return isinstance(asked, FunctionType) and asked in _FUNCTIONS


def _save_module(module: Module, f: File, _extra_files: dict[str, str | bytes] | None = None) -> None:
    extra = {name: text.encode() if isinstance(text, str) else text for name, text in (_extra_files or {}).items()}
    _save({"module": module, "extra_files": extra}, f)


@entry
def save(m: Any, f: File, _extra_files: dict[str, str | bytes] | None = None) -> None:
    """Write a module that `script` or `trace` gave, and texts beside it by name; `load` reads it.

    Raises AttributeError for what neither of them gave.
    """
    m.save(f, _extra_files=_extra_files)


@entry
def load(
    f: File, map_location: Any = None, _extra_files: dict[str, Any] | None = None, _restore_shapes: bool = False
) -> Any:
    """The module that `save` wrote, whose classes must be there; into `_extra_files` come the texts that it names.

    Raises ValueError where there is no such file, RuntimeError for a file of TorchScript and for classes that are not there.
    `_restore_shapes` says what PyTorch keeps of an example beside the code, of which there is none.

    >>> import io, warnings
    >>> import autogradkit as torch
    >>> with warnings.catch_warnings(action="ignore"):
    ...     traced = torch.jit.trace(torch.nn.Linear(2, 3), torch.ones(1, 2))
    >>> file = io.BytesIO()
    >>> traced.save(file)
    >>> _ = file.seek(0)
    >>> torch.equal(torch.jit.load(file)(torch.ones(1, 2)), traced(torch.ones(1, 2)))
    True
    """
    if isinstance(f, str | os.PathLike):
        if not os.path.exists(f):
            raise ValueError(f"The provided filename {f} does not exist")
        if os.path.isdir(f):
            raise ValueError(f"The provided filename {f} is a directory")
    start = 0 if isinstance(f, str | os.PathLike) else f.tell()
    with safe_globals([*_functions(), *_classes(Module)]):
        unknown = get_unsafe_globals_in_checkpoint(f)
        if unknown:
            raise RuntimeError(
                f"jit.load: this process has no module or function of nn.functional by the name of {', '.join(unknown)}. A file "
                "of autogradkit's jit.save holds no code: import its classes first, or load a state_dict into a model"
            )
        if not isinstance(f, str | os.PathLike):
            f.seek(start)
        found = _load(f, map_location=map_location, weights_only=True)
    if not isinstance(found, dict) or not isinstance(found.get("module"), Module):
        raise RuntimeError("jit.load: this file was written by torch.save: torch.load reads it")
    if _extra_files is not None:
        _extra_files.update({name: found["extra_files"].get(name, b"") for name in _extra_files})
    return told(found["module"])


def _classes(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from _classes(each)


def _functions() -> list[Any]:
    return [each for name, each in vars(functional).items() if callable(each) and name[0] != "_"]
