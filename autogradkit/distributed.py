"""PyTorch's `torch.distributed`: training by several processes, which is not here; scripts ask before they use it."""

from autogradkit.core.absent import absent_from as _absent_from


def is_available() -> bool:
    """False."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_torchelastic_launched() -> bool:
    """False."""
    return False


__getattr__ = _absent_from("distributed")
