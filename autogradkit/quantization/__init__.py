"""PyTorch's `torch.quantization`: quantised tensors and layers, and models that are observed, rounded and made of them.

`tensor.py`, `functions.py` and `arithmetic.py` have the tensors; `observer.py`, `fake_quantize.py`, `qconfig.py` choose ranges,
`preparing.py` lets a model be watched, `converting.py` exchanges its layers for quantised ones, of `ao/nn`; `quantize.py` has
those that quantise their input anew each time.
"""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.quantization import fake_quantize as fake_quantize
from autogradkit.quantization import functions as _functions  # noqa: F401 - it says what quantised tensors compute
from autogradkit.quantization import observer as observer
from autogradkit.quantization import qconfig as qconfig
from autogradkit.quantization import quantization_mappings as quantization_mappings
from autogradkit.quantization import stubs as stubs
from autogradkit.quantization.converting import *
from autogradkit.quantization.fake_quantize import *
from autogradkit.quantization.fuse_modules import *
from autogradkit.quantization.observer import *
from autogradkit.quantization.preparing import *
from autogradkit.quantization.qconfig import *
from autogradkit.quantization.quantization_mappings import *
from autogradkit.quantization.quantize import quantize as quantize
from autogradkit.quantization.quantize import quantize_dynamic as quantize_dynamic
from autogradkit.quantization.stubs import *

__getattr__ = _absent_from("quantization")
