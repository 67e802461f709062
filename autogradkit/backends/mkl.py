"""PyTorch's `torch.backends.mkl`: a library of linear algebra, which NumPy here is not built with."""

from autogradkit.core.absent import absent_from as _absent_from


def is_available() -> bool:
    """False: NumPy's own library serves."""
    return False


__getattr__ = _absent_from("backends.mkl")
