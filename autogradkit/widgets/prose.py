"""Sentences with `code` in them, as HTML.

Rests on the escaping of pictures; what is asked, answered and claimed in a lesson is written with it. The front end has
the same rule (`widgets/src/shared/dom.ts`).
"""

from __future__ import annotations

from ..tracing.render.marks.svg import esc


def prose_html(text: str) -> str:
    """`text` as HTML: what stands between two backticks is code, and everything is text.

    >>> prose_html("`x.grad` is <b>")
    '<code>x.grad</code> is &lt;b&gt;'
    """
    parts = text.split("`")
    return "".join(f"<code>{esc(part)}</code>" if number % 2 else esc(part) for number, part in enumerate(parts))
