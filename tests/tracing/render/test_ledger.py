"""The ledger's picture and words, from what real backward calls leave."""

import re

import autogradkit as torch
from autogradkit.tracing.events import Accumulated, GradAssigned
from autogradkit.tracing.render.ledger import (
    MOST,
    Ledger,
    amount,
    description,
    entries,
    ledger_svg,
    rows,
    sentence,
    uncleared,
)


def heard(trace):
    return [event for event in trace.events if isinstance(event, Accumulated | GradAssigned)]


def ledger(trace, element=0, name="w", shape=(2,)):
    return Ledger(name, shape, entries(heard(trace)), element)


def weight():
    return torch.tensor([1.0, 2.0], requires_grad=True)


def test_slices_stack_up_until_the_grad_is_cleared():
    w = weight()
    with torch.record() as trace:
        (w * 3).sum().backward()
        (w * 5).sum().backward()
        w.grad = None
        (w * 7).sum().backward()
    found = ledger(trace)
    assert [entry.what for entry in found.entries] == ["backward", "backward", "none", "backward"]
    svg = ledger_svg(found)
    columns = svg.split('class="ak-entry"')[1:]
    assert [re.findall(r'data-slice="(\d)"', column) for column in columns] == [["0"], ["0", "1"], [], ["3"]]
    assert [total in column for total, column in zip((">3.<", ">8.<", ">None<", ">7.<"), columns, strict=True)]
    assert all(f">{label}</text>" in svg for label in ("+3.", "+5.", "+7."))
    heights = [float(h) for h in re.findall(r'height="([\d.]+)"[^>]*data-slice="[01]"', svg)]
    assert heights[1] / heights[0] == 1
    assert abs(heights[2] / heights[0] - 5 / 3) < 0.02


def test_a_forgotten_zero_grad_is_flagged_with_its_line():
    w = weight()
    with torch.record() as trace:
        (w * 3).sum().backward()
        (w * 5).sum().backward()
    warning = uncleared(ledger(trace))
    assert re.fullmatch(r"grad was not cleared since test_ledger.py line \d+", warning)
    assert f"⚠ {warning}" in ledger_svg(ledger(trace))
    assert warning in description(ledger(trace))


def test_a_flag_stays_on_the_backward_but_the_warning_ends_with_the_clearing():
    w = weight()
    with torch.record() as trace:
        (w * 3).sum().backward()
        (w * 5).sum().backward()
        w.grad = None
        (w * 3).sum().backward()
    assert uncleared(ledger(trace)) is None
    assert ledger_svg(ledger(trace)).count("⚠") == 1
    assert ">⚠ backward</text>" in ledger_svg(ledger(trace))


def test_a_cleared_grad_is_not():
    w = weight()
    with torch.record() as trace:
        for _ in range(3):
            w.grad = None
            (w * 3).sum().backward()
        w.grad.zero_()
        (w * 3).sum().backward()
    assert uncleared(ledger(trace)) is None
    assert "⚠" not in ledger_svg(ledger(trace))
    assert [entry.what for entry in ledger(trace).entries[-2:]] == ["zeros", "backward"]


def test_it_is_said_in_words():
    w = weight()
    with torch.record() as trace:
        (w * torch.tensor([1.0, -2.5])).sum().backward()
        (w * w).sum().backward()
        w.grad = torch.tensor([9.0, 9.0])
    found = ledger(trace, element=1)
    assert re.sub(r"test_ledger.py line \d+", "L", " ".join(sentence(found, i) for i in range(3))) == (
        "backward at L added -2.5: w.grad[1] is now -2.5. "
        "backward at L added 4. to what was there: w.grad[1] is now 1.5. "
        ".grad was set at L: w.grad[1] is now 9."
    )
    header, body = rows(found)
    assert header == ("event", "where", "added", "w.grad afterwards")
    assert [row[2:] for row in body] == [
        ("[ 1.0000, -2.5000]", "[ 1.0000, -2.5000]"),
        ("[2., 4.]", "[3.0000, 1.5000]"),
        ("", "[9., 9.]"),
    ]


def test_slices_of_both_signs_say_where_they_come_out():
    w = weight()
    with torch.record() as trace:
        (w * 3).sum().backward()
        (w * -5).sum().backward()
    svg = ledger_svg(ledger(trace))
    assert ">-2.</text>" in svg
    assert ">-5.</text>" in svg


def test_what_happened_before_and_between_is_not_invented():
    w = weight()
    (w * 2).sum().backward()
    with torch.record() as first:
        (w * 3).sum().backward()
    (w * 100).sum().backward()
    with torch.record() as second:
        (w * 5).sum().backward()
    found = Ledger("w", (2,), entries([*heard(first), *heard(second)]), 0)
    assert [entry.what for entry in found.entries] == ["before", "backward", "unseen", "backward"]
    assert sentence(found, 0) == "w.grad[0] was 2. before the first event that was seen."
    assert sentence(found, 2) == ".grad changed in a cell that was not traced: w.grad[0] is now 105."
    assert ledger_svg(found).count("data-slice") == 1 + 2 + 1 + 2


def test_large_gradients_are_drawn_by_their_mean():
    w = torch.ones(2000, requires_grad=True)
    with torch.record() as trace:
        (w * 3).sum().backward()
        (w * 5).sum().backward()
    found = ledger(trace, element=None, shape=(2000,))
    assert description(found).startswith("the mean of w.grad after 2 backward calls: 8.;")
    assert [amount(entry.added, None) for entry in found.entries] == [3.0, 5.0]


def test_what_is_not_a_number_is_drawn_as_such():
    w = weight()
    with torch.record() as trace:
        (w * torch.tensor([float("nan"), 1.0])).sum().backward()
        (w * 2).sum().backward()
    assert ">nan</text>" in ledger_svg(ledger(trace))
    assert ">3.</text>" in ledger_svg(ledger(trace, element=1))


def test_nothing_yet_is_a_sentence():
    assert "no backward has reached w yet" in ledger_svg(Ledger("w", (2,), (), 0))


def test_many_events_are_bounded_and_counted():
    w = weight()
    with torch.record() as trace:
        for _ in range(20):
            (w * 3).sum().backward()
    svg = ledger_svg(ledger(trace))
    assert svg.count('class="ak-entry"') == MOST
    assert "8 earlier events are not shown" in svg


def test_names_are_text():
    svg = ledger_svg(Ledger("<script>权重", (2,), (), 0))
    assert "<script>" not in svg
    assert "&lt;script&gt;权重.grad" in svg
