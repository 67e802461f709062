"""Fourier transforms, as PyTorch's `torch.fft` names them.

Rests on the ops of `_ops/spectral`, which are declared when this is first imported.
"""

from autogradkit._ops.declare.names import namespaced as _namespaced
from autogradkit._ops.making import spaced as _spaced  # noqa: F401 - declares the frequencies
from autogradkit._ops.spectral import fourier as _fourier  # noqa: F401 - declares them
from autogradkit.core.absent import absent_from as _absent_from

globals().update(_namespaced("fft_"))

__getattr__ = _absent_from("fft")
