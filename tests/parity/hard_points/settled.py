"""Ways to differ at hard points that are left, by "name kind dtype", with the reason. Used by listed.py.

One that nothing needs any more is an error, too (test_hard_points.py).
"""

from __future__ import annotations

BY_A_NUMBER = " by a number"  # ends what the sweep of hard numbers as parameters finds

ORDER = "several things are wrong at once, and another of them is said first"
EMPTY = "nothing is computed: PyTorch looks neither at the dtype nor at the place, or refuses by accident"
OUT_DTYPE = (
    "an `out=` of another dtype: which one is allowed depends on how the op is called, and is not known to compositions"
)
LOST_DIGITS = "PyTorch's approximations, in the dtype itself, lose digits beside a zero of theirs, and of large numbers"
UNWRITTEN = "of NaN, and where a sum overflows, PyTorch gives what its recurrence had not written yet"
COMPLEX = "complex numbers that are not finite, or to the power 0: C++'s library and NumPy's answer differently"
LIBRARY = "PyTorch's convolution by oneDNN does not multiply what is padded, so that 0 · ∞ is no NaN there"
LAPACK = "libraries of linear algebra differ in what they refuse of numbers that are not finite, and of nothing"
MKL = "PyTorch's library of transforms refuses where there is no signal to transform"
TRANSFORM = "of an infinite number, the algorithm of the transform decides where infinities meet"
COMPLEX_HALF = "there are no complex numbers of half precision here"
SERIES = "PyTorch's series loses subnormal numbers, and runs over at the end of the range"
CANCELS = "the terms of the gradient cancel, and their rounding is left"
HALF = "half precision: another step is rounded"
SETTLED: dict[str, str] = {
    f"{signature} {dtypes}": reason
    for reason, dtypes, signatures in (
        (ORDER, "any", (
            "nn.functional.conv1d text", "nn.functional.conv2d text",
            "nn.functional.conv3d text", "nn.functional.linear text",
        )),
        (ORDER, "any", ("histogramdd error type",)),
        (ORDER, "complex", ("max error type", "min error type")),
        (ORDER, "int", ("clip text", "logsumexp error type", "mean error type", "mean text")),
        (ORDER, "uint", ("clip text", "logsumexp error type", "mean error type", "mean text")),
        (ORDER, "bool", (
            "Tensor.addmm_ error type", "Tensor.trace error type", "trace error type", "clip text", "div text",
            "logsumexp error type", "mean error type", "mean text",
        )),
        (EMPTY, "any", (
            "diff computed here", "max refused here", "min refused here",
            "nn.functional.scaled_dot_product_attention refused here",
        )),
        (EMPTY, "bool", ("nn.functional.scaled_dot_product_attention forward",)),
        (ORDER, "any", (
            "Tensor.addbmm text", "Tensor.addbmm_ text", "addbmm text", "linalg.eigh error type", "linalg.eigvalsh error type",
            "linalg.lstsq error type", "linalg.lstsq text", "linalg.matrix_rank error type", "linalg.matrix_rank text",
            "linalg.pinv error type", "linalg.pinv text", "linalg.svd error type", "linalg.svdvals error type",
            "lu_unpack error type", "svd error type", "svd text",
        )),
        (LAPACK, "any", (
            "Tensor.addmv forward", "Tensor.dist forward", "addmv forward", "cov computed here", "dist forward",
            "linalg.ldl_factor refused here", "linalg.ldl_factor_ex refused here",
        )),
        (OUT_DTYPE, "complex", ("abs refused here", "absolute refused here")),
        (MKL, "any", (
            "fft.fftn computed here", "fft.ifft2 computed here", "fft.ifftn computed here", "fft.ihfft computed here",
            "fft.irfft computed here", "fft.irfftn computed here", "fft.rfft2 computed here",
        )),
        (MKL, "float", ("fft.hfft computed here", "fft.irfft2 computed here")),
        (TRANSFORM, "float", ("fft.hfft forward", "fft.hfftn forward")),
        (TRANSFORM, "complex", ("fft.hfft forward",)),
        (COMPLEX_HALF, "float16", (
            "complex refused here", "view_as_complex refused here", "view_as_complex text", "view_as_complex_copy refused here",
            "view_as_complex_copy text",
        )),
        ("PyTorch takes subnormal numbers for 0", "bfloat16", (
            "Tensor.erf forward", "Tensor.erf_ forward", "erf forward", "erf_ forward",
        )),
        (SERIES, "float", (
            "Tensor.igamma forward", "Tensor.igamma_ forward", "Tensor.igammac forward", "Tensor.igammac_ forward",
            "igamma forward", "igammac forward",
        )),
        (CANCELS, "float32", ("Tensor.mvlgamma gradient",)),
        ("which of +0 and −0 a product of complex numbers gives", "float", ("polar gradient",)),
        (EMPTY, "bool", ("Tensor.addbmm computed here", "Tensor.addbmm_ computed here", "addbmm computed here")),
        ("whether a matrix of eigenvectors is singular is a matter of the last bits", "float", (
            "linalg.eigvals gradient's error",
        )),
        (COMPLEX, "complex", (
            "pow forward", "Tensor.pow forward", "Tensor.pow_ forward", "pow gradient",
            "Tensor.pow gradient", "logsumexp gradient", "float_power gradient", "Tensor.float_power gradient",
            "logaddexp gradient", "Tensor.logaddexp gradient", "logcumsumexp gradient", "Tensor.logcumsumexp gradient",
        )),
        *(("the node of what requires grad asks for a size first", each, (
            "embedding error type", "nn.functional.embedding error type", "nn.functional.unfold text",
        )) for each in ("float", "complex")),
        ("PyTorch has no kernel of them", "complex", ("convolution computed here",)),
        (LIBRARY, "float", ("convolution gradient",)),
        ("PyTorch adds output by output, where here their weights are added first, so that ∞ − ∞ is another sum", "float", (
            "nn.functional.bilinear gradient",
        )),
        ("the vectorised loop multiplies and adds in one: alpha · other may be infinite in between, or not", "float", (
            "subtract forward", "Tensor.subtract forward", "Tensor.subtract_ forward",
        )),
        (HALF, "float", ("aten.upsample_bicubic2d forward",)),
        ("rows with NaN are in an order that the algorithm of C++'s sort happens to give", "float", ("unique forward",)),
        ("which place is a NaN's C++ leaves open, and it is another one of bfloat16", "bfloat16", (
            "nn.functional.grid_sample forward", "grid_sampler_2d forward", "grid_sampler_3d forward",
        )),
        ("of NumPy's own kind by `ml_dtypes`, where PyTorch refuses", "bfloat16", ("Tensor.numpy computed here",)),
        ("the text shows the sign of a NaN", "bfloat16", ("bernoulli text", "Tensor.bernoulli text")),
        ("the text shows the sign of a NaN, or of a zero", "any", ("histc text", "Tensor.histc text", "histogramdd text")),
        (LOST_DIGITS, "any", tuple(f"special.{each} forward" for each in (
            "chebyshev_polynomial_v", "laguerre_polynomial_l", "zeta",
        ))),
        (CANCELS, "float", tuple(f"{place}{each} gradient" for place in ("special.", "aten.special_") for each in (
            "erfcx", "i0e", "i1e",
        ))),
        (UNWRITTEN, "float", tuple(f"special.{each} forward" for each in (
            "chebyshev_polynomial_u", "chebyshev_polynomial_w", "legendre_polynomial_p", "shifted_chebyshev_polynomial_t",
            "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_w",
        ))),
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
            "batch_norm error type", "native_batch_norm error type",
        )),
        ("the mean of infinite numbers is that or NaN, by where in a vector they stand", "any", (
            "native_layer_norm forward", "native_group_norm forward", "native_group_norm forward by a number",
        )),
        ("the vectorised loop multiplies and adds in one, which leaves a last digit where two products cancel", "float32", (
            "native_batch_norm forward",
        )),
        ("PyTorch's kernel draws what `rrelu` draws here", "float", ("aten.rrelu_with_noise forward",)),
        ("PyTorch gives the operand itself, and takes its history away", "any", (
            "dequantize gradient", "dequantize gradient's error",
            "Tensor.dequantize gradient", "Tensor.dequantize gradient's error",
        )),
        ("of equal singular values the vectors are any", "any", ("nuclear_norm gradient",)),
        *(
            ("of a window of nothing PyTorch gives memory that was never written", half, (
                "nn.functional.fractional_max_pool2d refused here",
            ))
            for half in ("float16", "bfloat16")
        ),
        ("PyTorch takes the number of an accelerator's dtype", "float32", ("Tensor.to refused here",)),
        ("a conversion to its own dtype is made by no public call", "float64", ("aten.to gradient",)),
    )
    for signature in signatures
}  # fmt: skip
