"""What `checkpoint(debug=True)` tells of a second run that differs from the first: the ops of both, line by line.

Rests on recorders, each of which hears one run; used by checkpoint.py.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from autogradkit.core.frames import is_ours
from autogradkit.core.recording import Recorder
from autogradkit.core.tensor import Tensor

if TYPE_CHECKING:
    from autogradkit.core.facts import Declaration


class OpLog(Recorder):
    """The ops of its block, each as one line: `$2: float32[3] = sin($1)`, with the place that called it."""

    def __init__(self) -> None:
        super().__init__()
        self.ops: list[str] = []
        self.places: list[str] = []
        self._numbers: dict[int, tuple[weakref.ref[Tensor], int]] = {}

    def __enter__(self) -> None:
        self.thread = threading.get_ident()  # backward may run in another one, and more than once
        self.ended = False
        self.ops.clear()
        self.places.clear()
        self._numbers.clear()
        self.begin()

    def __exit__(self, *_error: object) -> None:
        self.end()

    def _named(self, value: Any) -> str:
        if isinstance(value, list | tuple):
            return f"[{', '.join(map(self._named, value))}]"
        if not isinstance(value, Tensor):
            return repr(value)
        ref, number = self._numbers.get(id(value), (None, 0))
        if ref is None or ref() is not value:  # another tensor may stand where one was
            number = len(self._numbers)
            self._numbers[id(value)] = (weakref.ref(value), number)
        return f"${number}"

    def op(
        self, declaration: Declaration, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        """Write the line of an op that ran."""
        if kind == "detach":  # which checkpoints themselves do
            return
        given = [*map(self._named, args), *(f"{name}={self._named(value)}" for name, value in kwargs.items())]
        results = result if isinstance(result, list | tuple) else (result,)
        made = [
            f"{self._named(each)}: {each.dtype!r}{list(each.shape)}".replace("torch.", "")
            for each in results
            if isinstance(each, Tensor)
        ]
        self.ops.append(f"{', '.join(made)} = {declaration.name}({', '.join(given)})")
        self.places.append(_place())


def _place() -> str:
    """The file and line that called this package."""
    frame = sys._getframe()
    while is_ours(frame.f_code) and frame.f_back is not None:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def both_runs(first: OpLog, second: OpLog, told: str) -> str:
    """The message of an error that says `told`, with the ops of both runs and the first that differs."""
    pairs = zip(first.ops, second.ops, strict=False)
    least = min(len(first.ops), len(second.ops))
    at = next((place for place, (one, other) in enumerate(pairs) if one != other), least)
    parts = [
        " An error happened while unpacking tensors; dumping logs of latest computation",
        "because you passed `debug=True` to `torch.utils.checkpoint.checkpoint()`.",
        *_listed("The first run", first, at),
        *_listed("The second run", second, at),
        "",
        told,
    ]
    return "\n".join(parts)


def _listed(title: str, log: OpLog, at: int) -> Iterable[str]:
    yield ""
    yield f"{title}: {len(log.ops)} ops"
    for place, (op, where) in enumerate(zip(log.ops, log.places, strict=True)):
        yield f"{'>' if place == at else ' '} {op}   {where}"
