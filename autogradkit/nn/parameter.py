"""Where PyTorch has `torch.nn.parameter`: what a module registers as its own."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.buffer import Buffer
from autogradkit.core.parameter import Parameter
from autogradkit.nn.uninitialized import UninitializedBuffer, UninitializedParameter
from autogradkit.nn.uninitialized import UninitializedTensorMixin as UninitializedTensorMixin
from autogradkit.nn.uninitialized import is_lazy as is_lazy

__all__ = ["Buffer", "Parameter", "UninitializedBuffer", "UninitializedParameter"]

_ParameterMeta = type(Parameter)  # by PyTorch's name, for packages that import it

__getattr__ = _absent_from("nn.parameter")
