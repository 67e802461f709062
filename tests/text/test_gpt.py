"""The text room: letters and windows, and a GPT that looks back only, learns, and writes."""

from __future__ import annotations

import pytest

import autogradkit as torch
from autogradkit.text.gpt import GPT
from autogradkit.text.letters import Letters, sonnets, windows
from autogradkit.text.recipe import prepare


def test_the_sonnets_are_plain_lines() -> None:
    poems = [poem.splitlines() for poem in sonnets().rstrip("\n").split("\n\n")]
    assert [len(poem) for poem in poems] == [14] * 21
    assert sonnets().isascii()
    assert poems[3][0] == "Shall I compare thee to a summer's day?"


def test_letters_come_back_from_their_numbers() -> None:
    text = sonnets()
    letters = Letters(text)
    assert letters.text(letters.numbers(text)) == text
    with pytest.raises(KeyError, match="ß"):
        letters.numbers("ß")


def test_targets_are_one_letter_on() -> None:
    inputs, targets = windows(torch.arange(100), 8, 4)[:]
    assert inputs.shape == (23, 8)
    assert targets.tolist() == (inputs + 1).tolist()
    assert inputs[:, 0].tolist() == list(range(0, 89, 4))


def test_a_letter_does_not_know_what_comes_after_it() -> None:
    torch.manual_seed(2)
    model = GPT(11, length=6, width=8, heads=2).eval()
    numbers = torch.tensor([[3, 1, 4, 1, 5, 9]])
    other = numbers.clone()
    other[0, 4] = 2
    before, after = model(numbers), model(other)
    assert torch.equal(before[:, :4], after[:, :4])
    assert not torch.allclose(before[:, 4:], after[:, 4:])


def test_writing_is_drawn_from_its_own_stream_and_leaves_the_model_as_it_was() -> None:
    model = GPT(11, length=6, width=8, heads=2)
    state = torch.get_rng_state()
    start = torch.tensor([7, 3])
    first, again = (model.write(start, 20, torch.Generator().manual_seed(5)) for _ in range(2))
    assert first.tolist() == again.tolist()
    assert first[:2].tolist() == [7, 3]
    assert len(set(first.tolist())) > 5
    assert model.training
    assert torch.equal(state, torch.get_rng_state())


def test_it_learns_a_text_by_heart() -> None:
    torch.manual_seed(0)
    letters = Letters("the sun is up. ")
    model = GPT(len(letters), length=15, width=32, heads=2, depth=1, dropout=0.0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    inputs, targets = windows(letters.numbers("the sun is up. " * 3), 15, 1)[:]
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    written = letters.text(model.write(letters.numbers("the s"), 24, torch.Generator().manual_seed(1)))
    assert written == "the sun is up. the sun is up."


def test_the_recipe_is_of_the_sonnets() -> None:
    setup = prepare(3)
    inputs, targets = next(iter(setup.loader))
    assert inputs.shape == targets.shape == (8, 64)
    assert len(setup.test_loader.dataset) == 20
    assert setup.sample is not None
    assert setup.sample(1) == setup.sample(1) != setup.sample(2)
