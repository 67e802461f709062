"""Ask both libraries about every op at hard points, and print what differs.

python -m tests.parity.hard_points [NAME …] [--dtype float32 …] [--most 3]

A sweep of everything also names what listed.py exempts and nothing needs any more. The exit status is 1 where there is either.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict

import torch

from .calls import NOT_SWEPT, forms, unreached
from .listed import BY_A_NUMBER, SETTLED, exemption, words_of
from .sweep import Finding, sweep
from .values import EVERY_DTYPE


def main(arguments: list[str] | None = None) -> int:
    """The command; see the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m tests.parity.hard_points", description="Every op at hard points.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="as the list shows them; all if none is given")
    parser.add_argument("--dtype", nargs="+", default=[str(each)[6:] for each in EVERY_DTYPE])
    parser.add_argument("--most", type=int, default=2, help="how many examples of a kind to print")
    parser.add_argument("--settled", action="store_true", help="also what listed.py says is left, and why")
    parser.add_argument(
        "--numbers", action="store_true", help="hard numbers as parameters too, of which some still differ"
    )
    given = parser.parse_args(arguments)
    began = time.monotonic()
    chosen = forms(given.names)
    calls = 0
    kinds: dict[str, list[Finding]] = defaultdict(list)
    used: set[str | None] = set()
    for count, findings in sweep(chosen, tuple(getattr(torch, each) for each in given.dtype), numbers=given.numbers):
        calls += count
        for each in findings:
            used.add(exemption(each.signature, each.dtype))
            if not each.is_settled or given.settled:
                if each.signature not in kinds:
                    print(f"{each.signature} ({each.dtype}): {each.how}\n    {each.call[:300]}", flush=True)
                kinds[each.signature].append(each)
    for signature, found in sorted(kinds.items()):
        dtypes = ", ".join(sorted({each.dtype for each in found}))
        print(f"{len(found):5}  {signature}  ({dtypes})")
        for each in found[: given.most]:
            print(f"         {each.dtype}: {each.how}\n           {each.call[:300]}")
    total = sum(map(len, kinds.values()))
    print(
        f"{calls} calls of {len(chosen)} forms, {total} differ in {len(kinds)} kinds; {time.monotonic() - began:.0f} s"
    )
    unused: list[str] = []
    if not given.names:
        print("not reached:", ", ".join(sorted(set(unreached(chosen)) - set(NOT_SWEPT))) or "none")
        others = {word for each in EVERY_DTYPE for word in words_of(str(each)[6:]) if str(each)[6:] not in given.dtype}
        asked = [key for key in SETTLED if given.numbers or BY_A_NUMBER not in key]
        unused = [key for key in asked if key not in used and key.rpartition(" ")[2] not in others]
        print("exempted for nothing:", ", ".join(unused) or "none")
    return 1 if unused or any(not each.is_settled for found in kinds.values() for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
