"""What errors say beyond PyTorch's text, where they arise: in a script, outside any recording."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

import autogradkit as torch

nn = torch.nn


def noted(run: Callable[[], Any]) -> list[str]:
    """The notes on the error that `run` raises."""
    with pytest.raises(Exception) as raised:  # noqa: PT011 - what it says is asserted by the caller
        run()
    assert "autogradkit" not in str(raised.value)
    assert raised.value.__cause__ is None
    return [note.removeprefix("autogradkit: ") for note in raised.value.__notes__]


def test_a_view_that_strides_do_not_allow_says_which_they_are() -> None:
    assert noted(lambda: torch.ones(2, 3).t().view(-1)) == [
        "the tensor has shape (3, 2) and strides (1, 3), which no single set of strides can show in the shape (6,)"
    ]


def test_sizes_that_do_not_fit_are_shown_whole() -> None:
    assert noted(lambda: torch.ones(4, 3) + torch.ones(5, 1, 2)) == [
        "the shapes are (4, 3) and (5, 1, 2); counted from the right, sizes must be equal, or one of them 1"
    ]
    assert noted(lambda: torch.ones(2, 3) @ torch.ones(4, 5)) == [
        "(2, 3) times (4, 5): the 3 columns of the first must be as many as the 4 rows of the second"
    ]


def test_an_edit_of_a_leaf_says_where_it_is_allowed() -> None:
    w = torch.ones(2, requires_grad=True)
    for edit in (lambda: w.add_(1), lambda: w[0].mul_(2), lambda: w.copy_(w)):
        [note] = noted(edit)
        assert note.startswith("to change a leaf, as an optimizer does, edit it inside `with torch.no_grad():`")


def test_what_only_a_recording_knows_it_says() -> None:
    x = torch.ones(3, requires_grad=True)

    def edited() -> None:
        y = x.exp()
        y.add_(1)
        y.sum().backward()

    def edited_beside() -> None:
        h = torch.stack([x, x]) * 1
        saved, other = h[0], h[1]
        y = saved**2
        other.mul_(2)  # which leaves the numbers of `saved` as they are, and counts for it
        y.sum().backward()

    def twice() -> None:
        y = (x * x).sum()
        y.backward()
        y.backward()

    def recorded(run: Callable[[], None]) -> None:
        with torch.record():
            run()

    hint = "under %%trace, or in `with autogradkit.record():`, this note names the line of the "
    assert noted(edited) == [hint + "edit"]
    assert noted(twice) == [hint + "backward that freed the graph"]
    [where] = noted(lambda: recorded(edited))
    assert where.startswith("the saved tensor was edited by add_ at line ")
    assert where.endswith(": y.add_(1)")
    [where] = noted(lambda: recorded(edited_beside))
    assert where.startswith("the memory of the saved tensor was edited through a view by mul_ at line ")
    [where] = noted(lambda: recorded(twice))
    assert where.startswith("the graph was freed by the backward at line ")
    assert where.endswith(": y.backward()")


def test_the_line_is_that_of_the_cause_and_of_nothing_like_it() -> None:
    x = torch.ones(3, requires_grad=True)

    def edited() -> None:
        with torch.record():
            y = x.exp()
            y[1:].mul_(2)
            z = torch.ones(3)
            z.sub_(2)  # the same shape and version, and not saved
            y.sum().backward()

    def twice() -> None:
        with torch.record():
            y = (x * x).sum()
            y.backward(retain_graph=True)
            y.backward(inputs=[x])
            (x + 1).sum().backward()
            y.backward()

    [where] = noted(edited)
    assert where.endswith(": y[1:].mul_(2)")
    [where] = noted(twice)
    assert where.endswith(": y.backward(inputs=[x])")


def test_an_error_with_notes_can_be_sent_elsewhere() -> None:
    x = torch.ones(3, requires_grad=True)
    y = x.exp()
    y.add_(1)
    with pytest.raises(RuntimeError) as raised:
        y.sum().backward()
    sent = pickle.loads(pickle.dumps(raised.value))
    assert (str(sent), sent.__notes__) == (str(raised.value), raised.value.__notes__)


def test_what_was_before_the_recording_is_said_to_be() -> None:
    x = torch.ones(3, requires_grad=True)
    y, z = x.exp(), (x * x).sum()
    y.add_(1)
    z.backward()

    def later(result: torch.Tensor) -> None:
        with torch.record():
            result.sum().backward()

    [where] = noted(lambda: later(y))
    assert where.startswith("the saved tensor was edited before the recording began")
    assert noted(lambda: later(z)) == ["the graph was freed by a backward before the recording began"]


class Net(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), inner, nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x)


@pytest.mark.parametrize("recording", [False, True])
def test_a_layer_is_named_by_its_path(recording: bool) -> None:
    net, x = Net(nn.Linear(100, 10)), torch.ones(2, 12, 12)

    def run() -> None:
        if recording:
            with torch.record():
                net(x)
        net(x)

    assert noted(run) == [
        "(2, 144) times (100, 10): the 144 columns of the first must be as many as the 100 rows of the second",
        "in layer 'body.1' of Net, Linear(in_features=100, out_features=10, bias=True), which was given the shape (2, 144)",
    ]


def test_a_layer_by_itself_has_no_path() -> None:
    assert noted(lambda: nn.CrossEntropyLoss()(torch.ones(2, 3), torch.tensor([5, 1]))) == [
        "in CrossEntropyLoss(), which was given the shape (2, 3) and (2,)"
    ]


def test_what_the_learners_own_forward_raises_is_left_alone() -> None:
    class Wrong(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise KeyError("mine")

    with pytest.raises(KeyError) as raised:
        Net(Wrong())(torch.ones(2, 3))
    assert not hasattr(raised.value, "__notes__")


@pytest.mark.parametrize("name", ["code", "graph"])
def test_what_a_scripted_module_would_have_is_told(name: str) -> None:
    with pytest.warns(DeprecationWarning, match="torch.jit.script"):
        scripted = torch.jit.script(nn.Linear(2, 2))
    (note,) = noted(lambda: getattr(scripted, name))
    assert "torch.save(model.state_dict(), path) keeps a model" in note


def test_of_what_has_no_graph_the_line_is_named_that_cut_it() -> None:
    w = torch.ones(2, requires_grad=True)

    def detached() -> None:
        h = (w * 2).detach()
        (h**2).sum().backward()

    def unrecorded() -> None:
        with torch.no_grad():
            out = w * 2
        loss = (out - 1).sum()
        loss.backward()

    def data() -> None:
        loss = torch.ones(2).sum()
        loss.backward()

    assert noted(data) == [
        "under %%trace, or in `with autogradkit.record():`, this note names the line of the cut, if there was a graph"
    ]

    def recorded(run: Callable[[], None]) -> str:
        def inside() -> None:
            with torch.record():
                run()

        [note] = noted(inside)
        return note

    assert recorded(detached).startswith("its graph was cut off by detach at line ")
    assert recorded(detached).endswith(": h = (w * 2).detach()")
    assert recorded(unrecorded).startswith("its graph was not recorded, as no_grad() was on, at line ")
    assert recorded(unrecorded).endswith(": out = w * 2")
    assert recorded(data) == "nothing that it was computed from requires grad"
