"""The bilinear layer: a product of three, summed over the features of both inputs, which is a node of its own.

Rests on declare; `nn.functional` publishes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.declare import k, op
from autogradkit._ops.declare.kinds import Array, Ints
from autogradkit._ops.declare.refusals import real_gradients, scalar_type
from autogradkit._ops.declare.writing import C_NAMES
from autogradkit.core.dtype import from_numpy_dtype, is_half
from autogradkit.core.shapes import broadcast_shapes, dim_of_size


def _expanded(x: Array, at: tuple[int, ...]) -> Array:
    """x with dimensions of one at places that are counted in the result."""
    for dim in sorted(at):
        x = np.expand_dims(x, dim)
    return x


def _summed(x: Array, y: Array, dims: tuple[int, ...]) -> Array:
    """Σ x · y over dimensions, which stay as ones; by the library of products where it can."""
    labels = list(range(x.ndim))
    kept = [0 if each in dims else None for each in labels]
    shapes = [[i for i in labels if a.shape[i] != 1 or b.shape[i] == 1] for a, b in ((x, y), (y, x))]
    squeezed = [each.reshape([each.shape[i] for i in own]) for each, own in zip((x, y), shapes, strict=True)]
    left = [i for i in labels if kept[i] is None]
    found = np.einsum(squeezed[0], shapes[0], squeezed[1], shapes[1], left, optimize=True)
    return np.expand_dims(found, tuple(sorted(dims)))


def _meta(
    i1: Array, i2: Array, i3: Array, expand1: tuple[int, ...], expand2: tuple[int, ...], expand3: tuple[int, ...],
    sumdim: tuple[int, ...], unroll_dim: int,
) -> Any:  # fmt: skip
    if i1.dtype.kind == "b":
        raise NotImplementedError(f"\"bmm\" not implemented for '{scalar_type(from_numpy_dtype(i1.dtype))}'")
    given = [_expanded(*each).shape for each in ((i1, expand1), (i2, expand2), (i3, expand3))]
    whole = broadcast_shapes(broadcast_shapes(given[0], given[1]), given[2])
    return tuple([n for dim, n in enumerate(whole) if dim not in sumdim]), i1.dtype


def _vjp(g: Any, i1: Any, i2: Any, i3: Any, expand1: Any, expand2: Any, expand3: Any, sumdim: Any, needs: Any) -> Any:
    of = k.trilinear
    return (
        of(g, i2, i3, sumdim, expand2, expand3, expand1) if needs[0] else None,
        of(i1, g, i3, expand1, sumdim, expand3, expand2) if needs[1] else None,
        of(i1, i2, g, expand1, expand2, sumdim, expand3) if needs[2] else None,
    )


@op(
    name="_trilinear",
    variants="",
    label="bilinear",
    node="TrilinearBackward0",
    meta=_meta,
    dtypes=real_gradients("_trilinear"),
    out=False,
    samples=lambda t: [(t(2, 3), t(2, 3, 4), t(2, 4), (1, 3), (0,), (1, 2), (2, 3))],
    group=("i1 i2 i3", _vjp),
    rule=(
        "∂i1 = sum of ∂ · i2 · i3 over the dimensions that i1 has not\n"
        "∂i2 = sum of ∂ · i1 · i3 over the dimensions that i2 has not\n"
        "∂i3 = sum of ∂ · i1 · i2 over the dimensions that i3 has not"
    ),
)
def trilinear(
    i1: Array,
    i2: Array,
    i3: Array,
    expand1: Ints,
    expand2: Ints,
    expand3: Ints,
    sumdim: Ints,
    unroll_dim: int = 1,
    *,
    out: Array,
) -> None:
    """Σ i1 · i2 · i3 over `sumdim`, each with dimensions of one where its `expand` says.

    First over what i3 does not have, as PyTorch sums, which half precision shows.
    """
    wide = np.float32 if is_half(out.dtype) else out.dtype
    one, two, three = (_expanded(each, at).astype(wide) for each, at in ((i1, expand1), (i2, expand2), (i3, expand3)))
    first = tuple([dim for dim in sumdim if dim in expand3])
    rest = tuple([dim for dim in sumdim if dim not in expand3])
    halfway = _summed(one, two, first).astype(out.dtype, copy=False).astype(wide, copy=False)
    np.copyto(out, _summed(halfway, three, rest).reshape(out.shape), casting="unsafe")


@op(variants="function", composition=True)
def bilinear(input1: Array, input2: Array, weight: Array, bias: Array | None = None) -> Any:
    """input1ᵀ · weight · input2 + bias, for each output: (*, in1), (*, in2) and (out, in1, in2) → (*, out).

    Raises RuntimeError where the shapes do not fit, or the dtypes differ.

    >>> import autogradkit as torch
    >>> torch.bilinear(torch.ones(2, 3), torch.ones(2, 4), torch.ones(1, 3, 4))
    tensor([[12.],
            [12.]])
    """
    a: Any = input1
    b: Any = input2
    w: Any = weight
    named = {"input1": a, "input2": b, "weight": w} | ({} if bias is None else {"bias": bias})
    if len({each.dtype for each in named.values()}) > 1:
        shown = ", ".join(f"{name}: {C_NAMES[each.dtype.name]}" for name, each in named.items())
        raise RuntimeError(f"All tensors must have the same dtype, got {shown}")
    if a.ndim != b.ndim:
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {a.ndim} and {b.ndim}")
    for dim, (one, other) in enumerate(zip(a.shape[:-1], b.shape[:-1], strict=True)):
        if one != other:
            raise RuntimeError(f"bilinear(): input batch dimensions do not match at dim {dim}: got {one} and {other}")
    for at, each in ((1, a), (2, b)):
        wanted, own = w.size(at), each.size(-1)  # in which order PyTorch asks
        if own != wanted:
            raise RuntimeError(
                f"bilinear(): input{at} size does not match weight size: got {own} but expected {wanted}"
            )
    if bias is not None:
        dim_of_size(0, bias.ndim)
        if bias.shape[0] != w.shape[0]:
            raise RuntimeError(
                f"bilinear(): bias size does not match weight size: got {bias.shape[0]} but expected {w.shape[0]}"
            )
    flat = [each.reshape(-1, each.shape[-1]) for each in (a, b)]
    found = trilinear(flat[0], w, flat[1], (1, 3), (0,), (1, 2), (2, 3)).view(*a.shape[:-1], w.shape[0])
    return found if bias is None else found + bias
