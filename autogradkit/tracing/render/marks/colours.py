"""Colours by role, in the light and in the dark, that colour-blind people can tell apart; contrast is computed.

Rests on the standard library only. `svg.py` paints with them, and tests hold their contrast.
"""

from __future__ import annotations

from collections.abc import Mapping

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


def alias_role(index: int) -> str:
    """The colour role of the `index`-th tensor that shares a storage; the cycle begins again after six."""
    return f"alias{index % ALIAS_CYCLE}"


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
