"""Traces as JSON and back.

Rests on events. Every event and value is a tagged object; numbers JSON cannot write (NaN, infinities, complex ones) are
strings. The format carries a version, and a file that is something else is refused with the reason.
"""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

from autogradkit.tracing import events as schema
from autogradkit.tracing.trace import Trace

FORMAT = "autogradkit-trace"
VERSION = 1

_CLASSES = {
    kind.__name__: kind for kind in vars(schema).values() if isinstance(kind, type) and dataclasses.is_dataclass(kind)
}


class TraceFormatError(ValueError):
    """The file is no trace that this version can read."""


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: _encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"type": type(value).__name__, **fields}
    if isinstance(value, tuple | list):
        return [_encode(each) for each in value]
    if isinstance(value, complex):
        return {"type": "complex", "real": _encode(value.real), "imag": _encode(value.imag)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"type": "float", "text": str(value)}
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decode(each) for each in value)
    if not isinstance(value, dict):
        return value
    kind = value.get("type")
    if kind == "float":
        return float(value["text"])
    if kind == "complex":
        return complex(_decode(value["real"]), _decode(value["imag"]))
    if kind not in _CLASSES:
        raise TraceFormatError(f"a trace holds no object of type {kind!r}")
    return _CLASSES[kind](**{name: _decode(each) for name, each in value.items() if name != "type"})


def to_json(trace: Trace) -> str:
    """The trace as one line of JSON; it holds no `<`, so that it may stand in a page."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "source": trace.source,
        "left_out": trace.left_out,
        "dropped": trace.dropped,
        "events": _encode(trace.events),
        "values": _encode(tuple(trace.values.values())),
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def from_json(text: str) -> Trace:
    """The trace that `to_json` wrote. Raises TraceFormatError for anything else."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise TraceFormatError(f"not a trace: the text is not JSON ({error})") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise TraceFormatError(f"not a trace: it does not say format {FORMAT!r}")
    if document.get("version") != VERSION:
        raise TraceFormatError(
            f"a trace of version {document.get('version')!r}; this autogradkit reads version {VERSION}"
        )
    try:
        values = _decode(document["values"])
        return Trace(
            events=_decode(document["events"]),
            values={value.id: value for value in values},
            source=document["source"],
            left_out=document["left_out"],
            dropped=document["dropped"],
        )
    except (KeyError, TypeError) as error:
        raise TraceFormatError(f"not a complete trace: {error}") from None


def save(trace: Trace, path: str | Path) -> None:
    """Write the trace to a file."""
    Path(path).write_text(to_json(trace), encoding="utf-8")


def load(path: str | Path) -> Trace:
    """Read a trace from a file. Raises TraceFormatError where it holds something else."""
    return from_json(Path(path).read_text(encoding="utf-8"))
