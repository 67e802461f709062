"""The ledger widget: what it knows of untraced cells, when it is frozen, what the front end may choose, what it refuses."""

import gc

import pytest
import torch as pytorch

import autogradkit as torch
from autogradkit.tracing.watch import GRADS
from autogradkit.widgets.ledger import grad_ledger


@pytest.fixture
def make(monkeypatch):
    """Ledgers without a shell, which another test of the same process may have left behind."""
    monkeypatch.setattr("autogradkit.widgets.ledger.get_ipython", lambda: None)
    made = []

    def ledger(*args, **kwargs):
        made.append(grad_ledger(*args, **kwargs))
        return made[-1]

    GRADS.listen()
    yield ledger
    for each in made:
        each.close()
    GRADS.stop()


def weight():
    return torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)


def sentences(ledger):
    return [column["sentence"] for column in ledger.columns]


def test_it_knows_what_was_not_traced(make):
    w = weight()
    (w * 2).sum().backward()
    with torch.record():
        (w * w).sum().backward()
    ledger = make("w", w)
    assert sentences(ledger)[1].endswith("to what was there: w.grad is now [[4., 6.], [8., 10.]].")
    assert "⚠ grad was not cleared since" in ledger.svg
    assert [row[0] for row in ledger.table[1:]] == ["backward", "backward"]


def test_it_is_frozen_and_says_so(make):
    w = weight()
    (w * 2).sum().backward()
    ledger = make("w", w)
    before = ledger.svg
    (w * 2).sum().backward()
    ledger._cell_ended(None)
    assert ledger.svg == before
    assert "frozen" in ledger.svg
    assert len(make("w", w).columns) == 2


def test_followed_it_goes_on_and_asked_for_again_it_is_the_same(make):
    w = weight()
    (w * 2).sum().backward()
    ledger = make("w", w, follow=True)
    assert "followed" in ledger.svg
    (w * w).sum().backward()
    ledger._cell_ended(None)
    w.grad = None
    ledger._cell_ended(None)
    assert [row[0] for row in ledger.table[1:]] == ["backward", "backward", "set to None"]
    assert ledger.svg == ledger.static_svg()
    assert make("w", w, follow=True) is ledger
    assert make("w", w) is not ledger
    assert make("v", w, follow=True) is not ledger
    ledger.close()
    assert make("w", w, follow=True) is not ledger


def test_the_front_end_chooses_columns_and_opens_them(make):
    w = torch.tensor(1.0, requires_grad=True)
    for factor in range(20):
        (w * factor).backward()
    w.grad = None
    ledger = make("w", w)
    assert [(each["key"], each["opens"]) for each in ledger.columns] == [("g0", "g0"), ("e20", "")]
    ledger.selected = "g0"
    ledger.opened = ["g0"]
    assert (len(ledger.columns), ledger.selected) == (21, "e0")
    assert {each["closes"] for each in ledger.columns} == {"g0", ""}
    assert 'data-key="e0"' in ledger.svg
    assert 'data-key="e20"' not in ledger.svg
    drawn = ledger.svg
    ledger.selected = "e5"
    assert ledger.svg == drawn  # what is drawn stays while the chosen column is in it
    ledger.selected = "e9"
    assert 'data-key="e3"' in ledger.svg
    assert 'data-key="e2"' not in ledger.svg
    ledger.opened = []
    assert ledger.selected == "g0"
    ledger.selected = "e20"
    assert ledger.selected == ""


def test_the_front_end_chooses_the_elements(make):
    w = torch.ones(3, 3, requires_grad=True)
    (w * 2).sum().backward()
    ledger = make("w", w)
    assert ledger.pages == ["1 to 6 of 9", "7 to 9 of 9"]
    assert ">[2, 2]</text>" not in ledger.svg
    ledger.sheet = 1
    assert ">[2, 2]</text>" in ledger.svg


def test_a_large_tensor_shows_a_sample(make):
    w = torch.ones(1_000_000, requires_grad=True)
    (w * 2).sum().backward()
    ledger = make("w", w)
    assert "6 of 1,000,000 elements, spread evenly" in ledger.svg
    assert len(ledger.static_html()) < 40_000


def test_nothing_yet(make):
    ledger = make("w", weight())
    assert ledger.columns == []
    assert ledger.description == "w.grad is None: no backward has reached w yet."
    assert ledger.plain() == ledger.description


def test_it_ends_with_the_tensor_and_keeps_its_picture(make):
    w = weight()
    ledger = make("w", w, follow=True)
    (w * 2).sum().backward()
    del w
    gc.collect()
    ledger._cell_ended(None)
    assert "the tensor is gone" in ledger.svg
    assert len(ledger.columns) == 1


def test_a_retained_gradient_has_a_ledger(make):
    h = weight() * 2
    h.retain_grad()
    (h * 3).sum().backward()
    assert sentences(make("h", h))[0].endswith("added [[3., 3.], [3., 3.]]: h.grad is now [[3., 3.], [3., 3.]].")


def test_what_has_no_ledger():
    w = weight()
    for name, value, error, message in (
        ("x", 3, TypeError, "'x' is an int, not a tensor"),
        ("net", torch.nn.Linear(2, 1), TypeError, "Name one of its parameters: net.weight, net.bias"),
        (
            "p",
            pytorch.ones(2, requires_grad=True),
            TypeError,
            "'p' is a tensor of PyTorch itself, .*import autogradkit as torch",
        ),
        ("x", w.detach(), ValueError, "'x' does not require grad, .* x.requires_grad_()"),
        ("w.grad", w.detach(), ValueError, "Name the tensor whose gradient it is: w"),
        ("h", w * 2, ValueError, r"Call h.retain_grad\(\) before backward"),
    ):
        with pytest.raises(error, match=message):
            grad_ledger(name, value)
