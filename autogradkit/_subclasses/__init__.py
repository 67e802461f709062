"""PyTorch's `torch._subclasses`, of which packages ask one question: `fake_tensor.py`."""
