"""PyTorch's `torch.backends.openmp`: a way to run loops on several threads, which NumPy does not use."""

from autogradkit.core.absent import absent_from as _absent_from


def is_available() -> bool:
    """False."""
    return False


__getattr__ = _absent_from("backends.openmp")
