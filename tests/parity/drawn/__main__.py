"""`python -m tests.parity.drawn --programs 1000 --seed 7`: how many pictures of random programs are true, and what is false
in the others, by kind. A program in which PyTorch crashes ends nothing but itself: it runs in a process apart. What is found
is told as it is found: a run that is ended early has said what it saw."""

from __future__ import annotations

import argparse
from collections import defaultdict

from ..apart import Crash, outcomes
from .programs import program
from .truth import falsities_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="of the first program; the others follow")
    parser.add_argument("--show", metavar="KIND", help="print programs whose picture is false in this")
    parser.add_argument("--each", type=int, default=500, help="programs after which is told how many were true so far")
    parser.add_argument("--most", type=int, default=3, help="how many of them")
    wanted = parser.parse_args()
    seeds: defaultdict[str, list[int]] = defaultdict(list)
    crashed: list[str] = []
    false = shown = 0
    seen = outcomes(falsities_of, range(wanted.seed, wanted.seed + wanted.programs))
    for number, (seed, found) in enumerate(seen):
        if number and number % wanted.each == 0:
            print(f"so far {number - false - len(crashed)} of {number - len(crashed)} are true", flush=True)
        if isinstance(found, Crash):
            crashed.append(f"{seed} ({found.signal})")
            continue
        false += bool(found)
        for falsity in found:
            print(f"seed {seed}: {falsity.kind}: {falsity.text}", flush=True)
        for kind in {falsity.kind for falsity in found}:
            seeds[kind].append(seed)
        if shown < wanted.most and any(falsity.kind == wanted.show for falsity in found):
            shown += 1
            print(f"--- seed {seed}\n{program(seed).cell}")
            print(*(f"  ! {f.kind}: {f.text}" for f in found if f.kind == wanted.show), sep="\n")
    drawn = wanted.programs - len(crashed)
    print(f"{drawn - false} of {drawn} pictures are true")
    print(f"{len(crashed)} programs in which PyTorch crashed: seeds {', '.join(crashed) or 'none'}")
    for kind, where in sorted(seeds.items(), key=lambda each: -len(each[1])):
        print(f"{len(where):6d}  {kind}: seeds {', '.join(map(str, where[:8]))}")


if __name__ == "__main__":
    main()
