"""Interrupts at chosen points: KeyboardInterrupt is raised at the n-th line, or wherever Python would deliver a signal.

Rests on Python's tracing; the sweep runs scenarios by it. Two kinds of points:

- "lines": before every line, of this package and of every library that it calls;
- "signals": where CPython looks for signals: at the beginning of a function, after a call, at a jump backwards.

No `with` is safe while it calls `__exit__`, nor in the first line of that, whose ever it is: nothing stands around it yet.
These lines are no points.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from autogradkit.core.frames import led_to

KINDS = ("lines", "signals")
_AFTER = {
    dis.opmap[name]
    for name in dis.opmap
    if name in ("CALL", "CALL_FUNCTION_EX", "CALL_KW", "RESUME") or "JUMP_BACKWARD" in name
}
_RESUME, _LOAD_CONST = dis.opmap["RESUME"], dis.opmap["LOAD_CONST"]


def _leaves_with(frame: FrameType) -> bool:
    """Whether the line that is about to run is the end of a `with`: the call of `__exit__(None, None, None)`."""
    code, consts, at = frame.f_code.co_code, frame.f_code.co_consts, frame.f_lasti
    while dis.opname[code[at]] in ("NOP", "SWAP"):  # what is returned stands on the stack
        at += 2
    if dis.opname[code[at]] == "PUSH_EXC_INFO" and dis.opname[code[at + 2]] == "WITH_EXCEPT_START":
        return True
    if len(code) < at + 8 or dis.opname[code[at + 6]] not in ("PRECALL", "CALL"):
        return False
    return all(code[i] == _LOAD_CONST and consts[code[i + 1]] is None for i in (at, at + 2, at + 4))


@dataclass
class Outcome:
    """What became of a run: how many points it passed, and where it was interrupted, if it was."""

    points: int
    place: str | None
    escaped: bool  # the interrupt came out of what ran; else somebody kept it


def interrupted(act: Callable[[], Any], at: int | None, kind: str = "lines") -> Outcome:
    """Run `act` with an interrupt at its point number `at`, from 0; None counts the points only."""
    passed = 0
    place: str | None = None

    def reached(frame: FrameType) -> None:
        nonlocal passed, place
        passed += 1
        if at is not None and passed == at + 1:
            place = f"{frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}"
            raise KeyboardInterrupt

    def entered(frame: FrameType, event: str, arg: Any) -> Callable[..., Any] | None:
        if frame.f_code.co_filename == __file__:
            return None
        first = frame.f_code.co_name == "__exit__"
        last: int | None = _RESUME

        def inside(frame: FrameType, event: str, arg: Any) -> Callable[..., Any]:
            nonlocal first, last
            if event == "line" and kind == "lines":
                if first:
                    first = False
                elif not _leaves_with(frame):
                    reached(frame)
            elif event == "opcode":
                operation = frame.f_code.co_code[frame.f_lasti]
                if last in _AFTER:
                    if first:
                        first = operation == _RESUME
                    elif not _leaves_with(
                        frame
                    ):  # a signal after the last call of a `with` is raised by that call, inside
                        reached(frame)
                last = operation
            return inside

        # From Python 3.13 on operations are told of only to who is there when they are asked for.
        frame.f_trace = inside
        frame.f_trace_lines = kind == "lines"
        frame.f_trace_opcodes = kind == "signals"
        return inside

    before, stdout = sys.gettrace(), sys.stdout
    # In Python 3.12 operations are told of only if a frame asked for them before the tracing began.
    sys._getframe().f_trace_opcodes = kind == "signals"
    sys.settrace(entered)
    try:
        act()
        escaped = False
    except BaseException as error:
        # A library that was interrupted while it undid something may fail at that, as traitlets does.
        if not any(isinstance(each, KeyboardInterrupt) for each in led_to(error)):
            raise
        escaped = True
    finally:
        sys.settrace(before)
        sys.stdout = stdout  # what a scenario prints goes elsewhere, and it may have been interrupted while that ended
    return Outcome(passed, place, escaped)
