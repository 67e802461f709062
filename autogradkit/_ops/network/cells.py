"""Cells of recurrent networks: a step of each kind, and the functions that run one.

Rests on declare and linear; recurrent.py walks over sequences by the steps, the modules in `nn/modules/rnn_cells.py` call the
functions. All is made of ops, with the nodes that PyTorch has on the processor. A state is a tuple, of h, or of h and c.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from autogradkit._ops.declare import function, op
from autogradkit._ops.declare.kinds import Tensors
from autogradkit._ops.declare.names import OverloadSet
from autogradkit._ops.network.activation import relu
from autogradkit._ops.network.linear import linear
from autogradkit._ops.pointwise.elementary import sigmoid
from autogradkit._ops.pointwise.trigonometry import tanh
from autogradkit._ops.views.separate import unsafe_chunk
from autogradkit.core.tensor import Tensor

State = tuple[Any, ...]


class Weights(NamedTuple):
    """The parameters of a layer in one direction."""

    w_ih: Any
    w_hh: Any
    b_ih: Any = None
    b_hh: Any = None
    w_hr: Any = None  # projects the state of an LSTM


# A step: what the input was projected to, the state before, the weights -> the state after.
Step = Callable[[Any, State, Weights], State]

# -- steps -------------------------------------------------------------------------------------------------------------


def tanh_step(projected: Any, state: State, weights: Weights) -> State:
    return (tanh(linear(state[0], weights.w_hh, weights.b_hh) + projected),)


def relu_step(projected: Any, state: State, weights: Weights) -> State:
    return (relu(linear(state[0], weights.w_hh, weights.b_hh) + projected),)


def lstm_step(projected: Any, state: State, weights: Weights) -> State:
    h, c = state
    gates = unsafe_chunk(linear(h, weights.w_hh, weights.b_hh) + projected, 4, 1)
    let_in, forget, new, let_out = sigmoid(gates[0]), sigmoid(gates[1]), tanh(gates[2]), sigmoid(gates[3])
    c = forget * c + let_in * new
    h = let_out * tanh(c)
    return (h if weights.w_hr is None else linear(h, weights.w_hr)), c


def gru_step(projected: Any, state: State, weights: Weights) -> State:
    (h,) = state
    of_input = unsafe_chunk(projected, 3, 1)
    of_state = unsafe_chunk(linear(h, weights.w_hh, weights.b_hh), 3, 1)
    reset = sigmoid(of_state[0] + of_input[0])
    keep = sigmoid(of_state[1] + of_input[1])
    new = tanh(of_input[2] + of_state[2] * reset)
    return ((h - new) * keep + new,)


# -- one step -----------------------------------------------------------------------------------------------------------


def _require_fitting(gates: int, x: Any, states: Sequence[Any], w_ih: Any, w_hh: Any) -> None:
    """Raise RuntimeError for sizes that do not fit, in the order of each cell of PyTorch's: of 1, 4 or 3 gates."""
    if gates == 1:
        _require_rows(gates, w_ih, w_hh)
    expected = w_ih.size(1)
    if x.size(1) != expected:
        raise RuntimeError(f"input has inconsistent input_size: got {x.size(1)} expected {expected}")
    if gates == 4:
        _require_rows(gates, w_ih, w_hh)
    hidden = w_hh.size(1)
    for number, h in enumerate(states):
        if x.size(0) != h.size(0):
            raise RuntimeError(f"Input batch size {x.size(0)} doesn't match hidden{number} batch size {h.size(0)}")
        if h.size(1) != hidden:
            raise RuntimeError(f"hidden{number} has inconsistent hidden_size: got {h.size(1)}, expected {hidden}")
    _require_rows(gates, w_ih, w_hh)


def _require_rows(gates: int, w_ih: Any, w_hh: Any) -> None:
    hidden = w_hh.size(1)
    for name, weight in (("weight_ih", w_ih), ("weight_hh", w_hh)):
        if weight.size(0) != gates * hidden:
            raise RuntimeError(
                f"{name} first dim must be {gates} * hidden_size = {gates * hidden}, but got {weight.size(0)}"
            )


_CELL = """The state after one step of {}.

    Raises RuntimeError where sizes do not fit.

    >>> import autogradkit as torch
    >>> h, w = torch.ones(1, 1), torch.ones(1, 1)
    >>> torch.{}(torch.zeros(1, 1), h, w, w)
    tensor([[{}]])
    """


def _plain_cell(name: str, bend: Callable[[Any], Any], doc: str) -> OverloadSet:
    """A step of a network without gates. As in PyTorch the state is multiplied first."""

    def cell(
        input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
    ) -> Any:
        _require_fitting(1, input, (hx,), w_ih, w_hh)
        return bend(linear(hx, w_hh, b_hh) + linear(input, w_ih, b_ih))

    owner = function(name, variants="function")
    cell.__doc__ = doc
    owner.overload(composition=True)(cell)
    return owner


rnn_tanh_cell = _plain_cell("rnn_tanh_cell", tanh, _CELL.format("a tanh cell", "rnn_tanh_cell", "0.7616"))
rnn_relu_cell = _plain_cell("rnn_relu_cell", relu, _CELL.format("a relu cell", "rnn_relu_cell", "1."))


@op(variants="function", composition=True)
def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Any:
    """The state after one step of a GRU cell.

    Raises RuntimeError where sizes do not fit.

    >>> import autogradkit as torch
    >>> h, w = torch.ones(1, 1), torch.ones(3, 1)
    >>> torch.gru_cell(torch.zeros(1, 1), h, w, w)
    tensor([[0.8988]])
    """
    _require_fitting(3, input, (hx,), w_ih, w_hh)
    return gru_step(linear(input, w_ih, b_ih), (hx,), Weights(w_ih, w_hh, b_ih, b_hh))[0]


@op(variants="function", composition=True)
def lstm_cell(
    input: Tensor, hx: Tensors, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> tuple[Any, Any]:
    """(state, cell) after one step of an LSTM cell, from those before it.

    Raises RuntimeError where sizes do not fit.

    >>> import autogradkit as torch
    >>> h, w = torch.ones(1, 1), torch.ones(4, 1)
    >>> torch.lstm_cell(torch.zeros(1, 1), (h, h), w, w)
    (tensor([[0.6277]]), tensor([[1.2878]]))
    """
    if len(hx) != 2:
        raise RuntimeError("lstm_cell expects two hidden states")
    _require_fitting(4, input, hx, w_ih, w_hh)
    h, c = lstm_step(linear(input, w_ih, b_ih), tuple(hx), Weights(w_ih, w_hh, b_ih, b_hh))
    return h, c
