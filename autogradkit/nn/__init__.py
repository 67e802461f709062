"""Networks: `Module` and its parameters, layers, losses, containers, initial values, and their functions.

Rests on tensors and autograd; optimizers take what `Module.parameters()` gives.
"""

from autogradkit.nn import functional, init, modules, parameter
from autogradkit.nn.modules import *  # noqa: F403
from autogradkit.nn.modules import __all__ as _layers
from autogradkit.nn.parameter import Parameter

__all__ = ["Parameter", "functional", "init", "modules", "parameter", *_layers]
