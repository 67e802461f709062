"""Renderers: pure functions from a trace, or a plain dataclass, to an SVG string, a text or a table."""
