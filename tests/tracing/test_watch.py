"""Following a tensor's `.grad` from now on."""

import gc

import pytest

import autogradkit as torch
from autogradkit.core.recording import RECORDERS
from autogradkit.tracing.watch import GradWatcher


@pytest.fixture
def followed():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    watcher = GradWatcher(w)
    yield w, watcher
    watcher.stop()
    assert watcher not in RECORDERS


def test_contributions_and_assignments_of_this_tensor_only(followed):
    w, watcher = followed
    other = torch.tensor([3.0, 4.0], requires_grad=True)
    (w * other).sum().backward()
    other.grad = None
    w.grad.zero_()
    w.grad = None
    w.grad = torch.ones(2)
    events = watcher.events()
    assert [type(event).__name__ for event in events] == ["Accumulated"] + ["GradAssigned"] * 3
    assert events[0].contribution.data == (3.0, 4.0)
    assert [event.how for event in events[1:]] == ["zeros", "none", "assigned"]
    assert events[0].position.code == "(w * other).sum().backward()"
    assert events[1].position.code == "w.grad.zero_()"
    assert events[2].position.code == "w.grad = None"
    assert events[2].before.data == (0.0, 0.0)


def test_setting_none_to_none_is_nothing(followed):
    w, watcher = followed
    w.grad = None
    assert watcher.events() == ()


def test_the_optimizer_s_zero_grad_is_heard(followed):
    w, watcher = followed
    optimizer = torch.optim.SGD([w], lr=0.1)
    (w * 2).sum().backward()
    optimizer.step()
    optimizer.zero_grad()
    assert [type(event).__name__ for event in watcher.events()] == ["Accumulated", "GradAssigned"]


def test_the_tensor_is_not_kept_alive():
    w = torch.ones(2, requires_grad=True)
    gone = []
    watcher = GradWatcher(w, ended=lambda: gone.append(True))
    (w * 2).sum().backward()
    del w
    gc.collect()
    assert gone == [True]
    assert watcher not in RECORDERS
    watcher.stop()


def test_traces_and_watchers_do_not_disturb_each_other(followed):
    w, watcher = followed
    with torch.record() as trace:
        (w * 2).sum().backward()
    assert len(watcher.events()) == 1
    assert [op.name for op in trace.ops] == ["mul", "sum"]


def test_what_was_heard_is_what_was_there_then():
    w = torch.ones(2, requires_grad=True)
    counted = []
    watcher = GradWatcher(w, lambda: counted.append(len(watcher.events())), most=3)
    for _ in range(5):
        (w * 2).sum().backward()
    watcher.stop()
    w.grad.fill_(-1)
    assert counted == [1, 2, 3, 3, 3]
    assert [event.after.text for event in watcher.events()] == ["[6., 6.]", "[8., 8.]", "[10., 10.]"]
    assert watcher.events()[0].position.code == "(w * 2).sum().backward()"


def test_large_gradients_are_summed_up():
    w = torch.ones(5000, requires_grad=True)
    watcher = GradWatcher(w)
    (w * 2).sum().backward()
    watcher.stop()
    (event,) = watcher.events()
    assert (event.after.data, event.after.mean, event.after.omitted) == (None, 2.0, 5000)
