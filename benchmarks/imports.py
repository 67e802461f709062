"""What an import costs: seconds, memory above NumPy's, and the third-party packages that it loads.

Each import runs in a fresh interpreter, in turns. The least time of the import statement alone counts, and the least
memory that is resident after it. The first turn brings the files into the page cache, and what is not compiled yet is
compiled; it is not counted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

from benchmarks.driver import ENVIRONMENT
from benchmarks.table import NOTHING, ratio, table

NUMPY, BASE = "numpy", "torch"
MODULES = {
    NUMPY: "NumPy",
    BASE: "PyTorch",
    "autogradkit": "autogradkit",
    "mygrad": "MyGrad",
    "autograd": "HIPS autograd",
}
ROUNDS = 5
# Installed packages come compiled, a checkout is compiled at its first import, wherever the environment does not forbid it.
_ENVIRONMENT = ENVIRONMENT | {"PYTHONDONTWRITEBYTECODE": ""}
PROBE = """
import sys, time
before = set(sys.modules)
start = time.perf_counter()
import {module}
seconds = time.perf_counter() - start
loaded = {{name.partition(".")[0] for name in set(sys.modules) - before if getattr(sys.modules[name], "__spec__", None)}}
from benchmarks.resident import megabytes
memory = megabytes()["now"]
import json
packages = sorted(loaded - sys.stdlib_module_names - {{"{module}"}})
print(json.dumps({{"seconds": seconds, "memory": memory, "packages": packages}}))
"""


def probe(module: str) -> dict[str, Any]:
    """Seconds, megabytes and packages of one import."""
    command = [sys.executable, "-c", PROBE.format(module=module)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, env=_ENVIRONMENT).stdout)


def report(rounds: int) -> str:
    """One table, a row for each import."""
    turns = [{module: probe(module) for module in MODULES} for _ in range(rounds + 1)][1:]
    seconds = {module: min(turn[module]["seconds"] for turn in turns) for module in MODULES}
    memory = {module: min(turn[module]["memory"] for turn in turns) for module in MODULES}
    rows = [
        [
            title,
            f"{seconds[module]:.3f}",
            ratio(seconds[module], seconds[BASE]),
            f"{memory[module] - memory[NUMPY]:.1f}",
            ", ".join(turns[0][module]["packages"]) or NOTHING,
        ]
        for module, title in MODULES.items()
    ]
    heads = ["import", "s", "ratio to PyTorch", "MB above NumPy", "third-party packages loaded"]
    return table("Import", heads, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="fresh interpreters for each import")
    print(report(parser.parse_args().rounds))


if __name__ == "__main__":
    main()
