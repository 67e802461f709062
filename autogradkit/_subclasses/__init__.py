"""PyTorch's `torch._subclasses`, of which packages ask one question: `fake_tensor.py`."""

from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("_subclasses")
