"""PyTorch's messages that several ops or rooms share. A message of one op stands in that op's file."""

from __future__ import annotations

LEAF_IN_PLACE = "a leaf Variable that requires grad is being used in an in-place operation."
VIEW_OF_LEAF_IN_PLACE = "a view of a leaf Variable that requires grad is being used in an in-place operation."
BACKWARD_TWICE = (
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


def modified_in_place(
    tensor_type: str, shape: tuple[int, ...], output: str, version: int, expected: int, hint: str
) -> str:
    """The text for a saved tensor that was edited after it was saved."""
    return (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[{tensor_type} {list(shape)}]{output} is at version {version}; expected version {expected} instead. {hint}"
    )
