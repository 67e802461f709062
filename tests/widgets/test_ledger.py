"""The ledger widget: what it knows from traces, what it hears afterwards, and what it refuses."""

import gc

import pytest

import autogradkit as torch
from autogradkit.tracing.events import Accumulated, GradAssigned
from autogradkit.widgets.ledger import MOST, grad_ledger


@pytest.fixture
def make():
    made = []

    def ledger(*args, **kwargs):
        made.append(grad_ledger(*args, **kwargs))
        return made[-1]

    yield ledger
    for each in made:
        each.close()


def weight():
    return torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)


def test_history_and_what_comes_after_it(make):
    w = weight()
    with torch.record() as trace:
        (w * 2).sum().backward()
    history = [event for event in trace.events if isinstance(event, Accumulated | GradAssigned)]
    ledger = make("w", w, history=history)
    assert len(ledger.sentences) == 1
    (w * w).sum().backward()
    ledger._cell_ended(None)
    assert ledger.sentences[1].endswith("added 2. to what was there: w.grad[0, 0] is now 4.")
    assert "⚠ grad was not cleared since" in ledger.svg
    assert ledger.table[-1][0] == "backward"
    w.grad = None
    ledger._cell_ended(None)
    assert ledger.table[-1][0] == "set to None"
    assert ledger.svg == ledger.static_svg()


def test_the_front_end_chooses_the_element(make):
    w = weight()
    ledger = make("w", w)
    (w * w).sum().backward()
    ledger.element = 3
    assert "w.grad[1, 1] after each event" in ledger.svg
    assert ledger.sentences[0].endswith("added 8.: w.grad[1, 1] is now 8.")
    ledger.element = -1
    assert "the mean of w.grad" in ledger.svg
    assert ledger.elements == 4


def test_asked_for_again_it_is_the_same(make):
    w = weight()
    ledger = make("w", w)
    (w * 2).sum().backward()
    again = make("w", w)
    assert again is ledger
    assert len(again.sentences) == 1
    assert make("v", w) is not ledger
    ledger.close()
    assert make("w", w) is not ledger


def test_a_large_tensor_shows_its_mean(make):
    w = torch.ones(1_000_000, requires_grad=True)
    ledger = make("w", w)
    assert (ledger.elements, ledger.element) == (0, -1)
    (w * 2).sum().backward()
    ledger._cell_ended(None)
    assert "is now 2." in ledger.sentences[0]
    assert len(ledger.static_html()) < 40_000


def test_untraced_gradients_are_shown_as_they_are(make):
    w = weight()
    (w * 2).sum().backward()
    assert make("w", w).sentences == ["w.grad[0, 0] was 2. before the first event that was seen."]


def test_nothing_yet(make):
    ledger = make("w", weight())
    assert ledger.sentences == []
    assert ledger.description == "w.grad is None: no backward has reached w yet."
    assert ledger.plain() == ledger.description


def test_it_ends_with_the_tensor_and_keeps_its_picture(make):
    w = weight()
    ledger = make("w", w)
    (w * 2).sum().backward()
    del w
    gc.collect()
    ledger._cell_ended(None)
    assert "the tensor is gone" in ledger.svg
    assert len(ledger.sentences) == 1


def test_long_histories_are_bounded(make):
    w = torch.ones(1, requires_grad=True)
    ledger = make("w", w)
    for _ in range(MOST + 50):
        (w * 2).sum().backward()
    ledger._cell_ended(None)
    assert len(ledger.sentences) == MOST


def test_a_retained_gradient_is_followed(make):
    h = weight() * 2
    h.retain_grad()
    ledger = make("h", h)
    (h * 3).sum().backward()
    ledger._cell_ended(None)
    assert ledger.sentences[0].endswith("added 3.: h.grad[0, 0] is now 3.")


def test_what_has_no_ledger():
    w = weight()
    with pytest.raises(TypeError, match="'x' is a int, not a tensor"):
        grad_ledger("x", 3)
    with pytest.raises(ValueError, match="'x' does not require grad"):
        grad_ledger("x", w.detach())
    with pytest.raises(ValueError, match=r"Call h.retain_grad\(\) before backward"):
        grad_ledger("h", w * 2)
