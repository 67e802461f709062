"""`torch._dynamo._trace_wrapped_higher_order_op`, of which packages enter one mode."""

from __future__ import annotations

from autogradkit.overrides import BaseTorchFunctionMode


class TransformGetItemToIndex(BaseTorchFunctionMode):
    """A block in which a tensor may be indexed by samples of `vmap`, which here it may be anywhere."""
