"""PyTorch's `torch.fx.experimental`, of which packages ask one question: `proxy_tensor.py`."""
