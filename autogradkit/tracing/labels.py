"""What a learner calls things that have no name of their own: a cell's file "In[3]", an intermediate `matmul₁`.

Rests on IPython if a notebook has loaded it. Serves `record()`, the traced cells, the ledger, tables and pictures.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
TRANSPOSED = ("T", "mT", "H", "mH")  # attributes that are operations
_ORDINALS = {1: "st", 2: "nd", 3: "rd"}
# The files of cells that IPython did not count, and their places among the cells that ran.
_UNCOUNTED: dict[str, int] = {}


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


class CellCount:
    """Numbers cells by their order where IPython does not.

    Without history, as nbval runs a notebook, each cell is In[1] to IPython, so that none is told from another and a stored
    notebook shows other numbers. As soon as IPython counts, its numbers are the ones: the notebook shows them.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._cells = 1  # the one in which the counting began

    def begins(self, info: Any) -> None:
        """A cell begins, which is not run by another one; `info` is what IPython tells of it."""
        self._cells += 1
        try:
            file = self._shell.compile.get_code_name(info.raw_cell, info.raw_cell, self._shell.execution_count)
        except UnicodeEncodeError:  # lone surrogates, which IPython is about to refuse
            return
        if info.store_history or self._shell.execution_count > 1:
            _UNCOUNTED.pop(file, None)
        else:
            _UNCOUNTED[file] = self._cells


def _cell_label(filename: str) -> str:
    ipython: Any = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    known = None if shell is None else shell.compile.format_code_name(filename)
    if known is None:
        return ""
    return f"In[{_UNCOUNTED[filename]}]" if filename in _UNCOUNTED else str(known[1])


def numbered(name: str, number: int) -> str:
    """A name with a number below the line.

    >>> numbered("matmul", 12)
    'matmul₁₂'
    """
    return name + str(number).translate(SUBSCRIPTS)


def with_turn(name: str, turn: tuple[int, ...], count: int = 1) -> str:
    """A name with the turn of each loop around it, outermost first; and the how manieth of this name in that turn it is.

    >>> with_turn("h", (2, 10)), with_turn("h", ()), with_turn("h", (8,), 2)
    ('h (turn 2.10)', 'h', 'h (turn 8, 2nd)')
    """
    which = "" if count == 1 else f", {count}{_ORDINALS.get(count % 10 if count // 10 % 10 != 1 else 0, 'th')}"
    return f"{name} (turn {'.'.join(map(str, turn))}{which})" if turn else name


def with_attribute(name: str, attribute: str) -> str:
    """What is reached as an attribute of a tensor with this label.

    >>> with_attribute("v", "T"), with_attribute("v (turn 2)", "T")
    ('v.T', 'v.T (turn 2)')
    """
    name, space, turn = name.partition(" ")
    return f"{name}.{attribute}{space}{turn}"


def with_subscript(name: str, subscript: str) -> str:
    """What a part of a tensor with this label is called.

    >>> with_subscript("v", "[0]"), with_subscript("v (turn 2)", "[:, 1]")
    ('v[0]', 'v[:, 1] (turn 2)')
    """
    name, space, turn = name.partition(" (turn")
    return f"{name}{subscript}{space}{turn}"


def with_article(name: str) -> str:
    """A name behind its article.

    >>> with_article("int"), with_article("Linear")
    ('an int', 'a Linear')
    """
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
