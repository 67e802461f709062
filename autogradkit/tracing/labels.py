"""What a learner calls things that have no name of their own: a cell's file "In[3]", an intermediate `matmul₁`.

Rests on IPython if a notebook has loaded it. Serves `record()`, the traced cells, the ledger, tables and pictures.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def file_label(filename: str) -> str:
    """The short name of a code object's file."""
    ipython: Any = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    known = None if shell is None else shell.compile.format_code_name(filename)
    return Path(filename).name if known is None else str(known[1])


def numbered(name: str, number: int) -> str:
    """A name with a number below the line.

    >>> numbered("matmul", 12)
    'matmul₁₂'
    """
    return name + str(number).translate(SUBSCRIPTS)


def with_turn(name: str, turn: tuple[int, ...]) -> str:
    """A name with the turn of each loop around it, outermost first.

    >>> with_turn("h", (2, 10)), with_turn("h", ())
    ('h (turn 2.10)', 'h')
    """
    return f"{name} (turn {'.'.join(map(str, turn))})" if turn else name
