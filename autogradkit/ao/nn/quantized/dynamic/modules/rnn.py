"""Recurrent layers whose weights are quantised: `LSTM` and `GRU` of PyTorch's `ao.nn.quantized.dynamic`.

The gates are those of the layers in nn/modules/rnn.py. What goes into them are two linear maps with quantised weights: of all
steps' inputs at once, and of the state at each step, each quantised by its own range. Rests on the linear layer beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.making.filled import zeros
from autogradkit._ops.making.sampling import randn
from autogradkit._ops.selection.joining import cat
from autogradkit.ao.nn.quantized.dynamic.modules.linear import mapped, packed_weight
from autogradkit.core import dtype as dtypes
from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.core.frames import entry as _entry
from autogradkit.core.tensor import Tensor
from autogradkit.engine.modes import no_grad
from autogradkit.nn import functional as F
from autogradkit.nn.modules.container import ModuleList
from autogradkit.nn.modules.module import Module as _Module
from autogradkit.nn.modules.rnn import GRU as _GRU
from autogradkit.nn.modules.rnn import LSTM as _LSTM
from autogradkit.nn.utils.rnn import PackedSequence

__getattr__ = _absent_from("ao.nn.quantized.dynamic.modules.rnn")


class PackedParameter(_Module):
    """The weights and biases of one layer and direction, which are no parameters: nothing trains them."""

    def __init__(self, param: Any) -> None:
        super().__init__()
        self.param = param  # (weight of the input, of the state, bias of the input, of the state)

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[prefix + "param"] = self.param

    def _load_from_state_dict(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: bool, *more: Any
    ) -> None:
        self.param = state_dict[prefix + "param"]
        super()._load_from_state_dict(state_dict, prefix, local_metadata, False, *more)


class RNNBase(_Module):
    """What both share; `from_float` makes one of a trained layer."""

    _FLOAT_MODULE: Any = None
    _version = 2
    _gates = 0

    @_entry
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
        dtype: dtypes.dtype = dtypes.qint8,
    ) -> None:
        super().__init__()
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.dtype, self.version, self.training = bidirectional, dtype, 2, False
        made: list[Any] = []
        for layer in range(num_layers):
            for _ in self._suffixes():
                width = hidden_size * len(self._suffixes()) if layer else input_size
                rows = self._gates * hidden_size
                sizes = ((rows, width), (rows, hidden_size), (rows,), (rows,))
                made.append([randn(size) for size in sizes])
        self._take(made)

    def _suffixes(self) -> tuple[str, ...]:
        return ("", "_reverse") if self.bidirectional else ("",)

    def _take(self, weights: Sequence[Sequence[Any]]) -> None:
        """Quantise the weights of each layer and direction."""
        self._all_weight_values = ModuleList(
            [
                PackedParameter((*[packed_weight(each, self.dtype) for each in (w_ih, w_hh)], b_ih, b_hh))
                for w_ih, w_hh, b_ih, b_hh in weights
            ]
        )

    @classmethod
    @_entry
    def from_float(cls, mod: Any, dtype: dtypes.dtype = dtypes.qint8) -> Any:
        """The layer of a `torch.nn.LSTM` or `torch.nn.GRU`. Raises AssertionError for another, and for one without biases."""
        kinds: dict[Any, Any] = {_LSTM: LSTM, _GRU: GRU}
        if type(mod) not in kinds:
            raise AssertionError("nn.quantized.dynamic.RNNBase.from_float only works for nn.LSTM and nn.GRU")
        options = (mod.bias, mod.batch_first, mod.dropout, mod.bidirectional, dtype)
        made = kinds[type(mod)](mod.input_size, mod.hidden_size, mod.num_layers, *options)
        if not mod.bias:
            raise AssertionError("mod.bias must be True")
        made._take([[getattr(mod, name) for name in names] for names in made._names()])
        return made

    def _names(self) -> list[list[str]]:
        """The names of the weights and biases of each layer and direction."""
        return [
            [f"{kind}_l{layer}{suffix}" for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
            for layer in range(self.num_layers)
            for suffix in self._suffixes()
        ]

    def get_weight(self) -> dict[str, Any]:
        """The weights, quantised, by their names in the trained layer."""
        return self._named("weight")

    def get_bias(self) -> dict[str, Any]:
        """The biases by their names in the trained layer."""
        return self._named("bias")

    def _named(self, kind: str) -> dict[str, Any]:
        pairs = [
            pair
            for names, values in zip(self._names(), self._all_weight_values, strict=True)
            for pair in zip(names, values.param, strict=True)
        ]
        return {name: value for name, value in pairs if name.startswith(kind)}

    def _step(self, given: Any, state: tuple[Any, ...], maps: Any) -> tuple[Any, ...]:
        """The state after a step; its first part is the output."""
        raise NotImplementedError

    def _of_state(self, state: Any, maps: Any) -> Any:
        return mapped(state, maps[1], maps[3], self.dtype)

    def _direction(
        self, x: Any, sizes: list[int], begin: tuple[Any, ...], maps: Any, reverse: bool
    ) -> tuple[Any, tuple[Any, ...]]:
        """Outputs of all steps, one below the other, and the last state; sequence i takes part while sizes[t] > i."""
        steps = mapped(x, maps[0], maps[2], self.dtype).split(sizes)
        order = range(len(sizes) - 1, -1, -1) if reverse else range(len(sizes))
        state, outputs = begin, [None] * len(sizes)
        for t in order:
            count = sizes[t]
            new = self._step(steps[t], tuple([each[:count] for each in state]), maps)
            state = tuple([cat([now, old[count:]]) for now, old in zip(new, state, strict=True)])
            outputs[t] = new[0]
        return cat(outputs), state

    def _run(self, x: Any, sizes: list[int], state: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
        """The last layer's outputs for rows of steps, and the state of each layer and direction."""
        ends: list[tuple[Any, ...]] = []
        turns = self._suffixes()
        for layer in range(self.num_layers):
            found: list[Any] = []
            for turn in range(len(turns)):
                at = layer * len(turns) + turn
                begin = tuple([each[at] for each in state])
                out, end = self._direction(x, sizes, begin, self._all_weight_values[at].param, bool(turn))
                found.append(out)
                ends.append(end)
            x = found[0] if len(found) == 1 else cat(found, -1)
            if self.dropout and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training)
        return x, tuple([cat([part[None] for part in parts]) for parts in zip(*ends, strict=True)])

    @_entry
    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        """Outputs and last state, as those of the trained layer; raises RuntimeError where sizes do not fit."""
        packed = isinstance(input, PackedSequence)
        x: Any = input.data if packed else input
        wanted = 2 if packed else 3
        if x.dim() != wanted:
            raise RuntimeError(f"input must have {wanted} dimensions, got {x.dim()}")
        if self.input_size != x.size(-1):
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {x.size(-1)}"
            )
        sizes: Any
        if packed:
            sizes = input.batch_sizes.tolist()
        else:
            x = x.transpose(0, 1) if self.batch_first else x
            sizes = [x.size(1)] * x.size(0)
        expected = (self.num_layers * len(self._suffixes()), sizes[0], self.hidden_size)
        state = self._state(hx, expected, x.dtype, input.sorted_indices if packed else None)
        with no_grad():
            out, ends = self._run(x if packed else x.reshape(-1, x.size(-1)), sizes, state)
        if packed:
            if input.unsorted_indices is not None:
                ends = tuple([each.index_select(1, input.unsorted_indices) for each in ends])
            given: Any = PackedSequence(out, input.batch_sizes, input.sorted_indices, input.unsorted_indices)
        else:
            given = out.reshape(len(sizes), sizes[0], -1)
            given = given.transpose(0, 1) if self.batch_first else given
        return given, ends if self._parts == 2 else ends[0]

    _parts = 1  # of a state

    def _state(self, hx: Any, expected: tuple[int, ...], dtype: Any, order: Tensor | None) -> tuple[Any, ...]:
        """The state that was given, or zeros. Raises RuntimeError where it has other sizes."""
        if hx is None:
            return tuple([zeros(expected, dtype=dtype) for _ in range(self._parts)])
        given = tuple(hx) if self._parts == 2 else (hx,)
        if order is not None:
            given = tuple([each.index_select(1, order) for each in given])
        for each, what in zip(given, ("hidden[0]", "hidden[1]") if self._parts == 2 else ("hidden",), strict=True):
            if tuple(each.shape) != expected:
                raise RuntimeError(f"Expected {what} size {expected}, got {list(each.shape)}")
        return given

    def extra_repr(self) -> str:
        """The sizes, and what is not by default."""
        said = f"{self.input_size}, {self.hidden_size}"
        usual = {"num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False}
        return said + "".join(
            f", {name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value
        )

    def __repr__(self) -> str:
        return f"{self._get_name()}({self.extra_repr()})"  # in one line: packed weights are no layers to be shown


class LSTM(RNNBase):
    """A long short-term memory for inference whose weights are of 8 bits, or of float16.

    >>> import autogradkit as torch
    >>> layer = torch.ao.nn.quantized.dynamic.LSTM.from_float(torch.nn.LSTM(3, 4, 2))
    >>> layer, layer(torch.ones(5, 1, 3))[0].shape
    (DynamicQuantizedLSTM(3, 4, num_layers=2), torch.Size([5, 1, 4]))
    """

    _FLOAT_MODULE = _LSTM
    _gates, _parts = 4, 2

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def _get_name(self) -> str:
        return "DynamicQuantizedLSTM"

    def _step(self, given: Any, state: tuple[Any, ...], maps: Any) -> tuple[Any, ...]:
        hidden, cell = state
        enter, forget, new, leave = (self._of_state(hidden, maps) + given).chunk(4, 1)
        cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
        return leave.sigmoid() * cell.tanh(), cell


class GRU(RNNBase):
    """A gated recurrent unit for inference whose weights are of 8 bits, or of float16.

    >>> import autogradkit as torch
    >>> torch.ao.nn.quantized.dynamic.GRU.from_float(torch.nn.GRU(3, 4, batch_first=True))
    DynamicQuantizedGRU(3, 4, batch_first=True)
    """

    _FLOAT_MODULE = _GRU
    _gates = 3

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("GRU", *args, **kwargs)

    def _get_name(self) -> str:
        return "DynamicQuantizedGRU"

    def _step(self, given: Any, state: tuple[Any, ...], maps: Any) -> tuple[Any, ...]:
        (hidden,) = state
        resets, keeps, news = self._of_state(hidden, maps).chunk(3, 1)
        reset, keep, new = given.chunk(3, 1)
        proposed = (new + news * (resets + reset).sigmoid()).tanh()
        return ((hidden - proposed) * (keeps + keep).sigmoid() + proposed,)
