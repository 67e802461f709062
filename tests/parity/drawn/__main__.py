"""`python -m tests.parity.drawn --programs 1000 --seed 7`: how many pictures of random programs are true, and what is false
in the others, by kind. A program in which PyTorch crashes ends nothing but itself: it runs in a process apart."""

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
    parser.add_argument("--most", type=int, default=3, help="how many of them")
    wanted = parser.parse_args()
    seeds: defaultdict[str, list[int]] = defaultdict(list)
    crashed: list[str] = []
    false = shown = 0
    for seed, found in outcomes(falsities_of, range(wanted.seed, wanted.seed + wanted.programs)):
        if isinstance(found, Crash):
            crashed.append(f"{seed} ({found.signal})")
            continue
        false += bool(found)
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
