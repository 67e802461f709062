"""A `.view()` that fails: its note in every cell, and the picture that `%why` and `%%trace` draw."""

from __future__ import annotations

from typing import Any

import pytest

import autogradkit.traced_cells as traced_cells
from tests.magics.conftest import Notebook

SETUP = "b = torch.arange(6.0).view(2, 3).t()"
NOTE = (
    "autogradkit: b.view(6) needs dims 0 and 1 of b to be one in memory: stride(0) = size(1) · stride(1) = 2·3 = 6, but it "
    "is 1. From b[0, 1] to b[1, 0] the hop is −2, where +3 is expected. b.reshape(6) copies the elements, and so does "
    "b.contiguous().view(6). %why draws it."
)
PICTURE = "Why b.view(6) fails: b.view(6) needs dims 0 and 1"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was displayed as the cause, here and by `%why`."""
    import autogradkit.magics as magics

    found: list[Any] = []
    monkeypatch.setattr(traced_cells, "display", found.append)
    monkeypatch.setattr(magics, "display", found.append)
    return found


@pytest.mark.parametrize("cell", ["b.view(6)", "%%trace\nb.view(6)", "%%time\n%%trace\nb.view(6)"])
def test_every_cell_gets_the_note_and_why_draws_it(notebook: Notebook, drawn: list[Any], cell: str) -> None:
    notebook.run(SETUP)
    error = notebook.run(cell).error_in_exec
    assert type(error) is RuntimeError
    assert str(error).startswith("view size is not compatible with input tensor's size and stride")
    assert error.__notes__ == [NOTE]
    assert [view.alt().startswith(PICTURE) for view in drawn] == [True] * cell.startswith("%%")
    drawn.clear()
    assert notebook.run("%why").success
    [view] = drawn
    assert view.alt().startswith(PICTURE)
    assert view.names == ["b", "b.reshape(6)"]


def test_it_is_found_inside_functions_and_modules(notebook: Notebook, drawn: list[Any]) -> None:
    notebook.run(
        "class Net(torch.nn.Module):\n    def forward(self, x):\n        return x.transpose(1, 2).view(-1, 12)\nnet = Net()"
    )
    notebook.run("net(torch.ones(2, 3, 4))")
    assert notebook.run("%why").success
    assert drawn[0].alt().startswith("Why x.transpose(1, 2).view(2, 12) fails")


def test_only_the_last_error_counts(notebook: Notebook, drawn: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    notebook.run(SETUP)
    notebook.run("b.view(6)")
    notebook.run("%storage nope")  # refused by a magic: no error of the code
    assert notebook.run("x = 1").success
    assert notebook.run("%why").success
    drawn.clear()
    notebook.run("%%trace\ny = b * 2\n%storage nope")
    assert drawn == []
    notebook.run("1 / 0")
    assert not notebook.run("%why").success
    said = capsys.readouterr().err
    assert "UsageError: %why: the last error, a ZeroDivisionError, was no .view() that failed. It draws why" in said


def test_the_shell_is_left_as_it_was(notebook: Notebook) -> None:
    notebook.run("1 / 0")
    assert "showtraceback" not in vars(notebook.shell)


DTYPES = {  # what fails -> what is said of it
    "torch.ones(2, 3).t().view(torch.float64)": "From {} [0, 0] to {} [0, 1] the hop is +3, where +1 is expected.",
    "torch.ones(2, 3).t().view(torch.int16)": "A float32 becomes 2 elements of int16, along the last dimension.",
    "torch.ones(2, 3).view(torch.float64)": "3 cells in a row leave 1 over. The last size has to be divisible by 2.",
    "torch.ones(6)[1:5].view(torch.float64)": "begins at cell 1, in the middle of one: offsets have to be divisible by 2.",
    "torch.ones(9).as_strided((2, 2), (3, 1)).view(torch.float64)": "the hop is +3, which leads into the middle of one.",
    "torch.tensor(1.0).view(torch.float64)": "has no dimension.",
    "torch.ones(9).as_strided((2, 1), (1, 4)).view(torch.int8)": "stride(-1) is 4, where 1 is expected.",
    "torch.ones(0, 3).t().view(torch.float64)": "stride(-1) is 3, where 1 is expected.",
}


@pytest.mark.parametrize("call", DTYPES)
def test_a_dtype_that_the_strides_do_not_allow_is_explained_and_drawn(
    notebook: Notebook, drawn: list[Any], call: str
) -> None:
    receiver = call.rpartition(".view")[0]
    notebook.run(f"b = {receiver}")
    error = notebook.run(f"b.view{call.rpartition('.view')[2]}").error_in_exec
    import torch

    with pytest.raises(RuntimeError) as raised:
        eval(call, {"torch": torch})
    assert str(error) == str(raised.value)
    [note] = error.__notes__
    assert DTYPES[call].replace("{} ", "b") in note
    assert note.endswith(" %why draws it.")
    assert notebook.run("%why").success
    [view] = drawn
    assert view.alt().startswith(f"Why b.view({call.rpartition('(')[2][:-1]}) fails: A float")
    assert "<svg" in view.static_svg()


def test_it_draws_why_a_call_copied_or_did_not(notebook: Notebook, drawn: list[Any], capsys: Any) -> None:
    notebook.run(SETUP)
    for call in ("b.reshape(6)", "b.flatten()", "b.contiguous()", "b.view(6)", "b.t().reshape(6)", "b[1:]", "b.T"):
        assert notebook.run(f"%why {call}").success, call
    copied, flat, dense, failed, shared, part, turned = [view.alt() for view in drawn]
    assert copied == (
        "Why b.reshape(6) copies: b.reshape(6) could show the memory only if dims 0 and 1 of b were one in it: stride(0) = "
        "size(1) · stride(1) = 2·3 = 6, but it is 1. From b[0, 1] to b[1, 0] the hop is −2, where +3 is expected. So it copied "
        "the elements: an edit of the result does not reach b."
    )
    assert flat.startswith("Why b.flatten() copies: ")
    assert dense.startswith("Why b.contiguous() copies: ")
    assert failed.startswith("Why b.view(6) fails: ")
    assert shared == (
        "Why b.t().reshape(6) copies nothing: its shape (6,) and stride (1,) show the memory of b.t(): an edit of one "
        "reaches both."
    )
    assert part.startswith("Why b[1:] copies nothing")
    assert turned.startswith("Why b.T copies nothing")
    drawn.clear()
    for call, said in (
        ("b.clone()", "b.clone() made new elements, which is not for the strides of b. It draws why a .view()"),
        ("b.view(5)", "'b.view(5)' raised RuntimeError: shape '[5]' is invalid for input of size 6. It draws why"),
        ("b", "'b' is no call on a tensor. It draws why"),
        ("b.tolist()", "'b.tolist()' is a list, not a tensor."),
        ("c.reshape(6)", "name 'c' is not defined"),
        ("b.reshape(", "'b.reshape(' is no call on a tensor."),
    ):
        assert not notebook.run(f"%why {call}").success
        assert said in capsys.readouterr().err
    assert drawn == []
