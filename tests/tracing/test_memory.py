"""The memory of tensors, held against NumPy on random strided views, and its picture."""

from __future__ import annotations

import numpy as np
import pytest

import autogradkit as torch
from autogradkit.tracing.memory import MOST_CELLS, formula, memory_map
from autogradkit.tracing.render.storage import description, plain, sentences, storage_svg


def random_view(seed: int) -> tuple[torch.Tensor, np.ndarray]:
    """A chain of views on 48 distinct numbers, and the same on an array."""
    stream = np.random.default_rng(seed)
    tensor = torch.arange(48).view(4, 3, 4)
    array = np.arange(48).reshape(4, 3, 4)
    for _ in range(3):
        kind = stream.integers(4)
        if kind == 0 and array.ndim > 1:
            one, other = stream.choice(array.ndim, 2, replace=False)
            tensor, array = tensor.transpose(int(one), int(other)), array.swapaxes(one, other)
        elif kind == 1 and array.ndim and array.shape[0] > 1:
            tensor, array = tensor[1::2], array[1::2]
        elif kind == 2 and array.ndim > 1:
            tensor, array = tensor[:, 0], array[:, 0]
        else:
            tensor, array = tensor.unsqueeze(0), array[None]
    return tensor, array


@pytest.mark.parametrize("seed", range(40))
def test_every_element_is_found_in_its_cell(seed: int) -> None:
    tensor, array = random_view(seed)
    [header] = memory_map({"t": tensor}).headers
    for index, value in header.elements:
        assert value == array[index]
        assert header.cell(index) == array[index]  # the storage holds 0, 1, 2, ...
    looked_at = set(array.reshape(-1).tolist())
    assert [header.looks_at(cell) for cell in range(48)] == [cell in looked_at for cell in range(48)]


def test_shared_memory_is_one_storage_and_a_copy_is_another() -> None:
    a = torch.arange(6.0).view(2, 3)
    memory = memory_map({"a": a, "b": a.t(), "c": a[:, 1:], "d": a.clone(), "e": a.detach()})
    assert [header.storage for header in memory.headers] == [0, 0, 0, 1, 0]
    assert formula(memory.headers[1], (1, 1)) == "b[1, 1] = storage[ 0 + 1·1 + 1·3 ] = storage[4]"
    said = sentences(memory)
    assert said["t1-3"].endswith("= 4. · the same cell is a[1, 1], c[1, 0] and e[1, 1]")
    assert said["s1-2"] == "storage[2] = 2. is d[0, 2]"


@pytest.mark.parametrize(
    ("tensor", "shown"),
    [
        (torch.tensor(3.5), "3.5"),
        (torch.zeros(0, 3), "no elements"),
        (torch.ones(3, 1).expand(3, 4), "(1, 0)"),
        (torch.arange(6).as_strided((2, 2), (1, 1)), "(1, 1)"),
        (torch.tensor([float("nan"), 1.0]), "nan"),
        (torch.zeros(2, dtype=torch.bool), "False"),
        (torch.ones(2, requires_grad=True), "requires grad"),
    ],
)
def test_unusual_tensors_have_a_picture(tensor: torch.Tensor, shown: str) -> None:
    assert shown in storage_svg(memory_map({"t": tensor}))


def test_a_million_elements_give_a_bounded_picture_that_says_what_is_left_out() -> None:
    memory = memory_map({"big": torch.zeros(1000, 1000)})
    assert len(memory.boxes[0].cells) <= MOST_CELLS
    picture = storage_svg(memory)
    assert len(picture) < 60_000
    assert "999,952 more elements not shown" in picture
    assert "999,968 cells in between not shown" in picture


def test_names_stay_text_and_the_picture_is_deterministic() -> None:
    tensors = {"权重": torch.arange(3), "<script>alert(1)</script>": torch.arange(2)}
    picture = storage_svg(memory_map(tensors))
    assert picture == storage_svg(memory_map(tensors))
    assert "<script>" not in picture
    assert "权重" in picture
    assert "权重" in plain(memory_map(tensors))


def test_what_is_no_tensor_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"'x' is a list, not a tensor"):
        memory_map({"x": [1]})
    with pytest.raises(ValueError, match="name one or more tensors"):
        memory_map({})


def test_a_tensor_of_pytorch_is_described_too() -> None:
    import torch as pytorch

    a = pytorch.arange(6.0).reshape(2, 3)
    memory = memory_map({"a": a, "b": a.t()})
    assert [header.stride for header in memory.headers] == [(3, 1), (1, 3)]
    assert "a and b share memory" in description(memory)
