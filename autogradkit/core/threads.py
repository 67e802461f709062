"""Threads: their number, and parts of one computation on several of them.

NumPy lets other threads run while it computes, so parts that write to places of their own take a processor each. They have to
be long: one is handed over in some 50 µs, and between two calls of NumPy's only one thread runs. Matrix products, convolution,
max pooling and relu's gradient do it where they have much to do. Rests on core.openblas, whose own threads rest meanwhile, and
on core.quiet.
"""

from __future__ import annotations

import functools
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from autogradkit.core.errors import c_type_name
from autogradkit.core.frames import entry
from autogradkit.core.integers import require_int32
from autogradkit.core.openblas import openblas
from autogradkit.core.quiet import quietly

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

Part = TypeVar("Part")
Result = TypeVar("Result")


class _Settings:
    """What is set."""

    interop_threads: int | None = None


def _require_count(name: str, count: object) -> None:
    if not isinstance(count, int) or isinstance(count, bool):
        raise RuntimeError(f"{name} expects an int, but got {c_type_name(count)}")
    require_int32(count)
    if count <= 0:
        raise RuntimeError(f"{name} expects a positive integer")


def get_num_threads() -> int:
    """With how many threads large matrices are multiplied, large batches convolved, and the like; the rest is one thread's."""
    blas = openblas()
    return 1 if blas is None else blas.get_threads()


@entry
def set_num_threads(count: int, /) -> None:
    """Set that number, where NumPy's library is OpenBLAS. Raises RuntimeError unless it is a positive int."""
    _require_count("set_num_threads", count)
    blas = openblas()
    if blas is not None:
        blas.set_threads(count)


def get_num_interop_threads() -> int:
    """What was set, or the number of processors: no two ops here run side by side."""
    return _Settings.interop_threads or os.cpu_count() or 1


@entry
def set_num_interop_threads(count: int, /) -> None:
    """Keep that number; once, as in PyTorch. Raises RuntimeError the second time, and unless it is a positive int."""
    _require_count("set_num_interop_threads", count)
    if _Settings.interop_threads is not None:
        raise RuntimeError(
            "Error: cannot set number of interop threads after parallel work has started or set_num_interop_threads called"
        )
    _Settings.interop_threads = count


def slices(count: int, parts: int) -> list[slice]:
    """So many things in so many parts, or fewer, of nearly one size.

    >>> slices(5, 2)
    [slice(0, 2, None), slice(2, 5, None)]
    """
    parts = min(count, parts)
    return [slice(count * at // parts, count * (at + 1) // parts) for at in range(parts)]


def on_threads(work: Callable[[Part], Result], parts: Sequence[Part], count: int) -> Iterator[Result]:
    """What `work`, which runs no code of the user's, returns for each of the parts, in their order; on `count` threads.

    Nothing is kept of a result once it was given. Where `work` raises, the first error is raised once no part is under way.

    >>> list(on_threads(sum, [[1, 2], [3, 4]], 1))
    [3, 7]
    """
    blas = openblas()
    if blas is None or min(count, len(parts)) < 2:
        yield from map(work, parts)
        return
    from concurrent.futures import wait

    threads = blas.get_threads()
    begun: deque[Future[Result]] = deque()
    try:
        blas.set_threads(1)
        for part in parts:  # one by one: an interrupt waits for those that have begun
            begun.append(_pool(count).submit(quietly, work, part))
        while begun:
            begun[0].result()  # an interrupt while it waits finds it among them, too
            yield begun.popleft().result()
    finally:
        wait(begun)
        blas.set_threads(threads)


@functools.cache
def _pool(count: int) -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(count, "autogradkit")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a forked process has none of its parent's threads
