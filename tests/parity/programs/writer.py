"""Random lines: each is written for the tensors that the program has by then in PyTorch, and mostly makes sense.

Rests on `templates` for calls; everything that is no call of an op is here and in `autograd_lines`. Used by the command.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from . import autograd_lines, index_lines, library_lines
from .runs import Finding, Line, Pair
from .templates import CORRUPTING, ENDING, Slot, Template, names, templates

FLOATS = ("float32",) * 8 + ("float64",) * 3 + ("float16",) * 2 + ("bfloat16",) + ("complex64",) * 2 + ("complex128",)
INTS = ("int64",) * 3 + ("int32", "int16", "int8", "uint8")
ANY = FLOATS + INTS + ("bool",) * 2
SHAPES = ((2, 3), (3,), (3, 3), (), (0, 3), (1,), (1, 3), (2, 1, 3), (2, 2, 2), (1, 2, 2, 2))
# Geometries: (condition on the number of dimensions, what is appended).
GEOMETRIES = (
    (1, "[::2]"), (1, "[1:]"), (2, ".t()"), (2, "[:, 1:]"), (3, ".transpose(0, 2)"), (1, ".expand(2, {})"), (0, ".expand(3)"),
    (4, ".contiguous(memory_format=T.channels_last)"), (1, ".unfold(0, 2, 1)"), (2, ".as_strided((2, 2), (1, 1))"),
    (1, "[:0]"), (2, "[1]"), (2, ".diagonal()"), (1, ".unsqueeze(1)"), (1, ".as_strided((2, 2), (0, 1))"),
)  # fmt: skip
MOST = 300  # elements of a tensor that further lines use


class Writer:
    """Writes the next line of a program that runs in `pair` meanwhile."""

    def __init__(self, seed: int | str, pair: Pair) -> None:
        self.stream = random.Random(seed)
        self.pair = pair
        self.count = 0
        self.ready: list[Line] = []  # written, to be run first

    # -- what there is ------------------------------------------------------------------------------------------------

    def tensors(self, fits: Callable[[torch.Tensor], bool] = lambda _t: True) -> list[str]:
        """Variables of tensors that a line may use, as expressions; the later ones are more in number."""
        found = []
        for name, value in self.pair.theirs.items():
            if name[0] != "v":
                continue
            several = isinstance(value, list | tuple)
            for i, each in enumerate(value if several else (value,)):
                if isinstance(each, torch.Tensor) and each.numel() <= MOST and _fits(each, fits):
                    found.append(f"{name}[{i}]" if several else name)
        return found

    def value(self, expression: str) -> torch.Tensor:
        """The tensor behind an expression, in PyTorch."""
        return eval(expression, self.pair.theirs)

    def pick(self, fits: Callable[[torch.Tensor], bool] = lambda _t: True) -> str:
        """Some tensor; a new one where none fits."""
        found = self.tensors(fits)
        if not found or (len(found) < 4 and self.stream.random() < 0.1):
            return self.leaf()
        return self.stream.choice(found[-6:] if self.stream.random() < 0.5 else found)

    def name(self, letter: str = "v") -> str:
        """A new variable; those of tensors begin with a v."""
        self.count += 1
        return f"{letter}{self.count}"

    def others(self, letter: str) -> list[str]:
        """Variables of that letter, which PyTorch has by now."""
        return [name for name in self.pair.theirs if name[0] == letter and name[1:].isdigit()]

    # -- new tensors --------------------------------------------------------------------------------------------------

    def leaf(self, shape: tuple[int, ...] | None = None, dtypes: tuple[str, ...] = ANY, positive: bool = False) -> str:
        """A new tensor, whose line comes first; with a shape it has that shape."""
        stream = self.stream
        name, dtype = self.name(), stream.choice(dtypes)
        wanted = stream.choice(SHAPES) if shape is None else shape
        floating = "float" in dtype or "complex" in dtype
        requires = floating and stream.random() < 0.6
        text = f"T.tensor({self.literal(wanted, dtype, positive)}, dtype=T.{dtype}"
        if wanted and 0 in wanted:
            text = f"T.zeros({wanted}, dtype=T.{dtype}"
        if shape is not None and len(wanted) == 2 and 0 not in wanted and stream.random() < 0.3:
            text = f"T.tensor({self.literal(wanted[::-1], dtype, positive)}, dtype=T.{dtype}).t("
            text += ").requires_grad_(" if requires else ""
        elif shape is None and stream.random() < 0.4:
            geometry = stream.choice([g for n, g in GEOMETRIES if n == len(wanted) or (n == 1 and wanted)] or [""])
            geometry = geometry.format(", ".join(map(str, wanted)))
            text += ")" + geometry.removesuffix(")") if geometry else ""
            if geometry and not geometry.endswith(")"):
                text += ".detach("
            text += ").requires_grad_(" if requires else ""
        elif requires:
            text += ", requires_grad=True"
        self.ready.append(Line(f"{name} = {text})", "leaf"))
        return name

    def literal(self, shape: tuple[int, ...], dtype: str, positive: bool = False) -> str:
        """Numbers as nested lists."""
        if shape:
            return "[" + ", ".join(self.literal(shape[1:], dtype, positive) for _ in range(shape[0])) + "]"
        stream = self.stream
        if dtype == "bool":
            return str(stream.random() < 0.5)
        low = 1 if positive else -8
        if "int" in dtype:
            return str(abs(stream.randint(low, 8)) if dtype == "uint8" else stream.randint(low, 8))
        if not positive and stream.random() < 0.02:
            return stream.choice(('float("nan")', 'float("inf")', '-float("inf")', "-0.0", "0.0"))
        number = stream.randint(low, 8) / 4
        if dtype.startswith("complex"):
            return f"complex({number}, {stream.randint(-8, 8) / 4})"
        return str(number)

    # -- calls of ops -------------------------------------------------------------------------------------------------

    def call(self) -> Line:
        """An op that is called as one of its templates has it."""
        name = self.stream.choice(names())
        template = self.stream.choice(templates(name) or (None,))
        return self.operator() if template is None else self.filled(template)

    def filled(self, template: Template) -> Line:
        """A call with tensors of the program in its places."""
        first = next((each for each in template.args if isinstance(each, Slot)), None)
        chosen = self.stream.random() < 0.6 and first is not None and first.kind == "f"
        anchor = self.pick() if chosen else None
        done: dict[str, Any] = {"first": True}

        def render(value: Any, own: bool) -> str:
            if isinstance(value, Slot):
                if done.pop("first", False) and anchor is not None:
                    return anchor
                if anchor is not None and first is not None and value.kind == "f":
                    shape = tuple(self.value(anchor).shape) if anchor in self.tensors() else value.shape
                    if value.shape == first.shape:
                        value = replace(value, shape=shape)
                return self.place(value)
            if isinstance(value, list | tuple):
                inside = ", ".join(render(each, False) for each in value)
                return f"[{inside}]" if isinstance(value, list) else f"({inside}{',' if len(value) == 1 else ''})"
            return self.varied(value)

        args = [render(each, i == 0) for i, each in enumerate(template.args)]
        for key, each in template.kwargs:
            alone = key == "out" and template.label in CORRUPTING
            args.append(f"{key}={self.apart(each) if alone else render(each, False)}")
        if template.function[0] == ".":
            text = f"{args[0]}{template.function}({', '.join(args[1:])})"
        else:
            text = f"{template.function}({', '.join(args)})"
        if template.label in ENDING and any(not self.value(v).isfinite().all() for v in self.tensors() if v in text):
            return self.operator()
        if template.in_place:
            return Line(text, template.label)
        return Line(f"{self.name()} = {text}", template.label)

    def apart(self, value: Any) -> str:
        """New tensors for one place, or for several."""
        if isinstance(value, Slot):
            return self.leaf(value.shape)
        return f"({', '.join(map(self.apart, value))})"

    def varied(self, text: str) -> str:
        """A plain argument, now and then another of its kind."""
        stream = self.stream
        if stream.random() > 0.15:
            return text
        if text.lstrip("-").isdigit():
            return str(int(text) + stream.choice((-2, -1, 1, 2)))
        if text in ("True", "False"):
            return str(stream.random() < 0.5)
        if text.replace(".", "").lstrip("-").isdigit():
            return stream.choice(("2", "0.5", "-1.5", "0.0", "3"))
        if text.startswith("T.") and "loat" in text:
            return "T." + stream.choice(ANY)
        return text

    def place(self, slot: Slot) -> str:
        """A tensor for a place."""
        stream = self.stream
        if slot.values and stream.random() < 0.85:
            wrap = "T.tensor({}, dtype=T.{})"
            dtype = "bool" if slot.kind == "b" else "int64" if stream.random() < 0.9 else stream.choice(INTS)
            return wrap.format(slot.values, dtype) if slot.values != "[]" else f"T.zeros({slot.shape}, dtype=T.{dtype})"
        if stream.random() < 0.08:
            return self.pick()
        fitting = self.tensors(lambda t: tuple(t.shape) == slot.shape and not (slot.positive and stream.random() < 0.5))
        if fitting and stream.random() < 0.75:
            return stream.choice(fitting)
        small = tuple(n if n < 8 else 2 for n in slot.shape)
        return self.leaf(small, FLOATS if slot.kind == "f" and stream.random() < 0.8 else ANY, slot.positive)

    def operator(self) -> Line:
        """An operator between tensors, or a tensor and a number."""
        stream = self.stream
        sign = stream.choice(("+", "-", "*", "*", "/", "//", "%", "**", "@", "&", "|", "^", "<", "<=", "==", "!=", ">"))
        left = self.pick()
        shape = tuple(self.value(left).shape) if left in self.tensors() else (3,)
        right = (
            self.place(Slot(shape, "f"))
            if stream.random() < 0.6
            else stream.choice(("2", "0.5", "-1", "True", "3", "1j"))
        )
        if "[" not in left and stream.random() < 0.2 and sign not in ("<", "<=", "==", "!=", ">", "@"):
            return Line(f"{left} {sign}= {right}", f"operator {sign}=")
        if stream.random() < 0.3:
            left, right = right, left
        if not left.startswith("v") and not right.startswith("v"):
            right = self.pick()
        return Line(f"{self.name()} = {left} {sign} {right}", f"operator {sign}")

    # -- the next line --------------------------------------------------------------------------------------------------

    def next(self) -> Line:
        """The next line of the program."""
        while not self.ready:
            made = self._write()
            if self.stream.random() < 0.06 and made.label not in ("hook", "leaf"):
                mode = self.stream.choice(
                    ("no_grad()", "no_grad()", "no_grad()", "enable_grad()", "set_grad_enabled(False)")
                )
                made = Line(f"with T.{mode}: {made.text}", made.label)
            self.ready.append(made)
        return self.ready.pop(0)

    def _write(self) -> Line:
        writes: tuple[tuple[Callable[[], Line], int], ...] = (
            (self.call, 10), (self.operator, 3), (lambda: autograd_lines.backward(self), 4),
            (lambda: autograd_lines.flag(self), 2), (lambda: index_lines.get(self), 2),
            (lambda: index_lines.index_assignment(self), 2), (lambda: index_lines.view(self), 3),
            (lambda: autograd_lines.edit(self), 3),
            (lambda: library_lines.around(self), 4),
        )  # fmt: skip
        made = self.stream.choices([w for w, _ in writes], [n for _, n in writes])[0]
        return made()


def _fits(tensor: torch.Tensor, fits: Callable[[torch.Tensor], bool]) -> bool:
    try:
        return fits(tensor)
    except RuntimeError:  # of a view that may not follow its base even `is_leaf` is refused
        return False


def program(seed: int | str) -> tuple[list[Line], Finding | None]:
    """The lines of the program of a seed, up to the first disagreement."""
    with Pair() as pair:
        return _written(seed, pair)


def _written(seed: int | str, pair: Pair) -> tuple[list[Line], Finding | None]:
    writer = Writer(seed, pair)
    length = writer.stream.randint(5, 40)
    for _ in range(writer.stream.randint(2, 3)):
        writer.leaf(None, FLOATS if writer.stream.random() < 0.7 else ANY)
    lines: list[Line] = []
    while len(lines) < length:
        line = writer.next()
        lines.append(line)
        found = pair.run(line)
        if found is not None or pair.crashed:
            return lines, found
    return lines, None
