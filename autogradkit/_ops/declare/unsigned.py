"""Which kernels PyTorch has not for uint16, uint32 and uint64, which it can hardly compute with, and what it calls them.

It makes, converts, compares for equality, joins and multiplies such tensors, and refuses most else: `"add_stub" not implemented
for 'UInt16'`. Rests on core's dtypes. plans.py asks before it plans a pointwise op, declaration.py makes a check of it for
others. Edits and factories are not asked: they compute.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autogradkit._ops.declare.refusals import by_kernel, is_unless_empty, scalar_type, unless_empty
from autogradkit.core.dtype import WIDE_UNSIGNED, dtype
from autogradkit.core.tensor import Tensor

# What the kernels are called by their ops; those of `_CPU` by name and "_cpu".
_LABELS = {
    "add": "add_stub", "sub": "add_stub", "rsub": "add_stub", "pow": "pow", "addbmm": "addmm_impl_cpu_",
    "addcmul": "addcmul_cpu_out", "addmm": "addmm_impl_cpu_", "addmv": "addmv_impl_cpu", "amax": "max_values_cpu",
    "amin": "min_values_cpu", "baddbmm": "baddbmm", "bitwise_left_shift": "lshift_cpu", "bitwise_right_shift": "rshift_cpu",
    "__lshift__": "lshift_cpu", "__rshift__": "rshift_cpu", "bmm": "bmm", "searchsorted": "searchsorted_out_cpu",
    "clamp": "clamp_scalar_cpu", "clamp_max": "minimum_cpu", "clamp_min": "maximum_cpu", "count_nonzero": "nonzero_count_cpu",
    "cross": "cross", "linalg_cross": "cross", "dot": "dot", "vdot": "dot", "floor_divide": "div_floor_cpu",
    "fmax": "maximum_cpu", "fmin": "minimum_cpu", "gather": "scatter_gather_tensor_cpu", "hash_tensor": "xor_sum_cpu",
    "index_select": "index_select",
    "isin": "isin_default_cpu", "lerp": "lerp_kernel_scalar", "masked_select": "masked_select", "max": "max_all",
    "min": "min_all", "mm": "addmm_impl_cpu_", "mv": "addmv_impl_cpu", "nonzero": "nonzero_count_cpu",
    "scatter": "scatter_gather_tensor_cpu", "scatter_add": "scatter_gather_tensor_cpu", "sgn": "sign_cpu", "take": "take_cpu",
    "relu": "clamp_min_scalar_cpu", "trace": "trace", "tril": "tril", "triu": "triu",
}  # fmt: skip
_CPU = (
    "abs addr argmax argmin aminmax bincount bitwise_not cummax cummin fmod frac gcd ge gt heaviside kthvalue lcm le "
    "logical_and logical_not logical_or logical_xor lt maximum median minimum mode neg remainder sign threshold topk"
)
LABELS = _LABELS | {name: f"{name}_cpu" for name in _CPU.split()}


def require_kernel(name: str, kind: dtype) -> None:
    """Raise NotImplementedError where PyTorch has no kernel of an op for such a dtype."""
    if name in LABELS:
        refuse_wide_unsigned(LABELS[name], kind)


def refuse_wide_unsigned(label: str, kind: dtype) -> None:
    """Raise NotImplementedError for such a dtype, by the name of PyTorch's kernel."""
    if kind in WIDE_UNSIGNED:
        raise NotImplementedError(f"\"{label}\" not implemented for '{scalar_type(kind)}'")


def requiring_kernel(name: str, dtypes: tuple[Callable[..., None], ...]) -> tuple[Callable[..., None], ...]:
    """The checks of an op's dtypes, with this refusal before them."""
    if name not in LABELS:
        return dtypes

    def refuse(*values: Any) -> None:
        for value in values:
            if isinstance(value, Tensor):
                require_kernel(name, value.dtype)

    refuse = by_kernel(refuse)
    return unless_empty(refuse) if any(map(is_unless_empty, dtypes)) else refuse, *dtypes
