"""What checkpoints hold beside strided tensors: sparse ones, those without numbers, layouts, classes that had other names."""

from __future__ import annotations

import contextlib
import functools
import io
import itertools
import pickle
from random import Random
from typing import Any

import pytest
import torch

import autogradkit as ak
from tests.every_case import every_case
from tests.parity.oracle import error_of

WAYS = [(ak, ak), (ak, torch), (torch, ak)]
OLDER = {"_use_new_zipfile_serialization": False}


def round_trip(writes: Any, reads: Any, value: Any, weights_only: bool = True, **options: Any) -> Any:
    """A value after it went through a file."""
    file = io.BytesIO()
    writes.save(value, file, **options)
    file.seek(0)
    return reads.load(file, weights_only=weights_only)


def held(m: Any) -> dict[str, Any]:
    """Sparse tensors, tensors without numbers, layouts."""
    return {
        "sparse": m.tensor([[0.0, 3.0], [4.0, 0.0]]).to_sparse(),
        "twice": m.sparse_coo_tensor([[1, 1, 0]], [1.0, 2.0, 3.0], (3,), check_invariants=True),
        "rows": m.sparse_coo_tensor([[2, 0]], m.ones(2, 3), (3, 3), requires_grad=True, check_invariants=True),
        "none": m.zeros(2, 3, dtype=m.int64).to_sparse(),
        "meta": m.empty(2, 3, device="meta", requires_grad=True).t(),
        "parameter": m.nn.Parameter(m.empty(2, dtype=m.float16, device="meta"), requires_grad=False),
        "layouts": [m.strided, m.sparse_coo],
    }


def description(value: Any) -> Any:
    if isinstance(value, list):
        return [description(each) for each in value]
    if not isinstance(value, ak.Tensor | torch.Tensor):
        return str(value)
    what = type(value).__name__, tuple(value.shape), str(value.dtype), str(value.device), value.requires_grad
    if str(value.layout) == "torch.sparse_coo":
        return *what, value._indices().tolist(), value._values().tolist(), value.is_coalesced()
    return *what, value.stride(), value._version


@every_case("options", [{}, OLDER])
@every_case("weights_only", [True, False])
@every_case("writes reads", WAYS)
def test_what_one_writes_the_other_reads(writes: Any, reads: Any, weights_only: bool, options: Any) -> None:
    expected = round_trip(torch, torch, held(torch), weights_only, **options)
    found = round_trip(writes, reads, held(writes), weights_only, **options)
    assert {name: description(each) for name, each in found.items()} == {
        name: description(each) for name, each in expected.items()
    }


@pytest.mark.parametrize("options", [{}, OLDER], ids=["zip", "older"])
@pytest.mark.parametrize("indices", [[[0, 7]], [[0, -1]]])
def test_indices_of_a_file_that_lie_outside_are_refused(indices: Any, options: Any) -> None:
    sparse = torch.sparse_coo_tensor(indices, [1.0, 2.0], (3,), check_invariants=False)
    with torch.sparse.check_sparse_tensor_invariants():  # which PyTorch looks at then alone
        expected = error_of(lambda: round_trip(torch, torch, sparse, **options))
    assert error_of(lambda: round_trip(torch, ak, sparse, **options)) == expected


def test_classes_of_python_that_had_other_names_in_python_2() -> None:
    values = [range(1, 7, 2), functools.reduce, itertools.zip_longest, map, OSError]
    for writes, reads in WAYS:
        assert round_trip(writes, reads, values, weights_only=False) == values


@pytest.mark.parametrize("options", [{}, OLDER], ids=["zip", "older"])
def test_what_was_loaded_was_edited_once(options: Any) -> None:
    def versions(m: Any) -> list[int]:
        x, v, p = round_trip(m, m, [whole := m.ones(3), whole[1:], m.nn.Parameter(m.ones(2))], **options)
        x.fill_(5)
        return [x._version, v._version, p._version]

    assert versions(ak) == versions(torch) == [2, 1, 1]


@every_case("seed", range(60))
def test_a_damaged_file_is_refused_by_three_kinds_of_errors(seed: int) -> None:
    random, file = Random(seed), io.BytesIO()
    ak.save(held(ak), file, **OLDER)
    damaged = bytearray(file.getvalue())
    for _ in range(3):
        at = random.randrange(len(damaged))
        damaged[at : at + random.randrange(4)] = random.randbytes(random.randrange(4))
    with contextlib.suppress(pickle.UnpicklingError, RuntimeError, EOFError):
        found = ak.load(io.BytesIO(damaged))
        assert all(str(each) for each in found.values())


def test_a_list_of_storages_that_is_none_is_refused() -> None:
    file = io.BytesIO()
    ak.save([ak.ones(1)], file, **OLDER)
    listed = b"]q\x00X\x01\x00\x00\x000q\x01a."
    assert file.getvalue().count(listed) == 1
    with pytest.raises(RuntimeError, match="the file lists its storages as int: it is corrupt"):
        ak.load(io.BytesIO(file.getvalue().replace(listed, b"K\x01.")))
