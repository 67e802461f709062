"""Recordings as JSON and back.

Rests on events, recording, `files` and `validate`. Every event and value is an object tagged with its type; numbers JSON
cannot write (NaN, infinities, complex ones) are tagged, too. Reading follows the types that events declare, so that what
comes out is a whole trace or an error that says where the file is none. The format carries a version.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import typing
from collections.abc import Callable
from pathlib import Path
from types import NoneType, UnionType
from typing import Any

from autogradkit.core.frames import entry
from autogradkit.files import read_bounded, write_whole
from autogradkit.tracing.events import Event, Value
from autogradkit.tracing.recording import Recording
from autogradkit.tracing.validate import TraceFormatError, validate

FORMAT = "autogradkit-trace"
VERSION = 10
LARGEST_FILE = 100_000_000  # bytes; the recorder stops long before


def to_json(recording: Recording) -> str:
    """The recording as one line of JSON."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "source": recording.source,
        "left_out": recording.left_out,
        "dropped": recording.dropped,
        "notes": list(recording.notes),
        "events": _encode(recording.events),
        "values": _encode(tuple(recording.values.values())),
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def from_json(text: str) -> Recording:
    """The recording that `to_json` wrote. Raises TraceFormatError for anything else."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TraceFormatError(f"not a trace: the text is not JSON ({error})") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise TraceFormatError(f"not a trace: it does not say format {FORMAT!r}")
    if document.get("version") != VERSION:
        raise TraceFormatError(
            f"a trace of version {document.get('version')!r}; this autogradkit reads version {VERSION}"
        )
    events: tuple[Event, ...] = _part(document, "events", tuple[Event, ...])
    values: tuple[Value, ...] = _part(document, "values", tuple[Value, ...])
    recording = Recording(
        events=events,
        values={value.id: value for value in values},
        source=_part(document, "source", str),
        left_out=_part(document, "left_out", int),
        dropped=_part(document, "dropped", int),
        notes=_part(document, "notes", tuple[str, ...]),
    )
    validate(recording, values)
    return recording


@entry
def save(recording: Recording, path: str | Path) -> None:
    """Write a recording to a file."""
    write_whole(path, to_json(recording).encode())


@entry
def load(path: str | Path) -> Recording:
    """Read a recording from a file. Raises TraceFormatError where it holds something else."""
    try:
        return from_json(read_bounded(path, LARGEST_FILE).decode())
    except UnicodeDecodeError:
        raise TraceFormatError(f"{path}: not a trace: the file is not UTF-8 text") from None
    except ValueError as error:
        raise TraceFormatError(f"{path}: {error}") from None


def _encode(value: Any) -> Any:
    if value.__class__ in _PLAIN:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"type": "float", "text": str(value)}
    if isinstance(value, tuple):
        return [each if each.__class__ in _PLAIN else _encode(each) for each in value]
    if isinstance(value, complex):
        return {"type": "complex", "real": _encode(value.real), "imag": _encode(value.imag)}
    encoded: dict[str, Any] = {"type": type(value).__name__}
    for name in _kinds(type(value)):
        each = getattr(value, name)
        encoded[name] = each if each.__class__ in _PLAIN else _encode(each)
    return encoded


_PLAIN = frozenset((str, int, bool, NoneType))  # what JSON holds as it is


# -- reading ---------------------------------------------------------------------------------------------------------


Readers = dict[str, Callable[[Any], Any]]  # what a value says it is -> what reads it


def _part(document: dict[str, Any], name: str, kind: Any) -> Any:
    if name not in document:
        raise TraceFormatError(f"not a whole trace: '{name}' is missing")
    try:
        return _decode(document[name], _readers(kind))
    except TraceFormatError as error:
        raise TraceFormatError(f"not a whole trace: {name}: {error}") from None


def _decode(value: Any, readers: Readers) -> Any:
    """A JSON value as what a field with these readers holds."""
    tag = f"{{{value.get('type')!r}}}" if isinstance(value, dict) else value.__class__.__name__
    if tag not in readers:
        raise TraceFormatError(f"{tag} where {' or '.join(readers)} should be")
    return readers[tag](value)


def _readers(kind: Any) -> Readers:
    """What a field of this type may hold: an object by its type in braces, anything else by its class."""
    if isinstance(kind, UnionType):
        return {tag: reader for each in typing.get_args(kind) for tag, reader in _readers(each).items()}
    if typing.get_origin(kind) is tuple:
        return {"list": functools.partial(_items, _readers(typing.get_args(kind)[0]))}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return {f"{{{kind.__name__!r}}}": functools.partial(_object, kind)}
    if kind is float:
        return {"float": float, "{'float'}": _odd_float}
    if kind is complex:
        return {"{'complex'}": _complex}
    if kind is str:
        return {"str": _text}
    assert kind in _PLAIN, kind
    return {kind.__name__: lambda value: value}


@functools.cache
def _kinds(kind: type) -> dict[str, Any]:
    """The fields of a class of events, in order, with their types."""
    return typing.get_type_hints(kind)


@functools.cache
def _fields(kind: type) -> dict[str, Readers]:
    return {name: _readers(each) for name, each in _kinds(kind).items()}


def _items(readers: Readers, value: list[Any]) -> tuple[Any, ...]:
    return tuple([_decode(each, readers) for each in value])


def _object(kind: type, value: dict[str, Any]) -> Any:
    fields = _fields(kind)
    missing, unknown = fields.keys() - value.keys(), value.keys() - fields.keys() - {"type"}
    if missing:
        raise TraceFormatError(f"{kind.__name__} without its '{min(missing)}'")
    if unknown:
        raise TraceFormatError(f"{kind.__name__} has no '{min(unknown)}'")
    found: list[Any] = []
    name = ""
    try:
        for name, readers in fields.items():
            found.append(_decode(value[name], readers))
    except TraceFormatError as error:
        raise TraceFormatError(f"{kind.__name__}.{name}: {error}") from None
    return kind(*found)


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise TraceFormatError(f"{value[:20]!r} is half a character, which no text can hold") from None
    return value


def _odd_float(value: dict[str, Any]) -> float:
    try:
        return float(value["text"])
    except (KeyError, TypeError, ValueError):
        raise TraceFormatError(f"{value} is no number") from None


def _complex(value: dict[str, Any]) -> complex:
    return complex(_decode(value.get("real"), _readers(float)), _decode(value.get("imag"), _readers(float)))
