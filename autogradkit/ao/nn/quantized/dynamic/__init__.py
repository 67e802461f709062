"""PyTorch's `torch.ao.nn.quantized.dynamic`: layers that quantise what they are given, anew each time."""

from autogradkit.ao.nn.quantized.dynamic import modules as modules
from autogradkit.ao.nn.quantized.dynamic.modules.linear import Linear as Linear
from autogradkit.ao.nn.quantized.dynamic.modules.rnn import GRU as GRU
from autogradkit.ao.nn.quantized.dynamic.modules.rnn import LSTM as LSTM
from autogradkit.core.absent import absent_from as _absent_from

__getattr__ = _absent_from("ao.nn.quantized.dynamic")
