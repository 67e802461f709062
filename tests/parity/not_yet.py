"""Names that PyTorch's operator database holds (ratchet.json), and random programs and hard points do not yet.

They are new, and of each something is known to differ there: the order of two refusals, the version of a gradient, an answer
at infinity; `fft` and `special` are not reached at all. Who mends a name takes it out. Used by the programs' templates and by
the sweep over hard points.
"""

from __future__ import annotations

NOT_YET = frozenset(
    (
        "acosh", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
        "adaptive_max_pool2d", "adaptive_max_pool3d", "addbmm", "addcdiv", "addcmul", "addmv", "addr",
        "affine_grid_generator", "alias_copy", "alpha_dropout", "arccosh", "arctan2", "as_strided_copy",
        "as_strided_scatter", "atan2", "avg_pool1d", "avg_pool2d", "avg_pool3d", "baddbmm", "batch_norm", "bilinear",
        "binary_cross_entropy", "binary_cross_entropy_with_logits", "bucketize", "cdist", "celu", "cholesky",
        "cholesky_ex", "cholesky_solve", "clamp_max", "clamp_min", "complex", "cond", "conj_physical", "conv1d",
        "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "convolution", "corrcoef",
        "cosine_embedding_loss", "cosine_similarity", "cov", "ctc_loss", "cummax", "cummin", "cumulative_trapezoid",
        "deg2rad", "det", "diagonal_copy", "dist", "eigh", "eigvals", "eigvalsh", "erfcx", "expand_copy",
        "feature_alpha_dropout", "feature_dropout", "float_power", "fmax", "fmod", "gelu", "geqrf", "gradient",
        "grid_sample", "grid_sampler", "group_norm", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
        "hinge_embedding_loss", "histc", "histogram", "histogramdd", "i0e", "i1e", "igamma", "igammac",
        "index_reduce", "inner", "instance_norm", "interpolate", "inv", "inv_ex", "isin", "isreal", "kl_div", "kron",
        "layer_norm", "ldexp", "ldl_solve", "lerp", "linalg.norm", "linalg_norm", "log_ndtr", "logaddexp",
        "logaddexp2", "logcumsumexp", "logspace", "lstsq", "lu", "lu_factor_ex", "lu_solve", "margin_ranking_loss",
        "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "max_pool1d", "max_pool1d_with_indices",
        "max_unpool2d", "mode", "multi_dot", "multi_margin_loss", "multilabel_margin_loss",
        "multilabel_margin_loss_forward", "mvlgamma", "nanmean", "nanmedian", "nanquantile", "nansum",
        "native_batch_norm", "native_layer_norm",
        "nn.functional.unfold", "ormqr", "pairwise_distance", "pdist", "permute_copy", "pinv", "pinverse",
        "poisson_nll_loss", "polar", "prelu", "qr", "quantile", "relu6", "renorm", "resize", "resize_as", "rms_norm",
        "rrelu", "rrelu_with_noise", "scaled_dot_product_attention", "scatter_reduce", "select_copy",
        "select_scatter", "selu", "silu", "slice_copy", "slice_scatter", "slogdet", "smooth_l1_loss",
        "soft_margin_loss", "softshrink", "solve_ex", "stft", "svd", "svdvals", "tensorinv", "threshold",
        "transpose_copy", "trapezoid", "trapz", "triangular_solve", "triplet_margin_loss", "unique_consecutive",
        "upsample_bicubic2d", "upsample_bilinear2d", "vander", "vecdot", "vector_norm", "view_as_complex",
        "view_as_complex_copy", "view_copy", "zeta",
    )
)  # fmt: skip


def is_not_yet(name: str) -> bool:
    """Whether a function, method or op, as tests name it, is one of them: "Tensor.lerp_", "aten.special_zeta".

    >>> is_not_yet("Tensor.lerp_"), is_not_yet("exp")
    (True, False)
    """
    short = name.rpartition(".")[2].strip("_")
    namespace, _, below = short.partition("_")
    if namespace in ("fft", "special") or name.startswith(("fft.", "special.")):
        return True
    return name in NOT_YET or short in NOT_YET or (namespace == "linalg" and below in NOT_YET)
