"""How much is told of what has no bound of its own: names, what an error says, the table. The trace keeps all of it.

Rests on the event stream; `build.py` asks it, and for the table `telling/text.py` and `drawing/picture.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from autogradkit.tracing.events import Failure

_T = TypeVar("_T")

MOST_NAME = 80  # characters of a name
MOST_MESSAGE = 2000  # characters of an error's message
MOST_NOTES = 8
MOST_NOTE = 600  # characters of a note
MOST_ROWS = 60  # of the table
MOST_GRADS = 40  # gradients of one tensor or one edge


def shortened(text: str, most: int) -> str:
    """A text of at most `most` characters.

    >>> shortened("a" * 100, 5), shortened("abc", 5)
    ('aaaa…', 'abc')
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def shortened_name(name: str) -> str:
    """A name of at most `MOST_NAME` characters: its beginning and its end, by which long names differ.

    >>> shortened_name("x" * 100 + "12")[-4:], len(shortened_name("x" * 100))
    ('xx12', 80)
    """
    if len(name) <= MOST_NAME:
        return name
    end = MOST_NAME // 2
    return f"{name[: MOST_NAME - end - 1]}…{name[-end:]}"


def first_and_last(pieces: Sequence[_T], most: int) -> Sequence[_T]:
    """At most this many of the pieces, an even number: as many of the first as of the last.

    >>> first_and_last([1, 2, 3, 4, 5, 6], 4)
    [1, 2, 5, 6]
    """
    return pieces if len(pieces) <= most else [*pieces[: most // 2], *pieces[-most // 2 :]]


def bounded_failure(failure: Failure) -> Failure:
    """What is told of an error."""
    notes = tuple(shortened(note, MOST_NOTE) for note in failure.notes[:MOST_NOTES])
    if len(failure.notes) > MOST_NOTES:
        notes += (f"… {len(failure.notes) - MOST_NOTES} more notes",)
    return replace(failure, message=shortened(failure.message, MOST_MESSAGE), notes=notes)
