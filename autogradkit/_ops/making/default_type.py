"""`set_default_tensor_type`, by which the default dtype was set before PyTorch 2.1."""

from __future__ import annotations

from typing import Any

from autogradkit._ops.declare import python_function
from autogradkit._ops.making.constructors import tensortype
from autogradkit.core import dtype as dtypes
from autogradkit.core.dtype import set_default_dtype
from autogradkit.core.warning import warn_once


@python_function()
def set_default_tensor_type(t: Any, /) -> None:
    """Set the dtype that Python floats become, by a type of tensors or its name. Raises TypeError for what is none of floats.

    >>> import warnings
    >>> import autogradkit as torch
    >>> with warnings.catch_warnings(action="ignore"):  # it says that it is deprecated
    ...     torch.set_default_tensor_type("torch.FloatTensor")
    """
    name = t.full_name if isinstance(t, tensortype) else str(t)
    home, _, last = name.rpartition(".")
    found = [each for each in dtypes.ALL if each.tensor_type == name]
    if isinstance(t, str) and not found and home != "torch.cuda":
        if home == "torch":
            raise AttributeError(f"module 'torch' has no attribute '{last}'")
        raise ModuleNotFoundError(f"No module named '{home or name}'")
    warn_once(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and "
        "torch.set_default_device() as alternatives."
    )
    if not isinstance(t, (str, tensortype)):
        raise TypeError("invalid type object: only floating-point types are supported as the default type")
    if isinstance(t, tensortype) and t.is_sparse:
        raise TypeError("only dense types are supported as the default type")
    if not found:
        raise TypeError(f"type {name} not available. Torch not compiled with CUDA enabled.")
    set_default_dtype(found[0])
