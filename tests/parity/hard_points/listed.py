"""What the sweep does not compare, and why: PARITY.md says the same to users.

Rests on compare; used by sweep.py. Where PyTorch answers differently for the same number, depending on where it stands in a
vector, sweep.py finds that out by itself.
"""

from __future__ import annotations

import torch

from .compare import Leave

# PyTorch gives the memory as it was.
UNINITIALISED = {"empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided", "resize_", "resize_as_"}
# Which of equal elements is found: PyTorch's documentation leaves it open, and its own choice changes with size and dtype.
FIND_ONE = {"topk", "kthvalue", "median"}
# Of +0 and -0, which are equal, reductions give the one that their vectorised loop comes to last.
ZEROS = {
    "clamp",
    "clamp_",
    "clip",
    "clip_",
    "index_put",
    "index_put_",
    "amax",
    "amin",
    "max",
    "min",
    "median",
    "kthvalue",
    "topk",
    "sort",
    "aminmax",
}
# Of half precision NumPy and PyTorch take the one or the other zero by turns.
HALF = {torch.float16, torch.bfloat16}
# Products of matrices: libraries begin a sum with the first product or with 0, and multiply complex parts in other orders.
PRODUCTS = {
    "mm", "mv", "bmm", "addmm", "addmm_", "dot", "matmul", "linear", "outer", "ger", "convolution", "conv2d", "addmv", "baddbmm",
}  # fmt: skip


# Ways to differ that are left, by "name kind", with the reason.
SETTLED: dict[str, str] = {}


def left_out(name: str, dtype: torch.dtype, pointwise: bool) -> Leave:
    """What is not compared of a call of `name`."""
    short = name.rpartition(".")[2]
    return Leave(
        values=short in UNINITIALISED,
        signs_of_zeros=short in ZEROS | PRODUCTS or dtype in HALF,
        complex_parts=dtype.is_complex,
        indices=short in FIND_ONE,
        sums=not pointwise,
    )
