"""SVG primitives shared by every renderer: escaped text of known width, roles instead of colours, arrows, boxes.

A `Picture` collects marks and ends as one deterministic string, which is both the static picture and what the live widget
inlines. Colours are roles: each mark carries its light colour as an attribute, so that any viewer draws it on the explicit
white ground, and a class that the picture's own style sheet repaints under an ancestor with `data-ak-theme="dark"`; what is
usual of a text (ink, 12 px) and of a line is said once, on the root. Ids begin with a hash of the content, so pictures on
one page never meet. Rests on colours and widths; numbers are shortened in `numbers.py`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from html import escape as _escape

from autogradkit.tracing.render.marks.colours import DARK, LIGHT
from autogradkit.tracing.render.marks.widths import LEGIBLE, MONO, SANS, SIZE, text_width

LINE = 1.3  # pixels that a path is wide of which nothing else is said
Attribute = str | int | float | None
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def esc(text: str) -> str:
    """Text for XML content or an attribute; control characters, which XML forbids, show as U+FFFD.

    >>> esc("<script>&\\x07")
    '&lt;script&gt;&amp;�'
    """
    kept = _UNWRITABLE.sub("\ufffd", text)
    return _escape(kept, quote=True)


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
        line: float = LINE,
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
        wide = "" if line == LINE else f' stroke-width="{num(line)}"'
        self._marks.append(
            f'<path d="{d}"{wide}{dash}{head}{_paint(fill or "none", stroke, class_)}{_attributes(extra)}/>'
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
            f' aria-label="{esc(description)}" font-family="{esc(SANS)}" font-size="{num(SIZE)}"'
            f' stroke-width="{num(LINE)}"{_paint("ink", None, class_)}>'
            f"<style>{style_sheet(markers + body + 'ak-f-ink')}</style><defs>{markers}</defs>"
            f'<rect class="ak-ground" width="{w}" height="{h}" fill="{LIGHT["ground"]}"/>{body}</svg>'
        )
        return text.replace("\0", f"ak{digest}-")
