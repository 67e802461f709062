"""`torch._check` and its siblings, and what packages ask of PyTorch's translator, beside PyTorch's."""

from __future__ import annotations

import collections
import warnings
from typing import Any

import pytest
import torch
import torch.utils._pytree

import autogradkit as ak

Pair = collections.namedtuple("Pair", "a b")

LINES = """
torch._check(True), torch._check(1 < 2, lambda: "never said")
torch._check(False)
torch._check(False, lambda: "2 rows, not 3")
torch._check(False, lambda: 3)
torch._check(False, "no function")
torch._check(3)
torch._check(torch.tensor(True))
torch._check_index(False, lambda: "index")
torch._check_value(False, lambda: "value")
torch._check_type(False, lambda: "type")
torch._check_not_implemented(False)
torch._check_with(KeyError, False, lambda: "key")
torch._check_with(UserWarning, False, None)
torch._check_tensor_all(torch.tensor([True, True])), torch._check_tensor_all(torch.zeros(0, dtype=torch.bool))
torch._check_tensor_all(torch.tensor([True, False]), lambda: "not all")
torch._check_tensor_all_with(ValueError, torch.zeros(2, 3).bool()[:, ::2])
torch._check_tensor_all(True)
torch._check_tensor_all(torch.ones(2))
torch._check_is_size(0), torch._check_is_size(3, max=3)
torch._check_is_size(-1, lambda: "below zero")
torch._check_is_size(4, max=3)
torch._C.Value()
isinstance(torch.nn.Linear(1, 1).forward, torch._C.ScriptMethod), isinstance(3, torch._C.Node)
torch._C._get_default_device(), torch._C._is_torch_function_mode_enabled()
torch.utils._pytree._namedtuple_flatten(Pair(1, 2)), torch.utils._pytree._namedtuple_unflatten([1, 2], Pair)
torch.utils._pytree._tuple_flatten((3, 4)), torch.utils._pytree._tuple_unflatten([3, 4], None)
"""


def outcome(line: str, library: Any) -> tuple[Any, ...]:
    """What a line gives or raises, and its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            said = repr(eval(line, {"torch": library, "Pair": Pair}))
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
    return said, [(each.category, str(each.message)) for each in caught]


@pytest.mark.parametrize("line", LINES.strip().splitlines())
def test_a_line(line: str) -> None:
    assert outcome(line, ak) == outcome(line, torch)
