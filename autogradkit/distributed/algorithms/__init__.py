"""`torch.distributed.algorithms`: `join.py`."""
