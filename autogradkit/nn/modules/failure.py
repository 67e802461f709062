"""In which layer an error arose, as a note on it: PyTorch's text names sizes, and a network has many layers.

Rests on tensors; `Module.__call__` asks when its `forward` has raised.
"""

from __future__ import annotations

from types import CodeType, FrameType
from typing import Any

from autogradkit.core.errors import with_note
from autogradkit.core.frames import is_ours
from autogradkit.core.tensor import Tensor


def note_layer(error: Exception, layer: Any, args: tuple[Any, ...], frame: FrameType, calls: CodeType) -> None:
    """Say on `error` in which layer of this package it arose, by its path in the outermost module that is running.

    What the learner's own `forward` raises needs no note: its line is in the traceback. `frame` is the layer's call, and
    `calls` is the code that every call of a module runs.
    """
    try:
        note = _place(layer, args, frame, calls)
        if note:
            with_note(error, note)
    except Exception:  # reprs, walks over modules and errors are the learner's code, too: it must not hide the error
        return


def _place(layer: Any, args: tuple[Any, ...], frame: FrameType, calls: CodeType) -> str:
    code = getattr(type(layer).forward, "__code__", None)
    if layer.__dict__.get("_modules", True) or code is None or not is_ours(code):
        return ""
    outermost = layer
    caller = frame.f_back
    while caller is not None:
        if caller.f_code is calls:
            outermost = caller.f_locals["self"]
        caller = caller.f_back
    path = next((name for name, each in outermost.named_modules() if each is layer and name), None)
    place = "" if path is None else f"layer '{path}' of {type(outermost).__name__}, "
    shapes = " and ".join(str(tuple(each.shape)) for each in args if isinstance(each, Tensor))
    given = f", which was given the shape {shapes}" if shapes else ""
    return f"in {place}{layer!r}{given}"
