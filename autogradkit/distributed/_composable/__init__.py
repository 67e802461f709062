"""`torch.distributed._composable`: `fsdp.py`."""
