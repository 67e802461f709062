"""What a training view shows beside its curves: chosen by messages, true of the weights as they are, never in the way."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autogradkit as torch
from autogradkit import nn
from autogradkit.utils.data import DataLoader, IterableDataset, TensorDataset
from autogradkit.vision.recipes import RECIPES
from autogradkit.widgets.learnt import TABS, Learnt
from autogradkit.widgets.training import TrainingView


class Brightest(nn.Module):
    """Reads a 2×2 picture as the place of its largest pixel, with weights that can turn that round."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4, bias=False)
        with torch.no_grad():
            self.fc.weight.copy_(torch.eye(4))

    def forward(self, x: Any) -> Any:
        return self.fc(x.flatten(1))


IMAGES = torch.eye(4).view(4, 1, 2, 2).repeat(20, 1, 1, 1)
LABELS = torch.tensor([0, 1, 2, 0] * 20)  # every fourth is misread


def view_of(test: Any = None, model: Any = None) -> TrainingView:
    return TrainingView("t", model=model or Brightest(), test=TensorDataset(IMAGES, LABELS) if test is None else test)


def send(view: TrainingView, kind: str, **more: Any) -> None:
    view._hear(view, {"kind": kind} | more, [])


def shown(view: TrainingView) -> list[int]:
    return [int(index) for index in re.findall(r'data-key="digit-(\d+)"', view.svg)]


def test_the_misread_ones_come_first_and_pages_turn() -> None:
    view = view_of()
    assert view.tabs == ["curves", *TABS]
    send(view, "look", tab="pictures")
    assert view.tab == "pictures"
    assert shown(view) == [*range(3, 80, 4), *[i for i in range(80) if i % 4 != 3][:10]]
    assert view.svg.count(">0 → 3</text>") == 20
    assert view.which == "1–30 of 80"
    assert view.table[:2] == [["picture", "label", "read as", "chance"], ["4", "0", "3", "47.5 %"]]
    assert view.description == "t: 20 of 80 test pictures misread: they come first, framed"
    send(view, "turn", by=1)
    assert view.which == "31–60 of 80"
    send(view, "turn", by=9)
    assert view.which == "61–80 of 80"
    send(view, "turn", by=-9)
    assert view.which == "1–30 of 80"


def test_a_look_is_true_of_the_weights_as_they_are() -> None:
    view = view_of()
    send(view, "look", tab="confusion")
    assert view.table[1] == ["0", "20", "0", "0", "20"]
    with torch.no_grad():
        view._learnt.model.fc.weight[3] = 0.0  # type: ignore[union-attr]
        view._learnt.model.fc.weight[0] += torch.tensor([0.0, 0.0, 0.0, 1.0])  # type: ignore[union-attr]
    view.refresh()
    assert view.table[1] == ["0", "40", "0", "0", "0"]


def test_a_chosen_picture_is_shown_as_the_layers_see_it() -> None:
    view = view_of()
    send(view, "look", tab="pictures")
    send(view, "choose", picture=7)
    assert view.tab == "maps"
    assert view.which == "2 of 80"
    assert "test picture 8: 0, misread as 3" in view.svg
    assert view.table == [["layer", "shape", "smallest", "largest"], ["fc", "4", "0.", "1."]]
    send(view, "turn", by=1)
    assert view.which == "3 of 80"
    send(view, "choose", picture=99)
    assert view.which == "3 of 80"
    send(view, "look", tab="filters")
    assert view.table[1] == ["0", "0.", "1."]
    assert view.which == ""


@pytest.mark.parametrize("form", ["loader", "batches", "flat", "without channels", "stream"])
def test_test_data_of_every_form(form: str) -> None:
    class Stream(IterableDataset):
        def __iter__(self) -> Any:
            return iter(zip(IMAGES, LABELS, strict=True))

    test: Any = {
        "loader": DataLoader(TensorDataset(IMAGES, LABELS), 7, shuffle=True),
        "batches": [(IMAGES[:50], LABELS[:50]), (IMAGES[50:], LABELS[50:])],
        "flat": TensorDataset(IMAGES.flatten(1), LABELS),
        "without channels": TensorDataset(IMAGES[:, 0], LABELS),
        "stream": DataLoader(Stream(), 7),
    }[form]
    view = view_of(test)
    torch.manual_seed(0)
    expected = torch.rand(2).tolist()
    torch.manual_seed(0)
    send(view, "look", tab="pictures")
    assert shown(view)[:3] == [3, 7, 11]
    assert torch.rand(2).tolist() == expected, "the stream of random numbers is the learner's"


@pytest.mark.parametrize(
    ("test", "model", "said"),
    [
        ([(torch.zeros(4, 3), torch.zeros(4, dtype=torch.int64))], None, "the test data are no pictures"),
        ([(IMAGES, LABELS.float())], None, "the labels are no classes"),
        ([], None, "there are no test pictures"),
        ([(IMAGES * float("nan"), LABELS)], None, "80 of 80 test pictures get scores that are not finite numbers"),
        ([(IMAGES, LABELS)], nn.Linear(3, 2), "RuntimeError"),
        ([(IMAGES, LABELS)], nn.Identity(), r"scores of shape \(80, classes\), not \(80, 1, 2, 2\)"),
        ([(IMAGES, LABELS - 1)], None, "should be from 0 to 3, not -1"),
    ],
)
def test_what_cannot_be_shown_is_said_in_the_picture(test: Any, model: Any, said: str) -> None:
    view = view_of(test, model)
    send(view, "look", tab="confusion")
    assert re.search(said, view.description)
    assert view.svg.startswith("<svg")
    view._learnt.model.train()  # type: ignore[union-attr]
    for _ in view.track(range(2)):
        view.log(loss=1.0)
    assert view.state == "running", "the training went on"


def test_there_is_nothing_to_look_at_without_a_model_or_pictures() -> None:
    assert TrainingView().tabs == ["curves"]
    assert TrainingView(model=Brightest()).tabs == ["curves", "filters"]
    assert Learnt(Brightest(), iter([(IMAGES, LABELS)])).tabs == ("filters",), "it is not ours to walk"
    view = TrainingView()
    send(view, "look", tab="maps")
    send(view, "turn", by=1)
    assert view.tab == "curves"


def test_a_run_brings_its_model_and_its_pictures_along() -> None:
    setup = RECIPES["mlp"].prepare()
    view = TrainingView()
    send(view, "look", tab="pictures")
    view.fit(setup.model, list(setup.loader)[:2], setup.loss_fn, setup.optimizer, test_loader=setup.test_loader)
    assert view.tabs == ["curves", *TABS]
    send(view, "look", tab="pictures")
    assert len(shown(view)) == 30
    assert setup.model.training
    html = view.static_html()
    assert len(html) < 60_000
    assert "<table>" in html


def test_looking_while_it_trains_changes_no_number() -> None:
    def losses(looks: bool) -> list[float]:
        setup = RECIPES["mlp"].prepare(seed=1)
        view = TrainingView(model=setup.model, optimizer=setup.optimizer, test=setup.test_loader)
        for number, (x, y) in enumerate(view.track(list(setup.loader)[:6])):
            if looks:
                send(view, "look", tab=view.tabs[number % len(view.tabs)])
            setup.optimizer.zero_grad()
            loss = setup.loss_fn(setup.model(x), y)
            loss.backward()
            setup.optimizer.step()
            view.log(loss=loss)
        return [step.loss for step in view.history.steps]

    found = losses(looks=True)
    np.testing.assert_array_equal(found, losses(looks=False))
    assert len(set(found)) == 6
