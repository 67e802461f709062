"""The training view without a front end: curves, table and text, loops of one's own, what it bounds and lets go."""

import gc
import itertools
import weakref

import pytest

import autogradkit as torch
from autogradkit.vision.train import Training
from autogradkit.widgets.curves import LIMIT, Curve
from autogradkit.widgets.training import TrainingView
from tests.vision.test_train import Descent, Line, batches, squared
from tests.widgets.trainings import fit, press


def test_a_run_fills_curves_table_and_text():
    view = TrainingView("line")
    assert view.state == "ready"
    epochs = fit(view, test_loader=batches(1))
    assert view.state == "finished"
    assert view.progress == 1.0
    assert [row[0] for row in view.table] == ["epoch", "1", "2"]
    assert view.table[0] == ["epoch", "train loss", "test loss"]
    assert view.table[2][2] == f"{epochs[1].test_loss:.4f}".rstrip("0")
    assert view.plain().startswith("line: finished · epoch 2 of 2 · lr 0.1\nloss      train █")
    assert view.svg == view.static_svg()
    assert view.description.startswith("line: finished")


def test_a_second_run_goes_on_along_the_axis():
    view = TrainingView()
    fit(view, 2)
    fit(view, 1)
    assert [row[0] for row in view.table[1:]] == ["1", "2", "3"]
    assert "epoch 3 of 3" in view.plain()


def test_a_run_that_is_shown_again_goes_on_where_it_was():
    view = TrainingView()
    model = Line()
    training = Training(model, batches(), squared, Descent(model), test_loader=batches(1))
    training.run(1)
    view.run(training, 2)
    view.run(training, 3)
    assert view.history == training.epochs
    assert view.history.to_rows("batch") == training.epochs.to_rows("batch")
    assert [row[0] for row in view.table[1:]] == ["1", "2", "3"]
    assert "epoch 3 of 3" in view.plain()


def test_a_failure_is_said_and_the_curves_stay():
    view = TrainingView()

    def fail():
        if view.training.optimizer.taken == 2:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fit(view, during=fail)
    assert view.state == "failed"
    assert len(view._progress.curves.lines("loss")[0].values) == 1


def test_a_run_that_has_only_begun_says_so_and_what_is_not_measured():
    view = TrainingView("mine")
    for _ in view.track(range(2)):
        if not view._progress.measured:
            assert view.plain() == "mine: just begun"
            assert "nothing measured yet" in view.static_svg()
            assert "train:" not in view.static_svg()
        view.log(loss=1.0)
    assert "batch 2 of 2" in view.plain() or "epoch 1" in view.plain()
    assert "nothing measured yet" not in view.static_svg()


def test_a_loop_of_one_s_own():
    view = TrainingView("mine")
    for epoch in view.epochs(2):
        for batch in view.track([1.0, 0.5]):
            view.log(loss=torch.tensor(batch / (epoch + 1), requires_grad=True), accuracy=0.5)
        view.log(test_loss=0.25, test_accuracy=torch.tensor(0.75))
    train, test = view._progress.curves.lines("loss")
    assert train.epochs == (0.5, 1.0, 1.5, 2.0)
    assert train.values == (1.0, 0.5, 0.5, 0.25)
    assert (test.epochs, test.values) == ((1.0, 2.0), (0.25, 0.25))
    assert view.table_rows()[1][0] == ("1", "0.75", "0.25", "50.0 %", "75.0 %")
    assert "epoch 2 of 2" in view.plain()


def test_logging_without_batches_counts_epochs():
    view = TrainingView()
    for i in range(3):
        view.log(loss=float(i))
    assert view._progress.curves.lines("loss")[0].epochs == (1.0, 2.0, 3.0)


@pytest.mark.long
def test_long_runs_stay_bounded():
    curve = Curve("train")
    for i in range(100_000):
        curve.add(i / 1000, float(i))
    line = curve.line()
    assert len(line.values) <= LIMIT
    assert line.epochs[-1] == 99.999
    assert sum(line.values) / len(line.values) == pytest.approx(50_000, rel=0.02)
    view = TrainingView()
    for epoch in view.epochs(1000):
        for i in view.track(range(20)):
            view.log(loss=2.0 / (1 + epoch), accuracy=i / 20)
        view.log(test_loss=2.0 / (1 + epoch), test_accuracy=epoch / 1000)
    assert len(view.static_html()) < 60_000
    assert len(view.history) == 1000
    assert view.table_rows()[1][-1][0] == "1000"


def test_a_greeting_is_answered_at_once_also_while_a_cell_trains(monkeypatch):
    view = TrainingView()
    answers = []
    monkeypatch.setattr(view, "send", answers.append)
    greeting = {"kind": "hello", "number": 3}
    view._hear(view, greeting, [])
    fit(view, during=lambda: press(view, "hello", number=4) if len(answers) == 1 else None)
    assert answers == [greeting, {"kind": "hello", "number": 4}]


def test_a_picture_asked_for_at_the_last_batch_is_drawn():
    view = TrainingView()

    def during():
        if view.training.optimizer.taken == 4:
            view._hear(view, {"kind": "scale", "log": True}, [])

    fit(view, epochs=1, during=during)
    assert view.log_axis
    assert "log axis" in view.svg


def test_the_picture_is_as_wide_as_the_column_and_the_stored_one_as_ever():
    view = TrainingView()
    fit(view)
    stored = view.static_html()
    view._hear(view, {"kind": "width", "width": 1148}, [])
    assert 'width="1148"' in view.svg
    assert view.static_html() == stored
    for width in (0, -5, float("inf"), "wide"):
        view._hear(view, {"kind": "width", "width": width}, [])
    assert 'width="320"' in view.svg


def test_the_training_accuracy_is_smoothed_and_says_over_what():
    view = TrainingView()
    for i in view.track(range(30)):
        view.log(accuracy=float(i % 2), loss=1.0)
    [train] = view._progress.curves.lines("accuracy")
    assert train.values[:4] == pytest.approx((0.0, 0.5, 1 / 3, 0.5))
    assert train.values[-1] == 0.5
    assert "train: mean of the last 20 batches" in view.static_svg()
    assert "train: each batch" in view.static_svg()
    assert [step.accuracy for step in view.history.steps] == [float(i % 2) for i in range(30)]


def test_a_long_smoothed_curve_ends_where_it_is():
    curve = Curve("train")
    for i in range(1000):
        curve.add(float(i), float(i), smooth=20)
    line = curve.line()
    assert len(line.values) <= LIMIT
    assert line.values[3:] == pytest.approx([epoch - 9.5 for epoch in line.epochs[3:]])
    assert line.epochs[-1] == 999.0


def test_the_run_is_a_value_and_agrees_with_the_training():
    view = TrainingView()
    epochs = fit(view, 2, test_loader=batches(1))
    assert view.history == epochs
    assert view.history.to_rows("batch") == epochs.to_rows("batch")
    fit(view, 1)
    assert [epoch.number for epoch in view.history] == [1, 2, 3]
    assert [row["epoch"] for row in view.history.to_rows("batch")] == [1] * 4 + [2] * 4 + [3] * 4


def test_a_loop_of_one_s_own_is_a_value_too():
    view = TrainingView(optimizer=Descent(Line(), lr=0.5))
    for epoch in view.epochs(2):
        for batch in view.track([1.0, 0.5]):
            view.log(loss=batch)
            view.log(accuracy=batch / 2)
        view.log(test_loss=0.25 * epoch)
    for batch in view.track([float("nan"), 1.0]):
        view.log(loss=batch)
        break
    rows = view.history.to_rows()
    assert rows == [
        {"epoch": e + 1, "loss": 0.75, "accuracy": 0.375, "test_loss": 0.25 * e, "test_accuracy": None, "lr": 0.5}
        for e in range(2)
    ]
    steps = view.history.to_rows("batch")
    assert steps[1] == {"epoch": 1, "batch": 2, "loss": 0.5, "accuracy": 0.25, "lr": 0.5}
    assert len(steps) == 5
    assert str(steps[-1]["loss"]) == "nan"
    assert view.table_rows()[1][-1] == ("3", "nan", "", "")


def test_a_closed_view_is_let_go():
    view = TrainingView()
    fit(view)
    model = weakref.ref(view.training.model)
    view.close()
    del view
    gc.collect()
    assert model() is None


def test_a_closed_view_can_be_shown_again():
    view = TrainingView()
    view.close()
    assert view.comm is None
    view._ipython_display_()
    assert "not begun" in view._repr_mimebundle_()[0]["text/plain"]


def test_a_drawing_that_took_long_leaves_the_view_behind_for_seconds_only(monkeypatch):
    now = 0.0
    drawn = []

    def refresh(view):
        nonlocal now
        now += 2.0  # as the first one takes on a busy machine
        drawn.append(now)

    monkeypatch.setattr("autogradkit.widgets.training.time.monotonic", lambda: now)
    monkeypatch.setattr(TrainingView, "refresh", refresh)
    view = TrainingView()
    for _ in view.track(range(40)):
        view.log(loss=1.0)
        now += 0.5
    pauses = [later - earlier - 2.0 for earlier, later in itertools.pairwise(drawn)]
    assert max(pauses) <= 3.5
    assert len([pause for pause in pauses if pause >= 3.0]) >= 4
