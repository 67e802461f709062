"""Convolution with a kernel of one place: at each place of a sample a product of its channels, on the arrays as they lie.

Rests on core.blas; `conv_kernels.py` decides.

Shapes: G groups, Cg and Og channels per group, P places of a plane.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autogradkit._ops.network.window import Window
from autogradkit.core.blas import add_products, matmul, repeated

Array = np.ndarray[Any, Any]


def is_pointwise(weight: Array, window: Window) -> bool:
    """Whether each place of the output sees that place of the input alone, and more than one channel there."""
    single = weight.shape[2:] == window.stride == (1, 1) and window.padding == (0, 0)
    return single and weight.shape[1] > 1


def convolve(x: Array, weight: Array, bias: Array | None, groups: int, out: Array) -> None:
    """Write the convolution of x (N×C×H×W) with weight (O×Cg×1×1), plus bias (O), into `out` (N×O×H×W)."""
    product = _by_group(out, groups)
    matmul(weight.reshape(groups, -1, weight.shape[1]), _by_group(x, groups), product)
    if bias is not None:
        np.add(out, bias[:, None, None], out=out)


def gradients(
    gradient: Array, x: Array, weight: Array, groups: int, to_x: Array | None, wants_weight: bool, wants_bias: bool
) -> tuple[Array | None, Array | None]:
    """Those with respect to weight (O×Cg×1×1) and bias (O), where they are wanted; that with respect to x goes into `to_x`."""
    matrices = weight.reshape(groups, -1, weight.shape[1])
    rows = _by_group(gradient, groups)
    if to_x is not None:
        matmul(matrices.swapaxes(1, 2), rows, _by_group(to_x, groups))
    of_weight = None
    if wants_weight:
        of_weight = np.zeros_like(matrices)
        add_products(rows, _by_group(x, groups).swapaxes(2, 3), repeated(of_weight, len(x)))
        of_weight = of_weight.reshape(weight.shape)
    return of_weight, np.add.reduce(gradient, (0, 2, 3)) if wants_bias else None


def _by_group(planes: Array, groups: int) -> Array:
    """N × C × H × W as N × G × Cg × P."""
    n, c, height, width = planes.shape
    return planes.reshape(n, groups, c // groups, height * width)
