"""The modules of `nn`, one family a file: what each file lists in `__all__`."""

from autogradkit.nn.modules import container, conv, layers, linear, loss, module
from autogradkit.nn.modules.container import *
from autogradkit.nn.modules.conv import *
from autogradkit.nn.modules.layers import *
from autogradkit.nn.modules.linear import *
from autogradkit.nn.modules.loss import *
from autogradkit.nn.modules.module import *

__all__: list[str] = []
__all__ += container.__all__
__all__ += conv.__all__
__all__ += layers.__all__
__all__ += linear.__all__
__all__ += loss.__all__
__all__ += module.__all__
