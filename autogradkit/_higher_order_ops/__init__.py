"""PyTorch's `torch._higher_order_ops`, of which packages ask one: `associative_scan.py`."""
