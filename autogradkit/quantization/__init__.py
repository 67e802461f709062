"""PyTorch's `torch.quantization`, which is not here: a few of its names, for packages that import them beside what they use.

`observer.py` has classes that refuse to be made, `qconfig.py` what they would be named in.
"""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.quantization import observer as observer
from autogradkit.quantization import qconfig as qconfig
from autogradkit.quantization.qconfig import QConfig as QConfig

__getattr__ = _absent_from("quantization")
