"""The life of one `.grad` as plain data: who added what from which line, and when it was cleared, set or edited.

Rests on nothing of ours. The log (`watch.py`) tells it, the ledger's picture (`render/ledger/`) draws it.
"""

from __future__ import annotations

from dataclasses import dataclass

Amounts = tuple[float, ...]  # one number for each element that is kept


@dataclass(frozen=True, slots=True)
class Entry:
    """One event.

    `what` is "backward", "none", "zeros", "assigned" (another tensor was set), "edited" (in place, not by backward),
    "unseen" (it is another one, and nobody was told: through NumPy) or "before" (what the first event that is kept found).
    """

    what: str
    where: str  # "In[2] line 1", "train.py line 40", or empty
    code: str  # that line of the learner's
    added: Amounts | None  # by a backward
    after: Amounts | None  # None where `.grad` is None afterwards
    kept: bool = False  # a backward added to what earlier ones had left


@dataclass(frozen=True, slots=True)
class GradHistory:
    """What is known of one tensor's `.grad`."""

    shape: tuple[int, ...]
    dtype: str
    size: int  # elements of the tensor
    elements: tuple[str, ...]  # what the numbers of an entry belong to: "[0, 1]", "[0].imag"; "" of a scalar
    entries: tuple[Entry, ...]
    fallen: int = 0  # earlier events that are kept no more


def index_text(flat: int, shape: tuple[int, ...]) -> str:
    """The index of an element that is counted in row-major order.

    >>> index_text(5, (2, 3)), index_text(0, ())
    ('[1, 2]', '')
    """
    index: list[str] = []
    for size in reversed(shape):
        flat, position = divmod(flat, max(size, 1))
        index.append(str(position))
    return f"[{', '.join(reversed(index))}]" if index else ""
