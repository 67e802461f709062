"""PyTorch's `torch.library`: operators of one's own, with a schema, kernels, a gradient and a rule for `vmap`.

`custom_op` makes one of an annotated function; `Library` and `define` of a schema. `torch.ops.mylib.scale` calls it. The kernel
runs as one op: a graph has one node of it, named as PyTorch names it (`GeneratedBackwardFor_mylib_scale_defaultBackward`), and a
picture one operation, `mylib::scale`. Rests on `_ops/operators`, which has what an operator is, and on autograd's functions.
"""

from autogradkit._ops.operators.overloads import OpOverload as OpOverload
from autogradkit._ops.operators.overloads import OpOverloadPacket as _OpOverloadPacket  # noqa: F401 - says PyTorch's module
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.schema import FunctionSchema as _FunctionSchema  # noqa: F401 - likewise
from autogradkit.library.checking import opcheck as opcheck
from autogradkit.library.custom import CustomOpDef as CustomOpDef
from autogradkit.library.custom import custom_op as custom_op
from autogradkit.library.infer import infer_schema as infer_schema
from autogradkit.library.libraries import Library as Library
from autogradkit.library.libraries import _scoped_library as _scoped_library
from autogradkit.library.libraries import define as define
from autogradkit.library.libraries import fallthrough_kernel as fallthrough_kernel
from autogradkit.library.libraries import impl as impl
from autogradkit.library.registering import impl_abstract as impl_abstract
from autogradkit.library.registering import register_autograd as register_autograd
from autogradkit.library.registering import register_fake as register_fake
from autogradkit.library.registering import register_kernel as register_kernel
from autogradkit.library.registering import register_vmap as register_vmap
from autogradkit.library.registering import triton_op as triton_op
from autogradkit.library.registering import wrap_triton as wrap_triton

__all__ = [
    "Library",
    "custom_op",
    "define",
    "fallthrough_kernel",
    "impl",
    "impl_abstract",
    "infer_schema",
    "opcheck",
    "register_fake",
    "register_vmap",
    "triton_op",
    "wrap_triton",
]  # fmt: skip

__getattr__ = _absent_from("library")
