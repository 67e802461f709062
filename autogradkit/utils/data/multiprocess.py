"""A pass through a loader whose batches worker processes make: which one makes which, and in which order they are given out.

Rests on the tasks and messages of `worker.py`. Batches go round the workers in turn, a few ahead of what is asked for. Each
worker has a queue of its own for tasks and a pipe of its own for results, so that one that dies takes nothing with it but the
batches it had, and that is noticed at once.
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import pickle
import signal
import weakref
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from autogradkit.core.warning import warn
from autogradkit.utils.data.batches import Batches
from autogradkit.utils.data.messages import Failure, Signal
from autogradkit.utils.data.worker import Work, run

if TYPE_CHECKING:
    from autogradkit.utils.data.dataloader import DataLoader

_PATIENCE = 5.0  # seconds that a worker has to end by itself, as in PyTorch


class WorkerBatches(Batches):
    """One pass through a loader with workers; with persistent ones, one after the other."""

    def __init__(self, loader: DataLoader) -> None:
        super().__init__(loader)
        assert loader.prefetch_factor is not None
        if loader.prefetch_factor <= 0:
            raise AssertionError("prefetch_factor must be greater than 0 for MultiProcessingDataLoaderIter")
        self._ahead = loader.prefetch_factor * loader.num_workers
        context = loader.multiprocessing_context or multiprocessing
        done = context.Event()
        work = Work(
            loader._dataset_kind,
            loader.dataset,
            loader._auto_collation,
            loader.collate_fn,
            loader.drop_last,
            self.base_seed,
            loader.worker_init_fn,
            loader.num_workers,
        )
        self._tasks: list[Any] = []
        self._processes: list[Any] = []
        self._results: list[Any] = []
        # Ends the workers when this object is collected, when Python ends, or when it is called; once.
        self._end = weakref.finalize(self, _end, os.getpid(), self._processes, self._tasks, self._results, done)
        for number in range(loader.num_workers):
            self._start(context, work, number, done)
        self._start_pass()

    def _start(self, context: Any, work: Work, number: int, done: Any) -> None:
        tasks = context.Queue()
        tasks.cancel_join_thread()
        results, sending = context.Pipe(duplex=False)
        ends = [*self._results, results]
        process = context.Process(target=run, args=(work, number, tasks, sending, done, ends), daemon=True)
        try:
            process.start()
        except (TypeError, AttributeError, pickle.PicklingError):
            warn(
                "Got pickle error when attempting to start a worker Process. "
                "This might be because the worker Process arguments are not picklable. "
                "Python 3.14+ changed the multiprocessing start method in non-Mac POSIX platforms "
                "to 'forkserver', which requires the worker Process arguments to be picklable. "
                "You can also try multiprocessing.set_start_method('fork')."
            )
            raise
        sending.close()  # before the next worker starts, which would inherit it
        self._tasks.append(tasks)
        self._processes.append(process)
        self._results.append(results)

    def _start_pass(self) -> None:
        self._sent = self._given = 0  # places: of the next task to be sent, of the next batch to be given out
        self._maker: dict[int, int] = {}  # place → the worker that makes the batch
        self._arrived: dict[int, Any] = {}  # place → a batch that came before its turn
        self._active = [True] * len(self._processes)
        self._dead: list[int] = []  # workers of which that was not said yet
        self._load = [0] * len(self._processes)  # how many tasks each has
        self._turns = itertools.cycle(range(len(self._processes)))
        for _ in range(self._ahead):
            self._send_next()

    def restart(self) -> None:
        """Begin another pass with the same workers; what they still send of the last one is let go."""
        self._begin_order()
        for tasks in self._tasks:
            tasks.put(Signal.RESUME)
        self._active = [True] * len(self._processes)
        answers = 0
        while answers < len(self._processes):
            answers += self._receive()[0] is Signal.RESUME
            if self._dead:
                raise self._death()
        self._start_pass()

    def _send_next(self) -> None:
        try:
            index = next(self._places)
        except StopIteration:
            return
        for _ in self._processes:
            worker = next(self._turns)
            if self._active[worker] and (
                self._loader.in_order or self._load[worker] < self._ahead // sum(self._active)
            ):
                break
        else:
            return
        self._tasks[worker].put((self._sent, index))
        self._maker[self._sent] = worker
        self._load[worker] += 1
        self._sent += 1

    def _next_batch(self) -> Any:
        while True:
            self._skip_lost()
            if self._given == self._sent:
                if self._dead:
                    raise self._death()
                if not self._loader.persistent_workers:
                    self._end()
                raise StopIteration
            if self._given in self._arrived:
                return self._give_out(self._given, self._arrived.pop(self._given))
            place, batch = self._receive()
            if batch is Signal.ENDED:
                self._retire(self._maker[place])
                self._send_next()
            elif place == self._given or (place is not None and not self._loader.in_order):
                return self._give_out(place, batch)
            elif place is not None:
                self._arrived[place] = batch

    def _skip_lost(self) -> None:
        """Go past places whose batch was given out before its turn, or whose worker has ended; or has died, which is said."""
        while self._given < self._sent and self._given not in self._arrived:
            worker = self._maker.get(self._given)
            if worker is not None and self._active[worker]:
                return
            if worker in self._dead:
                raise self._death()
            self._maker.pop(self._given, None)
            self._given += 1

    def _give_out(self, place: int, batch: Any) -> Any:
        self._load[self._maker.pop(place)] -= 1
        self._given += place == self._given
        self._send_next()
        if isinstance(batch, Failure):
            raise batch.error()
        return batch

    def _retire(self, worker: int) -> None:
        self._active[worker] = False
        if not self._loader.persistent_workers:
            self._tasks[worker].put(None)

    def _receive(self) -> tuple[Any, Any]:
        """A place and its batch, from any worker; no place where one turns out to have died, which is said when it is its turn.

        Raises RuntimeError where nothing comes for too long.
        """
        active = [worker for worker, is_active in enumerate(self._active) if is_active]
        waited_for = [each for worker in active for each in (self._results[worker], self._processes[worker].sentinel)]
        ready = wait(waited_for, self._loader.timeout or None)
        if not ready:
            raise RuntimeError(f"DataLoader timed out after {self._loader.timeout} seconds")
        for worker in active:
            if self._results[worker] in ready:
                try:
                    return self._results[worker].recv()
                except (EOFError, OSError):  # it died before it had sent all
                    self._dead.append(worker)
            elif self._processes[worker].sentinel in ready:
                self._dead.append(worker)
        for worker in self._dead:
            self._active[worker] = False
        return None, None

    def _death(self) -> RuntimeError:
        """The error that says which processes have died, and is caused by how the first did; it is said once."""
        processes = [self._processes[worker] for worker in self._dead]
        self._dead.clear()
        for process in processes:
            process.join()
        error = RuntimeError(
            f"DataLoader worker (pid(s) {', '.join(str(p.pid) for p in processes)}) exited unexpectedly"
        )
        first = processes[0]
        if first.exitcode < 0:
            how = f"is killed by signal: {signal.strsignal(-first.exitcode)}. "
        else:
            how = (
                f"exited unexpectedly with exit code {first.exitcode}. Details are lost due to multiprocessing. Rerunning with "
                "num_workers=0 may give better error trace."
            )
        error.__cause__ = RuntimeError(f"DataLoader worker (pid {first.pid}) {how}")
        return error

    _cause_of_surplus = (
        "For multiprocessing data-loading, this could be caused by not properly configuring the IterableDataset replica at "
        "each worker. Please see https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset for examples."
    )


def _end(owner: int, processes: list[Any], tasks: list[Any], results: list[Any], done: Any) -> None:
    """End the workers: by themselves, or after a while by force. In a fork of the process that owns them nothing is done."""
    if os.getpid() != owner:
        return
    done.set()
    for each in results:
        each.close()  # a worker that waits until its batch is taken goes on
    for each in tasks:
        each.put(None)
    for process in processes:
        process.join(_PATIENCE)
        if process.is_alive():
            process.terminate()
            process.join(_PATIENCE)
    for each in tasks:
        each.close()
