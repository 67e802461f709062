"""What writes a cell statement by statement, and knows which expressions stand for three numbers by then.

Used by the chapters of statements (`basics`, `layers`, `kinds_of_numbers`, `python_ways`, `autograd_ways`) and by `programs`.
"""

from __future__ import annotations

import random


class Writer:
    """A cell that is being written."""

    def __init__(self, stream: random.Random) -> None:
        self.stream = stream
        self.vectors = ["w", "x", "u", "xs[0]", "p['a']", "w", "x", "old"]  # expressions of three floats
        self.results: list[str] = []  # what the cell made, by operations
        self.lines: list[str] = []
        self._count = 0

    def name(self) -> str:
        """A new name."""
        self._count += 1
        return self.stream.choice("abhyz") + str(self._count)

    def pick(self) -> str:
        """An expression of three floats."""
        return self.stream.choice(self.vectors)

    def result(self) -> str:
        """What the cell made, or `w`."""
        return self.stream.choice(self.results or ["w"])

    def one_of(self, *texts: str) -> str:
        """One of several ways to write it."""
        return self.stream.choice(texts)

    def made(self, name: str, line: str) -> None:
        """A statement after which `name` stands for three floats that operations gave."""
        self.lines.append(line)
        self.vectors += [name, name]
        self.results.append(name)

    def expression(self, a: str | None = None) -> str:
        """An operation or a few on three floats."""
        a, b = a or self.pick(), self.pick()
        return self.one_of(
            f"{a} * {b}",
            f"{a} + {b}",
            f"{a} - {b}",
            f"{a} + 2",
            f"3 * {a}",
            f"-{a} / 2",
            f"torch.tanh({a})",
            f"torch.relu({a})",
            f"{a} * {b} + {b}",
            f"({a} * {b}).sum() * {a}",
            f"M @ {a}",
            f"{a} ** 2",
            f"1 - {a}",
            f"torch.where({a} > 0, {a}, {b})",
            f"{a}.clamp(-1, 2)",
            f"torch.stack([{a}, {b}]).sum(0)",
            f"{a} - {a}.mean(0, keepdim=True)",
            f"torch.cat([{a}[:1], {b}[1:]])",
            f"{a}.clone()",
            f"{a}.exp() / 9",
            f"{a}[[2, 0, 1]] + {b}",
            f"M[:, [2, 0, 1]][0] * {a}",
        )
