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
    "softmax",
    "sort",
    "aminmax",
}
# Of half precision NumPy and PyTorch take the one or the other zero by turns.
HALF = {torch.float16, torch.bfloat16}
# Products of matrices: libraries begin a sum with the first product or with 0, and multiply complex parts in other orders.
PRODUCTS = {
    "mm", "mv", "bmm", "addmm", "addmm_", "dot", "matmul", "linear", "outer", "ger", "convolution", "conv2d", "addmv", "baddbmm",
}  # fmt: skip


_ORDER = "several things are wrong at once, and another of them is said first"
_EMPTY = "nothing is computed: PyTorch looks neither at the dtype nor at the place, or refuses by accident"
_OUT_DTYPE = "an `out=` of a dtype that the result has not: another text, or written where PyTorch refuses"
_COMPLEX = "complex numbers that are not finite, or to the power 0: C++'s library and NumPy's answer differently"
_LIBRARY = "PyTorch's convolution by oneDNN does not multiply what is padded, so that 0 · ∞ is no NaN there"
_HALF = "half precision: another step is rounded"
# Ways to differ that are left, by "name kind dtype", with the reason.
SETTLED: dict[str, str] = {
    f"{signature} {dtypes}": reason
    for reason, dtypes, signatures in (
        (_ORDER, "any", (
            "Tensor.addmm_ error type", "Tensor.addmm_ text", "Tensor.expand text", "trace error type",
            "Tensor.trace error type", "convolution error type", "embedding error type", "nn.functional.embedding error type",
            "nn.functional.conv2d text", "nn.functional.linear text", "Tensor.scatter_ text", "diag text", "logsumexp error type",
            "mean error type", "norm error type", "max error type", "min error type", "bernoulli error type", "clip text",
            "div text", "argmin error type", "sub error type", "sub refused here", "index_select error type",
            "Tensor.index_select error type", "bernoulli text", "Tensor.kthvalue error type", "kthvalue error type",
        )),
        (_EMPTY, "any", (
            "Tensor.bernoulli_ refused here", "Tensor.cumsum_ refused here", "Tensor.cumprod_ refused here",
            "Tensor.exponential_ refused here", "Tensor.index_fill computed here", "Tensor.index_fill gradient's error",
            "Tensor.is_set_to forward", "Tensor.kthvalue refused here", "Tensor.median computed here", "median computed here",
            "Tensor.median refused here", "median refused here", "Tensor.multinomial refused here", "Tensor.normal_ refused here",
            "bernoulli refused here", "diff computed here", "max refused here", "min refused here", "normal refused here",
            "randn_like refused here", "Tensor.scatter forward",
        )),
        (_OUT_DTYPE, "any", (
            "abs refused here", "absolute refused here", "cumprod error type", "cumprod refused here", "cumsum error type",
            "cumsum refused here", "log_softmax computed here", "log_softmax text", "softmax computed here", "softmax text",
            "mean computed here", "mean text", "norm computed here", "prod refused here", "sum refused here",
            "linspace refused here",
        )),
        (_COMPLEX, "complex", (
            "pow forward", "Tensor.pow forward", "Tensor.pow_ forward", "operator.pow forward", "pow gradient",
            "Tensor.pow gradient", "Tensor.pow_ gradient", "operator.pow gradient", "logsumexp gradient",
            "Tensor.logsumexp gradient", "convolution computed here",
        )),
        (_LIBRARY, "any", (
            "convolution forward", "convolution gradient", "nn.functional.conv2d forward", "nn.functional.conv2d gradient",
        )),
        ("the vectorised loop multiplies and adds in one: alpha · other may be infinite in between, or not", "float", (
            "subtract forward", "Tensor.subtract forward", "Tensor.subtract_ forward",
        )),
        (_HALF, "float", (
            "nn.functional.cross_entropy forward", "aten.nll_loss_forward forward", "aten.max_pool2d_with_indices forward",
            "Tensor.remainder_ forward",
        )),
        ("numbers beyond half precision's range are infinities there", "float", (
            "pow computed here", "Tensor.pow computed here", "Tensor.pow_ computed here",
        )),
        ("rows with NaN are in an order that the algorithm of C++'s sort happens to give", "float", ("unique forward",)),
        ("of NumPy's own kind by `ml_dtypes`, where PyTorch refuses", "bfloat16", ("Tensor.numpy computed here",)),
        ("the text shows the sign of a NaN", "bfloat16", ("Tensor.bernoulli text",)),
        ("the order of a sum decides what cancels", "int64", ("mean forward",)),
        ("PyTorch takes the number of an accelerator's dtype", "float32", ("Tensor.to refused here",)),
        ("a conversion to its own dtype is made by no public call", "any", ("aten.to gradient",)),
        ("read as its own dtype a tensor keeps its graph here", "any", ("Tensor.view forward",)),
    )
    for signature in signatures
}  # fmt: skip


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
