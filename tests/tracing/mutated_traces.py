"""Damaged trace files: `python -m tests.tracing.mutated_traces [--files N] [--seed S]` says what they came to.

Each is a saved trace in which a few things were changed: a byte, a number, a text, a field of another type, a part left out
or said twice. Read, it either is refused with TraceFormatError or can be drawn, tabled, written as a page and compared.
`test_mutated_traces.py` runs a part of them.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autogradkit.tracing.dot import to_graphviz
from autogradkit.tracing.render.graph.drawing.picture import draw_graph
from autogradkit.tracing.render.graph.telling.state import state_of
from autogradkit.tracing.render.graph.telling.text import graph_text
from autogradkit.tracing.serial import TraceFormatError, to_json
from autogradkit.tracing.trace import Trace
from tests.tracing.render.cells import trace_cell

CELLS = (
    "power",
    "adam",
    "broadcast",
    "loop",
    "view_edit",
    "accumulate",
    "second_backward",
    "edited",
    "mismatch",
    "create_graph",
)
RULES = [
    "∂self = " + "(" * 5_000,
    "∂self = ∂" + " ⊗ ∂" * 9,
    "∂self = 9^9^9^9^" + "9" * 4_000,
    "∂self = " + "−" * 3_000 + "∂",
]
ODD: list[Any] = [*RULES, "(" * 10_000, "-" * 50_000 + "1", "x" + ".x" * 9_000,
    None, True, False, 0, -1, 1, 2, 10**6, 2**63, 10**30, -(10**18), 0.5, 1e308, "", "x",
    "卷" * 50, "<b>&\"'", "\u202e\x00\ud800",
    "a" * 20_000, [], [0], [[]], [-1, 2], [10**9] * 5, {}, {"type": "Numbers"}, {"type": "float", "text": "nan"},
    {"type": "float", "text": "x"}, {"type": "complex", "real": 0.0, "imag": {"type": "float", "text": "inf"}},
]  # fmt: skip


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to every part of a JSON document."""
    yield path
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, each in pairs:
        yield from places(each, (*path, key))


def mutated(document: Any, rng: random.Random) -> Any:
    """A copy of a document with one to three changes."""
    document = copy.deepcopy(document)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        *path, key = rng.choice([found for found in places(document) if found])
        holder = document
        for step in path:
            holder = holder[step]
        _change(document, holder, key, rng)
    return document


def _change(document: Any, holder: Any, key: Any, rng: random.Random) -> None:
    """Change one part: mostly so that its type stays, which is what a reader finds hardest to see."""
    old = holder[key]
    alike = [other for other in _parts(document) if type(other) is type(old) and other != old]
    kind = rng.randrange(8)
    if kind == 0:
        holder[key] = copy.deepcopy(rng.choice(ODD))
    elif kind == 1:
        del holder[key]
    elif kind == 2 and isinstance(old, list) and old:
        old.append(copy.deepcopy(rng.choice(old)))
    elif kind == 3 and isinstance(old, list) and len(old) > 1:
        old.pop(rng.randrange(len(old)))
    elif kind == 4 and isinstance(old, list):
        rng.shuffle(old)
    elif isinstance(old, int) and not isinstance(old, bool) and kind % 2:
        holder[key] = old + rng.choice([-1, 1, 7, -(10**9), 10**9])
    elif alike:
        holder[key] = copy.deepcopy(rng.choice(alike))
    else:
        holder[key] = rng.choice([odd for odd in ODD if type(odd) is type(old)] or ODD)


def _parts(node: Any) -> Iterator[Any]:
    yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _parts(each)


def damaged(rng: random.Random) -> bytes:
    """The bytes of one damaged file."""
    text = to_json(trace_cell(rng.choice(CELLS)))
    if rng.random() < 0.15:  # a byte here and there, or an end that is missing
        content = bytearray(text.encode())
        for _ in range(rng.randint(1, 3)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        return bytes(content[: rng.randint(1, len(content))] if rng.random() < 0.5 else content)
    return json.dumps(mutated(json.loads(text), rng), ensure_ascii=True).encode()


def outcome(file: Path, other: Trace) -> str:
    """What a file came to: "refused", "drawn", or the last lines of what went wrong."""
    try:
        trace = Trace.load(file)
    except TraceFormatError as error:
        return "refused" if str(error).startswith(f"{file}: ") else f"refused, but not by name: {error}"
    except Exception:
        return _last(traceback.format_exc())
    try:
        drawn = draw_graph(trace)
        state_of(drawn, trace)
        graph_text(drawn.graph, trace)
        trace.table()
        trace.diff(other)
        trace.to_html()
        to_graphviz(trace)
        trace._repr_mimebundle_()
    except Exception:
        return _last(traceback.format_exc())
    return "drawn"


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return "\n".join(line for line in lines[-6:] if "^^^" not in line)


def outcomes(files: int, seed: int, folder: Path) -> Counter[str]:
    """How often the files of a seed came to what."""
    found: Counter[str] = Counter()
    other = trace_cell("power")
    file = folder / "t.json"
    for number in range(files):
        file.write_bytes(damaged(random.Random(f"{seed}/{number}")))
        found[outcome(file, other)] += 1
    return found


def main() -> None:
    import tempfile

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for what, count in outcomes(options.files, options.seed, Path(folder)).most_common():
            print(f"{count:6}  {what}")


if __name__ == "__main__":
    main()
