"""SVG primitives shared by every renderer: escaped text of known width, roles instead of colours, arrows, boxes.

A `Picture` collects marks and ends as one deterministic string, which is both the static picture and what the live widget
inlines. Colours are roles: each mark carries its light colour as an attribute, so that any viewer draws it on the explicit
white ground, and a class that the picture's own style sheet repaints under an ancestor with `data-ak-theme="dark"`; what is
usual of a text (ink, 12 px) is said once, on the root. Ids begin with a hash of the content, so pictures on one page never
meet. Rests on the standard library only; numbers are shortened in `numbers.py`.
"""

from __future__ import annotations

import base64
import bisect
import functools
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from html import escape as _escape

Attribute = str | int | float | None

LIGHT: Mapping[str, str] = {
    "ground": "#ffffff",
    "panel": "#f6f8fa",
    "ink": "#1b1f24",
    "muted": "#59636e",
    "rule": "#d0d7de",
    "mark": "#818b96",
    "leaf": "#0072b2",
    "gradient": "#c2410c",
    "glow": "#fff3e6",
    "error": "#b3122a",
    "blush": "#ffeef0",
    "warm": "#c2410c",
    "cool": "#0072b2",
    "alias0": "#0072b2",
    "alias1": "#009e73",
    "alias2": "#cc79a7",
    "alias3": "#e69f00",
    "alias4": "#56b4e9",
    "alias5": "#d55e00",
}
DARK: Mapping[str, str] = {
    "ground": "#111317",
    "panel": "#1c2128",
    "ink": "#e6edf3",
    "muted": "#9aa4af",
    "rule": "#3a424d",
    "mark": "#768390",
    "leaf": "#58a6e0",
    "gradient": "#fb923c",
    "glow": "#3a2413",
    "error": "#ff8a93",
    "blush": "#3d1a1f",
    "warm": "#fb923c",
    "cool": "#58a6e0",
    "alias0": "#4aa3df",
    "alias1": "#2ec79b",
    "alias2": "#dd9bc1",
    "alias3": "#f0b429",
    "alias4": "#7cc8f5",
    "alias5": "#f27e3f",
}
ALIAS_CYCLE = 6
SIZE = 12.0  # of a text of which nothing else is said
LEGIBLE = 10.0  # pixels that no text is ever shown smaller than

SANS = "ui-sans-serif, system-ui, 'Segoe UI', Helvetica, Arial, 'DejaVu Sans', sans-serif"
MONO = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"

# Advance widths in thousandths of an em for a humanist sans; a picture fixes its texts to them with textLength.
_NARROW = dict.fromkeys("ijl|'!.,:;·", 300) | dict.fromkeys('ftrI()[]{}/\\ "-`', 370)
_WIDE = dict.fromkeys("mMW@%", 900) | dict.fromkeys("wGOQDHNUCRABKVXYPEST&", 690) | dict.fromkeys("→←↑↓×=+<>~−–", 780)
_SANS_EM = _NARROW | _WIDE


_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def esc(text: str) -> str:
    """Text for XML content or an attribute; control characters, which XML forbids, show as U+FFFD.

    >>> esc("<script>&\\x07")
    '&lt;script&gt;&amp;�'
    """
    kept = _UNWRITABLE.sub("\ufffd", text)
    return _escape(kept, quote=True)


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


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two `#rrggbb` colours, from 1 to 21.

    >>> round(contrast("#000000", "#ffffff"))
    21
    """

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def alias_role(index: int) -> str:
    """The colour role of the `index`-th tensor that shares a storage; the cycle begins again after six."""
    return f"alias{index % ALIAS_CYCLE}"


_ROLE = re.compile(r"ak-([fs])-(\w+)")


def style_sheet(marks: str) -> str:
    """What repaints the roles of these marks in the dark, and leaves the ground to the page when live."""
    dark = '[data-ak-theme="dark"] '
    used = set(_ROLE.findall(marks))
    rules = [
        f"{dark}.ak-{short}-{role}{{{what}:{colour}}}"
        for role, colour in DARK.items()
        for short, what in (("f", "fill"), ("s", "stroke"))
        if (short, role) in used
    ]
    return "".join(rules) + f".ak-mono{{font-family:{MONO}}}[data-ak-theme] .ak-ground{{fill:none}}"


def num(value: float) -> str:
    """A coordinate: at most one decimal, no trailing zero."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def _attributes(extra: Mapping[str, Attribute]) -> str:
    parts = []
    for key, value in extra.items():
        if value is None:
            continue
        name = key.rstrip("_").replace("_", "-")
        parts.append(f' {name}="{num(value) if isinstance(value, float) else esc(str(value))}"')
    return "".join(parts)


def _paint(fill: str | None, stroke: str | None, class_: str = "") -> str:
    names = [class_] if class_ else []
    paint = ""
    if fill is not None:
        paint += f' fill="{LIGHT.get(fill, fill)}"'
        if fill in LIGHT:
            names.append(f"ak-f-{fill}")
    if stroke is not None:
        paint += f' stroke="{LIGHT[stroke]}"'
        names.append(f"ak-s-{stroke}")
    return paint + (f' class="{" ".join(names)}"' if names else "")


class Picture:
    """Marks in drawing order. Every method adds one; `finish` closes the picture. Coordinates are pixels.

    >>> picture = Picture()
    >>> picture.box(10, 10, 60, 24, stroke="leaf")
    >>> picture.text(40, 26, "W", anchor="middle", mono=True)
    >>> picture.finish(80, 44, "a tensor W").startswith("<svg ")
    True
    """

    def __init__(self) -> None:
        self._marks: list[str] = []
        self._least = SIZE
        self._arrows: dict[str, None] = {}

    def text(
        self,
        x: float,
        y: float,
        text: str,
        role: str = "ink",
        size: float = SIZE,
        *,
        anchor: str = "start",
        mono: bool = False,
        bold: bool = False,
        class_: str = "",
        **extra: Attribute,
    ) -> None:
        """One line of text, its baseline at `y`, as wide as `text_width` says."""
        if not text:
            return
        width = text_width(text, size, mono=mono, bold=bold)
        self._least = min(self._least, size)
        weight = ' font-weight="600"' if bold else ""
        steady = mono and text.replace("∂", "").isascii()  # monospaced faces agree on these
        fixed = f' textLength="{num(width)}" lengthAdjust="spacingAndGlyphs"' if len(text) > 1 and not steady else ""
        sized = "" if size == SIZE else f' font-size="{num(size)}"'
        named = " ".join(filter(None, (class_, "ak-mono" if mono else "")))
        if text.startswith(" ") or "  " in text:
            fixed += ' xml:space="preserve"'
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._marks.append(
            f'<text x="{num(x)}" y="{num(y)}"{sized}{place}{weight}{fixed}'
            f"{_paint(None if role == 'ink' else role, None, named)}{_attributes(extra)}>{esc(text)}</text>"
        )

    def texts(
        self,
        found: Iterable[tuple[float, str]],
        y: float,
        role: str = "ink",
        size: float = 12,
        *,
        bold: bool = False,
        class_: str = "",
    ) -> None:
        """Several short texts on one line, each in the middle over its x, in a mono face; not to be pressed."""
        spans = "".join(f'<tspan x="{num(x)}">{esc(text)}</tspan>' for x, text in found if text)
        weight = ' font-weight="600"' if bold else ""
        if spans:
            self._marks.append(
                f'<text y="{num(y)}" font-size="{num(size)}" text-anchor="middle" font-family="{esc(MONO)}"{weight}'
                f' pointer-events="none"{_paint(role, None, class_)}>{spans}</text>'
            )

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        radius: float = 8,
        fill: str | None = "panel",
        stroke: str | None = "ink",
        line: float = 1.2,
        class_: str = "",
        **extra: Attribute,
    ) -> None:
        """A rounded rectangle."""
        edge = f' stroke-width="{num(line)}"' if stroke is not None else ""
        self._marks.append(
            f'<rect x="{num(x)}" y="{num(y)}" width="{num(width)}" height="{num(height)}" rx="{num(radius)}"'
            f"{edge}{_paint(fill or 'none', stroke, class_)}{_attributes(extra)}/>"
        )

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        *,
        fill: str | None = "ground",
        stroke: str = "ink",
        line: float = 1.2,
        class_: str = "",
        **extra: Attribute,
    ) -> None:
        """An ellipse around (x, y)."""
        self._marks.append(
            f'<ellipse cx="{num(x)}" cy="{num(y)}" rx="{num(rx)}" ry="{num(ry)}" stroke-width="{num(line)}"'
            f"{_paint(fill or 'none', stroke, class_)}{_attributes(extra)}/>"
        )

    def path(
        self,
        d: str,
        *,
        stroke: str | None = "ink",
        line: float = 1.3,
        dashed: bool = False,
        arrow: bool = False,
        fill: str | None = None,
        class_: str = "",
        **extra: Attribute,
    ) -> None:
        """A path, with an arrow at its end where `arrow`; `dashed` is how a gradient is drawn."""
        head = ""
        if arrow and stroke is not None:
            self._arrows[stroke] = None
            head = f' marker-end="url(#\0{stroke})"'
        dash = ' stroke-dasharray="5 3"' if dashed else ""
        self._marks.append(
            f'<path d="{d}" stroke-width="{num(line)}"{dash}{head}'
            f"{_paint(fill or 'none', stroke, class_)}{_attributes(extra)}/>"
        )

    def polyline(
        self, points: Iterable[tuple[float, float]], *, stroke: str = "ink", line: float = 1.5, **extra: Attribute
    ) -> None:
        """A line through points, its corners rounded."""
        where = " ".join(f"{num(x)},{num(y)}" for x, y in points)
        self._marks.append(
            f'<polyline points="{where}" stroke-width="{num(line)}" stroke-linejoin="round"'
            f"{_paint('none', stroke)}{_attributes(extra)}/>"
        )

    def image(self, x: float, y: float, width: float, height: float, data: str, **extra: Attribute) -> None:
        """Pixels, as a `data:` address, drawn as squares where they are enlarged."""
        self._marks.append(
            f'<image x="{num(x)}" y="{num(y)}" width="{num(width)}" height="{num(height)}" preserveAspectRatio="none"'
            f' style="image-rendering:pixelated" href="{data}"{_attributes(extra)}/>'
        )

    def open(self, class_: str = "", **extra: Attribute) -> None:
        """Begin a group; close it with `close`."""
        named = f' class="{class_}"' if class_ else ""
        self._marks.append(f"<g{named}{_attributes(extra)}>")

    def close(self) -> None:
        """End the group begun last."""
        self._marks.append("</g>")

    def note(self, text: str) -> None:
        """A `<title>` for the group just begun: what a pointer hovering over it is told."""
        self._marks.append(f"<title>{esc(text)}</title>")

    def finish(self, width: float, height: float, description: str, *, class_: str = "ak-picture") -> str:
        """The picture as one `<svg>` string; `description` is read aloud in its place.

        It may be shown narrower than it is, down to the width at which its smallest text is just legible.
        """
        body = "".join(self._marks)
        markers = "".join(
            f'<marker id="\0{role}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
            f' markerUnits="userSpaceOnUse" orient="auto"><path d="M0.5 0.5L8 4L0.5 7.5z"'
            f"{_paint(role, None)}/></marker>"
            for role in self._arrows
        )
        digest = hashlib.sha256(f"{body}{description}".encode()).hexdigest()[:10]
        w, h = num(width), num(height)
        text = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}"'
            f' style="min-width:{num(width * min(1.0, LEGIBLE / self._least))}px" role="img"'
            f' aria-label="{esc(description)}" font-family="{esc(SANS)}" font-size="{num(SIZE)}"{_paint("ink", None, class_)}>'
            f"<style>{style_sheet(markers + body + 'ak-f-ink')}</style><defs>{markers}</defs>"
            f'<rect class="ak-ground" width="{w}" height="{h}" fill="{LIGHT["ground"]}"/>{body}</svg>'
        )
        return text.replace("\0", f"ak{digest}-")


def img_tag(svg: str, alt: str) -> str:
    """The static form: an `<img>` around the picture, which untrusted notebooks show too.

    It scrolls where it is wider than the page, or higher than most of the window, rather than become too small to read. What
    only a living picture needs, its keys and steps, is left out.

    >>> tag = img_tag('<svg style="min-width:90px"/>', "a < b")
    >>> 'alt="a &lt; b"' in tag, 'style="max-width:100%;min-width:90px"' in tag
    (True, True)
    """
    data = base64.b64encode(_LIVING.sub("", svg).encode()).decode()
    least = _LEAST_WIDTH.search(svg[:1000])
    style = f"max-width:100%;{least[0]}" if least else "max-width:100%"
    return (
        f'<div tabindex="0" style="max-height:70vh;overflow:auto"><img alt="{esc(alt)}"'
        f' src="data:image/svg+xml;base64,{data}" style="{style}"></div>'
    )


_LEAST_WIDTH = re.compile(r"min-width:[\d.]+px")
_LIVING = re.compile(r' data-[\w-]+="[^"]*"')  # in a text, quotes are escaped


def table_html(header: tuple[str, ...], rows: list[tuple[str, ...]], summary: str = "as a table") -> str:
    """A `<details>` with a table, for who cannot see the picture. Every cell is text."""
    head = "".join(f'<th scope="col">{esc(cell)}</th>' for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{esc(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f"<details><summary>{esc(summary)}</summary><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></details>"
    )
