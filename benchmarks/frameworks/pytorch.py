"""PyTorch, eager, on the processor."""

from __future__ import annotations

import torch

from benchmarks.frameworks.pytorch_style import PyTorchStyle


def framework() -> PyTorchStyle:
    """PyTorch on one thread."""
    torch.set_num_threads(1)
    return PyTorchStyle(torch)
