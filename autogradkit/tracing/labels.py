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
    return _cell_label(filename) or Path(filename).name


def running_cell() -> str:
    """The notebook cell that called: "In[3]"; empty outside of any."""
    frame = sys._getframe(1)
    while frame is not None:
        label = _cell_label(frame.f_code.co_filename)
        if label:
            return label
        frame = frame.f_back
    return ""


def _cell_label(filename: str) -> str:
    ipython: Any = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    known = None if shell is None else shell.compile.format_code_name(filename)
    return "" if known is None else str(known[1])


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


def with_article(name: str) -> str:
    """A name behind its article.

    >>> with_article("int"), with_article("Linear")
    ('an int', 'a Linear')
    """
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
