"""A recorded run as a value: rows, a file that gives it back, curves."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt

from autogradkit.vision.history import Epoch, History, Step
from tests.vision.test_train import batches, run

RUN = History(
    [Epoch(1, 0.1 + 0.2, 1 / 3, 2.25, 0.125, 1e-3), Epoch(2, math.nan, None, math.inf, None, 100.0)],
    [Step(0, 0, 2, 5e-324, 1 / 3, 1e-3), Step(0, 1, None, -math.inf, None, None)],
)


def test_a_run_records_epochs_and_batches() -> None:
    training = run(test_loader=batches(1))
    for step in training.steps(2):
        if step.epoch == 1 and step.batch == 1:
            break
    [epoch] = training.epochs.to_rows()
    assert epoch["epoch"] == 1
    assert epoch["lr"] == 0.1
    assert epoch["loss"] > epoch["test_loss"] > 0
    rows = training.epochs.to_rows("batch")
    assert [(row["epoch"], row["batch"]) for row in rows] == [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2)]
    assert rows[0] == {"epoch": 1, "batch": 1, "loss": 22.5, "accuracy": None, "lr": 0.1}


def test_the_learning_rate_is_the_one_learnt_with() -> None:
    class Halve:
        def step(self) -> None:
            training.optimizer.param_groups[0]["lr"] /= 2

    training = run(scheduler=Halve())
    training.run(2)
    assert [epoch.lr for epoch in training.epochs] == [0.1, 0.05]
    assert [step.lr for step in training.epochs.steps] == [0.1] * 4 + [0.05] * 4


def test_rows_are_all_alike_as_tables_want_them() -> None:
    for each, names in (
        ("epoch", ["epoch", "loss", "accuracy", "test_loss", "test_accuracy", "lr"]),
        ("batch", ["epoch", "batch", "loss", "accuracy", "lr"]),
    ):
        rows = RUN.to_rows(each)  # type: ignore[arg-type]
        assert [list(row) for row in rows] == [names, names]
        text = io.StringIO()
        table = csv.DictWriter(text, names)
        table.writeheader()
        table.writerows(rows)
        assert text.getvalue().count("\n") == 3
    with pytest.raises(ValueError, match="each 'epoch' or each 'batch', not 'step'"):
        RUN.to_rows("step")  # type: ignore[arg-type]


def test_a_saved_run_comes_back_exactly(tmp_path: Path) -> None:
    for number, each in enumerate((RUN, History())):
        path = tmp_path / f"{number}.json"
        each.save(path)
        found = History.load(path)
        np.testing.assert_equal(found.to_rows(), each.to_rows())
        np.testing.assert_equal(found.to_rows("batch"), each.to_rows("batch"))
        assert [step.batches for step in found.steps] == [step.batches for step in each.steps]
        json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def broken(**changes: object) -> str:
    names = {"epochs": ("number", "loss", "accuracy", "test_loss", "test_accuracy", "lr"),
             "steps": ("epoch", "batch", "batches", "loss", "accuracy", "lr")}  # fmt: skip
    whole: dict[str, object] = {"format": "autogradkit training run", "version": 1}
    whole |= {what: {key: [1] for key in fields} for what, fields in names.items()}
    return json.dumps(whole | changes)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lr,loss\n", "not a training run: the text is not JSON"),
        ("[1, 2]", "it does not say format 'autogradkit training run'"),
        ('{"format": "autogradkit trace"}', "it does not say format"),
        (broken(version=7), "a run of version 7; this autogradkit reads version 1"),
        (broken(steps=None), "'steps' is missing"),
        (broken(epochs={"loss": [1.0]}), "epochs should have number, loss, .* not loss"),
        (broken().replace('"loss": [1]', '"loss": [1, 2]', 1), "columns of epochs are of different lengths"),
        (broken().replace('"loss": [1]', '"loss": ["low"]', 1), "epochs: loss is 'low'"),
        (broken().replace('"loss": [1]', '"loss": [null]', 1), "epochs: loss is None"),
        (broken().replace('"batch": [1]', '"batch": [1.5]', 1), "steps: batch is 1.5"),
    ],
)
def test_another_file_is_refused_with_the_reason(tmp_path: Path, text: str, said: str) -> None:
    assert broken() != text
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"run.json: .*{said}"):
        History.load(path)


def test_a_file_of_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.pt").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(ValueError, match=r"weights.pt: not a training run: the file is not UTF-8 text"):
        History.load(tmp_path / "weights.pt")
    with pytest.raises(FileNotFoundError):
        History.load(tmp_path / "nothing.json")


def test_batches_are_drawn_behind_the_epochs() -> None:
    training = run()
    for step in training.steps(1):
        if step.batch == 1:
            break
    [loss] = training.epochs.plot()
    [line] = loss.get_lines()
    assert (line.get_label(), np.ravel(line.get_xdata()).tolist()) == ("each batch", [0.25, 0.5])
    plt.close("all")
