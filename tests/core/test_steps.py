"""Steps that are taken at once: in order, ended by the first that raises; and no note of NumPy's reaches a user."""

from __future__ import annotations

import subprocess
import sys

import pytest

from autogradkit.core.steps import at_once


def test_steps_are_taken_in_order_and_end_at_the_first_that_raises() -> None:
    seen: list[int] = []
    with pytest.raises(ValueError, match="invalid literal"):
        at_once([(seen.append, 1), (seen.append, 2), (int, "no number"), (seen.append, 3)])
    assert seen == [1, 2]


def test_an_edit_that_overflows_warns_nobody() -> None:
    code = (
        "import autogradkit as T; x = T.full((2,), 3e38); x.mul_(10); T.mul(x, x, out=x);"
        "y = T.full((2,), 3e38, requires_grad=True) * 1; y.mul_(10); y[0].mul_(10)"
    )
    subprocess.run([sys.executable, "-W", "error::RuntimeWarning", "-c", code], check=True)
