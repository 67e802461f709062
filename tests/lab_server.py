"""The Jupyter server that `autogradkit lab` started, as it describes itself.

Rests on the standard library; the tests of the command and of the page that it opens call it.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any


def described(runtime: Path, process: subprocess.Popen[Any], log: Path, deadline: float) -> dict[str, Any]:
    """What the server wrote about itself into its runtime directory; waits until it is there and written."""
    while not (text := "".join(each.read_text() for each in runtime.glob("jpserver-*.json"))):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return json.loads(text)
