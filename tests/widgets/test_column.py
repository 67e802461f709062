"""Every stored picture but a graph's, whatever it shows: the narrowest usual column need not scroll it, and nothing is cut off.

Graphs have tests/tracing/render/test_bounds.py for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

import autogradkit as torch
from autogradkit import nn
from autogradkit.tracing.render.marks.widths import COLUMN
from autogradkit.tracing.watch import GRADS
from autogradkit.utils.data import DataLoader, TensorDataset
from autogradkit.widgets.ledger import GradLedger, grad_ledger
from autogradkit.widgets.storage import sharing_map, storage_map
from autogradkit.widgets.strides import stride_explorer
from autogradkit.widgets.training import TrainingView
from tests.every_case import every_case
from tests.tracing.render.cells import boxes_of_texts, overlaps, size, texts

LONG = "a_very_long_name_" * 20
A = torch.arange(12.0).reshape(3, 4)
DEEP = torch.zeros(2, 3, 4, 5).permute(3, 2, 1, 0)
MANY = torch.zeros((2,) * 20)

STORAGES: dict[str, dict[str, torch.Tensor]] = {
    "views": {"a": A, "b": A.t(), "c": A[:, 1:3], "d": A[0].expand(3, 4)},
    "eight views": dict(
        zip("abcdefgh", (A, A.t(), A[1:], A[:, 1:], A.view(-1), A[0], A[:, 0], A.view(2, 6)), strict=True)
    ),
    "eight storages": {each: torch.ones(2, 3) for each in "abcdefgh"},
    "long names": {LONG: A, f"{LONG}2": A.t()},
    "many dims": {"a": MANY, "b": MANY.permute(*range(19, -1, -1))},
    "complex numbers": {"a": torch.full((4, 4), -1 / 3 - 1e9j), "b": torch.full((8,), 1 / 3 + 1j / 3)},
    "large numbers": {"a": torch.full((6, 8), -1.2345678e30), "b": torch.tensor([2**62, -(2**62)] * 10)},
    "large tensors": {"a": torch.zeros(1000, 1000), "b": torch.zeros(100_000)},
    "a tensor of 10¹⁸ elements": {"a": torch.zeros(1).expand(10**6, 10**6, 10**6)},
}
SETTINGS = {
    "its own": None,
    "illegal": {"offset": 11, "sizes": [1000, 1000], "strides": [10**9, 1]},
    "no dimension": {"offset": 3, "sizes": [], "strides": []},
    "overlapping": {"offset": 0, "sizes": [4, 2, 2], "strides": [1, 1, 0]},
}


def fits(svg: str) -> None:
    """It is shown legibly in the column, and everything that is written stands in it and on nothing else."""
    narrowest = re.search(r"min-width:([\d.]+)px", svg)
    assert narrowest is not None
    assert float(narrowest[1]) <= COLUMN
    width, height = size(svg)
    assert [
        text for left, top, right, bottom, text in boxes_of_texts(svg) if min(left, top) < 0 or right > width + 1
    ] == []
    assert [text for *_, bottom, text in boxes_of_texts(svg) if bottom > height] == []
    assert overlaps(svg) == []


@pytest.mark.parametrize("name", STORAGES)
def test_a_storage(name: str) -> None:
    fits(storage_map(STORAGES[name]).static_svg())


def test_a_storage_beside_numpys_arrays() -> None:
    array = np.arange(6.0)
    tensor = torch.from_numpy(array)
    fits(storage_map({"t": tensor[2:]}, {"t": tensor, LONG: array, "x" * 100: tensor.view(2, 3)}).static_svg())


@pytest.mark.parametrize(("name", "tensor"), [("b", A.t()), (LONG, A.t()), ("deep", DEEP), ("many", MANY.mT)])
def test_why_a_reshape_copied(name: str, tensor: torch.Tensor) -> None:
    call = f"{name}.reshape({tensor.numel()})"
    fits(sharing_map(name, tensor, call, tensor.reshape(tensor.numel())).static_svg())


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize(("name", "tensor"), [("a", A), (LONG, A), ("many", torch.zeros((2,) * 8))])
def test_strides(name: str, tensor: torch.Tensor, setting: str) -> None:
    explorer = stride_explorer(name, tensor)
    explorer.setting = SETTINGS[setting] or explorer.start
    fits(explorer.static_svg())


@pytest.fixture
def listening() -> Iterator[None]:
    GRADS.listen()
    yield
    GRADS.stop()


def ledger(name: str, tensor: torch.Tensor, backwards: int) -> GradLedger:
    """The ledger after that many backward calls of two lines, each in turn, so that there are many columns."""
    for number in range(backwards):
        if number % 2:
            (tensor * (number + 1 / 3)).sum().backward()
        else:
            (tensor * -1.2345e-7).sum().backward()
            tensor.grad = None if number % 8 else tensor.grad
    return grad_ledger(name, tensor)


@every_case("backwards", [0, 1, 11])
@every_case("shape", [(), (3,), (20, 30), (2, 3, 4, 5), (1,) * 6, (2,) * 20])
@every_case("name", ["w", LONG])
@pytest.mark.usefixtures("listening")
def test_a_ledger(name: str, shape: tuple[int, ...], backwards: int) -> None:
    view = ledger(name, torch.ones(shape, requires_grad=True), backwards)
    view.opened = [column["opens"] for column in view.columns if column["opens"]]
    fits(view.static_svg())
    view.close()


@pytest.mark.usefixtures("listening")
def test_elements_of_a_tensor_of_many_dimensions_are_told_apart() -> None:
    view = ledger("w", torch.ones((2,) * 20, requires_grad=True), 1)
    names = [text for text in texts(view.static_svg()) if text.startswith("[")]
    assert len(set(names)) == len(names) == 6
    view.close()


@pytest.mark.parametrize("classes", [2, 10, 40])
@pytest.mark.parametrize("name", ["Net", LONG])
def test_a_training(name: str, classes: int) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 70, 3), nn.ReLU(), nn.Flatten(), nn.Linear(70 * 36, 200), nn.Linear(200, classes)
    )
    images, labels = torch.randn(60, 1, 8, 8), torch.arange(60) % classes
    loader = DataLoader(TensorDataset(images, labels), 30)
    view = TrainingView(name)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.2345e-7)
    view.fit(model, loader, nn.CrossEntropyLoss(), optimizer, 2, test_loader=loader)
    for tab in view.tabs:
        view.tab = tab
        fits(view.static_svg())
    view.close()
