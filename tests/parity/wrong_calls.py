"""Random wrong calls: what PyTorch refuses is refused here too, by the same type and the same first line.

Where a call fits none of several forms, all of the text is compared: it lists them and says why each does not fit.

Each begins as a call that PyTorch takes (valid_calls.py) and is then damaged in one or two places: another type, another
element in a list, an argument too few or too many, a name that does not exist or stands twice, `out=` or `dtype=` of
another type. Only calls that PyTorch refuses count. The calls of a name depend on the seed and the name alone, so a new
name changes no other's.

    python -m tests.parity.wrong_calls --calls 10000 --seed 1 [--each] [NAME …]

prints how many agree, how many are accepted here, and the most frequent ways to disagree. A few calls a name run in
test_wrong_calls.py against ratchet.json.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .valid_calls import TARGETS, Call, Target, described, valid_calls

SEED, EACH = 1, 4  # what the tests run: calls a name


@dataclass(frozen=True)
class Verdict:
    """A call that PyTorch refuses: what it said, and what was said here (None: accepted)."""

    name: str
    call: str
    theirs: tuple[str, str]
    mine: tuple[str, str] | None

    @property
    def same(self) -> bool:
        """Whether type and text agree."""
        return self.mine == self.theirs


# -- damage ------------------------------------------------------------------------------------------------------------


def _wrong_value(rng: random.Random) -> Any:
    return rng.choice(
        (
            "a",
            "sum",
            None,
            True,
            1.5,
            1,
            3,
            -1,
            2j,
            [1, 2],
            (0, 1),
            [1.5],
            ["a"],
            [],
            {},
            [None],
            slice(1),
            ...,
            np.arange(3.0),
            np.float64(1.5),
            np.int64(1),
            torch.float32,
            torch.strided,
            torch.ones(2, 3),
            torch.ones(()),
            torch.tensor(1),
            torch.ones(3, dtype=torch.bool),
            [torch.ones(3), 1],
            object,
        )
    )


def _replace(call: Call, rng: random.Random, first: int) -> None:
    places = [*range(first, len(call.args)), *call.kwargs]
    if places:
        _put(call, rng.choice(places), _wrong_value(rng))


def _put(call: Call, place: int | str, value: Any) -> None:
    if isinstance(place, int):
        call.args[place] = value
    else:
        call.kwargs[place] = value


def _replace_element(call: Call, rng: random.Random, first: int) -> None:
    listed = [
        (place, value)
        for place, value in [*list(enumerate(call.args))[first:], *call.kwargs.items()]
        if isinstance(value, list | tuple) and value
    ]
    if not listed:
        return _replace(call, rng, first)
    place, value = rng.choice(listed)
    elements = list(value)
    elements[rng.randrange(len(elements))] = _wrong_value(rng)
    _put(call, place, type(value)(elements))
    return None


def _drop(call: Call, rng: random.Random, first: int) -> None:
    if call.kwargs and rng.random() < 0.5:
        del call.kwargs[rng.choice(list(call.kwargs))]
    elif len(call.args) > first:
        del call.args[rng.randrange(first, len(call.args)) if rng.random() < 0.3 else -1]


def _add(call: Call, rng: random.Random, first: int) -> None:
    for _ in range(rng.choice((1, 1, 1, 3))):
        call.args.append(_wrong_value(rng))


def _rename(call: Call, rng: random.Random, first: int) -> None:
    if not call.kwargs:
        call.kwargs["foo"] = _wrong_value(rng)
        return
    name = rng.choice(list(call.kwargs))
    other = rng.choice((name + "s", name.upper(), "x", "self", "input", "axis"))
    call.kwargs = {other if each == name else each: value for each, value in call.kwargs.items()}


def _double(call: Call, rng: random.Random, first: int) -> None:
    call.kwargs[rng.choice(("input", "self", "other", "dim", "dim0", "size", "index"))] = _wrong_value(rng)


def _unknown(call: Call, rng: random.Random, first: int) -> None:
    call.kwargs[rng.choice(("foo", "keepdims", "axis", "requires_grad", "inplace", "device"))] = _wrong_value(rng)


def _out(call: Call, rng: random.Random, first: int) -> None:
    call.kwargs["out"] = _wrong_value(rng)


def _dtype(call: Call, rng: random.Random, first: int) -> None:
    call.kwargs["dtype"] = rng.choice(("float32", np.float32, float, 1, torch.ones(2), torch.strided, torch.bool))


_DAMAGES = (_replace, _replace_element, _drop, _add, _rename, _double, _unknown, _out, _dtype)
_WEIGHTS = (8, 3, 3, 3, 2, 2, 2, 2, 1)


def damaged(target: Target, call: Call, rng: random.Random) -> Call:
    """The call, wrong in one or two places; `self` of a method stays, and one operand of an operator."""
    wrong = call.copy()
    if target.name.startswith("operator."):
        _replace(wrong, rng, 0)
        return wrong
    for damage in rng.choices(_DAMAGES, _WEIGHTS, k=rng.choice((1, 1, 1, 2))):
        damage(wrong, rng, int(target.is_method))
    return wrong


# -- asking both -------------------------------------------------------------------------------------------------------


def verdicts(target: Target, seed: int) -> Iterator[Verdict]:
    """Verdicts on one wrong call after the other, without end where PyTorch refuses any."""
    rng = random.Random(f"{seed}:{target.name}")
    valid = valid_calls(target)
    refused = tried = 0
    while valid and (refused or tried < 200):
        tried += 1
        call = damaged(target, rng.choice(valid), rng)
        theirs = _said(target.ask_theirs, call)
        if theirs is not None:
            refused += 1
            yield Verdict(target.name, described(target, call), theirs, _said(target.ask_mine, call))


KINDS = ("wrong_calls", "wrong_calls_refused")


_LISTING = "but expected one of:"  # after which each form is listed, and why it does not fit: all of that is compared


def _said(ask: Any, call: Call) -> tuple[str, str] | None:
    try:
        ask(call)
    except Exception as error:
        text = str(error)
        said = text if _LISTING in text else (text.splitlines() or [""])[0]
        return type(error).__name__, re.sub(r"0x[0-9a-f]+", "0x…", said)
    return None


def counted(name: str, seed: int = SEED, each: int = EACH) -> tuple[dict[str, list[int]], list[Verdict]]:
    """The numbers of a name for the ratchet, and the verdicts behind them."""
    found = list(itertools.islice(verdicts(TARGETS[name], seed), each))
    same = sum(verdict.same for verdict in found)
    refused = sum(verdict.mine is not None for verdict in found)
    line = dict(zip(KINDS, ([len(found), same], [len(found), refused]), strict=True))
    return (line if found else {}), found


# -- the command -------------------------------------------------------------------------------------------------------


def _signature(verdict: Verdict) -> str:
    """The way in which a verdict disagrees, without the names and numbers of the case."""
    said = [("accepted", "") if each is None else each for each in (verdict.theirs, verdict.mine)]
    short = verdict.name.rpartition(".")[2]
    return " | ".join(
        re.sub(r"\d+", "N", re.sub(r"got \(.*?\)|'[^']*'", "…", text.replace(short + "()", "f()"))).join(
            (kind + ": ", "")
        )
        for kind, text in said
    )


def main(arguments: list[str] | None = None) -> int:
    """The command; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.parity.wrong_calls", description="Compare refusals.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of functions and methods; all if none is given")
    parser.add_argument("--calls", type=int, default=10_000, help="how many refused calls to compare")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--each", action="store_true", help="also a line for each name, the worst first")
    given = parser.parse_args(arguments)
    unknown = sorted(set(given.names) - set(TARGETS))
    if unknown:
        parser.error(f"no such function or method in both libraries: {', '.join(unknown)}")
    left = {name: verdicts(TARGETS[name], given.seed) for name in given.names or TARGETS}
    found: list[Verdict] = []
    without = []
    while left and len(found) < given.calls:
        for name in list(left)[: given.calls - len(found)]:
            verdict = next(left[name], None)
            if verdict is not None:
                found.append(verdict)
                continue
            del left[name]
            without.append(name)
    by_name: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in found:
        by_name[verdict.name].append(verdict)
    if given.each:
        for name, each in sorted(by_name.items(), key=lambda item: sum(v.same for v in item[1]) / len(item[1])):
            accepted = sum(v.mine is None for v in each)
            print(f"{name:32} {sum(v.same for v in each):4} of {len(each):4} agree, {accepted} accepted")
    ways = Counter(_signature(verdict) for verdict in found if not verdict.same)
    examples = {_signature(verdict): verdict.call for verdict in reversed(found) if not verdict.same}
    print("The most frequent ways to disagree (PyTorch | here):")
    for way, times in ways.most_common(25):
        print(f"{times:5}  {way}\n       as in {examples[way]}")
    same, accepted = sum(v.same for v in found), sum(v.mine is None for v in found)
    share = f"{same / max(1, len(found)):.1%}"
    print(
        f"seed {given.seed}: {same} of {len(found)} wrong calls agree in type and first line ({share}) over {len(by_name)} names"
    )
    print(f"accepted here though PyTorch refuses: {accepted}")
    if without:
        print(f"no wrong call found: {', '.join(without)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
