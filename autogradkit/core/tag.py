"""`torch.Tag`: marks that an operator is defined with.

Rests on nothing; `torch.library` keeps them. What they tell compilers nobody asks here, but for `inplace` and `out`.
"""

from __future__ import annotations

import enum

_NAMES = (
    "core", "cudagraph_unsafe", "data_dependent_output", "dynamic_output_shape", "flexible_layout", "generated", "inplace",
    "inplace_view", "maybe_aliasing_or_mutating", "needs_contiguous_strides", "needs_exact_strides",
    "needs_fixed_stride_order", "nondeterministic_bitwise", "nondeterministic_seeded", "out", "out_variant", "pointwise",
    "pt2_compliant_tag", "reduction", "view_copy",
)  # fmt: skip
Tag = enum.Enum("Tag", {name: at for at, name in enumerate(_NAMES)}, module=__name__)
