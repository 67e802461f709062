"""uint16, uint32 and uint64 as PyTorch has them: made, converted, compared, joined and kept; most computing is refused."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit as ak
from tests.every_case import every_case

from .one_line import outcome

LINES = """
a
a.dtype.is_signed, a.is_floating_point(), a.is_signed(), a.type(), a.element_size()
torch.iinfo(D)
torch.tensor(-1, dtype=D)
torch.tensor(2**64 - 1, dtype=D)
torch.tensor([2**64 - 1], dtype=D)
torch.tensor(2**64, dtype=D)
torch.tensor(70000, dtype=D)
torch.tensor([1.7, -1.2], dtype=D)
torch.tensor([np.int64(3)], dtype=D)
torch.tensor([1.5, 2.5, -1.5, 2.0**31 + 256]).to(D)
torch.tensor([-1, 70000, 2**40]).to(D)
torch.ones(2, dtype=torch.bool).to(D)
a.float(), a.double(), a.half(), a.long(), a.char(), a.bool(), a.to(torch.complex64)
torch.zeros(2, dtype=D), torch.ones(2, dtype=D), torch.full((2,), 7, dtype=D), torch.full((1,), -5, dtype=D)
torch.zeros_like(a), torch.full_like(a, 3), a.new_ones(2), a.new_tensor([1]), torch.scalar_tensor(3, dtype=D)
torch.from_numpy(a.numpy()), torch.as_tensor([1, 2], dtype=D), torch.frombuffer(bytearray(8), dtype=D)
a.view(torch.uint8), torch.tensor([1, 2]).view(torch.uint64)
a.fill_(70000)
a.fill_(-1)
a.fill_(1.5)
a.copy_(i), i.copy_(a)
a == b, a != b, a == 2, a.ne(1), a == -1, torch.equal(a, b), torch.allclose(a, b), torch.isclose(a, b)
a * b, a * 2, a * -1, a.mul_(2), a / b, a + 1.5, a * 2.5, a + f, f - a, a * torch.tensor(2)
a & b, a | b, a ^ b, a.bitwise_and(1), a.bitwise_or_(4)
a.sum(), a.prod(), a.cumsum(0), a.any(), a.all(0), a.sort(), a.argsort(), torch.unique(a)
a[1], a[1:], a[[0, 2]], a[torch.tensor([True, False, True])]
a[0].item(), int(a[0]), bool(a[0]), a.tolist()
torch.cat([a, b]), torch.stack([a, b]), a.repeat(2), a.expand(2, 3).contiguous(), a.roll(1), torch.diag(a), torch.outer(a, b)
torch.floor(a), torch.round(a), torch.trunc(a), torch.isnan(a), torch.isfinite(a), torch.nan_to_num(a), torch.positive(a)
torch.sqrt(a), a.softmax(0, dtype=torch.float32), torch.where(a == 2, a, b)
torch.promote_types(D, torch.float16), torch.promote_types(D, D), torch.result_type(a, 1), torch.result_type(a, 1.0)
torch.promote_types(D, torch.int64)
torch.promote_types(torch.bool, D)
torch.can_cast(D, torch.int32), torch.can_cast(torch.float32, D)
torch.cat([a, i])
a + i
i == a
a * torch.tensor([2])
a + b
a - b
a + 1
a.add_(1)
1 - a
a // b
torch.div(a, b, rounding_mode="floor")
torch.div(a, 2, rounding_mode="trunc")
a % b
a ** b
-a
abs(a)
a < b
a >= 2
~a
a << 1
a >> 1
a.max()
a.min()
a.argmax()
a.mean()
a.flip(0)
a.index_select(0, i - 1)
a.gather(0, i - 1)
a.take(i - 1)
a.nonzero()
a.diff()
a.clamp(1, 2)
a.maximum(b)
a @ b
a.topk(1)
a.median()
a.mode()
a.sign()
a.logical_not()
a.logical_and(b)
a.gcd(b)
a.cummax(0)
a.bincount()
a.square()
f[a]
a.sin_()
a.requires_grad_()
torch.rand(2, dtype=D)
torch.set_default_dtype(D)
a.storage().pickle_storage_type()
""".strip().splitlines()


@pytest.mark.parametrize("kind", ["uint16", "uint32", "uint64"])
@every_case("line", LINES)
def test_it_says_what_pytorch_says(line: str, kind: str) -> None:
    before = (
        f"D = torch.{kind}; a = torch.tensor([1, 2, 3], dtype=D); b = torch.tensor([3, 2, 1], dtype=D)\n"
        "i = torch.tensor([1, 2, 3]); f = torch.tensor([1.0, 2.0, 3.0])\n"
    )
    assert outcome(ak, before + line) == outcome(torch, before + line)


@pytest.mark.parametrize("kind", ["uint16", "uint32", "uint64"])
def test_either_library_loads_what_the_other_saves(kind: str) -> None:
    numbers = [1, 2, 60000]
    for one, other in ((torch, ak), (ak, torch)):
        file = io.BytesIO()
        saved: Any = one.tensor(numbers, dtype=getattr(one, kind))
        one.save({"x": saved, "row": saved[1:]}, file)
        file.seek(0)
        loaded: Any = other.load(file)
        assert loaded["x"].dtype is getattr(other, kind)
        assert loaded["x"].tolist() == numbers
        loaded["x"][1] = 5  # they share their storage still
        assert loaded["row"].tolist() == [5, 60000]


def test_numbers_that_a_float_has_not_are_kept() -> None:
    x = ak.tensor([2**64 - 1, 2**63 + 1], dtype=ak.uint64)
    assert x.tolist() == [2**64 - 1, 2**63 + 1]
    assert x.numpy().dtype == np.uint64
    assert repr(x) == repr(torch.tensor([2**64 - 1, 2**63 + 1], dtype=torch.uint64))
