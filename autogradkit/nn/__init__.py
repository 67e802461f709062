"""Networks: `Module` and its parameters, layers, losses, containers, initial values, and their functions.

Rests on tensors and autograd; optimizers take what `Module.parameters()` gives.
"""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.nn import functional, init, modules, parameter, utils
from autogradkit.nn.modules import *
from autogradkit.nn.parameter import *

__all__ = ["functional", "init", "modules", "parameter", "utils"]
__all__ += modules.__all__
__all__ += parameter.__all__

__getattr__ = _absent_from("nn")
