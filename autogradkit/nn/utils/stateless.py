"""`functional_call` under its old name: `func.functional_call` is the one to use."""

from __future__ import annotations

from typing import Any

from autogradkit.core.frames import entry
from autogradkit.core.warning import warn
from autogradkit.nn.modules.module import Module
from autogradkit.nn.parallel.data_parallel import DataParallel
from autogradkit.nn.utils.replaced import called_with


@entry
def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Any],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """What the module gives with these tensors as its parameters and buffers; see `func.functional_call`. Warns."""
    warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be removed in a future version of "
        "PyTorch. Please use `torch.func.functional_call` instead which is a drop-in replacement.",
        FutureWarning,
    )
    if isinstance(module, DataParallel):
        raise RuntimeError("The stateless API can't be used with nn.DataParallel module")
    return called_with(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)
