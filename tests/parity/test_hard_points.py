"""Every op at hard points beside PyTorch: a bounded part of the sweep, and that it reaches every declared overload.

Whether each exemption is still needed is asked with `-m wide`, and by the command that makes all calls (`__main__.py`).
"""

from __future__ import annotations

import pytest
import torch

from .hard_points.calls import NOT_SWEPT, Form, forms, unreached
from .hard_points.listed import BY_A_NUMBER, ON_SOME_PROCESSORS, SETTLED, words_of
from .hard_points.sweep import sweep
from .hard_points.values import EVERY_DTYPE

# Of each group every n-th call; __main__.py makes all of them.
PARTS = (
    ((torch.float32,), 18),
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


@pytest.mark.wide
@pytest.mark.parametrize("key", [key for key in SETTLED if key not in ON_SOME_PROCESSORS])
def test_every_exemption_is_needed(everything: list[Form], key: str) -> None:
    name = key.partition(" ")[0]
    of_its_dtypes = tuple(each for each in EVERY_DTYPE if key.rpartition(" ")[2] in words_of(str(each)[6:]))
    forms_of_it = [form for form in everything if form.name == name]
    if BY_A_NUMBER in key:
        ways = [sweep(forms_of_it, of_its_dtypes, patterns=(), numbers=True)]
    else:  # most are met at once
        ways = [sweep(forms_of_it, of_its_dtypes, patterns=("mixed:0",)), sweep(forms_of_it, of_its_dtypes)]
    signature = key.rpartition(" ")[0]
    assert any(each.signature == signature for way in ways for _, findings in way for each in findings)


@pytest.mark.long
@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.float16, torch.uint8, torch.bool], ids=str)
def test_hard_numbers_as_parameters(everything: list[Form], dtype: torch.dtype) -> None:
    found = [
        each
        for _, findings in sweep(everything, (dtype,), patterns=(), part=(1, 24), numbers=True)
        for each in findings
        if not each.is_settled
    ]
    assert found == [], "\n".join(f"{each.signature} {each.dtype}: {each.how}\n    {each.call}" for each in found[:20])
