"""The training view in a real kernel that is shut down, restarted, or left while it trains: it ends, and prints nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

pytestmark = pytest.mark.long

SETUP = """
import threading, time
from autogradkit.widgets.training import TrainingView
view = TrainingView("a line")
def loop(pause=False):
    for epoch in view.epochs(1000):
        for i in view.track(range(100)):
            time.sleep(0.005)
            view.log(loss=1 / (1 + i))
            if pause and i == 5:
                view.pause()
"""


class Kernel:
    def __init__(self, log: Path) -> None:
        self.log = log
        self.file = log.open("w")
        started: tuple[KernelManager, BlockingKernelClient] = start_new_kernel(
            kernel_name="python3", stdout=self.file, stderr=self.file
        )
        self.manager, self.client = started
        self.before = ""

    def run(self, code: str) -> list[dict[str, Any]]:
        """Run a cell to its end; what it showed."""
        shown: list[dict[str, Any]] = []
        reply = self.client.execute_interactive(code, timeout=60, output_hook=shown.append)
        assert reply["content"]["status"] == "ok", reply["content"]
        self.before = self.printed()
        return shown

    def start(self, code: str, until: str) -> None:
        """Start a cell and wait until a widget says what the expression `until` finds."""
        self.client.execute(code)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            message = self.client.get_iopub_msg(timeout=60)
            if message["msg_type"] == "comm_msg" and re.search(until, str(message["content"])):
                return
        raise AssertionError(f"no widget said {until}")

    def printed(self) -> str:
        """What the kernel's process wrote, but for ipykernel's own log: an interrupt between two cells is noted there."""
        self.file.flush()
        lines = self.log.read_text().splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("[IPKernelApp]"))


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path / "log")
    kernel.run(SETUP)
    yield kernel
    kernel.client.stop_channels()
    if kernel.manager.is_alive():
        kernel.manager.shutdown_kernel(now=True)
    kernel.file.close()


# On a busy machine a drawing comes so late that a whole epoch, half a second, is in none.
@pytest.mark.parametrize(("cell", "until"), [("loop()", "epoch ([2-9]|[0-9]{2,}) of"), ("loop(pause=True)", "paused")])
def test_a_kernel_that_is_interrupted_and_shut_down_prints_nothing(kernel: Kernel, cell: str, until: str) -> None:
    kernel.start(cell, until)
    kernel.manager.interrupt_kernel()
    kernel.client.get_shell_msg(timeout=60)
    kernel.manager.shutdown_kernel()  # asks, and kills it only after a while
    assert not kernel.manager.is_alive()
    assert kernel.printed() == kernel.before


def test_a_kernel_restarted_while_it_trains_begins_anew_and_prints_nothing(kernel: Kernel) -> None:
    kernel.start("loop(pause=True)", "paused")
    kernel.manager.restart_kernel(now=True)
    kernel.client.wait_for_ready(timeout=60)
    before = kernel.printed()
    assert "Traceback" not in before
    kernel.run(SETUP)
    kernel.run("for i in view.track(range(3)): view.log(loss=1.0)")
    kernel.manager.shutdown_kernel()
    assert "Traceback" not in kernel.printed()


def test_nothing_of_a_run_is_left_running(kernel: Kernel) -> None:
    kernel.run("before = {thread.name for thread in threading.enumerate()}")
    kernel.run("for i in view.track(range(50)): view.log(loss=1.0)")
    kernel.run("assert {thread.name for thread in threading.enumerate()} <= before, threading.enumerate()")
