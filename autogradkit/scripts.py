"""PyTorch scripts, run unmodified, without PyTorch: what `autogradkit run SCRIPT [ARGS]` does.

A script is run as `python SCRIPT ARGS` runs it (as `__main__`, with its own folder first on the path), but `torch` and
`torchvision` mean this package (`standing_in.py`). An error shows the script's frames, as Python's own runs do.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from autogradkit.core.frames import shorten
from autogradkit.standing_in import as_torch


def source_of(script: str) -> bytes:
    """What a script's file holds. Raises OSError where it cannot be read."""
    with io.open_code(str(Path(script).resolve())) as file:  # as Python opens what it runs
        return file.read()


def run_script(source: bytes, script: str, arguments: Sequence[str]) -> int:
    """Run the source of a script under its file's name, with its arguments; its exit status."""
    before = sys.argv, sys.path, sys.modules.get("__main__")
    main, file = ModuleType("__main__"), os.path.abspath(script)
    vars(main).update(__file__=file, __builtins__=__builtins__)
    sys.argv = [script, *arguments]
    sys.path = [str(Path(script).resolve().parent), *sys.path[1:]]
    sys.modules["__main__"] = main
    with as_torch():
        try:
            exec(compile(source, file, "exec", dont_inherit=True), vars(main))
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


def _status(code: object) -> int:
    """What `sys.exit(code)` ends with: a text is said, and is a failure."""
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1
