"""`multiprocessing.spawn` and `start_processes`: what comes back, and how the failure of one process is told."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch.multiprocessing

import autogradkit.multiprocessing


def note(number: int, path: str, word: str) -> None:
    Path(path, str(number)).write_text(word)


def raises(number: int) -> None:
    if number == 1:
        raise ValueError("the second one raised")
    signal.pause()


def exits(number: int) -> None:
    os._exit(3)


def is_ended(number: int) -> None:
    os.kill(os.getpid(), signal.SIGTERM)


BOTH = pytest.mark.parametrize("m", [autogradkit.multiprocessing, torch.multiprocessing], ids=["ours", "PyTorch's"])


@BOTH
@pytest.mark.filterwarnings("ignore:This process")  # Python of forks where threads are
def test_each_process_is_told_its_number_and_the_arguments(m: Any, tmp_path: Path) -> None:
    assert m.start_processes(note, args=(str(tmp_path), "here"), nprocs=2, start_method="fork") is None
    assert sorted(each.name for each in tmp_path.iterdir()) == ["0", "1"]
    running = m.start_processes(note, args=(str(tmp_path), "again"), nprocs=1, join=False, start_method="fork")
    assert (type(running).__name__, len(running.pids())) == ("ProcessContext", 1)
    while not running.join():
        pass
    assert [(tmp_path / name).read_text() for name in ("0", "1")] == ["again", "here"]


@BOTH
@pytest.mark.filterwarnings("ignore:This process")
def test_a_failure_ends_the_others_and_says_which_and_why(m: Any) -> None:
    with pytest.raises(
        m.ProcessRaisedException, match=r"(?s)\n\n-- Process 1 terminated.*ValueError: the second one raised"
    ) as raised:
        m.start_processes(raises, nprocs=2, start_method="fork")
    assert raised.value.error_index == 1
    with pytest.raises(m.ProcessExitedException, match=r"^process 0 terminated with exit code 3$") as exited:
        m.start_processes(exits, start_method="fork")
    assert (exited.value.exit_code, exited.value.signal_name) == (3, None)
    with pytest.raises(m.ProcessExitedException, match=r"^process 0 terminated with signal SIGTERM$") as ended:
        m.start_processes(is_ended, start_method="fork")
    assert (ended.value.exit_code, ended.value.signal_name) == (-15, "SIGTERM")
