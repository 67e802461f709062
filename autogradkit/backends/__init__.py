"""PyTorch's `torch.backends`: the libraries that kernels come from. Here they come from NumPy and SciPy.

Switches keep what is set, since scripts set them without asking, and change nothing; `is_available()` says what is true here.
"""

from autogradkit.backends import cpu as cpu
from autogradkit.backends import cuda as cuda
from autogradkit.backends import cudnn as cudnn
from autogradkit.backends import mkl as mkl
from autogradkit.backends import mkldnn as mkldnn
from autogradkit.backends import mps as mps
from autogradkit.backends import nnpack as nnpack
from autogradkit.backends import openmp as openmp
from autogradkit.backends import opt_einsum as opt_einsum
from autogradkit.backends import quantized as quantized
from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("backends")
