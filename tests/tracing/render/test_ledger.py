"""The ledger's picture and words, from what real backward calls leave."""

import re

import pytest

import autogradkit as torch
from autogradkit.tracing.render.ledger.columns import GROUPED, column_of
from autogradkit.tracing.render.ledger.picture import MOST, MOST_IF_WIDE, Ledger, ledger_svg
from autogradkit.tracing.render.ledger.words import SHOWN, pages, rows, uncleared
from autogradkit.tracing.watch import GradLog


@pytest.fixture
def log():
    made = GradLog()
    made.listen()
    yield made
    made.stop()


def weight():
    return torch.tensor([1.0, 2.0], requires_grad=True)


def ledger(log, tensor, **more):
    return Ledger("w", log.history(tensor), **more)


def sentences(found):
    return re.sub(r"test_ledger.py line \d+", "L", " ".join(map(found.sentence, found.columns)))


def drawn(found):
    """Of each column: its key and its texts."""
    groups = ledger_svg(found).split('class="ak-entry"')[1:]
    return {re.search(r'data-key="(\w+)"', g)[1]: re.findall(r">([^<>]+)</text>", g.split("</g>")[0]) for g in groups}


def test_slices_stack_up_until_the_grad_is_cleared(log):
    w = torch.tensor(1.0, requires_grad=True)
    (w * 3).backward()
    (w * 5).backward()
    w.grad = None
    (w * 7).backward()
    texts = list(drawn(ledger(log, w)).values())
    assert [part for texts_ in texts for part in texts_[:3] if part[0] in "+N8"] == [
        "+3.",
        "+3.",
        "+5.",
        "8.",
        "None",
        "+7.",
    ]
    boxes = ledger_svg(ledger(log, w)).split('class="ak-entry"')[2]
    heights = [float(h) for h in re.findall(r'width="54" height="([\d.]+)"', boxes)]
    assert abs(heights[1] / heights[0] - 5 / 3) < 0.02


def test_each_element_has_a_row_with_its_index(log):
    w = torch.ones(2, 3, requires_grad=True)
    (w * torch.arange(6.0).view(2, 3)).sum().backward()
    svg = ledger_svg(ledger(log, w))
    assert all(f">[{row}, {column}]</text>" in svg for row in range(2) for column in range(3))
    totals = [text for text in drawn(ledger(log, w))["e0"] if re.fullmatch(r"\d\.", text)]
    assert totals == ["0.", "1.", "2.", "3.", "4.", "5."]


def test_a_line_in_a_loop_is_one_column_with_its_sum(log):
    w = weight()
    for factor in range(30):
        (w * factor).sum().backward()
    found = ledger(log, w)
    (column,) = found.columns
    assert column.count == 30
    assert sentences(found) == "30 backward calls at L added [435., 435.] in all: w.grad is now [435., 435.]."
    assert "×30 ▸" in drawn(found)["g0"]
    assert len(ledger_svg(found)) < 12_000


def test_a_column_opens_into_its_events_and_the_rest_is_a_step_away(log):
    w = torch.tensor(1.0, requires_grad=True)
    for factor in range(1, 31):
        (w * factor).backward()
    found = ledger(log, w, opened=frozenset({"g0"}))
    assert [column.key for column in found.columns] == [f"e{number}" for number in range(30)]
    assert list(drawn(found)) == [f"e{number}" for number in range(30 - MOST, 30)]
    svg = ledger_svg(found)
    assert "23 earlier: step to see them" in svg
    assert 'data-group="g0"' in svg
    assert ">▾ close ×30</text>" in svg
    wide = ledger(log, w, opened=frozenset({"g0"}), page=1400)
    assert list(drawn(wide)) == [f"e{number}" for number in range(30 - MOST_IF_WIDE, 30)]
    assert float(re.findall(r'width="([\d.]+)"', ledger_svg(wide))[0]) <= 1400
    assert 7 < len(drawn(ledger(log, w, opened=frozenset({"g0"}), page=900))) < MOST_IF_WIDE
    early = ledger(log, w, opened=frozenset({"g0"}), first=2)
    assert list(drawn(early)) == [f"e{number}" for number in range(2, 2 + MOST)]
    assert "2 earlier and 21 later: step to see them" in ledger_svg(early)
    assert column_of(found.columns, "g0", found.history) == 0
    assert column_of(ledger(log, w).columns, "e17", found.history) == 0


def test_turns_of_a_loop_are_one_column_and_the_last_is_told(log):
    w = torch.tensor(1.0, requires_grad=True)
    for factor in range(10):
        (w * factor).backward()
        w.grad = None
    found = ledger(log, w)
    assert [(column.key, column.turns, column.count) for column in found.columns] == [
        ("t0", 9, 18),
        ("e18", 0, 1),
        ("e19", 0, 1),
    ]
    assert sentences(found) == (
        "9 turns of: backward at L, set to None at L. They added 36. in all; then w.grad is None. "
        "backward at L added 9.: w.grad is now 9. .grad was set to None at L: the next backward starts afresh."
    )
    assert drawn(found)["t0"][:2] == ["Σ 36.", "9 turns"]
    opened = ledger(log, w, opened=frozenset({"t0"}))
    assert len(opened.columns) == 20
    assert {column.group for column in opened.columns} == {"t0", ""}


def test_few_of_a_line_stay_apart(log):
    w = weight()
    for _ in range(GROUPED - 1):
        (w * 3).sum().backward()
    assert len(ledger(log, w).columns) == GROUPED - 1


def test_a_forgotten_zero_grad_is_flagged_with_its_line(log):
    w = weight()
    (w * 3).sum().backward()
    (w * 5).sum().backward()
    found = ledger(log, w)
    warning = uncleared(found.history)
    assert re.fullmatch(r"grad was not cleared since test_ledger.py line \d+", warning)
    assert f"⚠ {warning}" in ledger_svg(found)
    assert warning in found.description


def test_a_flag_stays_on_the_backward_but_the_warning_ends_with_the_clearing(log):
    w = weight()
    (w * 3).sum().backward()
    (w * 5).sum().backward()
    w.grad = None
    (w * 3).sum().backward()
    assert uncleared(log.history(w)) is None
    assert ledger_svg(ledger(log, w)).count("⚠") == 1
    assert ">⚠ backward</text>" in ledger_svg(ledger(log, w))


def test_a_cleared_grad_is_not(log):
    w = weight()
    for _ in range(3):
        w.grad = None
        (w * 3).sum().backward()
    w.grad.zero_()
    (w * 3).sum().backward()
    assert uncleared(log.history(w)) is None
    assert "⚠" not in ledger_svg(ledger(log, w))


def test_an_edit_does_not_clear_and_is_no_accumulation(log):
    w = weight()
    (w * 3).sum().backward()
    w.grad.mul_(2)
    (w * 1).sum().backward()
    found = ledger(log, w)
    assert sentences(found) == (
        "backward at L added [3., 3.]: w.grad is now [3., 3.]. "
        ".grad was edited in place, not by backward, at L: w.grad is now [6., 6.]. "
        "backward at L added [1., 1.] to what was there: w.grad is now [7., 7.]."
    )
    assert uncleared(found.history) is not None
    texts = drawn(found)
    assert "edited" in texts["e1"]
    assert "+6." not in texts["e1"]
    assert texts["e2"].count("7.") == 2


def test_it_is_said_in_words_and_in_a_table(log):
    w = weight()
    (w * torch.tensor([1.0, -2.5])).sum().backward()
    (w * w).sum().backward()
    w.grad = torch.tensor([9.0, 9.0])
    found = ledger(log, w)
    assert sentences(found) == (
        "backward at L added [1., -2.5]: w.grad is now [1., -2.5]. "
        "backward at L added [2., 4.] to what was there: w.grad is now [3., 1.5]. "
        ".grad was set to another tensor at L: w.grad is now [9., 9.]."
    )
    header, body = rows("w", found.history, found.shown)
    assert header == ("event", "where", "added", "w.grad afterwards")
    assert [row[2:] for row in body] == [("[1., -2.5]", "[1., -2.5]"), ("[2., 4.]", "[3., 1.5]"), ("", "[9., 9.]")]


def test_slices_of_both_signs_say_where_they_come_out(log):
    w = torch.tensor(1.0, requires_grad=True)
    (w * 3).backward()
    (w * -5).backward()
    assert {"+3.", "-5.", "-2."} <= set(drawn(ledger(log, w))["e1"])


def test_what_happened_before_and_unheard_is_not_invented(log):
    w = weight()
    log.stop()
    (w * 2).sum().backward()
    log.listen()
    (w * 3).sum().backward()
    w.grad.numpy()[0] = 100
    assert sentences(ledger(log, w)) == (
        "w.grad was [2., 2.]: that is what the first event that was heard found. "
        "backward at L added [3., 3.] to what was there: w.grad is now [5., 5.]. "
        ".grad was changed by what no line is known of, such as NumPy: w.grad is now [100., 5.]."
    )


@pytest.mark.parametrize(("size", "count", "why"), [(7, 2, "6 of 7 elements"), (2000, 2, "6 of 2,000 elements")])
def test_larger_tensors_are_shown_in_parts_with_the_reason(log, size, count, why):
    w = torch.ones(size, requires_grad=True)
    (w * torch.arange(float(size))).sum().backward()
    history = log.history(w)
    found = pages(history)
    assert len(found) == count
    assert max(len(page.elements) for page in found) == SHOWN
    assert sorted(each for page in found for each in page.elements) == list(range(len(history.elements)))
    first = ledger(log, w)
    assert why in ledger_svg(first)
    element = history.elements[found[1].elements[0]]
    assert f">{element}</text>" in ledger_svg(ledger(log, w, sheet=1))
    assert f">{element}</text>" not in ledger_svg(first)
    assert "w.grad, where it is drawn, is now" in sentences(first)
    assert history.elements[0] in rows("w", history, found[0])[0][-1]


def test_what_is_not_a_number_is_drawn_as_such(log):
    w = weight()
    (w * torch.tensor([float("nan"), float("inf")])).sum().backward()
    (w * 2).sum().backward()
    texts = drawn(ledger(log, w))["e1"]
    assert {"nan", "inf"} <= set(texts)


def test_nothing_yet_is_a_sentence(log):
    assert "no backward has reached w yet" in ledger_svg(ledger(log, weight()))


def test_what_fell_out_is_said(log):
    w = torch.tensor(1.0, requires_grad=True)
    for _ in range(250):
        (w * 3).backward()
    found = ledger(log, w)
    assert "50 events before these are kept no more" in ledger_svg(found)
    assert sentences(found) == (
        "w.grad was 150.: that is what 50 earlier events had left. "
        "200 backward calls at L added 600. in all to what was there: w.grad is now 750."
    )
    assert found.columns[1].key == "g51"


def test_the_state_is_said(log):
    assert "frozen at the end of In[3]" in ledger_svg(ledger(log, weight(), state="frozen at the end of In[3]"))


def test_names_are_text(log):
    w = weight()
    svg = ledger_svg(Ledger("<script>权重", log.history(w)))
    (w * 3).sum().backward()
    svg += ledger_svg(Ledger("<script>权重", log.history(w)))
    assert "<script>" not in svg
    assert svg.count("&lt;script&gt;权重.grad") >= 2
