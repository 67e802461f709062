"""Helpers around modules, as PyTorch's `torch.nn.utils` names them: so far sequences of different lengths, in `rnn.py`."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.nn.utils import rnn as rnn

__getattr__ = _absent_from("nn.utils")
