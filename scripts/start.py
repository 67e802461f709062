"""Set up autogradkit in `.venv` and open the first lesson in JupyterLab.

The README's first command; it rests on the standard library alone and runs on Linux, macOS and Windows. What follows
on the command line is passed on to `autogradkit lab`. While something is installed it shows what, and for how long: on a
terminal in one line that changes, else in a line every few seconds.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
_LINES_OF_A_FAILURE = 40
_STEPS = (  # what pip says, and what is shown of it; most of its lines are of no use here
    (re.compile(r"\s*Collecting ([\w.-]+)"), "looking for {0}"),
    (re.compile(r"\s*(?:Downloading|Using cached) ([\w.]+?)-\d\S*( \([^)]*\))?"), "fetching {0}{1}"),
    (
        re.compile(r"\s*(?:Installing build dependencies|Getting requirements|Preparing metadata|Building wheel)"),
        "building",
    ),
    (re.compile(r"\s*Installing collected packages: (.*)"), "installing {count} packages"),
)


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - this script may be started by any Python
        print(f"autogradkit needs Python 3.11 or newer; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 1
    folder = ROOT / ".venv"
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    pip = [str(python), "-m", "pip", "install", "--progress-bar", "off", "--disable-pip-version-check", f"{ROOT}[lab]"]
    try:
        if not python.exists():
            status = run(f"Making a virtual environment in {folder}", [sys.executable, "-m", "venv", str(folder)])
            if status:
                return status
        status = run("Installing autogradkit and JupyterLab", pip)
        if status:
            return status
    except KeyboardInterrupt:
        print("\nInterrupted. Run it again to go on.", file=sys.stderr)
        return 130
    lab = subprocess.Popen([str(python), "-m", "autogradkit", "lab", *sys.argv[1:]])
    while True:
        try:
            return lab.wait()
        except KeyboardInterrupt:  # JupyterLab gets it too, and asks whether to stop
            continue


def run(title: str, command: list[str], every: float = 5) -> int:
    """Run a command and show how it goes on; its exit status. What it said is printed if it fails.

    `every` is the time in seconds between two lines where the output is no terminal.
    """
    print(title, flush=True)
    began = time.monotonic()
    terminal = sys.stdout.isatty()
    message: list[str] = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace"
    ) as process:
        assert process.stdout is not None
        reader = threading.Thread(target=_read, args=(process.stdout, message), daemon=True)
        reader.start()
        while True:
            try:
                status = process.wait(0.2 if terminal else every)
                break
            except subprocess.TimeoutExpired:
                _show(f"{time.monotonic() - began:4.0f} s  {step(message)}", terminal)
        reader.join()
    if terminal:
        _show("", terminal)
    if status:
        print("".join(message[-_LINES_OF_A_FAILURE:]), end="", file=sys.stderr)
        print("That failed; the lines above say why.", file=sys.stderr)
    else:
        print(f"{time.monotonic() - began:4.0f} s  done", flush=True)
    return status


def _read(stream: IO[str], message: list[str]) -> None:
    for line in stream:
        message.append(line)  # one by one, for who looks meanwhile


def step(message: list[str]) -> str:
    """What the last telling line of pip's says that it is at; nothing where there is none."""
    for line in reversed(list(message)):
        for pattern, shown in _STEPS:
            found = pattern.match(line)
            if found is not None:
                groups = [group or "" for group in found.groups()]
                return shown.format(*groups, count=line.count(",") + 1)
    return ""


def _show(text: str, terminal: bool) -> None:
    if terminal:
        width = shutil.get_terminal_size().columns - 1
        print("\r" + text[:width].ljust(width), end="" if text else "\r", flush=True)
    else:
        print(text.rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
