"""Names that PyTorch's operator database holds (ratchet.json), and random programs and hard points do not yet.

They are new, and of each something is known to differ there: the order of two refusals, the version of a gradient, an answer
at infinity. Who mends a name takes it out. Used by the programs' templates and by
the sweep over hard points.
"""

from __future__ import annotations

NOT_YET = frozenset(
    (

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
