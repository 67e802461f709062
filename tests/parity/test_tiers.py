"""Sums of what agrees with PyTorch over lists of ops."""

from __future__ import annotations

from .committed import Line
from .tiers import line_of, summary

LINES: dict[str, Line] = {
    "std": {"forward": [40, 40], "out": [10, 9]},
    "std-unbiased": {"forward": [4, 3]},
    "Tensor.std": {"wrong_calls": [6, 6]},
    "std_mean": {"forward": [100, 0]},
    "exp": {"forward": [3, 3]},
    "Tensor.exp_": {"wrong_calls": [2, 2]},
    "H": {"forward": [16, 16], "complex": [4, 0]},
}


def test_an_ops_variants_and_its_methods_are_its_own_and_longer_names_are_not() -> None:
    assert line_of("std", LINES) == {"forward": [44, 43], "out": [10, 9], "wrong_calls": [6, 6]}
    assert line_of("exp", LINES) == {"forward": [3, 3], "wrong_calls": [2, 2]}


def test_what_is_below_its_share_and_what_nobody_checks_is_listed() -> None:
    assert summary("first", ["std", "H", "cos"], LINES) == [
        "first: 74 of 80 checks pass, 92.50%, of 3 ops",
        "  H: 16 of 20 (complex 0 of 4)",
        "  without checks: cos",
    ]
