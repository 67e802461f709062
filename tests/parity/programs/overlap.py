"""Whether what a line writes depends on the order in which a kernel visits elements. Used by `runs`.

PyTorch refuses an overlap that it can see cheaply (dense memory, expanded targets). Beyond that an edit may read what it has
just written, in an order that depends on the processor's vector width and on how many elements there are: nothing to compare.
Left out is only that: bytes that are written and that an operand reads as another element, and an element that is computed
from itself though it lies in one place with another. What only shares a storage, or is filled with one number, is compared.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from .factors import has_minor_near_zero, has_singular_reflection, has_tied_pivots

_SAFE = frozenset(
    ("t", "transpose", "view", "detach", "data", "select", "narrow", "unfold", "diagonal", "as_strided", "permute", "expand",
     "squeeze", "unsqueeze", "flatten", "reshape", "T", "mT", "movedim", "swapaxes", "unbind", "grad")
)  # fmt: skip


# What writes before it has read all: products of a library of linear algebra, and searches, each of which reads a row.
_PRODUCTS = (
    "linalg.",
    "_solve(",
    "qr(",
    "addmm_(",
    "addmv_(",
    "addbmm_(",
    "baddbmm_(",
    "linear(",
    "matmul(",
    "mm(",
    "mv(",
    "searchsorted(",
    "bucketize(",
)


# What edits, or sorts where it lies, without being an edit by its name.
_EDITING = (".step(", ".median(", ".nanmedian(", "F.Edits.", "F.EditsSilently.")


# Whether a convolution multiplies what is padded, what C++'s library answers for powers of complex numbers, how libraries of
# linear algebra and of transforms add, what a running mean makes of an infinity, and whether gelu of infinity is that or NaN,
# which depends on how many elements there are, is open. Of a polynomial at NaN PyTorch returns memory that was never written.
_OPEN_BEYOND_FINITE = (
    "conv1d(", "conv2d(", "conv3d(", "convolution(", "conv_transpose", "gelu(", "**", "pow(", "pow_(", "fft.", "stft(",
    "linalg.", "cdist(", "cholesky", "det(", "eig", "geqrf(", "inverse(", "lu_solve(", "matrix_exp(", "matrix_power(",
    "ormqr(", "orgqr(", "qr(", "svd(", "triangular_solve(", "_polynomial_", "native_layer_norm(",
)  # fmt: skip


# What is determined by a matrix as well as that is far from a singular one.
_INVERTING = (
    "inv",
    "solve",
    "lstsq(",
    "cond(",
    "det(",
    "svd",
    "eig",
    "rank(",
    "qr(",
    "qrf(",
    "matrix_norm(",
    "matrix_power(",
)
_FAR_FROM_SINGULAR = 100.0  # the condition up to which results are compared


# Results with vectors that are only determined up to their signs, or phases, and in any order, by their places.
_PHASES = {"svd(": ("[0]", "[2]"), "eigh(": ("[1]",), "eig(": ("[0]", "[1]"), "eigvals(": ("",)}


# Factorizations, and what they hang on where that is one rounding.
_HANGING = {"lu(": has_tied_pivots, "lu_factor": has_tied_pivots, "cholesky": has_minor_near_zero}


# Halves of an exponential, which PyTorch's vectors have infinite where that is, and the scalar loop at their end has not.
_HALVED = ("cosh", "sinh")


# What writes without reading what was there.
_FILLS = ("fill_", "zero_", "copy_", "set_")


@torch.no_grad()  # a view whose base was edited silently is refused where it would be recorded
def depends_on_order(text: str, differs: str, space: dict[str, Any]) -> bool:
    """Whether `differs`, a variable, shows memory that a line writes and reads elsewhere, or writes and reads twice, or is open.

    Both libraries ran the line.
    """
    if any(call in text and differs.endswith(place) for call, found in _PHASES.items() for place in found):
        return True
    if "qr(" in text and differs.endswith("]") and any(each.is_complex() for each in _places(text, space)):
        return True  # up to phases, which the sign of a zero decides
    for call, hangs in _HANGING.items():
        factored = _places(text.partition(" = ")[2] or text, space)
        if call in text and any(hangs(each) for one in factored for each in _matrices(one)):
            return True
    if "argsort(" in text and "stable=True" not in text and has_many_and_equal(text, space):
        return True  # the positions of equal numbers, as the processor's vectors leave them
    if "assume_unique=True" in text and any(map(_has_equal, _places(text.partition(" = ")[2] or text, space))):
        return True  # which they are said not to be
    if "matrix_exp(" in text and any(each.itemsize == 2 for each in _places(text, space)):
        return True  # PyTorch's steps have no coefficients for half precision: of zeros it makes −21072
    if ".step(" in text and any(each.itemsize == 2 and not each.isfinite().all() for each in _places(text, space)):
        return True  # Adam and its kin, whose averages PyTorch rounds to 0 before it divides
    shown = _tensor(ast.parse(differs, mode="eval").body, space)
    if shown is not None and any(each in text for each in _HALVED) and _is_near_the_end(shown):
        return True
    if shown is not None and any(each in text for each in _EDITING):
        return any(map(_overlaps_itself, _places(text, space)))
    if shown is not None and any(
        each.dtype is not shown.dtype and begin(each) == begin(shown) for each in _places(text, space)
    ):
        return True  # the last bits of one dtype are large numbers of another
    if shown is not None and any(each in text for each in _OPEN_BEYOND_FINITE):
        if not all(each.isfinite().all() for each in _places(text, space)):
            return True
        if any(each in text for each in _INVERTING) and any(map(_is_near_singular, _places(text, space))):
            return True
    for target, operands, reads_itself in _writes(ast.parse(text)):
        written = _place(target, space)
        if written is None or shown is None or not np.intersect1d(_bytes(shown), _bytes(written)).size:
            continue
        read = [each for each in (_tensor(operand, space) for operand in operands) if each is not None]
        shared = [each for each in read if np.intersect1d(_bytes(each), _bytes(written)).size]
        product = any(each in text for each in _PRODUCTS)
        if any(product or _geometry(each) != _geometry(written) for each in shared):
            return True
        if _overlaps_itself(written) and (shared or reads_itself):
            return True
    return False


def has_many_and_equal(text: str, space: dict[str, Any]) -> bool:
    """Whether a tensor that a line names has more elements than PyTorch sorts one by one, and equal ones among them."""
    return any(each.numel() > 16 and _has_equal(each) for each in _places(text, space))


def has_near_singular(text: str, space: dict[str, Any]) -> bool:
    """Whether a matrix that a line names is singular, or as good as that."""
    return any(map(_is_near_singular, _places(text.partition(" = ")[2] or text, space)))


def has_singular_reflections(text: str, space: dict[str, Any]) -> bool:
    """Whether a product of reflections that a line makes has one without an inverse, by which PyTorch finds its gradient."""
    given = [each.detach().resolve_conj().numpy() for each in _places(text.partition(" = ")[2] or text, space)]
    pairs = [(a, b) for a in given for b in given if b.ndim == a.ndim - 1]
    return any(has_singular_reflection(matrix, scales) for matrix, scales in pairs)


def _is_near_the_end(tensor: torch.Tensor) -> bool:
    """Whether an element is infinite, or more than half of the largest number."""
    if not tensor.is_floating_point():
        return False
    return bool((tensor.detach().abs() > torch.finfo(tensor.dtype).max / 2).any())


def _has_equal(tensor: torch.Tensor) -> bool:
    return tensor.detach().unique().numel() < tensor.numel()


def _matrices(tensor: torch.Tensor) -> Iterator[np.ndarray[Any, Any]]:
    """The matrices of a stack; none of whole numbers."""
    if tensor.dim() < 2 or 0 in tensor.shape or not (tensor.is_floating_point() or tensor.is_complex()):
        return
    wide = tensor.detach().to(torch.complex128 if tensor.is_complex() else torch.float64)
    yield from wide.reshape(-1, *tensor.shape[-2:]).resolve_conj().numpy()


def _is_near_singular(tensor: torch.Tensor) -> bool:
    matrices = tensor.detach()
    if tensor.dim() < 2 or 0 in tensor.shape or not (tensor.is_floating_point() or tensor.is_complex()):
        return False
    wide = matrices.to(torch.complex128 if tensor.is_complex() else torch.float64)
    if not wide.isfinite().all():  # which PyTorch finds no singular values of
        return True
    return bool((torch.linalg.cond(wide) > _FAR_FROM_SINGULAR).any())


def _places(text: str, space: dict[str, Any]) -> Iterator[torch.Tensor]:
    """What an optimizer's step edits, or a median sorts where it lies: the variables that a line names, and their parameters."""
    for node in ast.walk(ast.parse(text)):
        value = space.get(node.id) if isinstance(node, ast.Name) else None
        if isinstance(value, torch.optim.Optimizer):
            yield from (each for group in value.param_groups for each in group["params"])
        elif isinstance(value, list | tuple):
            yield from (each for each in value if isinstance(each, torch.Tensor))
        elif isinstance(value, torch.Tensor):
            yield value


def _writes(tree: ast.AST) -> Iterator[tuple[ast.expr, list[ast.expr], bool]]:
    """(what is written, what is read, whether it is computed from itself) of each edit, assignment and `out=` in a line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            given = [*node.args, *[each.value for each in node.keywords if each.arg != "out"]]
            given = [
                part for each in given for part in (each.elts if isinstance(each, ast.List | ast.Tuple) else [each])
            ]
            if isinstance(node.func, ast.Attribute) and node.func.attr.endswith("_"):
                edited, *read = [*given] if _is_library(node.func) and given else [node.func.value, *given]
                yield edited, read, node.func.attr not in _FILLS
            for each in node.keywords:
                if each.arg == "out":
                    owner = [node.func.value] if isinstance(node.func, ast.Attribute) else []
                    outs = each.value.elts if isinstance(each.value, ast.Tuple) else [each.value]
                    yield from ((out, [*owner, *given, *(o for o in outs if o is not out)], False) for out in outs)
        elif isinstance(node, ast.AugAssign):
            yield node.target, [node.value], True
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            yield node.targets[0], [node.value], False


def _place(target: ast.expr, space: dict[str, Any]) -> torch.Tensor | None:
    """The tensor that is written: of an index that only an assignment can reach, as it copies, the whole."""
    place = _tensor(target, space)
    if isinstance(target, ast.Subscript):
        whole = _tensor(target.value, space)
        if place is None or (whole is not None and begin(place) != begin(whole)):
            return whole
    return place


def _tensor(expression: ast.expr, space: dict[str, Any]) -> torch.Tensor | None:
    """The tensor of PyTorch's that an expression of variables, indices and views shows."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Attribute) and node.attr not in _SAFE and not _is_library(node):
            return None
    code = compile(ast.Expression(_loading(expression)), "<operand>", "eval")
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = eval(code, space)
    except (RuntimeError, IndexError, TypeError, ValueError):  # what cannot be read now is none that was written
        return None
    return found if isinstance(found, torch.Tensor) else None


def _is_library(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "T"


def _loading(expression: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(expression), mode="eval").body


def begin(tensor: torch.Tensor) -> int:
    """Where a tensor's memory begins; 0 of zeros that PyTorch keeps without memory, as the second derivative of `abs`."""
    return 0 if tensor._is_zerotensor() else tensor.untyped_storage().data_ptr()


def _bytes(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """The addresses of all bytes that a tensor shows."""
    places = np.array(tensor.storage_offset())
    for size, step in zip(tensor.shape, tensor.stride(), strict=True):
        places = places[..., None] + np.arange(size) * step
    width = tensor.dtype.itemsize
    return np.unique(begin(tensor) + (places[..., None] * width + np.arange(width)))


def _geometry(tensor: torch.Tensor) -> tuple[Any, ...]:
    return tensor.storage_offset(), tuple(tensor.shape), tensor.stride()


def _overlaps_itself(tensor: torch.Tensor) -> bool:
    """Whether an element may be reached in two ways: a step is shorter than what the smaller steps span."""
    span = 0
    for size, step in sorted(zip(tensor.shape, tensor.stride(), strict=True), key=lambda each: each[1]):
        if size > 1 and step <= span:
            return True
        span += (size - 1) * step
    return False
