"""Names that PyTorch's operator database holds (ratchet.json), and random programs and hard points do not yet.

They are new, and of each something is known to differ there: the order of two refusals, the version of a gradient, an answer
at infinity; `special` is not reached at all. Who mends a name takes it out. Used by the programs' templates and by
the sweep over hard points.
"""

from __future__ import annotations

NOT_YET = frozenset(
    (
        "acosh", "addcdiv", "addcmul", "alias_copy", "arccosh", "arctan2", "as_strided_copy", "as_strided_scatter",
        "atan2", "bucketize", "clamp_max", "clamp_min", "cummax", "cummin", "cumulative_trapezoid", "deg2rad",
        "diagonal_copy", "expand_copy", "float_power", "fmax", "fmod", "gradient", "histc", "histogram",
        "histogramdd", "index_reduce", "isin", "isreal", "ldexp", "lerp", "logaddexp", "logaddexp2", "logcumsumexp",
        "logspace", "mode", "nanmean", "nanmedian", "nanquantile", "nansum", "permute_copy", "quantile", "resize",
        "resize_as", "scatter_reduce", "select_copy", "select_scatter", "slice_copy", "slice_scatter",
        "transpose_copy", "trapezoid", "trapz", "unique_consecutive", "view_copy",
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
