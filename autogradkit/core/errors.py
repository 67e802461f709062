"""PyTorch's messages that several ops or rooms share, and the notes of ours below them.

A message of one op stands in that op's file. `str(error)` stays PyTorch's text; what is known beyond it where the error
arises is an exception note (PEP 678). What only a recording knows, `tracing/notes.py` puts in place of the note here that
says how to learn it.
"""

from __future__ import annotations

from typing import TypeVar

E = TypeVar("E", bound=BaseException)

_RECORDED = "under %%trace, or in `with autogradkit.record():`, this note names the line of the"
WHERE_EDITED = f"{_RECORDED} edit"
WHERE_FREED = f"{_RECORDED} backward that freed the graph"


def noted(error: E, note: str) -> E:
    """`error`, with a line of ours below its text."""
    error.add_note(f"autogradkit: {note}")
    return error


LEAF_IN_PLACE = "a leaf Variable that requires grad is being used in an in-place operation."
VIEW_OF_LEAF_IN_PLACE = "a view of a leaf Variable that requires grad is being used in an in-place operation."
_BACKWARD_TWICE = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors "
    "after calling backward."
)
ONLY_SCALARS = "grad can be implicitly created only for scalar outputs"
CHANGE_FLAG_OF_RESULT = (
    "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in a subgraph "
    "that doesn't require differentiation use var_no_grad = var.detach()."
)


def backward_twice() -> RuntimeError:
    """The error for what a node saved and an earlier backward freed."""
    return noted(RuntimeError(_BACKWARD_TWICE), WHERE_FREED)


def modified_in_place(
    tensor_type: str, shape: tuple[int, ...], output: str, version: int, expected: int, hint: str
) -> RuntimeError:
    """The error for a saved tensor that was edited after it was saved."""
    text = (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[{tensor_type} {list(shape)}]{output} is at version {version}; expected version {expected} instead. {hint}"
    )
    return noted(RuntimeError(text), WHERE_EDITED)
