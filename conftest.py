"""What every test and every example in the documentation has, two options (check.sh ends in time by one), and `one_in`.

What each of tens of thousands of tests has costs what it costs so many times: it is said in hooks, which are a call each,
where a fixture would be set up and taken down. The process that only hands tests to others imports nothing of the package.
"""

from __future__ import annotations

import builtins
import marshal
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest

_LEFT: pytest.StashKey[Counter[str]] = pytest.StashKey()  # how many tests of each file were not begun
_STARTED = time.monotonic()

# What a shell runs in the background ignores the interrupts that some tests send themselves, and would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# With AVX-512 PyTorch's library for networks computes gelu in another way, of which infinity is NaN. What is compared with
# PyTorch is compared with what it says on most processors.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")


@pytest.fixture(scope="session")
def doctest_namespace() -> dict[str, Any]:
    # The package has names such as `float` and `bool` of its own (dtypes, as in PyTorch). An example is run as a reader
    # types it, outside the package, where they are Python's.
    return {name: getattr(builtins, name) for name in ("bool", "float", "int")}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    # What is said once in a process would be heard by whichever test comes first.
    from autogradkit.core import warning

    warning.set_warn_always(True)


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, dict[str, Any], dict[str, Any]]:
    # Three reports of each test go to the process that prints them: as one string each, not name by name.
    return {"packed": marshal.dumps((yield))}


@pytest.hookimpl(tryfirst=True)
def pytest_report_from_serializable(config: pytest.Config, data: dict[str, Any]) -> Any:
    if "packed" not in data:
        return None
    return config.hook.pytest_report_from_serializable(config=config, data=marshal.loads(data.pop("packed")) | data)


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
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Of a test that says `one_in(3)`, the first case of each three is every day's, the others are wide.
    cases: Counter[str] = Counter()
    for item in items:
        if (mark := item.get_closest_marker("one_in")) is None:
            continue
        test = item.nodeid.partition("[")[0]
        if cases[test] % mark.args[0]:
            item.add_marker(pytest.mark.wide)
        cases[test] += 1


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
