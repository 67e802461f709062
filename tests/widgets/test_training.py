"""The training view without a front end: curves, buttons as methods, loops of one's own, interrupts, bounds."""

import gc
import os
import signal
import threading
import time
import weakref

import pytest

import autogradkit as torch
from autogradkit.vision.train import Training
from autogradkit.widgets.curves import LIMIT, Curve
from autogradkit.widgets.training import TrainingView
from tests.vision.test_train import Descent, Line, batches, squared


def fit(view, epochs=2, loader=None, during=lambda: None, **options):
    model = Line()
    return view.fit(model, loader or batches(), squared, Descent(model, during=during), epochs, **options)


def press(view, kind, **more):
    view._hear(view, {"kind": kind, **more}, [])


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


def test_stop_ends_after_the_batch_and_resume_goes_on_with_the_next():
    whole = TrainingView()
    fit(whole)
    view = TrainingView()
    pressed = iter([None] * 5 + ["stop"] + [None] * 10)
    fit(view, during=lambda: (kind := next(pressed)) and press(view, kind))
    assert view.state == "stopped"
    assert "stopped · epoch 2 of 2 · batch 2 of 4" in view.plain()
    assert view.training.optimizer.taken == 6
    view.resume()
    assert view.state == "finished"
    assert view._progress.curves.lines("loss") == whole._progress.curves.lines("loss")


def test_pause_step_and_resume_from_another_thread():
    view = TrainingView()
    taken = []
    view.pause()
    paused = threading.Event()
    view.observe(lambda change: paused.set() if change["new"] == "paused" else None, "state")

    def user():
        for kind in ("step", "step", "resume"):
            assert paused.wait(10)
            paused.clear()
            taken.append(len(view._progress.curves.lines("loss")[0].values))
            press(view, kind)
            if kind == "step":
                wait_until(lambda: len(view._progress.curves.lines("loss")[0].values) > taken[-1])
                paused.set()

    thread = threading.Thread(target=user)
    thread.start()
    for _ in view.track(range(5)):
        view.log(loss=1.0)
    thread.join(10)
    assert taken == [1, 2, 3]
    assert view.state == "running"


def test_a_step_is_drawn_however_long_drawing_takes():
    view = TrainingView()
    shown = []

    def user():
        view._due = float("inf")
        shown.append(view.svg)
        press(view, "step" if len(shown) < 3 else "resume")

    view._controls._go.wait = lambda timeout: user()
    view.pause()
    for _ in view.track(range(5)):
        view.log(loss=1.0)
    assert ["batch 1 of 5" in svg for svg in shown] == [True, False, False]
    assert ["batch 2 of 5" in svg for svg in shown] == [False, True, False]
    assert "batch 3 of 5" in shown[2]


def wait_until(condition):
    for _ in range(200):
        if condition():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it never happened")


def test_an_interrupt_leaves_a_run_that_can_go_on():
    view = TrainingView()

    def interrupt():
        if view.training.optimizer.taken == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(view, during=interrupt)
    assert view.state == "interrupted"
    view.training.optimizer.during = lambda: None
    view.resume()
    assert view.state == "finished"


def test_a_failure_is_said_and_the_curves_stay():
    view = TrainingView()

    def fail():
        if view.training.optimizer.taken == 2:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fit(view, during=fail)
    assert view.state == "failed"
    assert len(view._progress.curves.lines("loss")[0].values) == 1


def test_there_must_be_something_to_resume():
    with pytest.raises(RuntimeError, match="no run to resume"):
        TrainingView().resume()


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


def test_stop_ends_the_loops_around_it_too():
    view = TrainingView()
    seen = []
    for epoch in range(3):
        for batch in view.track(range(4)):
            seen.append((epoch, batch))
            if len(seen) == 2:
                press(view, "stop")
    assert seen == [(0, 0), (0, 1)]
    assert view.state == "stopped"


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


def test_a_click_that_comes_too_late_does_nothing():
    view = TrainingView()
    fit(view)
    for kind in ("pause", "stop", "step"):
        press(view, kind)
    assert list(view.track(range(3))) == [0, 1, 2]


def test_an_interrupt_that_came_with_a_pause_is_not_waited_for():
    view = TrainingView()

    def pause_and_interrupt():
        press(view, "pause")
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fit(view, during=pause_and_interrupt)
    assert view.state == "interrupted"
    view.training.optimizer.during = lambda: None
    assert len(view.resume()) == 2


def test_a_loop_of_one_s_own_that_is_left_hands_the_interrupt_on():
    for _ in TrainingView().track(range(5)):
        os.kill(os.getpid(), signal.SIGINT)
        break
    with pytest.raises(KeyboardInterrupt):
        time.sleep(10)


def test_a_run_interrupted_while_pausing_does_not_pause_the_next():
    view = TrainingView()
    view._controls._go.wait = lambda timeout: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        fit(view, during=lambda: press(view, "pause"))
    assert view.state == "interrupted"
    del view._controls._go.wait
    assert list(view.track(range(3))) == [0, 1, 2]


def test_a_greeting_is_answered_at_once_also_while_a_cell_trains(monkeypatch):
    view = TrainingView()
    answers = []
    monkeypatch.setattr(view, "send", answers.append)
    greeting = {"kind": "hello", "number": 3}
    view._hear(view, greeting, [])
    fit(view, during=lambda: press(view, "hello", number=4) if len(answers) == 1 else None)
    assert answers == [greeting, {"kind": "hello", "number": 4}]


def test_what_the_front_end_makes_up_is_ignored():
    view = TrainingView()
    for content in ({}, {"kind": "hello"}, {"kind": "explode"}, {"kind": 3}):
        view._hear(view, content, [])
    fit(view)
    assert view.state == "finished"


def test_the_learning_rate_is_the_optimizer_s_and_can_be_typed():
    model = Line()
    optimizer = Descent(model, lr=100.0)
    view = TrainingView(optimizer=optimizer)
    assert view.rate == "100"
    optimizer.param_groups[0]["lr"] = 0.000214748
    view.refresh()
    assert view.rate == "0.000215"
    for lr, rate in ((2.5e-5, "2.5e-05"), (0, "0"), (64, "64")):
        view._hear(view, {"kind": "rate", "lr": lr}, [])
        assert optimizer.param_groups[0]["lr"] == lr
        assert view.rate == rate
    for nonsense in (-1.0, float("nan"), float("inf"), "fast", None):
        view._hear(view, {"kind": "rate", "lr": nonsense}, [])
        assert optimizer.param_groups[0]["lr"] == 64
    optimizer.param_groups.append({"lr": 0.5})
    view.refresh()
    assert view.rate == "64, 0.5"
    view._hear(view, {"kind": "rate", "lr": 0.25}, [])
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]
    plain = TrainingView()
    plain._hear(plain, {"kind": "rate", "lr": 0.25}, [])
    assert plain.rate == ""


def test_a_typed_learning_rate_holds_from_the_next_batch_on():
    view = TrainingView()

    def during():
        if view.training.optimizer.taken == 2:
            view._hear(view, {"kind": "rate", "lr": 0.01}, [])
            assert view.training.optimizer.param_groups[0]["lr"] == 0.1, "not in the middle of a batch"

    fit(view, epochs=1, during=during)
    assert [step.lr for step in view.history.steps] == [0.1, 0.1, 0.01, 0.01]
    assert "lr 0.01" in view.plain()


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


def test_an_interrupt_waits_until_the_batch_of_one_s_own_loop_is_learnt():
    view = TrainingView()
    done = []

    def loop():
        for batch in view.track(range(5)):
            if batch == 2:
                os.kill(os.getpid(), signal.SIGINT)
            done.append(batch)
            view.log(loss=1.0)

    with pytest.raises(KeyboardInterrupt):
        loop()
    assert done == [0, 1, 2]
    assert len(view.history.steps) == 3
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_loop_of_one_s_own_that_is_left_puts_the_interrupt_back():
    for _ in TrainingView().track(range(5)):
        break
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def failing():
        for _ in TrainingView().track(range(5)):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


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
