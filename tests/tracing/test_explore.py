"""Settings of offset, sizes and strides, held against PyTorch: what it makes, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch as pytorch

import autogradkit as torch
from autogradkit.tracing.explore import explore
from autogradkit.tracing.render.memory.picture import storage_svg
from autogradkit.tracing.render.memory.words import sentences
from autogradkit.tracing.strided import Layout
from tests.every_case import every_case


@every_case("seed", range(60))
def test_what_pytorch_makes_is_shown_and_what_it_refuses_is_explained(seed: int) -> None:
    stream = np.random.default_rng(seed)
    dims = int(stream.integers(0, 4))
    setting = Layout(
        tuple(int(n) for n in stream.integers(0, 4, dims)),
        tuple(int(n) for n in stream.integers(-1, 5, dims)),
        int(stream.integers(0, 8)),
    )
    found = explore("a", torch.arange(6).view(2, 3), setting)
    base = pytorch.arange(6).view(2, 3)
    if found.tensor is None:
        with pytest.raises(RuntimeError) as refused:
            base.as_strided(setting.shape, setting.stride, setting.offset)
        assert found.refusal == f"RuntimeError: {str(refused.value).splitlines()[0]}"
        assert found.problem
        assert found.printed == ""
    else:
        made = base.as_strided(setting.shape, setting.stride, setting.offset)
        assert found.tensor.tolist() == made.tolist()
        assert found.printed == str(made)
        assert (found.problem, found.refusal) == ("", "")
    picture = storage_svg(found.memory)
    assert len(picture) < 90_000
    assert sentences(found.memory)


def test_the_element_outside_is_named_and_drawn() -> None:
    found = explore("a", torch.arange(6.0).view(2, 3), Layout((3, 3), (3, 1), 0), "ak")
    assert found.call == "ak.as_strided(a, (3, 3), (3, 1), 0)"
    assert found.problem == "Element [2, 2] would lie in cell 8, and the storage has the cells 0 to 5."
    assert "requiring a storage size of 36 are out of bounds for storage of size 24" in found.refusal
    assert found.memory.boxes[0].outside == (6, 7, 8)
    assert found.memory.headers[1].elements[8] == ((2, 2), None)
    said = sentences(found.memory)
    assert said["s0-7"] == "there is no storage[7]: refused[2, 1] would lie outside of the storage"
    assert said["t1-8"] == "refused[2, 2] = storage[ 0 + 2·3 + 2·1 ] = storage[8] lies outside of the storage"


def test_a_negative_stride_is_refused_in_words() -> None:
    found = explore("a", torch.arange(6), Layout((6,), (-1,), 5))
    assert found.problem == "A stride below 0 is refused wherever it leads; a.flip(0) reads backwards, in a copy."
    assert found.refusal.startswith("RuntimeError: as_strided: Negative strides are not supported at the moment")
    assert [value for _, value in found.memory.headers[1].elements] == [5, 4, 3, 2, 1, 0]


def test_unusual_storages() -> None:
    assert explore("e", torch.zeros(0), Layout((1,), (1,), 0)).problem == (
        "Element [0] would lie in cell 0, and the storage has no cell."
    )
    scalar = explore("s", torch.tensor(3.5), Layout((), (), 1))
    assert scalar.problem == "The element would lie in cell 1, and the storage has the cells 0 to 0."
    assert explore("s", torch.tensor(3.5), Layout((2, 2), (0, 0), 0)).spelled == "s.expand(2, 2)"
    w = torch.ones(2, requires_grad=True)
    assert explore("w", w, Layout((2,), (1,), 0)).spelled == "w"
    wide = explore("big", torch.zeros(1000, 1000), Layout((1000, 1000, 12), (1000, 1, 0), 0))
    assert wide.printed == "12,000,000 elements, too many to print here"


def test_a_tensor_of_pytorch_can_be_explored() -> None:
    found = explore("a", pytorch.arange(6), Layout((2, 3), (1, 2), 0))
    assert found.tensor.tolist() == [[0, 2, 4], [1, 3, 5]]
    assert found.spelled == "a.view(3, 2).t()" or found.spelled is None
