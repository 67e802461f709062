"""`torch.distributed.checkpoint`: checkpoints of models that are spread over processes; `torch.save` writes all others."""
