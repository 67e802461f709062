"""PyTorch's `torch.utils.tensorboard`: what TensorBoard shows, written by tensorboardX (the extra `autogradkit[tensorboard]`)."""

try:
    import tensorboardX as _tensorboardX  # noqa: F401
except ModuleNotFoundError as _error:
    raise ModuleNotFoundError(
        'utils.tensorboard writes with tensorboardX, which is not installed: pip install "autogradkit[tensorboard]"',
        name=_error.name,
    ) from None

from autogradkit.utils.tensorboard import summary as summary
from autogradkit.utils.tensorboard.writer import SummaryWriter

__all__ = ["SummaryWriter"]
