"""Runs of many programs outlive a program that ends its process."""

from __future__ import annotations

import ctypes
import os
from itertools import count, islice

import pytest

from .apart import Crash, outcomes


def _doubled(seed: int) -> int:
    if seed == 4:
        ctypes.string_at(0)
    if seed == 5:
        os.abort()
    if seed == 7:
        raise ZeroDivisionError("a bug of the work itself")
    return 2 * seed


def _process(seed: int) -> int:
    return os.getpid()


def test_a_seed_that_ends_its_process_is_named_and_the_next_ones_run() -> None:
    assert list(islice(outcomes(_doubled, count(3)), 4)) == [
        (3, 6),
        (4, Crash("SIGSEGV")),
        (5, Crash("SIGABRT")),
        (6, 12),
    ]


def test_a_process_serves_for_so_many_seeds() -> None:
    processes = [process for _, process in outcomes(_process, range(5), renewed=2)]
    assert processes[0] == processes[1] != processes[2] == processes[3] != processes[4] != processes[0]


def test_an_error_of_the_work_is_no_crash(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="seed 7 ended its process with code 1"):
        list(outcomes(_doubled, [6, 7, 8]))
    assert "ZeroDivisionError: a bug of the work itself" in capfd.readouterr().err
