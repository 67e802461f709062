"""`record()`: trace a block of code.

Rests on recorder and trace.
"""

from __future__ import annotations

import sys
from types import TracebackType

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
        self._recorder.start(sys._getframe(1))
        return self._trace

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._recorder.stop()
        self._trace.fill(self._recorder.finish(error))
