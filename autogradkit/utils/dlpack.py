"""PyTorch's `torch.utils.dlpack`: memory handed to other libraries, and taken from them, as a capsule."""

from __future__ import annotations

import enum
from typing import Any

from autogradkit._ops.making.data import from_dlpack as from_dlpack
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.errors import c_type_name as _c_type_name
from autogradkit.core.tensor import Tensor as _Tensor


class DLDeviceType(enum.IntEnum):
    """Where memory lies, by the numbers of the exchange format."""

    kDLCPU = 1  # noqa: N815 - the format's names
    kDLCUDA = 2  # noqa: N815
    kDLCUDAHost = 3  # noqa: N815
    kDLOpenCL = 4  # noqa: N815
    kDLVulkan = 7  # noqa: N815
    kDLMetal = 8  # noqa: N815
    kDLVPI = 9  # noqa: N815
    kDLROCM = 10  # noqa: N815
    kDLROCMHost = 11  # noqa: N815
    kDLExtDev = 12  # noqa: N815
    kDLCUDAManaged = 13  # noqa: N815
    kDLOneAPI = 14  # noqa: N815
    kDLWebGPU = 15  # noqa: N815
    kDLHexagon = 16  # noqa: N815
    kDLMAIA = 17  # noqa: N815


def to_dlpack(tensor: Any, /) -> Any:
    """A capsule with the memory of a tensor, which is taken once. Raises TypeError for anything else.

    >>> import autogradkit as torch
    >>> torch.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(torch.ones(2)))
    tensor([1., 1.])
    """
    if not isinstance(tensor, _Tensor):
        raise TypeError(f"_to_dlpack(): argument 'data' (position 1) must be Tensor, not {_c_type_name(tensor)}")
    return tensor.detach().__dlpack__()


__getattr__ = _absent_from("utils.dlpack")
