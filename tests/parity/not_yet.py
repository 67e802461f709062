"""Names that PyTorch's operator database holds (ratchet.json), and random programs and hard points do not yet.

They are new, and of each something is known to differ there: the order of two refusals, the version of a gradient, an answer
at infinity; `fft` and `special` are not reached at all. Who mends a name takes it out. Used by the programs' templates and by
the sweep over hard points.
"""

from __future__ import annotations

NOT_YET = frozenset(
    (
        "acosh",
        "addbmm", "addcdiv", "addcmul", "addmv", "addr",
        "alias_copy", "arccosh", "arctan2", "as_strided_copy",
        "as_strided_scatter", "atan2", "baddbmm",
        "bucketize", "cdist", "cholesky",
        "cholesky_ex", "cholesky_solve", "clamp_max", "clamp_min", "complex", "cond", "conj_physical",
        "corrcoef",
        "cov", "cummax", "cummin", "cumulative_trapezoid",
        "deg2rad", "det", "diagonal_copy", "dist", "eigh", "eigvals", "eigvalsh", "erfcx", "expand_copy",
        "float_power", "fmax", "fmod", "geqrf", "gradient",
        "histc", "histogram", "histogramdd", "i0e", "i1e", "igamma", "igammac",
        "index_reduce", "inner", "inv", "inv_ex", "isin", "isreal", "kron",
        "ldexp", "ldl_solve", "lerp", "linalg.norm", "linalg_norm", "log_ndtr", "logaddexp",
        "logaddexp2", "logcumsumexp", "logspace", "lstsq", "lu", "lu_factor_ex", "lu_solve",
        "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank",
        "mode", "multi_dot",
        "mvlgamma", "nanmean", "nanmedian", "nanquantile", "nansum",
        "ormqr", "pdist", "permute_copy", "pinv", "pinverse",
        "polar", "qr", "quantile", "renorm", "resize", "resize_as",
        "scatter_reduce", "select_copy",
        "select_scatter", "slice_copy", "slice_scatter", "slogdet",
        "solve_ex", "stft", "svd", "svdvals", "tensorinv",
        "transpose_copy", "trapezoid", "trapz", "triangular_solve", "unique_consecutive",
        "vander", "vecdot", "vector_norm", "view_as_complex",
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
