"""Text of known width: fonts, sizes, how wide a text is, and how it is cut or broken where it is wider.

Rests on the standard library only. Every picture measures with it; `svg.py` fixes each text to that width.
"""

from __future__ import annotations

import bisect
import functools
import unicodedata

SIZE = 12.0  # of a text of which nothing else is said
LEGIBLE = 10.0  # pixels that no text is ever shown smaller than
# The column that a stored picture is drawn for, with its text shown that small: what a page of 800 px leaves for outputs is 600
# in JupyterLab, 603 and 658 in nbconvert's templates, 678 in Notebook 7; one of 1,280 px leaves 828 to 1,138.
COLUMN = 600.0
SANS = "ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif"
MONO = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
# Advance widths in thousandths of an em for a humanist sans; a picture fixes its texts to them with textLength.
_NARROW = dict.fromkeys("ijl|'!.,:;·", 300) | dict.fromkeys('ftrI()[]{}/\\ "-`', 370)
_WIDE = dict.fromkeys("mMW@%", 900) | dict.fromkeys("wGOQDHNUCRABKVXYPEST&", 690) | dict.fromkeys("→←↑↓×=+<>~−–", 780)
_SANS_EM = _NARROW | _WIDE


@functools.lru_cache(4096)
def _em(char: str, mono: bool) -> float:
    if unicodedata.combining(char) or unicodedata.category(char) == "Cf":
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    return 0.602 if mono else _SANS_EM.get(char, 580) / 1000


def text_width(text: str, size: float = SIZE, *, mono: bool = False, bold: bool = False) -> float:
    """Width in pixels that `text` takes, by East-Asian width and, for a sans face, by letter.

    >>> text_width("ab", 10, mono=True), text_width("权重", 10, mono=True)
    (12.04, 20.0)
    """
    width = sum(_em(char, mono) for char in text) * size
    return round(width * (1.06 if bold and not mono else 1.0), 2)


def clip(text: str, room: float, size: float = SIZE, *, mono: bool = False, bold: bool = False) -> str:
    """`text`, cut with an ellipsis where it is wider than `room` pixels.

    >>> clip("matmul", 30, 10, mono=True)
    'mat…'
    """
    if text_width(text, size, mono=mono, bold=bold) <= room:
        return text
    kept = bisect.bisect_right(
        range(1, len(text)), room, key=lambda end: text_width(text[:end] + "…", size, mono=mono, bold=bold)
    )
    return text[:kept].rstrip() + "…"


TURN = " (turn "  # as `labels.with_turn` begins it
LEAST_OF_NAME = 0.75  # of the room


def clip_name(name: str, room: float, size: float = SIZE, *, bold: bool = False) -> str:
    """A name in a mono face, where it is wider than `room` pixels with an ellipsis within: names often differ where they end.
    The turn of a loop that stands behind it stays whole, and leaves it three quarters of the room at least.

    >>> clip_name("encoder_layer_12", 70, 10), clip_name("x1", 70, 10)
    ('encode…r_12', 'x1')
    >>> clip_name("scores (turn 12)", 70, 10), clip_name("encoder_layer_12 (turn 3)", 70, 10)
    ('scores (turn 12)', 'enco…_12 (turn 3)')
    """
    if text_width(name, size, mono=True, bold=bold) <= room:
        return name
    name, turn = name[: (at := (name + TURN).index(TURN))], name[at:]
    if turn:
        rest = room - text_width(turn, size, mono=True, bold=bold)
        return clip_name(name, max(rest, LEAST_OF_NAME * room), size, bold=bold) + turn
    ends = next((n for n in range(1, len(name)) if text_width(name[-n:], size, mono=True) > 0.4 * room), 1) - 1
    end = name[len(name) - ends :]
    return clip(name[: len(name) - ends], room - text_width(end, size, mono=True), size, mono=True) + end


def wrap_text(text: str, room: float, size: float = SIZE, *, mono: bool = False, lines: int = 6) -> list[str]:
    """`text` broken at spaces into at most `lines` lines of `room` pixels; the last one is cut where more is left."""
    words = text.replace("\n", " ").split(" ")
    done: list[str] = []
    line = ""
    for word in words:
        longer = f"{line} {word}" if line else word
        if not line or text_width(longer, size, mono=mono) <= room:
            line = longer
            continue
        done.append(line)
        line = word
    done.append(line)
    if len(done) > lines:
        done[lines - 1] = " ".join(done[lines - 1 :])
    return [clip(line, room, size, mono=mono) for line in done[:lines]]
