"""How much memory this process has in use. Linux only; the worker and the import probe use it."""

from __future__ import annotations


def megabytes() -> dict[str, float]:
    """Megabytes resident now ("now"), and at the most since the process started its program ("peak").

    From /proc: `ru_maxrss` would not do, since a process inherits it from the one that started it.
    """
    with open("/proc/self/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    return {name: int(lines[key].split()[0]) / 1024 for name, key in (("now", "VmRSS"), ("peak", "VmHWM"))}
