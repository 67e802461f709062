"""What every test and every example in the documentation has, and two options: check.sh ends in time by one."""

from __future__ import annotations

import builtins
import time
from collections import Counter
from typing import Any

import pytest

from autogradkit.core import warning

_LEFT: pytest.StashKey[Counter[str]] = pytest.StashKey()  # how many tests of each file were not begun
_STARTED = time.monotonic()


@pytest.fixture(autouse=True)
def _python_names(doctest_namespace: dict[str, Any]) -> None:
    # The package has names such as `float` and `bool` of its own (dtypes, as in PyTorch). An example is run as a reader
    # types it, outside the package, where they are Python's.
    doctest_namespace.update((name, getattr(builtins, name)) for name in ("bool", "float", "int"))


@pytest.fixture(autouse=True)
def _warnings_come_each_time() -> None:
    # What is said once in a process would be heard by whichever test comes first.
    warning.set_warn_always(True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--within", type=float, metavar="SECONDS", help="begin no test later than this, and say how many were left"
    )
    parser.addoption(
        "--screenshots",
        action="store_true",
        help="browser tests leave pictures to look at in tests/browser/screenshots",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_LEFT] = Counter()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    within = item.config.getoption("within")
    if within is None or time.monotonic() - _STARTED < within:
        return None
    item.config.stash[_LEFT][item.nodeid.partition("::")[0]] += 1
    return True  # nobody else need care for it


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for path, count in config.stash[_LEFT].items():
        terminalreporter.write_line(f"no time for {count} of {path}")
