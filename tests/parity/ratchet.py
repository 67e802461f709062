"""What agrees with PyTorch so far, as numbers that may only rise.

ratchet.json has one line a name: per kind of check how many were compared and how many passed. The tests hold what they
count against it. After an improvement the command writes it anew:

    python -m tests.parity.ratchet                    # count, and say what differs from the file
    python -m tests.parity.ratchet --update [NAME …]  # and write it; refused where a number fell
    python -m tests.parity.ratchet --update --allow-falling

A name is an entry of PyTorch's database of operators (replay.py has its kinds of checks), of layers (module_replay.py) or of
optimizers (optim_replay.py), or a function or method that is called wrongly (wrong_calls.py). Rests on committed.py, which
reads the file; test_ratchet.py uses it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator

from . import module_replay, optim_replay, wrong_calls
from .committed import FILE, Line, fallen, load
from .replay import FOUND, replay
from .valid_calls import TARGETS


def written(lines: dict[str, Line]) -> str:
    """The numbers as the file has them: sorted, one line a name."""
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(lines[name])}" for name in sorted(lines)) + "\n}\n"


def risen(name: str, before: Line, now: Line) -> list[str]:
    """What passes that did not before."""
    found = []
    for kind, (compared, passed) in now.items():
        passed_before = before.get(kind, [0, 0])[1]
        if passed > passed_before:
            found.append(f"{name}, {kind}: {passed} of {compared} pass, {passed_before} did")
    return found


def totals(lines: Iterable[Line]) -> Line:
    """Compared and passed over all names, by kind."""
    sums: Line = {}
    for line in lines:
        for kind, (compared, passed) in line.items():
            total = sums.setdefault(kind, [0, 0])
            total[0] += compared
            total[1] += passed
    return sums


def count(names: Iterable[str]) -> Iterator[tuple[str, Line]]:
    """Every name with its numbers of now."""
    for name in names or known():
        line: Line = {}
        if name in FOUND:
            line |= {kind: [tally.compared, tally.passed] for kind, tally in replay(FOUND[name]).items()}
        if name in module_replay.FOUND:
            line |= {kind: [tally.compared, tally.passed] for kind, tally in module_replay.replay(name).items()}
        if name in TARGETS:
            line |= wrong_calls.counted(name)[0]
        if name in optim_replay.FOUND:
            line |= optim_replay.counted(name)
        yield name, line


def known() -> list[str]:
    """Every name that there are checks of."""
    return sorted({*FOUND, *module_replay.FOUND, *TARGETS, *optim_replay.FOUND})


def settled(before: dict[str, Line], now: dict[str, Line], whole: bool, allow_falling: bool) -> dict[str, Line]:
    """What the file should hold. Raises ValueError, with a line on each, where numbers fell and may not."""
    falls = [line for name in now if name in before for line in fallen(name, before[name], now[name])]
    falls += [f"{name}: no longer here" for name in before if whole and name not in now]
    if falls and not allow_falling:
        raise ValueError("\n".join(falls))
    return dict(now) if whole else {**before, **now}


def main(arguments: list[str] | None = None) -> int:
    """The command; see the module's docstring."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.parity.ratchet", description="Count what agrees with PyTorch."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="see the file; all if none is given")
    parser.add_argument("--update", action="store_true", help=f"write {FILE.name}")
    parser.add_argument("--allow-falling", action="store_true", help="write it though a number fell")
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.names) - set(known()))
    if unknown:
        parser.error(f"no checks of {', '.join(unknown)}")
    before = load() if FILE.exists() else {}
    now = dict(count(given.names))
    for name, line in now.items():
        print(*risen(name, before.get(name, {}), line), sep="\n", end="\n" if line != before.get(name) else "")
    for kind, (compared, passed) in totals(now.values()).items():
        print(f"{kind:20} {passed:6} of {compared:6} pass")
    try:
        lines = settled(before, now, not given.names, given.allow_falling)
    except ValueError as error:
        print(f"fell:\n{error}\nThe file stays as it is; --allow-falling writes it.", file=sys.stderr)
        return 1
    if given.update:
        FILE.write_text(written(lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
