"""Random programs beside PyTorch, a bounded part: few lines disagree, and none in what must never differ.

`programs` writes and runs them; `python -m tests.parity.programs` runs more, and shrinks what it finds.
"""

from __future__ import annotations

from .programs.runs import Finding, Line, Pair, run
from .programs.shrink import shrunk
from .programs.writer import program

LINES, SEED = 9_000, 1
MOST = 20  # disagreements in 1,000 lines; what is left is listed by the command

# What differs in numbers and is known: the order of elements that are equal, draws for memory that is not contiguous.
KNOWN = ("topk", "kthvalue", "median", "multinomial", "normal_")


def test_few_lines_disagree_and_none_in_numbers() -> None:
    lines, seed = 0, SEED
    found: list[tuple[int, Finding]] = []
    while lines < LINES:
        written, finding = program(seed)
        lines += len(written)
        if finding is not None:
            found.append((seed, finding))
        seed += 1
    forbidden = [(seed, each) for seed, each in found if each.is_forbidden and each.label not in KNOWN]
    assert not forbidden, "\n".join(f"seed {seed}: {each.signature}\n    {each.text}" for seed, each in forbidden)
    assert 1000 * len(found) / lines < MOST, f"{len(found)} of {lines} lines from seed {SEED} on"


def test_a_seed_gives_the_same_program_again() -> None:
    assert program(7)[0] == program(7)[0]
    assert program(7)[0] != program(8)[0]


def test_differences_are_seen_and_shrunk() -> None:
    pair = Pair()
    assert pair.run(Line("v1 = T.ones(2, requires_grad=True)", "leaf")) is None
    pair.mine["v1"]._array[0] = 3.0
    found = pair.run(Line("v2 = v1 * 2", "mul"))
    assert found is not None
    assert found.is_forbidden
    other = [
        Line("v1 = T.ones(2)", "leaf"),
        Line("v2 = v1 + 1", "add"),
        Line("v3 = [1, 2] if T.__name__ == 'torch' else [1]", "made to differ"),
        Line("v4 = v1 * 2", "mul"),
    ]
    count, finding = run(other)
    assert count == 3
    assert finding is not None
    small, _ = shrunk(other[:count], finding)
    assert [line.label for line in small] == ["made to differ"]
