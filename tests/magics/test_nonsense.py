"""Magics that are given nonsense refuse it in one sentence: no traceback, whatever was written."""

from __future__ import annotations

import random
import re

import pytest

from autogradkit.widgets import train_magic

from .conftest import Notebook

PIECES = [
    "", " ", "\t", "x", "w", "number", "net", "nope", "权重", "损失", "مرحبا", "שלום", "\u202eevil\u202c", "é", "😀", "𝑥",
    "<script>alert(1)</script>", "<b>", "&amp;", "&", '"', "'", "`", "\\", "$x", "{x}", "{", "}", "[", "]", "(", ")",
    ",", ";", ":", "=", ":=", "*", "**", "@", "!", "?", "%", "%%", "#", "~", "--", "-h", "--help", "--epochs", "--lr", "--seed",
    "--batch-size", "--nonsense", "-1", "0", "1e999", "nan", "99999999999999999999", "x[5]", "x.shape", "x.grad", "x @ x",
    "w.view(7)", "1/0", "lambda: 1", "[x for x in x]", "yield 1", "await x", "None", "print", "__import__('os')", "\x00",
    "\x1b[31m", "x" * 300, "(" * 150, "w.nothing", "net.weight",
]  # fmt: skip
MAGICS = ["%storage", "%graph", "%ledger", "%trace", "%train", "%%trace"]
ROUNDS = 1_500


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """What happens to be a right call of %train trains nothing."""
    monkeypatch.setattr(train_magic, "train_from_magic", lambda *args, **kwargs: None)


def test_nonsense_is_refused_in_a_sentence(
    notebook: Notebook, untrained: None, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    notebook.run(
        "x = torch.ones(2, 3); w = torch.ones(3, requires_grad=True); number = 3; net = torch.nn.Linear(2, 2)\n"
        "权重 = w; 损失 = (w * 2).sum()"
    ).raise_error()
    wrong: list[tuple[str, str]] = []
    for _ in range(ROUNDS):
        magic = chance.choice(MAGICS)
        line = chance.choice(["", " "]).join(chance.choices(PIECES, k=chance.randint(0, 5)))
        cell = f"{magic} {line}" + ("\nz = torch.ones(2) + 1" if magic == "%%trace" else "")
        capsys.readouterr()
        result = notebook.run(cell)
        said = capsys.readouterr()
        text = said.out + said.err
        if result.success or isinstance(result.error_before_exec, SyntaxError):
            continue
        refused = "UsageError: " in text and "Traceback" not in text
        of_the_expression = magic == "%trace" and not re.search(r"^ *File .*autogradkit", text, re.MULTILINE)
        if not (refused or of_the_expression):
            wrong.append((cell, text[-600:]))
    assert wrong == [], f"seed {seed}: {wrong[:3]}"
