"""PyTorch's messages that several ops or rooms share, and the notes of ours below them.

A message of one op stands in that op's file. `str(error)` stays PyTorch's text; what is known beyond it where the error
arises is an exception note (PEP 678). What only a recording knows, `tracing/notes.py` puts in place of the note here that
says how to learn it.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

from autogradkit.core.c_types import CType
from autogradkit.core.own import is_own

E = TypeVar("E", bound=BaseException)


class NoArrayError(AttributeError, NotImplementedError):
    """Raised where strides, or memory, of a tensor are asked for that is not kept as one array."""


class NotRecorded(str):
    """A note that says how to learn which line was the cause; a recording puts that line in its place."""

    key: tuple[int, ...] = ()  # what a recording knows the cause by

    @classmethod
    def of(cls, what: str, *key: int) -> NotRecorded:
        """The note on a `what` that the recording finds by `key`."""
        made = cls(
            f"autogradkit: under %%trace, or in `with autogradkit.record():`, this note names the line of the {what}"
        )
        made.key = key
        return made


class EditNotRecorded(NotRecorded):
    """On an edit of saved memory; the key is the address and the bytes of the storage."""


class BackwardNotRecorded(NotRecorded):
    """On a backward that freed a node; the key is the node's id."""


class GraphNotRecorded(NotRecorded):
    """On a backward from what has no graph; the key is the tensor's id."""


class ViewRefused(str):
    """A note on a view that no strides can give; a notebook, which knows how the tensor is written, says more and draws it."""

    array: Any  # the memory that was to be viewed
    wanted: Any  # its sizes as a tuple, or a dtype

    @classmethod
    def of(cls, array: Any, strides: tuple[int, ...], wanted: Any, more: str = "") -> ViewRefused:
        """The note on `array`, which lies in memory with these strides, in elements."""
        made = cls(f"autogradkit: the tensor has shape {array.shape} and strides {strides}{more}")
        made.array, made.wanted = array, wanted
        return made

    def saying(self, more: str) -> ViewRefused:
        """The note in other words."""
        made = ViewRefused(f"autogradkit: {more}")
        made.array, made.wanted = self.array, self.wanted
        return made


def with_note(error: E, note: str) -> E:
    """`error`, with a line of ours below its text."""
    error.add_note(f"autogradkit: {note}")
    return error


_WRITTEN_IN_C = {
    "Generator": "torch._C.Generator",
    "Size": "torch.Size",
    "UntypedStorage": "torch.storage.UntypedStorage",
}


def c_type_name(value: object) -> str:
    """The name of a value's type as C has it: with its module where the type is built in, "numpy.ndarray"."""
    kind = type(value)
    if kind.__name__ in _WRITTEN_IN_C and is_own(kind):
        return _WRITTEN_IN_C[kind.__name__]
    if isinstance(kind, CType):
        return kind.known_to_c
    is_written_in_python = kind.__flags__ & 1 << 9
    return (
        kind.__name__ if is_written_in_python or kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    )


def notes_of(error: BaseException) -> list[Any]:
    """The list of an error's notes, in which anything may have been put; an empty one where what it has is no list."""
    own = BaseException.__dict__["__dict__"].__get__(error)  # without the code that its class may run
    notes: Any = own.get("__notes__")
    return cast("list[Any]", notes) if isinstance(notes, list) else []


LEAF_MOVED = "leaf variable has been moved into the graph interior"
LEAF_IN_PLACE = "a leaf Variable that requires grad is being used in an in-place operation."
VIEW_OF_LEAF_IN_PLACE = "a view of a leaf Variable that requires grad is being used in an in-place operation."
_BACKWARD_TWICE = (
    "Trying to backward through the graph a second time (or directly access saved tensors after they have already been "
    "freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). Specify "
    "retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors "
    "after calling backward."
)
WHOLE_NUMBERS = "Only Tensors of floating point and complex dtype can require gradients"
ONLY_SCALARS = "grad can be implicitly created only for scalar outputs"
ASSIGN_FLAG_OF_RESULT = "you can only change requires_grad flags of leaf variables."
CHANGE_FLAG_OF_RESULT = (
    f"{ASSIGN_FLAG_OF_RESULT} If you want to use a computed variable in a subgraph "
    "that doesn't require differentiation use var_no_grad = var.detach()."
)


def no_graph(index: int, tensor: object) -> RuntimeError:
    """A backward from a tensor that has no graph."""
    error = RuntimeError(f"element {index} of tensors does not require grad and does not have a grad_fn")
    error.add_note(GraphNotRecorded.of("cut, if there was a graph", id(tensor)))
    return error


def leaf_in_place(message: str) -> RuntimeError:
    """An edit of a leaf, or through a view of one, that would be recorded."""
    return with_note(
        RuntimeError(message),
        "to change a leaf, as an optimizer does, edit it inside `with torch.no_grad():`; to compute with it, make a new "
        "tensor, as `w + 1` does",
    )


def backward_twice(node: object) -> RuntimeError:
    """The error for what `node` saved and an earlier backward freed."""
    error = RuntimeError(_BACKWARD_TWICE)
    error.add_note(BackwardNotRecorded.of("backward that freed the graph", id(node)))
    return error


def modified_in_place(
    tensor_type: str,
    shape: tuple[int, ...],
    output: str,
    version: int,
    expected: int,
    hint: str,
    storage: tuple[int, int] | None,
) -> RuntimeError:
    """The error for a saved tensor that was edited after it was saved. `storage` is its address and its bytes, if it has any."""
    text = (
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[{tensor_type} {list(shape)}]{output} is at version {version}; expected version {expected} instead. {hint}"
    )
    error = RuntimeError(text)
    if storage is not None:
        error.add_note(EditNotRecorded.of("edit", *storage))
    return error


WRITTEN_TWICE = (
    "unsupported operation: more than one element of the written-to tensor refers to a single memory location. Please clone() "
    "the tensor before performing the operation."
)


def within_transform(method: str, more: str = "") -> RuntimeError:
    """The error of a method that no function may call while `func` or `vmap` transforms it."""
    return RuntimeError(
        f"You are attempting to call Tensor.{method}() {more}inside of a function being transformed by a functorch transform. "
        "This is unsupported, please attempt to use the functorch transforms (e.g. grad, vjp, jacrev, jacfwd, hessian) or call "
        f"{method}() outside of a function being transformed instead."
    )
