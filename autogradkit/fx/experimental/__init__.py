"""PyTorch's `torch.fx.experimental`: of it graphs of the operators that run, `proxy_tensor.py`."""
