"""How a tensor is written: PyTorch's `repr`, to the character.

The numbers are written first, all with the same rule and width, then set into brackets, wrapped and abridged.
Rests on dtypes and NumPy; the tensor calls `tensor_repr`.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from autogradkit.core.dtype import bool_, float64, from_numpy_dtype, get_default_dtype, int64
from autogradkit.core.own import is_own

if TYPE_CHECKING:
    from autogradkit.core.sparse import SparseArray
    from autogradkit.core.tensor import Tensor

Array = np.ndarray[Any, Any]


@dataclasses.dataclass(slots=True)
class PrintOptions:
    """What `set_printoptions` sets."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


OPTIONS = PrintOptions()
_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors are written. What is None stays as it is, but for `sci_mode`.

    `precision`: digits after the point. `threshold`: the number of elements above which only the `edgeitems` first and
    last of each dimension are shown. `linewidth`: where lines wrap. `profile`: "default", "short" or "full", applied
    before the others. `sci_mode`: scientific notation always (True), never (False), or where the numbers ask for it.

    >>> import autogradkit as torch
    >>> with torch.printoptions(precision=2):
    ...     torch.tensor([1.23456])
    tensor([1.23])
    """
    changes: dict[str, Any] = dict(_PROFILES.get(profile, {})) if profile is not None else {}
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changes.update({name: value for name, value in given.items() if value is not None})
    for name, value in changes.items():
        setattr(OPTIONS, name, value)
    OPTIONS.sci_mode = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The options in force, as keyword arguments of `set_printoptions`.

    >>> get_printoptions()["precision"]
    4
    """
    return dataclasses.asdict(OPTIONS)


@contextmanager
def printoptions(**options: Any) -> Generator[None]:
    """`set_printoptions` for the duration of a `with` block."""
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


# -- the tensor -------------------------------------------------------------------------------------------------------


def tensor_repr(tensor: Tensor, name: str | None = None) -> str:
    """What `repr(tensor)` says. A user's subclass goes by its own name, parameters by that of tensors, others by a given one."""
    kind = type(tensor)
    name = name or ("tensor" if is_own(kind) else kind.__name__)
    try:
        node: Any = tensor.grad_fn  # the engine attaches it
        grad_fn = None if node is None else str(type(node).__name__)
    except RuntimeError:  # a view that was edited under no_grad has lost its history
        grad_fn = "Invalid"
    further = [note for told in FURTHER_NOTES if (note := told(tensor)) is not None]
    array: Any = tensor._array
    as_text: Any = array_repr if isinstance(array, np.ndarray) else sparse_repr
    text = as_text(array, name, requires_grad=tensor.requires_grad, grad_fn=grad_fn, further=further)
    return f"Parameter({text})" if getattr(tensor, "_is_param", False) and not is_own(kind) else text


def no_numbers_repr(tensor: Tensor) -> str:
    """What `repr` says of a tensor on the meta device: where it is, its sizes, and what is known of its place in the graph."""
    node: Any = tensor.grad_fn
    notes = [f"device='{tensor.device}'", f"size={tuple(tensor.shape)}"]
    if tensor.dtype is not get_default_dtype():
        notes.append(f"dtype={tensor.dtype}")
    notes += _notes_of_graph(tensor.requires_grad, None if node is None else type(node).__name__)
    return with_notes("tensor(...", notes, len("tensor("))


FURTHER_NOTES: list[Callable[[Tensor], str | None]] = []  # what forward mode says of a tensor, while it is on


def array_repr(
    array: Array,
    name: str = "tensor",
    requires_grad: bool = False,
    grad_fn: str | None = None,
    further: Sequence[str] = (),
) -> str:
    """The text of a tensor that holds `array`.

    >>> array_repr(np.float32([1.5, -2]), grad_fn="MulBackward0")
    'tensor([ 1.5000, -2.0000], grad_fn=<MulBackward0>)'
    """
    kind, default = from_numpy_dtype(array.dtype), get_default_dtype()
    notes: list[str] = []
    if array.size == 0:
        if array.ndim != 1:
            notes.append(f"size={array.shape}")
        if kind is not default:
            notes.append(f"dtype={kind}")
    else:
        if not OPTIONS.edgeitems:
            notes.append(f"size={array.shape}")
        usual_complex = "complex128" if default is float64 else "complex64"
        if kind not in (default, int64, bool_) and kind.name != usual_complex:
            notes.append(f"dtype={kind}")
    notes += [*_notes_of_graph(requires_grad, grad_fn), *further]
    indent = len(name) + 1
    return with_notes(f"{name}({contents(shown_part(array), array.shape, indent)}", notes, indent)


def sparse_repr(
    array: SparseArray,
    name: str = "tensor",
    requires_grad: bool = False,
    grad_fn: str | None = None,
    further: Sequence[str] = (),
) -> str:
    """The text of a sparse tensor that holds `array`."""
    kind, default = from_numpy_dtype(array.dtype), get_default_dtype()
    notes = [f"size={array.shape}", f"nnz={array.nnz}"]
    if kind not in (default, int64, bool_) and kind.name != ("complex128" if default is float64 else "complex64"):
        notes.append(f"dtype={kind}")
    notes += [f"layout={array.layout}", *_notes_of_graph(requires_grad, grad_fn), *further]
    indent = len(name) + 1
    parts: list[str] = []
    for what, part in _parts_of_sparse(array):
        begin = f"{what}=tensor("
        sizes = "" if part.size else f", size={part.shape}"
        parts.append(f"{begin}{contents(shown_part(part), part.shape, indent + len(begin))}{sizes})")
    separator = ",\n" + " " * indent
    return with_notes(f"{name}({separator.join(parts)}", notes, indent, apart=array.layout.compresses is None)


def _parts_of_sparse(array: SparseArray) -> tuple[tuple[str, Array], ...]:
    if array.layout.compresses is None:
        return ("indices", array.indices), ("values", array.values)
    whole, other = ("crow_indices", "col_indices") if array.layout.compresses == 0 else ("ccol_indices", "row_indices")
    return (whole, array.pointers), (other, array.across), ("values", array.values)


def _notes_of_graph(requires_grad: bool, grad_fn: str | None) -> list[str]:
    if grad_fn is not None:
        return [f"grad_fn=<{grad_fn}>"]
    return ["requires_grad=True"] if requires_grad else []


def with_notes(text: str, notes: list[str], indent: int, *, apart: bool = False) -> str:
    """Notes follow on the last line while they fit, else, or where they stand `apart`, on a line of their own."""
    used = OPTIONS.linewidth if apart else len(text) - text.rfind("\n") + 1
    for note in notes:
        if used + len(note) + 2 > OPTIONS.linewidth:
            text += ",\n" + " " * indent + note
            used = indent + len(note)
        else:
            text += ", " + note
            used += len(note) + 2
    return text + ")"


# -- its numbers ------------------------------------------------------------------------------------------------------


def shown_part(array: Array) -> Array:
    """What is written of an array's numbers: all, or the first and last along every dimension of a large one."""
    return _edges(array) if array.size > OPTIONS.threshold else array


def contents(shown: Array, shape: tuple[int, ...], indent: int) -> str:
    """The numbers of an array of this shape in brackets, from the part that is shown.

    >>> contents(np.float32([1, 2.5]), (2,), 0)
    '[1.0000, 2.5000]'
    """
    if shown.size == 0:
        return "[...]" if math.prod(shape) else "[]"
    if shown.dtype.kind == "c":
        real, real_width = _format_numbers(shown.real)
        imaginary, imaginary_width = _format_numbers(shown.imag)
        texts = [_joined(a, b) for a, b in zip(real, imaginary, strict=True)]
        width = real_width + imaginary_width + 1
    else:
        texts, width = _format_numbers(shown)
    if not shape:
        return texts[0]
    elided = [have != want for have, want in zip(shown.shape, shape, strict=True)]
    per_line = max(1, (OPTIONS.linewidth - indent - (len(shape) - 1)) // (width + 2))
    return _nested(texts, shown.shape, elided, indent, per_line)


def _edges(array: Array) -> Array:
    """The first and last elements along every dimension that has more than these."""
    edge = OPTIONS.edgeitems
    for axis, size in enumerate(array.shape):
        if size > 2 * edge:
            array = array[(*_ALL[:axis], _edge_places(size, edge))]  # `take` would copy all of a transposed one first
    return array


_ALL = (slice(None),) * 64  # NumPy's arrays have no more dimensions


@functools.lru_cache(256)
def _edge_places(size: int, edge: int) -> Array:
    return np.array([*range(edge), *range(size - edge, size)], np.intp)


def _joined(real: str, imaginary: str) -> str:
    imaginary = imaginary.lstrip()
    return f"{real}{imaginary}j" if imaginary[0] in "+-" else f"{real}+{imaginary}j"


def _nested(texts: list[str], shape: tuple[int, ...], elided: list[bool], indent: int, per_line: int) -> str:
    if len(shape) == 1:
        if elided[0]:
            texts = [*texts[: OPTIONS.edgeitems], " ...", *texts[OPTIONS.edgeitems :]]
        lines = [", ".join(texts[i : i + per_line]) for i in range(0, len(texts), per_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    step = len(texts) // shape[0]
    parts = [
        _nested(texts[i * step : (i + 1) * step], shape[1:], elided[1:], indent + 1, per_line) for i in range(shape[0])
    ]
    if elided[0]:
        parts.insert(OPTIONS.edgeitems, "...")
    return "[" + ("," + "\n" * (len(shape) - 1) + " " * (indent + 1)).join(parts) + "]"


def _format_numbers(values: Array) -> tuple[list[str], int]:
    """Each number's text, padded to a common width, and that width."""
    if values.dtype.kind in "iub":
        plain = [str(value) for value in values.ravel().tolist()]
        width = max(map(len, plain))
        return [text.rjust(width) for text in plain], width
    numbers = values.astype(np.float64).ravel()
    telling = numbers[np.isfinite(numbers) & (numbers != 0)]
    scientific = whole = False
    if telling.size:
        whole = bool((telling == np.ceil(telling)).all())
        scientific = _asks_for_exponents(np.abs(telling)) if OPTIONS.sci_mode is None else OPTIONS.sci_mode
    elif numbers.size:
        whole = True
    spec = f".{OPTIONS.precision}e" if scientific else ".0f" if whole else f".{OPTIONS.precision}f"
    point = "." if whole and not scientific else ""
    width = max([len(format(value, spec)) for value in telling.tolist()], default=1)
    if telling.size and point:
        width += 1
    texts = [format(value, spec) + (point if math.isfinite(value) else "") for value in numbers.tolist()]
    return [text.rjust(width) for text in texts], width


def _asks_for_exponents(sizes: Array) -> bool:
    largest, smallest = sizes.max(), sizes.min()
    with np.errstate(all="ignore"):
        return bool(largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4)
