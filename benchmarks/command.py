"""What the commands that compare frameworks take: which of them, and how often in turns.

Rests on frameworks; chain.py, overhead.py and peers.py begin with it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from benchmarks.frameworks import BASE, TITLES


def parser(description: str | None, rounds: int) -> argparse.ArgumentParser:
    """A parser of `--peer` and of `--rounds`, which is `rounds` if not given."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--peer", nargs="+", choices=TITLES, default=list(TITLES), help="PyTorch is always there")
    made.add_argument("--rounds", type=int, default=rounds, help="turns of each framework")
    return made


def with_base(peers: Iterable[str]) -> list[str]:
    """PyTorch first, then those of the frameworks that were asked for, in the order of the tables."""
    return [name for name in TITLES if name == BASE or name in set(peers)]
