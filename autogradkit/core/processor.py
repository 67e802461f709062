"""Which of NumPy's functions use what this processor has beyond the least that NumPy asks for.

Where they do, whole steps of our own are slower. Rests on NumPy; `halves` and the steps of pointwise functions ask.
"""

from __future__ import annotations

import functools

import numpy as np


@functools.cache
def in_whole_steps(kind: str) -> frozenset[str]:
    """The functions whose loops over numbers of that dtype were written for this processor, by name.

    >>> "hypot" in in_whole_steps("float32")
    False
    """
    found = np.lib.introspect.opt_func_info(signature=kind)
    return frozenset(
        [
            name
            for name, loops in found.items()
            if any(not each["current"].startswith("baseline") for each in loops.values())
        ]
    )
