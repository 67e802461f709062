"""Runs every benchmark and writes `benchmarks/RESULTS.md`, with what was measured where. About ten minutes.

Run it on a quiet machine: the load before it started is written down, and a busy machine is called one.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import numpy as np

import benchmarks
from benchmarks import chain, imports, memory, overhead, peers, recorder, training_view
from benchmarks.driver import ENVIRONMENT
from benchmarks.frameworks import TITLES
from benchmarks.models import MODELS

BUSY = 0.3  # load average

SECTIONS: list[tuple[str, ModuleType, Callable[[], str]]] = [
    ("Import", imports, lambda: imports.report(imports.ROUNDS)),
    (
        "Training steps",
        peers,
        lambda: peers.report(list(MODELS), list(peers.BATCHES), list(peers.OPTIMIZERS), list(TITLES), peers.ROUNDS),
    ),
    ("Overhead of an op", overhead, lambda: overhead.report(list(TITLES), overhead.ROUNDS)),
    ("Long chain", chain, lambda: chain.report(list(TITLES), chain.ROUNDS)),
    ("Memory", memory, lambda: memory.report(memory.STEPS)),
    ("Inactive recorder", recorder, lambda: recorder.report(recorder.ROUNDS)),
    ("Training view", training_view, lambda: training_view.report(training_view.SECONDS)),
]


def environment(load: float) -> str:
    """The machine, the versions and the date, as a list; `load` is the load average before the first benchmark."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=True)
    lines = {
        "autogradkit": f"{version('autogradkit')} at {commit.stdout.strip()}",
        "PyTorch, MyGrad, HIPS autograd": ", ".join(map(version, ("torch", "mygrad", "autograd"))),
        "Python": platform.python_version(),
        "NumPy": f"{version('numpy')} with {blas['name']} {blas['version']}, kernels for {architecture()}",
        "Processor": f"{processor()}, {os.cpu_count()} cores",
        "System": f"{platform.system()} {platform.release()}, {' '.join(platform.libc_ver())}",
        "Date": f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M} UTC",
        "Load average before": f"{load:.2f}{' (the machine was busy: measure again)' if load > BUSY else ''}",
    }
    return "\n".join(f"- {name}: {value}" for name, value in lines.items())


def architecture() -> str:
    """Which kernels NumPy's BLAS takes where it is measured."""
    code = "import numpy, threadpoolctl; print(*(each['architecture'] for each in threadpoolctl.threadpool_info()))"
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    return asked.stdout.strip()


def processor() -> str:
    """The processor's name, with family and model, since a name alone may say little."""
    with open("/proc/cpuinfo") as file:
        facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in file)}
    return f"{facts['model name']} (family {facts['cpu family']}, model {facts['model']})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("RESULTS.md"))
    output = parser.parse_args().output
    start, load = time.monotonic(), os.getloadavg()[0]
    parts = ["# Benchmarks\n", environment(load) + "\n", f"{benchmarks.__doc__}"]
    for title, module, report in SECTIONS:
        print(f"{time.monotonic() - start:4.0f} s: {title}", file=sys.stderr)
        parts += [f"## {title}\n", f"{module.__doc__}", report()]
    output.write_text("\n".join(parts))
    print(f"{time.monotonic() - start:4.0f} s: wrote {output}", file=sys.stderr)


if __name__ == "__main__":
    main()
