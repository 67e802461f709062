"""What buttons, typed numbers and Ctrl-C do to a training in its view."""

import os
import signal
import threading
import time

import pytest

from autogradkit.widgets.training import TrainingView
from tests.vision.test_train import Descent, Line
from tests.widgets.trainings import fit, press, wait_until


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
            assert paused.wait(60)
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


def test_resume_that_is_pressed_while_a_step_is_taken_counts():
    view = TrainingView()
    states = []
    for batch in view.track(range(4)):
        states.append(view.state)
        if batch < 2:
            press(view, ("step", "resume")[batch])
    assert states == ["running", "paused", "running", "running"]


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


def test_there_must_be_something_to_resume():
    with pytest.raises(RuntimeError, match="no run to resume"):
        TrainingView().resume()


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
