"""Set up autogradkit in `.venv` and open the first lesson in JupyterLab.

The README's first command; it rests on the standard library alone and runs on Linux, macOS and Windows. What follows
on the command line is passed on to `autogradkit lab`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - this script may be started by any Python
        print(f"autogradkit needs Python 3.11 or newer; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 1
    folder = ROOT / ".venv"
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    if not python.exists():
        print(f"Making a virtual environment in {folder}", flush=True)
        venv.create(folder, with_pip=True)
    print("Installing autogradkit and JupyterLab", flush=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{ROOT}[lab]"]
    status = subprocess.call(install)
    if status:
        print("Installing failed; the lines above say why.", file=sys.stderr)
        return status
    lab = subprocess.Popen([str(python), "-m", "autogradkit", "lab", *sys.argv[1:]])
    while True:
        try:
            return lab.wait()
        except KeyboardInterrupt:  # JupyterLab gets it too, and asks whether to stop
            continue


if __name__ == "__main__":
    sys.exit(main())
