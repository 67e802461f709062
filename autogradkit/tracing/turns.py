"""Which time round a loop of the learner's code is: counted while the code runs, by Python's own tracing of lines.

Rests on frames. The recorder asks `turns_of(frame)` for each op. What an op's place alone would tell
is not enough: a turn that ran no op would not be counted. Where somebody else traces (a debugger), turns stay
unknown, and so do those of loops in installed packages.
"""

from __future__ import annotations

import bisect
import dis
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from autogradkit.core.frames import is_library, is_ours
from autogradkit.tracing.frames import learner_frames, once_per_code

# Not the jump by which an `await` or a `yield from` asks again: that is no loop of the learner's.
_JUMPS_BACK = frozenset(
    name for name in dis.opmap if name.startswith(("JUMP_BACKWARD", "POP_JUMP_BACKWARD")) and "NO_INTERRUPT" not in name
)
_FOR = dis.opmap["FOR_ITER"]
_JUMPS = frozenset((*dis.hasjrel, *dis.hasjabs))
_ENDS = ("JUMP_FORWARD", "JUMP_BACKWARD", "RETURN_", "RAISE_", "RERAISE")  # nothing goes on behind these
_STORES = ("STORE_NAME", "STORE_FAST", "STORE_GLOBAL", "STORE_DEREF")
_OPCODES_BACK = frozenset(dis.opmap[name] for name in _JUMPS_BACK)


@dataclass(frozen=True)
class Loop:
    """A loop in compiled code: what is jumped back to, the last jump, and all of them; offsets of instructions, as `f_lasti`."""

    targets: frozenset[int]
    first: int
    last: int
    jumps: frozenset[int] = field(compare=False)
    homes: dict[int, int] = field(compare=False, repr=False)  # see `_homes`

    def holds(self, offset: int) -> bool:
        """Whether an instruction is part of the loop."""
        return self.first <= self.homes.get(offset, offset) <= self.last


def _homes(code: CodeType, instructions: list[dis.Instruction]) -> dict[int, int]:
    """Where the instructions that only an error leads to belong: (their offset: that of the last that is watched for it).

    From Python 3.12 on they stand behind all others, whatever loop the `try` or `with` is in, and jump back from there.
    """
    at = {each.offset: place for place, each in enumerate(instructions)}
    reached: set[int] = set()
    waiting = [0]
    while waiting:
        place = waiting.pop()
        while place < len(instructions) and place not in reached:
            reached.add(place)
            each = instructions[place]
            if each.opcode in _JUMPS:
                waiting.append(at[each.argval])
            if each.opname.startswith(_ENDS):
                break
            place += 1
    if len(reached) == len(instructions):
        return {}
    bytecode: Any = dis.Bytecode(code)  # of whose entries the stubs know nothing
    caught = sorted((each.target, each.end) for each in bytecode.exception_entries)
    homes: dict[int, int] = {}
    for place, each in enumerate(instructions):
        handler = bisect.bisect_right(caught, (each.offset, len(code.co_code))) - 1
        if place not in reached and handler >= 0:
            watched = instructions[at.get(caught[handler][1], len(instructions)) - 1].offset
            homes[each.offset] = homes.get(watched, watched)
    return homes


@once_per_code
def loops_of(code: CodeType) -> tuple[Loop, ...]:
    """The loops of a piece of code, outer ones first.

    A `while` with a `continue` has two targets: its condition, and its body behind the condition at the end.
    """
    if _OPCODES_BACK.isdisjoint(code.co_code[::2]):
        return ()
    found: list[Loop] = []
    instructions = list(dis.get_instructions(code))
    homes = _homes(code, instructions)
    jumps = [(each.argval, homes.get(each.offset, each.offset)) for each in instructions if each.opname in _JUMPS_BACK]
    for target, source in sorted(jump for jump in jumps if jump[0] <= jump[1]):
        same = next(
            (loop for loop in found if target in loop.targets or loop.first <= target <= loop.last < source), None
        )
        if same is None:
            found.append(Loop(frozenset((target,)), target, source, frozenset((source,)), homes))
        else:
            merged = Loop(same.targets | {target}, same.first, max(same.last, source), same.jumps | {source}, homes)
            found[found.index(same)] = merged
    return tuple(sorted(found, key=lambda loop: (loop.first, -loop.last)))


@once_per_code
def loop_variables(code: CodeType) -> dict[str, list[int]]:
    """The names that the `for` loops of a piece of code bind anew in every turn, and the instructions that do.

    >>> sorted(loop_variables(compile("for n, x in pairs: y = x", "cell", "exec")))
    ['n', 'x']
    """
    found: dict[str, list[int]] = defaultdict(list)
    if _FOR not in code.co_code[::2]:
        return found
    binding = False
    for each in dis.get_instructions(code):
        binding = each.opname == "FOR_ITER" or (binding and each.opname.startswith(("UNPACK_", "STORE_")))
        if binding and each.opname.startswith("STORE_"):
            found[each.argval].append(each.offset)
    return found


@once_per_code
def bound_in(code: CodeType) -> frozenset[str]:
    """The variables that a piece of code assigns."""
    stores = [each.argval for each in dis.get_instructions(code) if each.opname.startswith(_STORES)]
    return frozenset([name for each in stores for name in (each if isinstance(each, tuple) else (each,))])


def loops_since(code: CodeType, name: str, offset: int) -> int:
    """How many loops around an instruction lie within the one that binds this name anew; all, if it lies in no such loop."""
    loops = loops_of(code)
    around = {loop for loop in loops if loop.holds(offset)}
    binding = [{loop for loop in loops if loop.holds(store)} for store in loop_variables(code)[name]]
    return len(around) - max([len(each) for each in binding if each <= around], default=0)


@dataclass
class _Frame:
    """The loops of one running frame, and which turn each is in. It is the frame's own trace function."""

    loops: tuple[Loop, ...]
    counts: dict[Loop, int] = field(default_factory=dict)
    line: int = -1
    offset: int = -1

    def __call__(self, frame: FrameType, event: str, arg: Any) -> _Frame:
        if event == "line":
            line, offset = frame.f_lineno, frame.f_lasti
            for loop in self.loops:
                if not loop.holds(offset):
                    self.counts.pop(loop, None)
                elif (offset in loop.targets and (offset <= self.offset or line == self.line)) or (
                    offset in loop.jumps and line == self.line
                ):
                    # Python tells of a line when it is another one, or when it was jumped back to: from 3.13 on it stands
                    # at the jump then, if that stays within the line.
                    self.counts[loop] = self.counts.get(loop, 1) + 1
            self.line, self.offset = line, offset
        return self

    def turns(self, offset: int) -> tuple[int, ...]:
        return tuple(self.counts.get(loop, 1) for loop in self.loops if loop.holds(offset))


def turns_of(frame: FrameType) -> tuple[int, ...]:
    """The turn, from 1, of each loop that a frame is in, outermost first; none where nobody counted."""
    counter = frame.f_trace
    return counter.turns(frame.f_lasti) if isinstance(counter, _Frame) else ()


@once_per_code
def _counted_loops(code: CodeType) -> tuple[Loop, ...]:
    return () if is_ours(code) or is_library(code) else loops_of(code)


class TurnCounter:
    """Counts the turns of all loops that run in this thread between `start` and `stop`."""

    def __init__(self) -> None:
        self._hears = _listener()
        self._running: list[FrameType] = []
        self.pauses = 0  # reasons for which it counts nothing now
        self._counting = False  # whether it counted when it began to pause

    def start(self, frame: FrameType | None) -> None:
        """Begin. `frame` runs already, and so do its callers: of the loops that they are in, no turn is known."""
        if sys.gettrace() is not None:
            return
        for running in learner_frames(frame):
            loops = tuple(loop for loop in _counted_loops(running.f_code) if not loop.holds(running.f_lasti))
            if loops and running.f_trace is None:
                running.f_trace = _Frame(loops)
                self._running.append(running)
        sys.settrace(self._hears)

    def stop(self) -> None:
        """End, and leave no trace function behind."""
        self._counting = False
        if sys.gettrace() is self._hears:
            sys.settrace(None)
        for frame in self._running:
            if isinstance(frame.f_trace, _Frame):
                frame.f_trace = None
        self._running.clear()

    def pause(self) -> None:
        """Count nothing until `back` to what `pauses` was: Python runs at its own speed then."""
        self.pauses += 1
        if sys.gettrace() is self._hears:
            self._counting = True
            sys.settrace(None)

    def back(self, pauses: int) -> None:
        """Stand where `pauses` was this many; count again where it was none. Called again it changes nothing."""
        if pauses and not self.pauses:
            self.pause()
        self.pauses = pauses
        if not pauses and self._counting:
            sys.settrace(self._hears)
            self._counting = False


def _listener() -> Callable[[FrameType, str, Any], _Frame | None]:
    """A trace function for each call of a function: in those with loops, lines are told to a `_Frame`."""
    known_loops: dict[int, tuple[CodeType, tuple[Loop, ...]]] = {}  # id(code) -> the code, held, and its loops

    def on_call(frame: FrameType, event: str, arg: Any) -> _Frame | None:
        code = frame.f_code
        known = known_loops.get(id(code))  # asked at each call, of this package's own functions too
        if known is None:
            known = known_loops[id(code)] = code, _counted_loops(code)
        if not known[1]:
            return None
        running = frame.f_trace  # of a generator, which goes on with its own counts
        return running if isinstance(running, _Frame) else _Frame(known[1])

    return on_call
