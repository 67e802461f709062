"""The linear layer: two nodes of PyTorch's, the weight transposed and addmm, written as one straight line.

Rests on declare, products and views; `nn.functional` publishes it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autogradkit._ops.declare import op
from autogradkit._ops.declare.call import Call
from autogradkit._ops.declare.source import Source
from autogradkit._ops.declare.writing import require_same_dtype
from autogradkit._ops.linalg.accumulated import addmm_node
from autogradkit._ops.linalg.matmul import matmul
from autogradkit._ops.linalg.products import mm, multiply
from autogradkit._ops.views.dimensions import t
from autogradkit._ops.views.sizes import view_sizes
from autogradkit.core.blas import small_product
from autogradkit.core.tensor import Tensor


def _write_lane(s: Source, call: Call, depth: int) -> None:
    """A batch of contiguous samples, a contiguous weight and a bias: both nodes without the calls between."""
    x, w, b = (call.values[name] for name in ("input", "weight", "bias"))
    s.scope |= {"multiply": multiply, "product": small_product, "add": np.add}
    s.emit(depth, f"if {b} is not None:")
    depth += 1
    s.emit(depth, *[f"lay_{v} = {v}._layout or layout_of({v})" for v in (x, w, b)])
    s.emit(depth, f"if lay_{x} and lay_{w} and lay_{b} and lay_{x}.__class__ is tuple:")
    s.emit(depth + 1, f"shape, kind = lay_{x}", f"sizes = lay_{w}[0]")
    s.emit(
        depth + 1,
        f"if kind is lay_{w}[1] and kind is lay_{b}[1] and len(shape) == 2 and len(sizes) == 2 and shape[1] == sizes[1] "
        f"and lay_{b}[0] == sizes[:1] and kind.itemsize > 2:",
    )
    depth += 2
    s.emit(depth, f"transposed = {w}._array.T", "lay = ((shape[0], sizes[0]), kind)", "r = np_empty(*lay)")
    product = "product if sizes[0] * shape[0] * shape[1] <= 8192 and shape[1] > 1 else multiply"
    s.emit_quiet(depth, "", product, f"{x}._array, transposed, r")
    s.emit_quiet(depth, "", "add", f"r, {b}._array, r")
    s.new_tensor(depth, "o", "r", "LAYOUTS.get(lay)")
    s.emit(depth, "if not NO_GRAD or MODE.grad:")
    s.emit(depth + 1, "creation = PLAIN")
    s.new_view(depth + 1, "turned", w, "transposed", "None")
    s.new_node(depth + 1, Call(t, 90, {"self": w}), ["turned"], ["transposed"], "((shape[1], sizes[0]), kind)", "True")
    added = Call(addmm_node, 91, {"self": b, "mat1": x, "mat2": "turned", "beta": "1", "alpha": "1"})
    added.arrays |= {"mat1": f"{x}._array", "mat2": "transposed"}
    added.strides = {"mat1": "(shape[1], 1)", "mat2": "(1, shape[1])"}
    s.new_node(depth + 1, added, ["o"], ["r"], "lay", "True")
    s.emit(depth, "return o")


@op(variants="", composition=True, out=True, out_dtype=require_same_dtype, lane=_write_lane)
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Any:
    """input·weightᵀ + bias over the last dimension: (*, in) and (out, in) → (*, out).

    Raises RuntimeError where the shapes do not fit.

    >>> import autogradkit as torch
    >>> torch.nn.functional.linear(torch.ones(2, 3), torch.ones(1, 3), torch.tensor([0.5]))
    tensor([[3.5000],
            [3.5000]])
    """
    x: Any = input
    added: Any = bias
    if not x.ndim or not weight.ndim:
        raise RuntimeError(
            f"both arguments to linear need to be at least 1D, but they are {x.ndim}D and {weight.ndim}D"
        )
    transposed = t(weight)
    if x.ndim == 2 and bias is not None:
        return addmm_node(bias, x, transposed)
    if weight.ndim == 2 and x.ndim == 2:
        return mm(x, transposed)
    if weight.ndim == 2 and x.ndim and bias is not None and x.is_contiguous() and added.ndim == 1:
        # One large product over all leading dimensions, as PyTorch does it.
        flat = addmm_node(bias, view_sizes(x, (math.prod(x.shape[:-1]), x.shape[-1])), transposed)
        return view_sizes(flat, (*x.shape[:-1], weight.shape[0]))
    result = matmul(x, transposed)
    return result if bias is None else result + bias
