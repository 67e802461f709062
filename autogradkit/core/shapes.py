"""Sizes and dimensions: how a dimension is counted, which size a -1 stands for, which shapes go together.

Pure arithmetic on tuples of ints with PyTorch's refusals. Rests on errors and integers; the tensor, the views and the kernels use
it beside strides.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from autogradkit.core.errors import with_note
from autogradkit.core.integers import require_int64

Ints = tuple[int, ...]


def wrap_dim(dim: int, ndim: int) -> int:
    """`dim` counted from the front. A tensor without dimensions allows 0 and -1. Raises IndexError.

    >>> wrap_dim(-1, 3)
    2
    """
    reach = ndim or 1
    if not -reach <= dim < reach:
        require_int64(dim)
        raise IndexError(f"Dimension out of range (expected to be in range of [{-reach}, {reach - 1}], but got {dim})")
    return dim + reach if dim < 0 else dim


def require_dims(ndim: int, dim: int = 0) -> None:
    """Raise IndexError where a size along `dim` is asked of a tensor without dimensions."""
    if not ndim:
        wrap_dim(dim, 0)
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")


def dim_of_size(dim: int, ndim: int) -> int:
    """`dim` counted from the front where its size is asked for: a tensor without dimensions has none. Raises IndexError.

    >>> dim_of_size(-2, 2)
    0
    """
    if not ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return wrap_dim(dim, ndim)


def infer_size(shape: Sequence[int], numel: int) -> Ints:
    """`shape` with its -1, if any, replaced so that it has `numel` elements. Raises RuntimeError.

    >>> infer_size((2, -1), 6)
    (2, 3)
    """
    known, unknown = 1, None
    for dim, size in enumerate(shape):
        if size == -1:
            if unknown is not None:
                raise RuntimeError("only one dimension can be inferred")
            unknown = dim
        elif size < 0:
            raise RuntimeError(f"invalid shape dimension {size} at index {dim} of shape {list(shape)}")
        else:
            known *= size
    if numel != known and (unknown is None or known == 0 or numel % known):
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {numel}")
    if unknown is None:
        return tuple(shape)
    if known == 0:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 "
            "can be any value and is ambiguous"
        )
    return (*shape[:unknown], numel // known, *shape[unknown + 1 :])


def broadcast_shapes(*shapes: Ints) -> Ints:
    """The shape that all of `shapes` expand to. Raises RuntimeError, naming the two sizes that clash.

    >>> broadcast_shapes((2, 1), (3,), ())
    (2, 3)
    """
    result = shapes[0]
    for shape in shapes[1:]:
        if shape != result:
            result = _broadcast_pair(result, shape)
    return result


def unfit(error: ValueError) -> Exception:
    """What PyTorch says where NumPy says that shapes do not broadcast; any other error as it is.

    >>> unfit(ValueError("operands could not be broadcast together with shapes (3,) () (2,)"))
    RuntimeError('The size of tensor a (3) must match the size of tensor b (2) at non-singleton dimension 0')
    """
    text = str(error)
    shapes = [tuple(map(int, re.findall(r"\d+", shape))) for shape in re.findall(r"\(([\d, ]*)\)", text)]
    if text.startswith("operands could not be broadcast together"):
        try:
            broadcast_shapes(*shapes)
        except RuntimeError as mismatch:
            return mismatch
    if text.startswith("non-broadcastable output operand"):
        return RuntimeError(f"output with shape {list(shapes[0])} doesn't match the broadcast shape {list(shapes[1])}")
    return error


def _broadcast_pair(a: Ints, b: Ints) -> Ints:
    ndim = max(len(a), len(b))
    padded = zip((1,) * (ndim - len(a)) + a, (1,) * (ndim - len(b)) + b, strict=True)
    result: list[int] = []
    clash = None
    for dim, (size_a, size_b) in enumerate(padded):
        if size_a != size_b and size_a != 1 and size_b != 1:
            clash = (size_a, size_b, dim)
        result.append(size_b if size_a == 1 else size_a)
    if clash is not None:
        error = RuntimeError(
            f"The size of tensor a ({clash[0]}) must match the size of tensor b ({clash[1]}) at non-singleton "
            f"dimension {clash[2]}"
        )
        raise with_note(
            error, f"the shapes are {a} and {b}; counted from the right, sizes must be equal, or one of them 1"
        )
    return tuple(result)
