"""`record()`: trace a block of code.

Rests on recorder, notes and trace.
"""

from __future__ import annotations

import sys
from types import TracebackType

from autogradkit.tracing.notes import explain
from autogradkit.tracing.recorder import EventRecorder
from autogradkit.tracing.trace import Trace


class record:  # noqa: N801 - used like a function, as `no_grad` is
    """Record what tensors do inside a `with` block; the trace is complete when the block ends.

    >>> import autogradkit as torch
    >>> x = torch.tensor(2.0, requires_grad=True)
    >>> with torch.record() as t:
    ...     y = x * x
    ...     y.backward()
    >>> [op.name for op in t.ops]
    ['mul']
    """

    def __enter__(self) -> Trace:
        self._recorder = EventRecorder()
        self._trace = Trace()
        try:
            self._recorder.start(sys._getframe(1))
            return self._trace
        except BaseException:  # an interrupt: nobody would call __exit__
            self._recorder.stop()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            self._recorder.stop()
        except BaseException:  # an interrupt that came just then
            self._recorder.stop()
            raise
        if error is not None:
            explain(error, self._recorder, None)
        self._trace.fill(self._recorder.finish(error))
