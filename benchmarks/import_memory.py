"""Import time and memory, each in a fresh interpreter, interleaved with PyTorch.

Run it as `python benchmarks/import_memory.py`. Time is that of the import statement alone, the least of several runs;
memory is the resident set after the import, less that of a process that imported NumPy only (Linux and macOS).
"""

from __future__ import annotations

import subprocess
import sys

ROUNDS = 5
PROBE = """
import time
start = time.perf_counter()
import {module}
seconds = time.perf_counter() - start
import resource
size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if __import__("sys").platform != "darwin" else 1024**2)
print(seconds, size)
"""


def probe(module: str) -> tuple[float, float]:
    """Seconds to import `module`, and megabytes in use afterwards."""
    run = subprocess.run(
        [sys.executable, "-c", PROBE.format(module=module)], capture_output=True, text=True, check=True
    )
    seconds, megabytes = run.stdout.split()
    return float(seconds), float(megabytes)


def main() -> None:
    modules = ("numpy", "autogradkit", "torch")
    times: dict[str, list[float]] = {module: [] for module in modules}
    sizes: dict[str, list[float]] = {module: [] for module in modules}
    for _ in range(ROUNDS):
        for module in modules:
            seconds, megabytes = probe(module)
            times[module].append(seconds)
            sizes[module].append(megabytes)
    for module in modules:
        print(f"{module:12s} import {min(times[module]):6.3f} s   memory {min(sizes[module]):6.1f} MB")
    print(f"import time, autogradkit / torch: {min(times['autogradkit']) / min(times['torch']):.3f}")
    print(f"memory above NumPy: {min(sizes['autogradkit']) - min(sizes['numpy']):.1f} MB")


if __name__ == "__main__":
    main()
