"""PyTorch's `torch.onnx`, of which models ask whether they are being exported. Nothing is exported here."""

from autogradkit.core.absent import absent_from as _absent_from


def is_in_onnx_export() -> bool:
    """False."""
    return False


__getattr__ = _absent_from("onnx")
