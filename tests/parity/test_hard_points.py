"""Every op at hard points beside PyTorch: a bounded part of the sweep, and that it reaches every declared overload."""

from __future__ import annotations

import pytest
import torch

from .hard_points.calls import NOT_SWEPT, Form, forms, unreached
from .hard_points.listed import SETTLED, words_of
from .hard_points.sweep import sweep
from .hard_points.values import EVERY_DTYPE

# Of each group every n-th call; __main__.py makes all of them.
PARTS = (
    ((torch.float32,), 9),
    ((torch.float64,), 30),
    ((torch.complex64,), 30),
    ((torch.int64, torch.bool, torch.float16), 40),
)


@pytest.fixture(scope="module")
def everything() -> list[Form]:
    return forms()


def test_the_sweep_reaches_every_declared_overload(everything: list[Form]) -> None:
    assert set(unreached(everything)) == set(NOT_SWEPT)


@pytest.mark.long
@pytest.mark.parametrize(("dtypes", "part"), PARTS, ids=lambda value: str(value[0]) if isinstance(value, tuple) else "")
def test_nothing_differs_beyond_rounding(everything: list[Form], dtypes: tuple[torch.dtype, ...], part: int) -> None:
    found = [
        each for _, findings in sweep(everything, dtypes, part=(1, part)) for each in findings if not each.is_settled
    ]
    assert found == [], "\n".join(f"{each.signature} {each.dtype}: {each.how}\n    {each.call}" for each in found[:20])


@pytest.mark.long
@pytest.mark.parametrize("key", SETTLED)
def test_every_exemption_is_needed(everything: list[Form], key: str) -> None:
    name = key.partition(" ")[0]
    of_its_dtypes = tuple(each for each in EVERY_DTYPE if key.rpartition(" ")[2] in words_of(str(each)[6:]))
    found = sweep([form for form in everything if form.name == name], of_its_dtypes)
    assert any(each.signature == key.rpartition(" ")[0] for _, findings in found for each in findings)
