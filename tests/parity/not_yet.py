"""Names that PyTorch's operator database holds (ratchet.json), and random programs and hard points do not yet.

They are new, and of each something is known to differ there: the order of two refusals, the version of a gradient, an answer
at infinity. Who mends a name takes it out. Used by the programs' templates and by
the sweep over hard points.
"""

from __future__ import annotations

NOT_YET = frozenset(
    (
        "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
        "adaptive_max_pool2d", "adaptive_max_pool3d",
        "affine_grid_generator", "alpha_dropout",
        "avg_pool1d", "avg_pool2d", "avg_pool3d", "batch_norm", "bilinear",
        "binary_cross_entropy", "binary_cross_entropy_with_logits", "celu",
        "conv1d",
        "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "convolution",
        "cosine_embedding_loss", "cosine_similarity", "ctc_loss",
        "feature_alpha_dropout", "feature_dropout", "gelu",
        "grid_sample", "grid_sampler", "group_norm", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
        "hinge_embedding_loss",
        "instance_norm", "interpolate", "kl_div",
        "layer_norm",
        "margin_ranking_loss",
        "max_pool1d", "max_pool1d_with_indices",
        "max_unpool2d", "multi_margin_loss", "multilabel_margin_loss",
        "multilabel_margin_loss_forward",
        "nn.functional.unfold", "pairwise_distance",
        "poisson_nll_loss", "prelu", "relu6", "rms_norm",
        "rrelu", "rrelu_with_noise", "scaled_dot_product_attention",
        "selu", "silu", "smooth_l1_loss",
        "soft_margin_loss", "softshrink", "threshold",
        "triplet_margin_loss",
        "upsample_bicubic2d", "upsample_bilinear2d",
    )
)  # fmt: skip


def is_not_yet(name: str) -> bool:
    """Whether a function, method or op, as tests name it, is one of them: "Tensor.lerp_", "aten.special_zeta".

    >>> is_not_yet("Tensor.lerp_"), is_not_yet("exp")
    (True, False)
    """
    short = name.rpartition(".")[2].strip("_")
    namespace, _, below = short.partition("_")
    return name in NOT_YET or short in NOT_YET or (namespace == "linalg" and below in NOT_YET)
