"""Random cells of the kind that learners write: what ran before the cell, and the cell.

Chapters of statements stand in files of their own. A program runs in PyTorch as in autogradkit; one that fails in both
is still a cell to draw. Used by `truth`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from . import autograd_ways, basics, kinds_of_numbers, layers, python_ways
from .writer import Writer

BEFORE = basics.BEFORE
CHAPTERS = (layers, kinds_of_numbers, python_ways, autograd_ways)


@dataclass
class Program:
    """A cell and what ran before it."""

    seed: int
    cell: str
    before: str = BEFORE


def program(seed: int) -> Program:
    """A cell of 3 to 10 statements over tensors of three elements, of the basic kinds and of up to two other chapters."""
    stream = random.Random(seed)
    writer = Writer(stream)
    more = stream.sample(CHAPTERS, stream.choice((0, 1, 1, 1, 2)))
    kinds = [*basics.KINDS]
    for chapter in more:
        whole = sum(weight for _, weight in chapter.KINDS)
        kinds += [(kind, 50 * weight / whole) for kind, weight in chapter.KINDS]
    makers, weights = zip(*kinds, strict=True)
    for _ in range(stream.randint(3, 10)):
        stream.choices(makers, weights)[0](writer)
    return Program(seed, "\n".join(writer.lines), BEFORE + "".join(chapter.BEFORE for chapter in more))
