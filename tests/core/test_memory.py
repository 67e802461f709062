"""Freed memory stays with the process from the first large result on, unless the switch says otherwise."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

# Ever larger arrays: glibc by itself maps each of them anew, because its threshold is always the size of the last.
GROWING = """
import resource
import numpy as np
import autogradkit
{first}
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for kilobytes in range(1000, 2000, 100):
    np.empty(kilobytes << 10, np.uint8).fill(1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
WHOLE = 14_500 // 4  # the pages of all of them


def faults(first: str, **environment: str) -> int:
    """How many pages a fresh process faults in for them after it has run `first`."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_TUNABLES"))}
    done = subprocess.run(
        [sys.executable, "-c", GROWING.format(first=first)],
        env={**known, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


LARGE_RESULTS = {
    "zeros": "autogradkit.zeros(1000, 100)",
    "an array taken over": "autogradkit.from_numpy(np.ones((1000, 100), np.float32)).exp()",
    "an array copied": "autogradkit.tensor(np.ones((1000, 100), np.float32)).exp()",
    "matrix product": "x = autogradkit.ones(200, 5); x @ x.T",
    "convolution": "autogradkit.conv2d(autogradkit.ones(1, 1, 99, 99), autogradkit.ones(9, 1, 3, 3))",
}


@pytest.mark.parametrize("first", LARGE_RESULTS)
def test_memory_is_kept_from_the_first_large_result_on(first: str) -> None:
    found = faults(LARGE_RESULTS[first])
    if platform.libc_ver()[0] == "glibc":
        assert found < WHOLE / 3


@pytest.mark.parametrize(
    ("first", "environment"),
    [
        ("autogradkit.zeros(100, 100)", {}),
        (LARGE_RESULTS["zeros"], {"AUTOGRADKIT_KEEP_MALLOC_THRESHOLDS": "1"}),
    ],
    ids=["small results only", "switched off"],
)
def test_the_thresholds_stay_as_they_were(first: str, environment: dict[str, str]) -> None:
    found = faults(first, **environment)
    if platform.libc_ver()[0] == "glibc":
        assert found > WHOLE * 0.9
