"""PyTorch's `torch.utils.data._utils.worker`: what a worker knows of itself, and how it begins NumPy's random numbers."""

from autogradkit.utils.data.worker import WorkerInfo as WorkerInfo
from autogradkit.utils.data.worker import generate_state as _generate_state  # noqa: F401 - tensordict asks for it
from autogradkit.utils.data.worker import get_worker_info as get_worker_info
