"""PyTorch's `torch.cuda.comm`, which copies tensors among devices: there are none, so each function raises AssertionError."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.missing_device import refusing as _refusing

_SAID = "Torch not compiled with CUDA enabled"
broadcast = _refusing("cuda.comm", "broadcast", AssertionError, _SAID)
broadcast_coalesced = _refusing("cuda.comm", "broadcast_coalesced", AssertionError, _SAID)
gather = _refusing("cuda.comm", "gather", AssertionError, _SAID)
reduce_add = _refusing("cuda.comm", "reduce_add", AssertionError, _SAID)
reduce_add_coalesced = _refusing("cuda.comm", "reduce_add_coalesced", AssertionError, _SAID)
scatter = _refusing("cuda.comm", "scatter", AssertionError, _SAID)

__getattr__ = _absent_from("cuda.comm")
