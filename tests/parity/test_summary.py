"""`summary`: what it counts, by hand and beside PyTorch's modules; that looking changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import autogradkit
from autogradkit import nn


def by_name(made: Any) -> dict[str, tuple[Any, ...]]:
    return {row.name: (row.shapes, row.parameters, row.multiply_adds) for row in made.rows}


def lenet(m: Any) -> Any:
    return m.nn.Sequential(
        m.nn.Conv2d(1, 6, 5, padding=2), m.nn.ReLU(), m.nn.MaxPool2d(2), m.nn.Conv2d(6, 16, 5, groups=2),
        m.nn.BatchNorm2d(16), m.nn.Flatten(), m.nn.Linear(1600, 10, bias=False),
    )  # fmt: skip


def test_a_convolutional_network_by_hand() -> None:
    made = autogradkit.summary(lenet(autogradkit), (2, 1, 28, 28))
    assert by_name(made) == {
        "": ([(2, 10)], 0, 0),
        "0": ([(2, 6, 28, 28)], 6 * 25 + 6, 2 * 6 * 28 * 28 * 25),
        "1": ([(2, 6, 28, 28)], 0, 0),
        "2": ([(2, 6, 14, 14)], 0, 0),
        "3": ([(2, 16, 10, 10)], 16 * 3 * 25 + 16, 2 * 16 * 10 * 10 * 3 * 25),
        "4": ([(2, 16, 10, 10)], 32, 0),
        "5": ([(2, 1600)], 0, 0),
        "6": ([(2, 10)], 16000, 2 * 16000),
    }
    assert made.total_params == sum(each.numel() for each in lenet(torch).parameters())
    assert made.total_bytes == 4 * (made.total_params + 32) + 8  # with the running statistics
    assert made.total_mult_adds == 2 * 6 * 784 * 25 + 2 * 1600 * 75 + 32000


LAYERS = {
    "ConvTranspose2d": ((2, 4, 3), (1, 2, 5, 5), 50 * 4 * 9),
    "Linear": ((3, 2), (3,), 6),
    "LSTM": ((3, 4), (5, 2, 3), 10 * (16 * 3 + 16 * 4)),
    "GRU": ((3, 4), (5, 2, 3), 10 * (12 * 3 + 12 * 4)),
    "TransformerEncoderLayer": ((4, 2, 8), (3, 1, 4), 3 * 4 * 12 + 2 * (2 * 3 * 3 * 2) + 3 * 4 * 4 + 2 * 3 * 4 * 8),
    "Embedding": ((10, 4), (2, 3), 0),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_by_hand(name: str) -> None:
    arguments, size, expected = LAYERS[name]
    kind = [autogradkit.long] if name == "Embedding" else None
    made = autogradkit.summary(getattr(nn, name)(*arguments), size, dtypes=kind)
    theirs = getattr(torch.nn, name)(*arguments)
    assert made.total_mult_adds == expected
    assert made.total_params == made.trainable_params == sum(each.numel() for each in theirs.parameters())


class Shares(nn.Module):
    """Two names for one layer, two layers with one weight, a layer that is called twice, and one that is not."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(3, 3))
        self.again = self.first
        self.tied = nn.Linear(3, 3)
        self.tied.weight = self.first[0].weight
        self.tied.bias.requires_grad_(False)
        self.idle = nn.Linear(7, 7)

    def forward(self, x: Any, *, scale: float = 1) -> Any:
        y = self.tied(self.again(self.first(x)))
        return {"y": y * scale, "both": (x, y)}


def test_what_is_shared_counts_once() -> None:
    made = autogradkit.summary(Shares(), autogradkit.ones(5, 3))
    rows = {(row.name, row.depth): row for row in made.rows}
    assert list(rows) == [("", 0), ("first", 1), ("0", 2), ("again", 1), ("tied", 1), ("idle", 1)]
    assert rows["again", 1].same_as == "first"
    assert [rows["0", 2].calls, rows["0", 2].multiply_adds] == [2, 2 * 45]
    assert [rows["tied", 1].parameters, rows["idle", 1].calls, rows["idle", 1].shapes] == [3, 0, []]
    assert rows["", 0].shapes == [(5, 3), (5, 3), (5, 3)]
    assert made.total_params == 12 + 3 + 56
    assert made.trainable_params == 12 + 56


def test_the_table() -> None:
    made = autogradkit.summary(Shares(), {"x": autogradkit.ones(1, 3), "scale": 2})
    assert repr(made).splitlines() == [
        "layer                 output shape            parameters  bytes  multiply-adds",
        "------------------------------------------------------------------------------",
        "Shares                (1, 3), (1, 3), (1, 3)",
        "  Sequential (first)  (1, 3), 2 calls",
        "    Linear (0)        (1, 3), 2 calls                 12     48             18",
        "  Sequential (again)  the same as first",
        "  Linear (tied)       (1, 3)                           3     12              9",
        "  Linear (idle)                                       56    224",
        "------------------------------------------------------------------------------",
        "Parameters: 71, of them trainable: 68",
        "Bytes of parameters and buffers: 284",
        "Multiply-adds: 27",
    ]
    page = made._repr_html_()
    assert page.count("<tr>") == 7
    assert "Linear (tied)" in page


def test_names_are_text_in_the_page() -> None:
    Strange = type("<b>", (nn.Module,), {"forward": lambda self, x: x})  # noqa: N806
    assert "<b>" not in autogradkit.summary(Strange(), (1,))._repr_html_()


def test_without_an_input() -> None:
    made = autogradkit.summary(nn.Linear(2, 1))
    assert made.total_mult_adds is None
    assert "Multiply-adds" not in repr(made)
    assert made.total_params == 3


def test_depth_folds_what_lies_deeper() -> None:
    made = autogradkit.summary(nn.Sequential(lenet(autogradkit), nn.Linear(10, 2)), (2, 1, 28, 28), depth=1)
    whole = autogradkit.summary(nn.Sequential(lenet(autogradkit), nn.Linear(10, 2)), (2, 1, 28, 28))
    assert [row.kind for row in made.rows] == ["Sequential", "Sequential", "Linear"]
    assert (made.total_params, made.total_mult_adds) == (whole.total_params, whole.total_mult_adds)


def test_several_inputs() -> None:
    layer = nn.Bilinear(2, 3, 4)
    assert by_name(autogradkit.summary(layer, [(5, 2), (5, 3)]))[""][0] == [(5, 4)]
    assert by_name(autogradkit.summary(layer, (autogradkit.ones(2, 2), autogradkit.ones(2, 3))))[""][0] == [(2, 4)]


def test_looking_changes_nothing() -> None:
    model = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(), nn.Linear(2, 1))
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    autogradkit.manual_seed(3)
    with autogradkit.record() as trace:
        made = autogradkit.summary(model, (4, 2))
    assert [module.training for module in model.modules()] == [True, True, False, True]
    assert all(bool((value == before[name]).all()) for name, value in model.state_dict().items())
    drawn = autogradkit.rand(3).tolist()
    autogradkit.manual_seed(3)
    assert drawn == autogradkit.rand(3).tolist()
    assert not trace.ops
    shown = repr(made)
    model(autogradkit.ones(9, 2))
    assert repr(made) == shown


def test_an_error_of_the_model_leaves_it_as_it_was() -> None:
    model = nn.Sequential(nn.Linear(2, 1))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        autogradkit.summary(model, (4, 3))
    assert model.training
