"""Recurrent networks over whole sequences: `RNN`, `LSTM`, `GRU`, of any number of layers, in one or both directions.

Rests on the ops of `_ops/network/recurrent.py`, and on `nn.utils.rnn` for packed sequences; single steps are in `rnn_cells.py`.
"""

from __future__ import annotations

import math
import numbers
from typing import Any

from autogradkit._ops.declare.names import OverloadSet
from autogradkit._ops.making.filled import zeros
from autogradkit._ops.network import recurrent
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.parameter import Parameter
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.nn import init
from autogradkit.nn.modules.members import unfilled
from autogradkit.nn.modules.module import Module, Samples
from autogradkit.nn.utils.rnn import PackedSequence

__all__ = ["GRU", "LSTM", "RNN", "RNNBase"]

Hidden = Any  # h, or for an LSTM (h, c)

_NETWORKS = {
    "RNN_TANH": recurrent.rnn_tanh,
    "RNN_RELU": recurrent.rnn_relu,
    "LSTM": recurrent.lstm,
    "GRU": recurrent.gru,
}
_GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}


def _require_sizes(self: RNNBase) -> None:
    for name in ("bias", "batch_first"):
        if not isinstance(getattr(self, name), bool):
            raise TypeError(f"{name} should be of type bool, got: {type(getattr(self, name)).__name__}")
    for name in ("input_size", "hidden_size"):
        size = getattr(self, name)
        if not isinstance(size, int):
            raise TypeError(f"{name} should be of type int, got: {type(size).__name__}")
        if size <= 0:
            raise ValueError(f"{name} must be greater than zero")
    if self.num_layers <= 0:
        raise ValueError("num_layers must be greater than zero")
    if self.proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if self.proj_size >= self.hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")
    if self.mode not in _GATES:
        raise ValueError("Unrecognized RNN mode: " + self.mode)


class RNNBase(Module):
    """What the recurrent networks have in common: their parameters, and how sequences and states are handed on.

    Parameters are named by layer and direction, as `weight_ih_l0` and `weight_ih_l0_reverse`; they start uniform in
    ±1/√hidden_size. Raises ValueError or TypeError for sizes that make no network.

    >>> import autogradkit as torch
    >>> list(torch.nn.RNNBase("GRU", 3, 2, bias=False).state_dict())
    ['weight_ih_l0', 'weight_hh_l0']
    """

    _states = 1  # how many tensors a state has
    _kind = ""  # what the refusal of a wrong input calls it
    _said = ""  # and what it adds after the number of dimensions

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.RNNBase("LSTM", 3, 4, 2, proj_size=2, bidirectional=True),),
            (m.nn.RNNBase("GRU", 3, 4, bias=False),),
        ]

    @entry
    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        if not isinstance(dropout, numbers.Number) or not 0 <= dropout <= 1 or isinstance(dropout, bool):
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if dropout > 0 and num_layers == 1:
            warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater "
                f"than 1, but got dropout={dropout} and num_layers={num_layers}"
            )
        _require_sizes(self)
        self._all_weights = [
            self._layer_parameters(layer, suffix, device, dtype)
            for layer in range(num_layers)
            for suffix in ("", "_reverse")[: self._directions]
        ]
        self.reset_parameters()

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    def _layer_parameters(self, layer: int, suffix: str, device: Any, dtype: Dtype | None) -> list[str]:
        """Registers the parameters of a layer in one direction, and gives their names."""
        rows = _GATES[self.mode] * self.hidden_size
        state = self.proj_size or self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (rows, state * self._directions if layer else self.input_size),
            "weight_hh": (rows, state),
        }
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        names = [f"{name}_l{layer}{suffix}" for name in shapes]
        for name, shape in zip(names, shapes.values(), strict=True):
            setattr(self, name, unfilled(shape, device, dtype))
        return names

    def reset_parameters(self) -> None:
        """Draw all parameters anew, uniform in ±1/√hidden_size."""
        bound = 1 / math.sqrt(self.hidden_size)
        for each in self.parameters():
            init.uniform_(each, -bound, bound)

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights(self) -> list[Parameter]:
        return [each for layer in self.all_weights for each in layer]

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for layer in self._all_weights for name in layer]

    def __getstate__(self) -> dict[str, Any]:
        names = self._flat_weights_names
        return {**super().__getstate__(), "_flat_weights_names": names, "_flat_weights": self._flat_weights}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({name: value for name, value in state.items() if not name.startswith("_flat_weight")})

    def flatten_parameters(self) -> None:
        """Nothing: in PyTorch it moves parameters on a GPU into one block of memory."""

    # -- checks -----------------------------------------------------------------------------------------------------

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """Raise RuntimeError or ValueError where the input, packed if there are batch sizes, does not fit the network."""
        own = self._flat_weights[0].dtype
        if input.dtype != own:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({own}). Convert input: input.to({own}), or "
                f"convert model: model.to({input.dtype})"
            )
        expected = 3 if batch_sizes is None else 2
        if input.dim() != expected:
            raise RuntimeError(f"input must have {expected} dimensions, got {input.dim()}")
        if self.input_size != input.size(-1):
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.size(-1)}"
            )

    def get_expected_hidden_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """The sizes of h that go with an input."""
        return self._state_size(input, batch_sizes, self.proj_size or self.hidden_size)

    def _state_size(self, input: Any, batch_sizes: Tensor | None, width: int) -> tuple[int, int, int]:
        batch = int(batch_sizes[0]) if batch_sizes is not None else input.size(0 if self.batch_first else 1)
        return self.num_layers * self._directions, batch, width

    def check_hidden_size(
        self, hx: Any, expected_hidden_size: tuple[int, int, int], msg: str = "Expected hidden size {}, got {}"
    ) -> None:
        """Raise RuntimeError where a state has other sizes."""
        if hx.size() != expected_hidden_size:
            raise RuntimeError(msg.format(expected_hidden_size, list(hx.size())))

    def check_forward_args(self, input: Tensor, hidden: Hidden, batch_sizes: Tensor | None) -> None:
        """Raise RuntimeError where input or state do not fit."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx: Hidden, permutation: Tensor | None) -> Hidden:
        """A state with its sequences in another order."""
        if permutation is None:
            return hx
        return self._for_each(hx, lambda each: each.index_select(1, permutation))

    # -- what a call does -------------------------------------------------------------------------------------------

    def _for_each(self, hx: Hidden, change: Any) -> Hidden:
        """A state with each of its tensors changed."""
        return change(hx) if self._states == 1 else tuple([change(each) for each in hx])

    def _first_state(self, x: Tensor, batch_sizes: Tensor | None) -> Hidden:
        return zeros.owner(self.get_expected_hidden_size(x, batch_sizes), dtype=x.dtype, device=x.device)

    def _require_dims(self, hx: Hidden, wanted: int) -> None:
        """Raise RuntimeError where a state is batched and the input is not, or the other way around."""
        if hx.dim() != wanted:
            kind = "batched 3-D" if wanted == 3 else "unbatched 2-D"
            raise RuntimeError(f"For {kind} input, hx should also be {wanted}-D but got {hx.dim()}-D tensor")

    def _run_network(self, input: Tensor | PackedSequence, hx: Hidden) -> tuple[Any, Hidden]:
        network: OverloadSet = _NETWORKS[self.mode]
        given = self._flat_weights, self.bias, self.num_layers, self.dropout, self.training, self.bidirectional
        if isinstance(input, PackedSequence):
            x, sizes, order, back = input
            hx = self._first_state(x, sizes) if hx is None else self.permute_hidden(hx, order)
            if self._states == 1:
                self.check_forward_args(x, hx, sizes)
            output, *last = network(x, sizes, hx, *given)
            return PackedSequence(output, sizes, order, back), self.permute_hidden(self._final_states(last), back)
        dims = input.dim()
        if dims not in (2, 3):
            raise ValueError(f"{self._kind}: Expected input to be 2D or 3D, got {dims}D{self._said} instead")
        sequences = 0 if self.batch_first else 1
        x = input if dims == 3 else input.unsqueeze(sequences)
        if hx is None:
            hx = self._first_state(x, None)
        else:
            self._require_dims(hx, dims)
            hx = hx if dims == 3 else self._for_each(hx, lambda each: each.unsqueeze(1))
        self.check_forward_args(x, hx, None)
        output, *last = network(x, hx, *given, self.batch_first)
        hidden = self._final_states(last)
        if dims == 3:
            return output, hidden
        return output.squeeze(sequences), self._for_each(hidden, lambda each: each.squeeze(1))

    def _final_states(self, last: list[Any]) -> Hidden:
        return last[0] if self._states == 1 else tuple(last)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        usual = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0,
            "bidirectional": False,
        }
        other = [name for name, value in usual.items() if getattr(self, name) != value]
        return text + "".join([f", {name}={getattr(self, name)}" for name in other])


def apply_permutation(tensor: Tensor, permutation: Tensor, dim: int = 1) -> Tensor:
    """A tensor with what lies along `dim` in another order; calling it warns, as it does in PyTorch."""
    warn("`apply_permutation` is deprecated, please use `tensor.index_select(dim, permutation)` instead", FutureWarning)
    return tensor.index_select(dim, permutation)


def _refuse_projection(kwargs: dict[str, Any]) -> None:
    if "proj_size" in kwargs:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


class RNN(RNNBase):
    """hₜ = tanh(W_ih·xₜ + b_ih + W_hh·hₜ₋₁ + b_hh), or relu: (T, B, input_size) → (outputs (T, B, D·hidden_size), last states).

    Arguments: input_size, hidden_size, num_layers=1, nonlinearity="tanh", bias=True, batch_first=False, dropout=0.0,
    bidirectional=False. The state is (num_layers·D, B, hidden_size), with D directions. Packed sequences give packed outputs.

    >>> import autogradkit as torch
    >>> outputs, last = torch.nn.RNN(3, 4, 2, batch_first=True)(torch.ones(2, 5, 3))
    >>> outputs.shape, last.shape
    (torch.Size([2, 5, 4]), torch.Size([2, 2, 4]))
    """

    _kind, _said = "RNN", " tensor"

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.RNN(3, 4), m.randn(5, 2, 3)),
            (m.nn.RNN(3, 4, 2, "relu", True, True, 0.5, True), m.randn(2, 5, 3), m.randn(4, 2, 4)),
            (m.nn.RNN(3, 4, nonlinearity="relu", bias=False), m.randn(5, 3), m.randn(1, 4)),
        ]

    @entry
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projection(kwargs)
        if len(args) > 3:
            nonlinearity = args[3]
            args = args[:3] + args[4:]
        else:
            nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(f"RNN_{nonlinearity.upper()}", *args, **kwargs)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor | PackedSequence, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        """(the outputs of the last layer at all steps, the last state of each layer and direction)."""
        return self._run_network(input, hx)


class LSTM(RNNBase):
    """A network that keeps what its gates let in: (T, B, input_size) → (outputs (T, B, D·hidden_size), (last states, cells)).

    Arguments: input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False, proj_size=0,
    to which the states are projected. Packed sequences give packed outputs.

    >>> import autogradkit as torch
    >>> outputs, (h, c) = torch.nn.LSTM(3, 4)(torch.ones(5, 2, 3))
    >>> outputs.shape, h.shape, c.shape
    (torch.Size([5, 2, 4]), torch.Size([1, 2, 4]), torch.Size([1, 2, 4]))
    """

    _states = 2
    _kind = "LSTM"

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.LSTM(3, 4), m.randn(5, 2, 3)),
            (m.nn.LSTM(3, 4, 2, True, True, 0.5, True), m.randn(2, 5, 3)),
            (m.nn.LSTM(3, 4, 2, bias=False, proj_size=2, bidirectional=True, dtype=m.float64), m.randn(5, 3).double()),
        ]

    @entry
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def get_expected_cell_size(self, input: Tensor, batch_sizes: Tensor | None) -> tuple[int, int, int]:
        """The sizes of c that go with an input."""
        return self._state_size(input, batch_sizes, self.hidden_size)

    def check_forward_args(self, input: Tensor, hidden: Hidden, batch_sizes: Tensor | None) -> None:
        """Raise RuntimeError where input or states do not fit."""
        self.check_input(input, batch_sizes)
        expected = self.get_expected_hidden_size(input, batch_sizes), self.get_expected_cell_size(input, batch_sizes)
        for n in range(2):
            self.check_hidden_size(hidden[n], expected[n], f"Expected hidden[{n}] size {{}}, got {{}}")

    def _first_state(self, x: Tensor, batch_sizes: Tensor | None) -> Hidden:
        sizes = self.get_expected_hidden_size(x, batch_sizes), self.get_expected_cell_size(x, batch_sizes)
        return tuple([zeros.owner(each, dtype=x.dtype, device=x.device) for each in sizes])

    def _require_dims(self, hx: Hidden, wanted: int) -> None:
        h, c = hx[0].dim(), hx[1].dim()
        if h != wanted or c != wanted:
            kind = "batched 3-D" if wanted == 3 else "unbatched 2-D"
            raise RuntimeError(f"For {kind} input, hx and cx should also be {wanted}-D but got ({h}-D, {c}-D) tensors")

    def forward(
        self, input: Tensor | PackedSequence, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Any, tuple[Tensor, Tensor]]:
        """(the outputs of the last layer at all steps, the last states and cells of each layer and direction)."""
        return self._run_network(input, hx)


class GRU(RNNBase):
    """A network whose gates mix its state with what is new: (T, B, input_size) → (outputs (T, B, D·hidden_size), last states).

    Arguments: input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False. Packed
    sequences give packed outputs.

    >>> import autogradkit as torch
    >>> outputs, last = torch.nn.GRU(3, 4, bidirectional=True)(torch.ones(5, 2, 3))
    >>> outputs.shape, last.shape
    (torch.Size([5, 2, 8]), torch.Size([2, 2, 4]))
    """

    _kind = "GRU"

    @staticmethod
    def _samples(m: Any) -> Samples:
        return [
            (m.nn.GRU(3, 4), m.randn(5, 2, 3)),
            (m.nn.GRU(3, 4, 2, True, True, 0.5, True), m.randn(2, 5, 3), m.randn(4, 2, 4)),
            (m.nn.GRU(3, 4, bias=False), m.randn(5, 3), m.randn(1, 4)),
        ]

    @entry
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projection(kwargs)
        super().__init__("GRU", *args, **kwargs)

    def forward(self, input: Tensor | PackedSequence, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        """(the outputs of the last layer at all steps, the last state of each layer and direction)."""
        return self._run_network(input, hx)
