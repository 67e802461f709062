"""The memory of tensors, held against NumPy on random strided views, and its picture."""

from __future__ import annotations

import re

import numpy as np
import pytest

import autogradkit as torch
from autogradkit.tracing.memory import MOST_CELLS, MOST_TENSORS, formula, memory_map
from autogradkit.tracing.render.memory.picture import storage_svg
from autogradkit.tracing.render.memory.words import description, plain, sentences
from tests.every_case import every_case


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


@every_case("seed", range(40))
def test_every_element_is_found_in_its_cell(seed: int) -> None:
    tensor, array = random_view(seed)
    [header] = memory_map({"t": tensor}).headers
    for index, value in header.elements:
        assert value == array[index]
        assert header.cell(index) == array[index]  # the storage holds 0, 1, 2, ...
    looked_at = set(array.reshape(-1).tolist())
    assert [header.count(cell) for cell in range(48)] == [int(cell in looked_at) for cell in range(48)]


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


def stored(picture: str) -> int:
    """The bytes that a picture takes in a notebook."""
    return 4 * len(picture.encode()) // 3


def test_a_million_elements_give_a_bounded_picture_that_says_what_is_left_out() -> None:
    big = torch.zeros(1000, 1000)
    memory = memory_map({"big": big, "late": big[500:]})
    assert len(memory.boxes[0].cells) < MOST_CELLS
    picture = storage_svg(memory)
    assert stored(picture) < 120_000
    assert "999,952 more elements not shown" in picture
    assert "499,987 cells in between not shown" in picture
    assert ">500000</tspan>" in picture  # where the second begins


@pytest.mark.parametrize("own", [True, False], ids=["each its own storage", "one storage"])
def test_many_large_tensors_stay_within_bounds(own: bool) -> None:
    base = torch.full((1000, 1000), -1234.5678)
    tensors = {f"t{i}": base.clone() if own else base[i * 37 :].t() for i in range(MOST_TENSORS)}
    assert stored(storage_svg(memory_map(tensors))) < 120_000
    crowded = np.full(48, -1234.5678 - 1234.5678j, dtype=np.complex64)
    views = {f"a rather long name {i}": torch.from_numpy(crowded)[i:].unfold(0, 3, 1) for i in range(MOST_TENSORS)}
    for count in range(1, MOST_TENSORS + 1):
        memory = memory_map(dict(list(views.items())[:count]), {"n": crowded, "m": crowded[::-1]})
        assert stored(storage_svg(memory)) < 120_000
    with pytest.raises(ValueError, match="at most 8 tensors, got 9"):
        memory_map({**tensors, "one more": base})


def lane(picture: str, name: str) -> list[str]:
    """What stands in a tensor's lane: order numbers, then how often, then the hops."""
    mark = f">{name}</text><path"
    assert picture.count(mark) == 1, "the lane is in one row"
    own = picture.partition(mark)[2].partition('anchor="end"')[0]
    return re.findall(r"<t(?:span|ext) [^>]*>([^<]+)<", own)


def test_a_lane_shows_the_order_and_the_hops() -> None:
    a = torch.arange(6.0).view(2, 3)
    picture = storage_svg(memory_map({"a": a, "b": a.t(), "c": a[:, 1:]}))
    assert lane(picture, "a") == ["0", "1", "2", "3", "4", "5", "+1", "+3 dim 0"]
    assert lane(picture, "b") == ["0", "2", "4", "1", "3", "5", "+1", "+3 dim 1"]
    assert lane(picture, "c")[:4] == ["0", "1", "2", "3"]


def test_only_the_hops_of_what_sliders_change_are_drawn_with_them() -> None:
    a = torch.arange(6.0).view(2, 3)
    picture = storage_svg(memory_map({"a": a, "b": a.t()}), explored=1)
    assert lane(picture, "a") == ["0", "1", "2", "3", "4", "5"]
    assert lane(picture, "b")[:8] == ["0", "2", "4", "1", "3", "5", "+1", "+3 dim 1"]


def test_cells_are_narrower_where_all_of_them_then_stand_in_one_row() -> None:
    a = torch.arange(12.0).reshape(3, 4)
    picture = storage_svg(memory_map({"a_long_name": a}), page=560)
    assert lane(picture, "a_long_name")[:12] == [str(order) for order in range(12)]


def test_repeated_and_overlapping_cells_say_how_often() -> None:
    narrow = torch.tensor([[1.0], [2.0]])
    picture = storage_svg(memory_map({"narrow": narrow, "wide": narrow.expand(2, 3)}))
    assert lane(picture, "narrow") == ["0", "1", "+1"]
    assert lane(picture, "wide")[:6] == ["0,1,2", "3,4,5", "×3", "×3", "+0", "+1"]
    line = torch.arange(5)
    picture = storage_svg(memory_map({"line": line, "windows": line.unfold(0, 3, 1)}))
    assert lane(picture, "windows")[:8] == ["0", "1,3", "2,4,6", "5,7", "8", "×2", "×3", "×2"]
    assert "a cell that it reads twice" in picture


def test_every_tensor_is_joined_to_its_storage() -> None:
    base = torch.arange(40.0)
    tensors = {f"part{i}": base[i * 3 :] for i in range(7)}
    picture = storage_svg(memory_map({**tensors, "other": torch.ones(2)}))
    joined = re.findall(r'class="ak-s-alias\d ak-arrow"|class="ak-arrow[^"]*" data-tensor="(\d+)"', picture)
    assert sorted(map(int, joined)) == list(range(8))


def test_the_view_of_a_tensor_without_a_name_does_not_puzzle() -> None:
    made = memory_map({"a": torch.arange(12.0).reshape(3, 4)}).headers[0].made
    assert made == "view of an unnamed tensor of shape (12,), same memory"
    base = torch.arange(12.0)
    view = base.view(3, 4)
    assert memory_map({"view": view}, {"base": base, "view": view}).headers[0].made == "view of base"


def test_arrays_that_share_the_memory_are_shown() -> None:
    n = np.arange(6, dtype=np.float32)
    x = torch.from_numpy(n[2:])
    names = {"n": n, "back": x.numpy()[::-1], "copy": n.copy(), "_hidden": n, "more": n[:4], "x": x}
    memory = memory_map({"x": x}, names)
    assert [header.name for header in memory.headers] == ["x", "n", "back"]
    whole, back = memory.headers[1:]
    assert (whole.offset, whole.stride, whole.made, whole.in_cells) == (-2, (1,), "NumPy array", True)
    assert (back.offset, back.stride) == (3, (-1,))
    said = sentences(memory)
    assert said["t1-0"] == "n[0] = storage[ -2 + 0·1 ] = storage[-2] lies outside of the storage = 0."
    assert said["s0-1"] == "storage[1] = 3. is x[1], n[3] and back[2]"
    assert "1 tensor and 2 NumPy arrays, 1 storage: x, n and back share memory; more too" in description(memory)


def test_elements_of_another_size_are_said_not_drawn() -> None:
    n = np.arange(6, dtype=np.float32)
    memory = memory_map({"x": torch.from_numpy(n)}, {"bytes": n.view(np.uint8)})
    assert not memory.headers[1].in_cells
    assert "looks at it in elements of another size (uint8)" in storage_svg(memory)
    assert sentences(memory)["t1-7"].endswith("= storage[7] = 63, counted in elements of uint8")
    assert sentences(memory)["s0-1"] == "storage[1] = 1. is x[1]"


def test_no_sentence_leaves_out_elements_that_are_not_shown() -> None:
    one = torch.ones(1)
    memory = memory_map({"one": one, "wide": one.expand(1000, 1000)})
    assert sentences(memory)["s0-0"] == "storage[0] = 1. is one[0], wide[0, 0], wide[0, 1], wide[0, 2] and " + (
        "999,997 more elements of wide"
    )
    assert sentences(memory)["t1-1"].endswith(
        "is one[0], wide[0, 0], wide[0, 2], wide[0, 3] and 999,996 more elements of wide"
    )
    long = torch.arange(100)
    assert (
        sentences(memory_map({"long": long, "tail": long[50:]}))["s0-99"] == "storage[99] = 99 is long[99] and tail[49]"
    )


def test_looking_is_no_part_of_a_trace() -> None:
    with torch.record() as trace:
        x = torch.ones(2, requires_grad=True)
        storage_svg(memory_map({"x": x}))
        x * 2
    assert [op.name for op in trace.ops] == ["ones", "mul"]


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


def test_a_conjugate_shows_the_storage_of_its_base_and_says_how_it_reads_it() -> None:
    z = torch.tensor([[1 + 2j, 3 - 4j]])
    found = memory_map({"y": z.mH, "i": z.conj().imag}, {"z": z})
    assert [header.made for header in found.headers] == [
        "view of z, read conjugated",
        "view of z, read with the other sign",
    ]
    [box] = found.boxes
    assert [number for _, number in box.cells] == [1 + 2j, 3 - 4j]
    assert [[number for _, number in header.elements] for header in found.headers] == [[1 - 2j, 3 + 4j], [-2.0, 4.0]]
    assert storage_svg(found)
