"""Has the type stubs written wherever the package is built or installed, editable installs included.

Hatchling runs it. The generator imports the package from the source, which takes NumPy alone, in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class StubsHook(BuildHookInterface[Any]):
    """Runs `scripts/write_stubs.py` before files are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the stubs; a generator that fails fails the build."""
        subprocess.run([sys.executable, Path(self.root) / "scripts" / "write_stubs.py"], check=True)
