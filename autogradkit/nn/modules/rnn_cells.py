"""Single steps of recurrent networks: `RNNCell`, `LSTMCell`, `GRUCell`; whole sequences are in `rnn.py`."""

from __future__ import annotations

import math
from typing import Any

from autogradkit._ops.making.filled import zeros
from autogradkit._ops.network import cells
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.nn import init
from autogradkit.nn.modules.members import unfilled
from autogradkit.nn.modules.module import Module, Samples

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


class RNNCellBase(Module):
    """What the cells have in common: parameters for `num_chunks` gates, uniform in ±1/√hidden_size at first.

    >>> import autogradkit as torch
    >>> torch.nn.RNNCellBase(3, 4, bias=False, num_chunks=2).weight_ih.shape
    torch.Size([8, 3])
    """

    nonlinearity: str = "tanh"

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.RNNCellBase(3, 4, True, 2),)]

    @entry
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = unfilled((rows, input_size), device, dtype)
        self.weight_hh = unfilled((rows, hidden_size), device, dtype)
        self.register_parameter("bias_ih", unfilled(rows, device, dtype) if bias else None)
        self.register_parameter("bias_hh", unfilled(rows, device, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters anew, uniform in ±1/√hidden_size."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for each in self.parameters():
            init.uniform_(each, -bound, bound)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if self.nonlinearity != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text

    def _require_dims(self, what: str, x: Tensor) -> None:
        if x.dim() not in (1, 2):
            raise ValueError(f"{self._get_name()}: Expected {what} to be 1D or 2D, got {x.dim()}D instead")

    def _weights(self) -> tuple[Any, ...]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def _first_state(self, x: Tensor) -> Tensor:
        return zeros.owner((x.size(0), self.hidden_size), dtype=x.dtype, device=x.device)

    def _stepped(self, cell: Any, input: Tensor, hx: Tensor | None) -> Tensor:
        """A step of a cell whose state is one tensor; without a batch dimension, where the input has none."""
        self._require_dims("input", input)
        if hx is not None:
            self._require_dims("hidden", hx)
        batched = input.dim() == 2
        x = input if batched else input.unsqueeze(0)
        if hx is None:
            hx = self._first_state(x)
        elif not batched:
            hx = hx.unsqueeze(0)
        after = cell(x, hx, *self._weights())
        return after if batched else after.squeeze(0)


class RNNCell(RNNCellBase):
    """h' = tanh(W_ih·x + b_ih + W_hh·h + b_hh), or relu: (B, input_size), (B, hidden_size) → (B, hidden_size), also without B.

    >>> import autogradkit as torch
    >>> torch.nn.RNNCell(3, 4)(torch.ones(2, 3)).shape
    torch.Size([2, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.RNNCell(3, 4), m.randn(2, 3)),
            (m.nn.RNNCell(3, 4, False, "relu"), m.randn(3), m.randn(4)),
        ]

    @entry
    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The state after the step; before it is `hx`, or zeros."""
        kinds = {"tanh": cells.rnn_tanh_cell, "relu": cells.rnn_relu_cell}

        def cell(*given: Any) -> Any:
            if self.nonlinearity not in kinds:
                raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
            return kinds[self.nonlinearity](*given)

        return self._stepped(cell, input, hx)


class LSTMCell(RNNCellBase):
    """A step of an LSTM: (B, input_size), ((B, hidden_size), (B, hidden_size)) → (state, cell), also without B.

    >>> import autogradkit as torch
    >>> h, c = torch.nn.LSTMCell(3, 4)(torch.ones(2, 3))
    >>> h.shape, c.shape
    (torch.Size([2, 4]), torch.Size([2, 4]))
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.LSTMCell(3, 4), m.randn(2, 3)), (m.nn.LSTMCell(3, 4, bias=False), m.randn(3))]

    @entry
    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Dtype | None = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """(state, cell) after the step; before it they are `hx`, or zeros."""
        self._require_dims("input", input)
        for n, each in enumerate(hx or ()):
            self._require_dims(f"hx[{n}]", each)
        batched = input.dim() == 2
        x = input if batched else input.unsqueeze(0)
        if hx is None:
            first = self._first_state(x)
            hx = first, first
        elif not batched:
            hx = hx[0].unsqueeze(0), hx[1].unsqueeze(0)
        h, c = cells.lstm_cell.owner(x, hx, *self._weights())
        return (h, c) if batched else (h.squeeze(0), c.squeeze(0))


class GRUCell(RNNCellBase):
    """A step of a GRU: (B, input_size), (B, hidden_size) → (B, hidden_size), also without B.

    >>> import autogradkit as torch
    >>> torch.nn.GRUCell(3, 4)(torch.ones(2, 3)).shape
    torch.Size([2, 4])
    """

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [(m.nn.GRUCell(3, 4), m.randn(2, 3)), (m.nn.GRUCell(3, 4, bias=False), m.randn(3), m.randn(4))]

    @entry
    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Dtype | None = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """The state after the step; before it is `hx`, or zeros."""
        return self._stepped(cells.gru_cell, input, hx)
