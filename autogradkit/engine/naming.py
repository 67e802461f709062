"""How PyTorch's messages name nodes and the types of tensors.

Rests on core.dtype; saved, history and hook_calls word their errors with it.
"""

from __future__ import annotations

from autogradkit.core.dtype import bfloat16, bool_, complex64, complex128, from_numpy_dtype
from autogradkit.core.meta import MetaArray
from autogradkit.core.sparse import SparseArray
from autogradkit.core.storage import Array

# Types without a name of the old style, such as "torch.FloatTensor".
_WITHOUT_A_TENSOR_TYPE = {
    bool_: "CPUBoolType",
    complex64: "CPUComplexFloatType",
    complex128: "CPUComplexDoubleType",
    bfloat16: "CPUBFloat16Type",
}


def tensor_type(array: Array | SparseArray | MetaArray) -> str:
    """The type of a tensor of this array's dtype: "torch.FloatTensor" for float32."""
    dtype = from_numpy_dtype(array.dtype)
    if isinstance(array, SparseArray):
        return dtype.tensor_type.replace("torch.", "torch.sparse.")
    if isinstance(array, MetaArray):
        usual = _WITHOUT_A_TENSOR_TYPE.get(dtype, f"CPU{dtype.tensor_type[6:-6]}Type")
        return usual.replace("CPU", "Meta")
    return _WITHOUT_A_TENSOR_TYPE.get(dtype, dtype.tensor_type)


def short_name(name: str) -> str:
    """A node's name without what says that it is one: "Exp" for ExpBackward0, "Sum1" for SumBackward1."""
    if name == "torch::autograd::CopyBackwards":
        return name
    before, _, number = name.rpartition("Backward")
    return before + number if number.strip("0") else before
