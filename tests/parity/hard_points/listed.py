"""What the sweep does not compare, and why: PARITY.md says the same to users.

Rests on compare, and on settled.py and settled_numbers.py, which have the ways to differ that are left; used by sweep.py. Where
PyTorch answers differently for the same number, depending on where it stands in a vector, sweep.py finds that out by itself.
"""

from __future__ import annotations

import torch

from .compare import Leave
from .settled import BY_A_NUMBER as BY_A_NUMBER
from .settled import SETTLED as _AT_POINTS
from .settled_numbers import SETTLED_NUMBERS

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
    "clamp_max",
    "clamp_max_",
    "clamp_min",
    "clamp_min_",
    "index_reduce",
    "index_reduce_",
    "nanmedian",
    "scatter_reduce",
    "scatter_reduce_",
    "xlog1py",
}
# Of half precision NumPy and PyTorch take the one or the other zero by turns.
HALF = {torch.float16, torch.bfloat16}
# Products of matrices: libraries begin a sum with the first product or with 0, and multiply complex parts in other orders.
PRODUCTS = {
    "mm", "mv", "bmm", "addmm", "addmm_", "dot", "matmul", "linear", "outer", "ger", "convolution", "conv2d", "addmv", "baddbmm",
    "addmv_", "baddbmm_", "addbmm", "addbmm_", "addr", "addr_", "inner", "vdot", "kron", "tensordot", "einsum", "chain_matmul",
    "multi_dot", "vecdot", "cross", "cov", "matrix_power", "cdist", "bilinear", "rnn_tanh_cell", "rnn_relu_cell",
}  # fmt: skip
# Of matrices with numbers that are not finite, or singular ones, each library's LAPACK finds other factors. What is found of
# others is compared in test_op_db.py.
FACTORED = {
    "cholesky", "cholesky_ex", "cholesky_inverse", "cholesky_solve", "cond", "det", "eig", "eigh", "eigvals", "eigvalsh", "geqrf",
    "householder_product", "inv", "inv_ex", "inverse", "ldl_factor", "ldl_factor_ex", "ldl_solve", "logdet", "lstsq", "lu",
    "lu_factor", "lu_factor_ex", "lu_solve", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "norm", "orgqr", "ormqr",
    "pinv", "pinverse", "qr", "slogdet", "solve", "solve_ex", "solve_triangular", "svd", "svdvals", "tensorinv", "tensorsolve",
    "triangular_solve",
}  # fmt: skip

SETTLED = _AT_POINTS | SETTLED_NUMBERS

# Exemptions that are met on processors with AMX alone: there PyTorch's other library takes small products, and refuses before
# numbers are looked at, and its vectorised cosines are others. What no answer decides (undecided.py) needs none.
ON_SOME_PROCESSORS = {
    "special.chebyshev_polynomial_v forward any",
    "histogramdd error type any",
    "Tensor.addmm_ error type bool",
    f"Tensor.addmm_ error type{BY_A_NUMBER} bool",
    *(
        f"Tensor.addmm_ text{BY_A_NUMBER} {each}"
        for each in ("float", "complex64", "int8", "int16", "int32", "int64", "uint8")
    ),
}
# With AVX512-FP16 PyTorch 2.13 ends the process in a strided, padded convolution of one element.
CRASHES = {("convolution", torch.float16)}


def exemption(signature: str, dtype: str) -> str | None:
    """The key in `SETTLED` of what differs in one dtype, if it is listed."""
    return next((key for word in words_of(dtype) if (key := f"{signature} {word}") in SETTLED), None)


def words_of(dtype: str) -> tuple[str, str, str]:
    """What a dtype is called in the keys: its kind, itself, any."""
    return "float" if dtype == "bfloat16" else dtype.rstrip("0123456789"), dtype, "any"


def left_out(name: str, dtype: torch.dtype, pointwise: bool) -> Leave:
    """What is not compared of a call of `name`."""
    short = name.rpartition(".")[2]
    factored = short.removeprefix("linalg_") in FACTORED and name != "norm" and name != "Tensor.norm"
    return Leave(
        values=short in UNINITIALISED or factored,
        signs_of_zeros=short in ZEROS | PRODUCTS or dtype in HALF,
        complex_parts=dtype.is_complex,
        indices=short in FIND_ONE,
        sums=not pointwise,
    )
