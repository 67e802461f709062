"""StrideExplorer: settings, what they make, and what is refused."""

from __future__ import annotations

import pytest
import traitlets

import autogradkit as torch
from autogradkit.widgets.strides import stride_explorer


def setting(offset: int, sizes: list[int], strides: list[int]) -> dict[str, object]:
    return {"offset": offset, "sizes": sizes, "strides": strides}


def test_it_begins_with_the_tensor_itself() -> None:
    a = torch.arange(6).view(2, 3)
    view = stride_explorer("a", a[:, 1:])
    assert view.setting == view.start == setting(1, [2, 2], [3, 1])
    assert (view.spelled, view.problem) == ("a", "")
    assert view.limits == {"offset": 6, "size": 6, "least_stride": -2, "stride": 6, "dims": 4}


def test_what_it_makes_is_the_learners_memory() -> None:
    a = torch.arange(6.0).view(2, 3)
    view = stride_explorer("a", a, {"ak": torch, "torch": 3})
    view.setting = setting(0, [3, 2], [1, 3])
    assert view.call == "ak.as_strided(a, (3, 2), (1, 3), 0)"
    assert view.spelled == "a.t()"
    assert view.printed == str(a.t())
    assert view.description == f"{view.call}, the same as a.t(): it reads the cells 0, 3, 1, 4, 2, 5."
    assert view.sentences["t1-1"].startswith("a.t()[0, 1] = storage[ 0 + 0·1 + 1·3 ] = storage[3] = 3.")
    view.tensor[0, 1] = 42.0
    assert a[1, 0] == 42.0


def test_a_refused_setting_is_explained_and_keeps_the_still_picture() -> None:
    view = stride_explorer("a", torch.arange(6).view(2, 3))
    view.setting = setting(4, [2, 3], [3, 1])
    assert view.tensor is None
    assert view.printed == ""
    assert view.problem == "Element [1, 2] would lie in cell 9, and the storage has the cells 0 to 5."
    assert "out of bounds for storage of size 48" in view.refusal
    assert view.description.startswith("torch.as_strided(a, (2, 3), (3, 1), 4) is refused.")
    assert "would lie in cell 9" in view.plain()
    assert "would lie in cell 9" in view.static_svg()  # the living one stands below these words
    assert "<details>" in view.static_html()
    view.setting = view.start
    assert (view.problem, view.refusal) == ("", "")


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"offset": 0, "sizes": [1]},
        setting(0, [1], []),
        setting(0, [1.5], [1]),  # type: ignore[list-item]
        setting(0, [True], [1]),
        setting(-1, [1], [1]),
        setting(0, [-1], [1]),
    ],
)
def test_what_is_no_setting_changes_nothing(wrong: dict[str, object]) -> None:
    view = stride_explorer("a", torch.arange(6))
    with pytest.raises(traitlets.TraitError, match=r"a setting is|below 0"):
        view.setting = wrong
    assert view.setting == view.start


def test_what_is_no_tensor_is_refused() -> None:
    with pytest.raises(TypeError, match="'x' is a list, not a tensor"):
        stride_explorer("x", [1])
    with pytest.raises(ValueError, match="'my tensor' is no expression"):
        stride_explorer("my tensor", torch.ones(1))


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(3.5),
        torch.zeros(0, 3),
        torch.tensor([float("nan"), 1.0]),
        torch.ones(2, dtype=torch.complex64),
        torch.ones(2, dtype=torch.float16),
        torch.tensor([True, False]),
        torch.zeros(1000, 1000),
    ],
)
def test_unusual_tensors_can_be_explored(tensor: torch.Tensor) -> None:
    view = stride_explorer("x['<b>مرحبا 权重']", tensor)
    assert "<b>" not in view.svg
    view.setting = setting(1, [2], [0])
    assert bool(view.problem) == (tensor.numel() < 2)
    assert len(view.static_html()) < 120_000
