"""What a learner calls the file that some code stands in: "In[3]" for a notebook cell, else the file's name.

Rests on IPython if a notebook has loaded it. Serves `record()`, the traced cells and the ledger.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any


def file_label(filename: str) -> str:
    """The short name of a code object's file."""
    ipython: Any = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    known = None if shell is None else shell.compile.format_code_name(filename)
    return Path(filename).name if known is None else str(known[1])
