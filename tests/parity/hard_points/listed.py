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
    "multi_dot", "vecdot", "cross", "cov", "matrix_power", "cdist", "bilinear",
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


BY_A_NUMBER = " by a number"  # ends what the sweep of hard numbers as parameters finds

_ORDER = "several things are wrong at once, and another of them is said first"
_EMPTY = "nothing is computed: PyTorch looks neither at the dtype nor at the place, or refuses by accident"
_OUT_DTYPE = (
    "an `out=` of another dtype: which one is allowed depends on how the op is called, and is not known to compositions"
)
_LOST_DIGITS = (
    "PyTorch's approximations, in the dtype itself, lose digits beside a zero of theirs, and of large numbers"
)
_CANCELS = "a difference of nearly equal numbers, which are rounded in PyTorch's own way"
_UNWRITTEN = "of NaN, and where a sum overflows, PyTorch gives what its recurrence had not written yet"
_COMPLEX = "complex numbers that are not finite, or to the power 0: C++'s library and NumPy's answer differently"
_LIBRARY = "PyTorch's convolution by oneDNN does not multiply what is padded, so that 0 · ∞ is no NaN there"
_LAPACK = "libraries of linear algebra differ in what they refuse of numbers that are not finite, and of nothing"
_MKL = "PyTorch's library of transforms refuses where there is no signal to transform"
_TRANSFORM = "of an infinite number, the algorithm of the transform decides where infinities meet"
_COMPLEX_HALF = "there are no complex numbers of half precision here"
_SERIES = "PyTorch's series loses subnormal numbers, and runs over at the end of the range"
_CANCELS = "the terms of the gradient cancel, and their rounding is left"
_HALF = "half precision: another step is rounded"
# Ways to differ that are left, by "name kind dtype", with the reason. One that nothing needs any more is an error, too.
SETTLED: dict[str, str] = {
    f"{signature} {dtypes}": reason
    for reason, dtypes, signatures in (
        (_ORDER, "any", (
            "Tensor.expand text", "nn.functional.conv1d text", "nn.functional.conv2d text",
            "nn.functional.conv3d text", "nn.functional.linear text", "diag text",
        )),
        (_ORDER, "any", ("histogramdd error type",)),
        (_ORDER, "complex", ("max error type", "min error type")),
        (_ORDER, "int", ("clip text", "logsumexp error type", "mean error type", "mean text", "norm error type")),
        (_ORDER, "uint", ("clip text", "logsumexp error type", "mean error type", "mean text", "norm error type")),
        (_ORDER, "bool", (
            "Tensor.addmm_ error type", "Tensor.trace error type", "trace error type", "clip text", "div text",
            "logsumexp error type", "mean error type", "mean text", "norm error type",
        )),
        (_EMPTY, "any", (
            "diff computed here", "max refused here", "min refused here",
            "nn.functional.scaled_dot_product_attention refused here",
        )),
        (_EMPTY, "bool", ("Tensor.cumsum_ refused here", "Tensor.cumprod_ refused here")),
        (_ORDER, "any", (
            "Tensor.addbmm text", "Tensor.addbmm_ text",
            "Tensor.cholesky text", "Tensor.cholesky_inverse text", "addbmm text", "cholesky text", "cholesky_inverse text",
            "linalg.cholesky text", "linalg.eigh error type", "linalg.eigh text",
            "linalg.eigvalsh error type", "linalg.eigvalsh text",
            "linalg.lstsq error type", "linalg.lstsq text", "linalg.matrix_rank error type", "linalg.matrix_rank text",
            "linalg.pinv error type", "linalg.pinv text", "linalg.svd error type", "linalg.svdvals error type",
            "linalg.tensorinv text", "lu_unpack error type", "svd error type", "svd text",
            "trapezoid error type", "trapz error type",
        )),
        (_LAPACK, "any", (
            "Tensor.addmv forward", "Tensor.cholesky_inverse computed here", "Tensor.dist forward", "addmv forward",
            "cholesky_inverse computed here", "cov computed here", "dist forward",
            "linalg.ldl_factor refused here", "linalg.ldl_factor_ex refused here",
            "linalg.pinv forward", "linalg.solve refused here",
        )),
        (_OUT_DTYPE, "complex", ("abs refused here", "absolute refused here", "mean computed here")),
        (_OUT_DTYPE, "float", ("mean computed here",)),
        (_MKL, "any", (
            "fft.fftn computed here", "fft.ifft2 computed here", "fft.ifftn computed here", "fft.ihfft computed here",
            "fft.irfft computed here", "fft.irfftn computed here", "fft.rfft2 computed here",
        )),
        (_MKL, "float", ("fft.hfft computed here", "fft.irfft2 computed here")),
        (_TRANSFORM, "float", ("fft.hfft forward", "fft.hfftn forward")),
        (_TRANSFORM, "complex", ("fft.hfft forward",)),
        (_COMPLEX_HALF, "float16", (
            "complex refused here", "view_as_complex refused here", "view_as_complex text", "view_as_complex_copy refused here",
            "view_as_complex_copy text",
        )),
        ("a number that the dtype rounds to 0", "float32", ("Tensor.xlogy gradient", "xlogy gradient")),
        ("PyTorch takes subnormal numbers for 0", "bfloat16", ("Tensor.erf forward", "Tensor.erf_ forward", "erf forward")),
        (_SERIES, "float", (
            "Tensor.igamma forward", "Tensor.igamma_ forward", "Tensor.igammac forward", "Tensor.igammac_ forward",
            "igamma forward", "igammac forward",
        )),
        ("the gradient of what is not wanted is asked for, too, and refused", "float", (
            "Tensor.igamma_ gradient's error", "Tensor.igammac_ gradient's error",
        )),
        (_CANCELS, "float32", ("Tensor.mvlgamma gradient", "Tensor.renorm gradient", "renorm gradient")),
        ("which of +0 and −0 a product of complex numbers gives", "float", ("polar gradient",)),
        *((_ORDER, kind, ("linalg.vector_norm error type",)) for kind in ("bool", "int", "uint")),
        (_EMPTY, "bool", ("Tensor.addbmm computed here", "Tensor.addbmm_ computed here", "addbmm computed here")),
        ("whether a matrix of eigenvectors is singular is a matter of the last bits", "float", (
            "linalg.eigvals gradient's error",
        )),
        (_COMPLEX, "complex", (
            "pow forward", "Tensor.pow forward", "Tensor.pow_ forward", "pow gradient",
            "Tensor.pow gradient", "logsumexp gradient", "float_power gradient", "Tensor.float_power gradient",
            "logaddexp gradient", "Tensor.logaddexp gradient", "logcumsumexp gradient", "Tensor.logcumsumexp gradient",
        )),
        *(("the node of what requires grad asks for a size first", each, (
            "embedding error type", "nn.functional.embedding error type", "nn.functional.unfold text",
        )) for each in ("float", "complex")),
        ("PyTorch has no kernel of them", "complex", ("convolution computed here",)),
        (_LIBRARY, "float", (
            "conv1d forward", "conv_transpose3d forward", "convolution forward", "convolution gradient",
            "nn.functional.conv2d forward", "nn.functional.conv_transpose2d forward",
            "nn.functional.conv_transpose3d forward",
        )),
        ("PyTorch adds output by output, where here their weights are added first, so that ∞ − ∞ is another sum", "float", (
            "nn.functional.bilinear gradient",
        )),
        (_LIBRARY, "complex", ("nn.functional.conv2d forward",)),
        ("the vectorised loop multiplies and adds in one: alpha · other may be infinite in between, or not", "float", (
            "subtract forward", "Tensor.subtract forward", "Tensor.subtract_ forward",
        )),
        (_HALF, "float", (
            "Tensor.remainder_ forward", "aten.upsample_bicubic2d forward",
        )),
        ("rows with NaN are in an order that the algorithm of C++'s sort happens to give", "float", ("unique forward",)),
        ("which place is a NaN's C++ leaves open, and it is another one of bfloat16", "bfloat16", (
            "nn.functional.grid_sample forward",
        )),
        ("of NumPy's own kind by `ml_dtypes`, where PyTorch refuses", "bfloat16", ("Tensor.numpy computed here",)),
        ("the text shows the sign of a NaN", "bfloat16", ("bernoulli text", "Tensor.bernoulli text")),
        ("the text shows the sign of a NaN, or of a zero", "any", ("histc text", "Tensor.histc text", "histogramdd text")),
        ("0 or NaN by turns, where a quotient overflows or a divisor is subnormal", "float", ("Tensor.fmod_ forward",)),
        (_LOST_DIGITS, "any", tuple(f"special.{each} forward" for each in (
            "airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "chebyshev_polynomial_v", "laguerre_polynomial_l",
            "zeta",
        ))),
        (_CANCELS, "float", tuple(f"{place}{each} gradient" for place in ("special.", "aten.special_") for each in (
            "erfcx", "i0e", "i1e",
        ))),
        (_UNWRITTEN, "float", tuple(f"special.{each} forward" for each in (
            "chebyshev_polynomial_u", "chebyshev_polynomial_w", "legendre_polynomial_p", "shifted_chebyshev_polynomial_t",
            "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_w",
        ))),
        ("a number that float32 does not hold", "float", ("aten.special_xlog1py gradient",)),
        ("a size of −1 counts, too, until there are no bytes for it", "any", ("expand_copy text",)),
        ("PyTorch has both gradients the other way around, see PARITY.md", "any", (
            "as_strided_scatter gradient", "Tensor.as_strided_scatter gradient",
        )),
        ("which of equal elements stands at the quantile is the sorting's choice", "float", ("Tensor.nanquantile gradient",)),
        ("the order of a sum decides what cancels", "int", ("nansum forward",)),
        ("the range of one number is its neighbours, which wrap around", "int64", (
            "histc error type", "Tensor.histc error type",
        )),
        ("of no elements the gradient is the input itself, with its requires_grad", "float", (
            "cummax gradient", "Tensor.cummax gradient", "cummin gradient", "Tensor.cummin gradient",
        )),
        ("the order of a sum decides what cancels", "int64", ("mean forward",)),
        ("the order of a sum decides what cancels", "float", (
            "nn.functional.cosine_similarity gradient", "pairwise_distance gradient", "nn.functional.batch_norm gradient",
            "nn.functional.scaled_dot_product_attention gradient",
        )),
        ("the order of a sum decides what cancels", "complex", ("pairwise_distance gradient",)),
        ("PyTorch reads a size that is not there, and asks for its memory", "any", (
            "batch_norm error type", "native_batch_norm error type", "native_batch_norm text",
        )),
        ("the mean of infinite numbers is that or NaN, by where in a vector they stand", "any", (
            "native_layer_norm forward", "native_layer_norm forward by a number",
        )),
        ("the vectorised loop multiplies and adds in one, which leaves a last digit where two products cancel", "float32", (
            "native_batch_norm forward",
        )),
        ("PyTorch's kernel draws what `rrelu` draws here", "float", ("aten.rrelu_with_noise forward",)),
        ("PyTorch's kernel draws what `rrelu` draws here", "float16", ("aten.rrelu_with_noise refused here",)),
        ("PyTorch's kernel draws what `rrelu` draws here", "bfloat16", ("aten.rrelu_with_noise refused here",)),
        ("a NaN has one gradient in PyTorch's vectorised loop, and another in the scalar one at its end", "float", (
            "nn.functional.relu6 gradient", "selu gradient",
        )),
        ("PyTorch takes the number of an accelerator's dtype", "float32", ("Tensor.to refused here",)),
        ("a conversion to its own dtype is made by no public call", "float64", ("aten.to gradient",)),
    )
    for signature in signatures
}  # fmt: skip

_LARGE = "a number past 63 bits is kept by the node, and refused by PyTorch when backward reads it"
_SUMS_WITH_PRODUCTS = tuple(
    f"{name} gradient's error"
    for each in ("addbmm", "addmv", "addr", "baddbmm")
    for name in (each, f"Tensor.{each}", f"Tensor.{each}_")
)
_UNSIGNED = "a number of 64 bits without a sign beside whole numbers, which PyTorch does not promote together"
_INFINITE = "draws and products with an infinite scale: where it is multiplied by 0 is another place"
_RANGE = "ranges from, to or by what no size or dtype holds"
_OF_NUMBERS = "the node keeps the number with its kind: a bool, one past 63 bits, a complex one"
SETTLED |= {
    f"{signature}{BY_A_NUMBER} {dtypes}": reason
    for reason, dtypes, signatures in (
        (
            _LARGE,
            "float32",
            (
                "Tensor.add gradient's error",
                "Tensor.add_ gradient's error",
                *_SUMS_WITH_PRODUCTS,
                "Tensor.addmm gradient's error",
                "Tensor.addmm_ gradient's error",
                "Tensor.index_add gradient's error",
                "Tensor.index_add_ gradient's error",
                "Tensor.sub gradient's error",
                "Tensor.sub_ gradient's error",
                "Tensor.subtract gradient's error",
                "Tensor.subtract_ gradient's error",
                "add gradient's error",
                "addmm gradient's error",
                "index_add gradient's error",
                "rsub gradient's error",
                "sub gradient's error",
                "subtract gradient's error",
            ),
        ),
        (
            _INFINITE,
            "float32",
            (
                "Tensor.addmm forward",
                "Tensor.addmm_ forward",
                "addmm forward",
            ),
        ),
        (
            _INFINITE,
            "float",
            (
                "Tensor.cauchy_ forward",
                "Tensor.log_normal_ forward",
                "Tensor.normal_ forward",
                "normal forward",
            ),
        ),
        (_ORDER, "float", ("Tensor.addmm_ text",)),
        (
            _ORDER,
            "int64",
            (
                "Tensor.addmm_ text",
                "div error type",
                "divide error type",
                "normal error type",
            ),
        ),
        (
            _ORDER,
            "float32",
            (
                "div error type",
                "divide error type",
            ),
        ),
        (
            _UNSIGNED,
            "float32",
            (
                "Tensor.where text",
                "add computed here",
                "clamp text",
                "clip text",
                "div computed here",
                "mul computed here",
                "pow text",
                "sub computed here",
                "where text",
            ),
        ),
        (
            _ORDER,
            "int64",
            (
                "Tensor.clamp_ text",
                "clamp text",
                "clip text",
            ),
        ),
        (
            _OF_NUMBERS,
            "float32",
            (
                "Tensor.pow gradient",
                "Tensor.where gradient's error",
                "pow gradient",
                "where gradient's error",
            ),
        ),
        (
            _RANGE,
            "float32",
            (
                "arange computed here",
                "arange error type",
                "arange text",
                "linspace forward",
            ),
        ),
        (_RANGE, "float16", ("arange text", "fill refused here", "full refused here")),
    )
    for signature in signatures
}  # fmt: skip


_POWERS = "a power with a large exponent runs over, or is 0, on the way"
_NOT_CONJUGATED = "PyTorch forgets to conjugate alpha in this gradient"
_BITS = "which bits a NaN has shows when they are looked at as other numbers"
# The same of the other dtypes: what differs by a number, and in which.
_IN_OTHER_DTYPES: tuple[tuple[str, dict[str, str]], ...] = (
    (_LARGE, dict.fromkeys(_SUMS_WITH_PRODUCTS, "complex128 complex64 float64")),
    (_INFINITE, dict.fromkeys(
        ("Tensor.addbmm forward", "Tensor.addbmm_ forward", "addbmm forward"), "bfloat16 float16 float32 float64"
    )),
    (_COMPLEX, dict.fromkeys(
        ("Tensor.addmv forward", "Tensor.addmv_ forward", "addmv forward", "dist forward"), "complex128 complex64"
    )),
    (_POWERS, {
        "Tensor.dist forward": "bfloat16 complex128 complex64 float16 float32",
        "Tensor.renorm gradient": "complex64 float32",
        "dist forward": "float16",
        "pdist forward": "float32",
        "pdist gradient": "float32 float64",
        "renorm gradient": "complex64 float32",
    }),
    (_ORDER, {
        "linalg.cond text": "bool complex128 complex64 float32 float64 int16 int32 int64 int8 uint8",
        "linalg.lstsq error type": "bool",
        "linalg.matrix_rank error type": "bool",
        "linalg.matrix_rank text": "bool",
        "linalg.vector_norm text": "bool int16 int32 int64 int8 uint8",
    }),
    (_LAPACK, dict.fromkeys(("linalg.matrix_rank text", "linalg.pinv text"), "complex128 complex64")),
    (_LARGE, {
        "Tensor.add gradient's error": "complex128 complex64 float64",
        "Tensor.add_ gradient's error": "complex128 complex64 float64",
        "Tensor.addmm gradient's error": "complex128 complex64 float64",
        "Tensor.addmm_ gradient's error": "complex128 complex64 float64",
        "Tensor.index_add gradient's error": "complex128 complex64 float64",
        "Tensor.index_add_ gradient's error": "complex128 complex64 float64",
        "Tensor.sub gradient's error": "complex128 complex64 float64",
        "Tensor.sub_ gradient's error": "complex128 complex64 float64",
        "Tensor.subtract gradient's error": "complex128 complex64 float64",
        "Tensor.subtract_ gradient's error": "complex128 complex64 float64",
        "add gradient's error": "complex128 complex64 float64",
        "addmm gradient's error": "complex128 complex64 float64",
        "index_add gradient's error": "complex128 complex64 float64",
        "rsub gradient's error": "complex128 complex64 float64",
        "sub gradient's error": "complex128 complex64 float64",
        "subtract gradient's error": "complex128 complex64 float64",
    }),
    (_INFINITE, {
        "Tensor.addmm forward": "float64",
        "Tensor.addmm_ forward": "float64",
        "addmm forward": "float64",
    }),
    (_ORDER, {
        "Tensor.addmm_ error type": "bool",
        "Tensor.addmm_ text": "complex64 int16 int32 int8 uint8",
        "Tensor.argmax error type": "bool complex128 complex64",
        "Tensor.argmin error type": "bool complex128 complex64",
        "argmin error type": "bool complex128 complex64",
        "div error type": "bool float64 int16 int32 int8 uint8",
        "divide error type": "bool float64 int16 int32 int8 uint8",
        "normal error type": "int16 int32 int8 uint8",
        "unique error type": "complex128 complex64",
    }),
    (_UNSIGNED, {
        "Tensor.clamp text": "bool",
        "Tensor.clamp_ text": "bool int16 int32 int8 uint8",
        "Tensor.clip text": "bool",
        "Tensor.clip_ text": "bool",
        "Tensor.pow text": "bool int16 int32 int8 uint8",
        "Tensor.pow_ text": "bool int16 int32 int8 uint8",
        "Tensor.where text": "bool",
        "clamp text": "bool int16 int32 int8 uint8",
        "clip text": "bool int16 int32 int8 uint8",
        "pow text": "bool int16 int32 int8 uint8",
        "where text": "bool",
    }),
    (_NOT_CONJUGATED, {
        "Tensor.index_add gradient": "complex128 complex64",
        "Tensor.index_add_ gradient": "complex128 complex64",
        "index_add gradient": "complex128 complex64",
    }),
    (_OF_NUMBERS, {
        "Tensor.pow gradient": "complex128 complex64 float64",
        "Tensor.where gradient's error": "float64",
        "pow gradient": "complex128 complex64 float64",
        "where gradient's error": "float64",
    }),
    (_RANGE, {
        "arange computed here": "int64",
        "arange error type": "bool complex128 complex64",
        "arange text": "bfloat16 float64 int16 int32 int64 int8 uint8",
        "fill refused here": "bfloat16",
        "full refused here": "bfloat16",
        "linspace forward": "float64",
    }),
    (_COMPLEX, {
        "pow forward": "complex128 complex64",
    }),
)  # fmt: skip
SETTLED |= {
    f"{signature}{BY_A_NUMBER} {dtype}": reason
    for reason, signatures in _IN_OTHER_DTYPES
    for signature, dtypes in signatures.items()
    for dtype in dtypes.split()
}
SETTLED |= {
    f"{signature}{BY_A_NUMBER} {dtypes}": reason
    for reason, dtypes, signatures in (
        (_ORDER, "int64", ("rrelu_ error type",)),
        (_ORDER, "uint8", ("nn.functional.rrelu error type",)),
        (_RANGE, "float16", ("logspace refused here",)),
        (_UNWRITTEN, "any", ("special.chebyshev_polynomial_u forward",)),
        (_LOST_DIGITS, "any", ("special.laguerre_polynomial_l forward",)),
    )
    for signature in signatures
}
SETTLED |= {
    "Tensor.view forward bfloat16": _BITS,
    "view_copy forward bfloat16": _BITS,
    "operator.pow gradient complex": _COMPLEX,
}


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
