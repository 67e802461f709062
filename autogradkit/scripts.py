"""PyTorch scripts, run unmodified, without PyTorch: what `autogradkit run SCRIPT [ARGS]` and `run -m MODULE [ARGS]` do.

A script is run as `python SCRIPT ARGS` runs it (as `__main__`, with its own folder first on the path), a module as `python -m`
does (with the folder in which that is called), but `torch` and `torchvision` mean this package (`standing_in.py`). An error
shows the script's frames, as Python's own runs do.
"""

from __future__ import annotations

import importlib.util
import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib.abc import InspectLoader
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType

from autogradkit.core.frames import shorten
from autogradkit.standing_in import as_torch


def source_of(script: str) -> bytes:
    """What a script's file holds. Raises OSError where it cannot be read."""
    with io.open_code(os.path.abspath(script)) as file:  # as Python opens what it runs
        return file.read()


def run_script(source: bytes, script: str, arguments: Sequence[str]) -> int:
    """Run the source of a script under its file's name, with its arguments; its exit status."""
    file = os.path.abspath(script)
    main = ModuleType("__main__")
    vars(main).update(__file__=file, __builtins__=__builtins__)
    folder = os.path.dirname(os.path.realpath(script))
    return _run(main, [script, *arguments], folder, lambda: compile(source, file, "exec", dont_inherit=True))


def run_module(name: str, arguments: Sequence[str]) -> int:
    """Run a module, or the `__main__` of a package, as `python -m NAME ARGS` does; its exit status."""
    main = ModuleType("__main__")

    def code() -> CodeType:
        spec, found = _code_of(name)
        vars(main).update(
            __file__=spec.origin,
            __builtins__=__builtins__,
            __package__=spec.parent,
            __spec__=spec,
            __loader__=spec.loader,
        )
        sys.argv[0] = str(spec.origin)
        return found

    return _run(main, [name, *arguments], os.getcwd(), code)


def _run(main: ModuleType, argv: list[str], folder: str, code: Callable[[], CodeType]) -> int:
    before = sys.argv, sys.path, sys.modules.get("__main__")
    sys.argv = argv
    sys.path = [folder, *sys.path[1:]]
    sys.modules["__main__"] = main
    with as_torch():
        try:
            exec(code(), vars(main))
            return 0
        except SystemExit as error:
            return _status(error.code)
        except Exception as error:
            shorten(error)
            sys.excepthook(type(error), error, error.__traceback__)
            return 1
        finally:
            sys.argv, sys.path = before[:2]
            if before[2] is not None:
                sys.modules["__main__"] = before[2]


def _code_of(name: str) -> tuple[ModuleSpec, CodeType]:
    """What is run where a module is asked for, which its packages are imported to find. Raises SystemExit, with the reason."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise  # something is missing that a package of its imports
        raise SystemExit(f"autogradkit run: No module named {error.name}") from None
    if spec is None:
        raise SystemExit(f"autogradkit run: No module named {name}")
    if spec.submodule_search_locations is not None:
        return _code_of(f"{name}.__main__")
    code = spec.loader.get_code(spec.name) if isinstance(spec.loader, InspectLoader) else None
    if code is None:
        raise SystemExit(f"autogradkit run: No code object available for {name}")
    return spec, code


def _status(code: object) -> int:
    """What `sys.exit(code)` ends with: a text is said, and is a failure."""
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1
