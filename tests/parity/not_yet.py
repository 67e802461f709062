"""Names that PyTorch's operator database holds (ratchet.json), and random programs and hard points do not yet.

They are new, and of each something is known to differ there: the order of two refusals, the version of a gradient, an answer
at infinity; `special` is not reached at all. Who mends a name takes it out. Used by the programs' templates and by
the sweep over hard points.
"""

from __future__ import annotations

NOT_YET = frozenset(
    (
        "acosh", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
        "adaptive_max_pool2d", "adaptive_max_pool3d", "addcdiv", "addcmul",
        "affine_grid_generator", "alias_copy", "alpha_dropout", "arccosh", "arctan2", "as_strided_copy",
        "as_strided_scatter", "atan2", "avg_pool1d", "avg_pool2d", "avg_pool3d", "batch_norm", "bilinear",
        "binary_cross_entropy", "binary_cross_entropy_with_logits", "bucketize", "celu",
        "clamp_max", "clamp_min", "conv1d",
        "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "convolution",
        "cosine_embedding_loss", "cosine_similarity", "ctc_loss", "cummax", "cummin", "cumulative_trapezoid",
        "deg2rad", "diagonal_copy", "expand_copy",
        "feature_alpha_dropout", "feature_dropout", "float_power", "fmax", "fmod", "gelu", "gradient",
        "grid_sample", "grid_sampler", "group_norm", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
        "hinge_embedding_loss", "histc", "histogram", "histogramdd", "igamma", "igammac",
        "index_reduce", "instance_norm", "interpolate", "isin", "isreal", "kl_div",
        "layer_norm", "ldexp", "lerp", "logaddexp",
        "logaddexp2", "logcumsumexp", "logspace", "margin_ranking_loss",
        "max_pool1d", "max_pool1d_with_indices",
        "max_unpool2d", "mode", "multi_margin_loss", "multilabel_margin_loss",
        "multilabel_margin_loss_forward", "nanmean", "nanmedian", "nanquantile", "nansum",
        "nn.functional.unfold", "pairwise_distance", "permute_copy",
        "poisson_nll_loss", "prelu", "quantile", "relu6", "resize", "resize_as", "rms_norm",
        "rrelu", "rrelu_with_noise", "scaled_dot_product_attention", "scatter_reduce", "select_copy",
        "select_scatter", "selu", "silu", "slice_copy", "slice_scatter", "smooth_l1_loss",
        "soft_margin_loss", "softshrink", "threshold",
        "transpose_copy", "trapezoid", "trapz", "triplet_margin_loss", "unique_consecutive",
        "upsample_bicubic2d", "upsample_bilinear2d",
        "view_copy",
    )
)  # fmt: skip


def is_not_yet(name: str) -> bool:
    """Whether a function, method or op, as tests name it, is one of them: "Tensor.lerp_", "aten.special_zeta".

    >>> is_not_yet("Tensor.lerp_"), is_not_yet("exp")
    (True, False)
    """
    short = name.rpartition(".")[2].strip("_")
    namespace, _, below = short.partition("_")
    if namespace == "special" or name.startswith("special."):
        return True
    return name in NOT_YET or short in NOT_YET or (namespace == "linalg" and below in NOT_YET)
