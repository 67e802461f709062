"""`python -m tests.parity.drawn --programs 1000 --seed 7`: how many pictures of random programs are true, and what is false
in the others, by kind."""

from __future__ import annotations

import argparse
from collections import Counter

from .programs import program
from .truth import falsities


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="of the first program; the others follow")
    parser.add_argument("--show", metavar="KIND", help="print programs whose picture is false in this")
    parser.add_argument("--most", type=int, default=3, help="how many of them")
    wanted = parser.parse_args()
    kinds: Counter[str] = Counter()
    false = shown = 0
    for seed in range(wanted.seed, wanted.seed + wanted.programs):
        found = falsities(program(seed))
        false += bool(found)
        kinds.update({falsity.kind for falsity in found})
        if shown < wanted.most and any(falsity.kind == wanted.show for falsity in found):
            shown += 1
            print(f"--- seed {seed}\n{program(seed).cell}")
            print(*(f"  ! {f.kind}: {f.text}" for f in found if f.kind == wanted.show), sep="\n")
    print(f"{wanted.programs - false} of {wanted.programs} pictures are true")
    for kind, count in kinds.most_common():
        print(f"{count:6d}  {kind}")


if __name__ == "__main__":
    main()
