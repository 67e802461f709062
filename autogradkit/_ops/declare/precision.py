"""Which ops an `autocast` block casts the operands of: PyTorch's three lists for the processor, by name.

The names are those of overload sets. What is in no list computes in the dtypes that it is given. `amp/casting.py` casts; calls of
these names ask for it where something listens.
"""

# What gains most by 16 bits and loses least.
LOW = frozenset(
    (
        "addbmm", "addmm", "baddbmm", "bmm", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
        "conv_transpose2d", "conv_transpose3d", "linalg_vecdot", "linear", "matmul", "mm", "prelu",
        "scaled_dot_product_attention",
    )
)  # fmt: skip
# What loses too much by them: in float32.
FULL = frozenset(
    (
        "adaptive_avg_pool3d", "adaptive_max_pool3d", "avg_pool3d", "binary_cross_entropy",
        "binary_cross_entropy_with_logits", "cdist", "cholesky", "cholesky_inverse", "cholesky_solve",
        "cosine_embedding_loss", "cross_entropy_loss", "ctc_loss", "fft_fft", "fft_fft2", "fft_fftn",
        "fft_hfft", "fft_ifft", "fft_ifft2", "fft_ifftn", "fft_ihfft", "fft_irfft", "fft_irfft2",
        "fft_irfftn", "fft_rfft", "fft_rfft2", "fft_rfftn", "geqrf", "grid_sampler", "hinge_embedding_loss",
        "huber_loss", "inverse", "kl_div", "l1_loss", "linalg_cholesky", "linalg_cholesky_ex", "linalg_cond",
        "linalg_eig", "linalg_eigh", "linalg_eigvals", "linalg_eigvalsh", "linalg_householder_product",
        "linalg_inv", "linalg_inv_ex", "linalg_lstsq", "linalg_matrix_rank", "linalg_qr", "linalg_solve",
        "linalg_svd", "linalg_svdvals", "lu_solve", "margin_ranking_loss", "max_pool3d", "max_unpool2d",
        "max_unpool3d", "mse_loss", "nanquantile", "nll_loss_nd", "orgqr", "ormqr", "pinverse",
        "poisson_nll_loss", "polar", "prod", "qr", "quantile", "reflection_pad1d", "reflection_pad2d",
        "replication_pad1d", "replication_pad2d", "replication_pad3d", "smooth_l1_loss", "soft_margin_loss",
        "svd", "trace", "triangular_solve", "triplet_margin_loss", "view_as_complex",
    )
)  # fmt: skip
# What joins tensors: in the widest of their dtypes.
WIDEST = frozenset(("cat", "index_copy", "stack"))

CAST = LOW | FULL | WIDEST
