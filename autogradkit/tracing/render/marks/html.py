"""What a notebook is given beside a living picture: the still one in a stage that scrolls, and a table.

Rests on `svg.py`.
"""

from __future__ import annotations

import base64
import re

from autogradkit.tracing.render.marks.svg import esc


def img_tag(svg: str, alt: str) -> str:
    """The static form: an `<img>` around the picture, which untrusted notebooks show too.

    It scrolls where it is wider than the page, or higher than most of the window, rather than become too small to read.

    >>> tag = img_tag('<svg style="min-width:90px"/>', "a < b")
    >>> 'alt="a &lt; b"' in tag, 'style="max-width:100%;min-width:90px"' in tag
    (True, True)
    """
    data = base64.b64encode(still(svg).encode()).decode()
    least = _LEAST_WIDTH.search(svg[:1000])
    style = f"max-width:100%;{least[0]}" if least else "max-width:100%"
    return (
        f'<div tabindex="0" style="max-height:70vh;overflow:auto"><img alt="{esc(alt)}"'
        f' src="data:image/svg+xml;base64,{data}" style="{style}"></div>'
    )


def still(svg: str) -> str:
    """A picture as it is stored: without what only a living one needs, which is keys and steps, and the classes and the style
    by which it is repainted in the dark and lit while one steps. So a third of the bytes is saved.

    >>> still('<g data-key="a" class="ak-item ak-op"><text class="ak-f-gradient ak-mono" fill="#c2410c">∂</text></g>')
    '<g><text class="ak-mono" fill="#c2410c">∂</text></g>'
    """
    return _DARK.sub("", _CLASSES.sub(_lasting, _LIVING.sub("", svg)))


def _lasting(found: re.Match[str]) -> str:
    kept = " ".join(name for name in found[1].split() if name in LASTING)
    return f' class="{kept}"' if kept else ""


LASTING = ("ak-mono", "ak-picture", "ak-ground")
_LEAST_WIDTH = re.compile(r"min-width:[\d.]+px")
_LIVING = re.compile(r' data-[\w-]+="[^"]*"')  # in a text, quotes are escaped
_CLASSES = re.compile(r' class="([^"]*)"')
_DARK = re.compile(r'\[data-ak-theme="dark"\] [^{}"]*\{[^{}]*\}')


def table_html(header: tuple[str, ...], rows: list[tuple[str, ...]], summary: str = "as a table") -> str:
    """A `<details>` with a table, for who cannot see the picture. Every cell is text."""
    head = "".join(f'<th scope="col">{esc(cell)}</th>' for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{esc(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f"<details><summary>{esc(summary)}</summary><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></details>"
    )
