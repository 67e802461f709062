"""Recurrent networks: layers of steps, stacks of layers in one or both directions.

Rests on declare, cells, linear and lstm_layer; the modules in `nn/modules/rnn.py` call it. All is made of ops, with the nodes
that PyTorch has on the processor: the inputs of all steps are projected by one product, and a step adds the projection of its
state.
Only a layer of an LSTM in single or double precision is a node of its own (lstm_layer.py), as PyTorch's is in single precision.

A state is a tuple, of h, or of h and c. In a packed batch the rows of all steps lie one after the other, and the sizes say how
many each step has; they become fewer, so a state loses rows, or gains them where time runs backwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autogradkit._ops.declare import function, op
from autogradkit._ops.declare.kinds import Ints, Object, Tensors
from autogradkit._ops.declare.names import OverloadSet
from autogradkit._ops.network.cells import State, Step, Weights, gru_step, lstm_step, relu_step, tanh_step
from autogradkit._ops.network.dropout import dropout
from autogradkit._ops.network.linear import linear
from autogradkit._ops.network.lstm_layer import lstm_layer
from autogradkit._ops.selection.joining import cat, stack
from autogradkit._ops.views.dimensions import transpose
from autogradkit._ops.views.parts import select
from autogradkit._ops.views.sizes import view_sizes
from autogradkit._ops.views.splits import unbind
from autogradkit.core.tensor import Tensor
from autogradkit.engine.backward import grad
from autogradkit.engine.modes import enable_grad

# -- layers ------------------------------------------------------------------------------------------------------------


def _layer(step: Step, x: Any, state: State, weights: Weights, sizes: Ints, reverse: bool) -> tuple[Any, State]:
    """(the outputs of all steps, the last state)."""
    projected = linear(x, weights.w_ih, weights.b_ih)
    walk = _walk_packed if sizes else _walk
    outputs, state = walk(step, projected, state, weights, sizes, reverse)
    outputs = outputs[::-1] if reverse else outputs
    return (cat(outputs, 0) if sizes else stack(outputs, 0)), state


def _walk(
    step: Step, projected: Any, state: State, weights: Weights, sizes: Ints, reverse: bool
) -> tuple[list[Any], State]:
    rows = unbind(projected, 0)
    outputs = []
    for each in reversed(rows) if reverse else rows:
        state = step(each, state, weights)
        outputs.append(state[0])
    return outputs, state


def _walk_packed(
    step: Step, projected: Any, state: State, weights: Weights, sizes: Ints, reverse: bool
) -> tuple[list[Any], State]:
    first, outputs, ended = state, [], []
    count = sizes[-1] if reverse else sizes[0]
    state = _rows(first, 0, count) if reverse else state
    end = projected.shape[0] if reverse else 0
    for size in reversed(sizes) if reverse else sizes:
        if size > count:
            joined = zip(state, _rows(first, count, size), strict=True)
            state = tuple([cat(list(each), 0) for each in joined])
        elif size < count:
            ended.append(_rows(state, size, count))
            state = _rows(state, 0, size)
        count = size
        end += 0 if reverse else size
        state = step(projected.narrow(0, end - size, size), state, weights)
        end -= size if reverse else 0
        outputs.append(state[0])
    if not reverse:
        parts = zip(state, *reversed(ended), strict=True)
        state = tuple([cat(list(each), 0) for each in parts])
    return outputs, state


def _rows(state: State, start: int, stop: int) -> State:
    return tuple([each.narrow(0, start, stop - start) for each in state])


@op(variants="", composition=True)
def lstm_layer_gradients(g: Object, given: Object, reverse: bool, batch_sizes: Ints, needs: Object) -> Any:
    """The gradients of `lstm_layer` where they are differentiated, or have no numbers: those of the layer made of steps."""
    with enable_grad():
        # Seen anew, so that what is given twice, as one tensor for both states, has a gradient for each place.
        seen: list[Any] = [each if each is None else view_sizes(each, each.shape) for each in given]
        x, w_ih, w_hh, b_ih, b_hh, h, c = seen
        outputs, last = _layer(lstm_step, x, (h, c), Weights(w_ih, w_hh, b_ih, b_hh), batch_sizes, reverse)
        pairs = [(y, each) for y, each in zip((outputs, *last), g, strict=True) if each is not None]
        wanted = [each for each, need in zip(seen, needs, strict=True) if need]
        found = iter(grad([y for y, _ in pairs], wanted, [each for _, each in pairs], create_graph=True))
    return tuple([next(found) if need else None for need in needs])


def _lstm_node(step: Step, x: Any, state: State, weights: Weights, sizes: Ints, reverse: bool) -> tuple[Any, State]:
    h, c = state
    rows, hidden = weights.w_hh.shape
    if weights.w_ih.shape != (rows, x.shape[-1]) or (4 * h.shape[1], h.shape[1]) != (rows, hidden):
        return _layer(step, x, state, weights, sizes, reverse)  # which refuses
    given: Any = (x, *weights[:4], h, c, reverse, sizes)
    outputs, h, c = lstm_layer(*given)[:3]
    return outputs, (h, c)


# -- stacks of layers --------------------------------------------------------------------------------------------------


def _gathered(params: Sequence[Any], biases: bool, projections: bool) -> list[Weights]:
    count = (4 if biases else 2) + projections
    if len(params) % count:
        raise RuntimeError("got an incorrect number of RNN parameters")
    found = []
    for at in range(0, len(params), count):
        given = list(params[at : at + count])
        projection = given.pop() if projections else None
        w_ih, w_hh, b_ih, b_hh = given if biases else [*given, None, None]
        found.append(Weights(w_ih, w_hh, b_ih, b_hh, projection))
    return found


def _stacked(
    step: Step, x: Any, states: Sequence[State], weights: list[Weights], num_layers: int, dropout_p: float, train: bool,
    bidirectional: bool, sizes: Ints, layer: Any = _layer,
) -> tuple[Any, list[State]]:  # fmt: skip
    """(the outputs of the last layer, the last state of each layer and direction)."""
    directions = 2 if bidirectional else 1
    if len(states) < num_layers * directions:
        raise RuntimeError("Expected more hidden states in stacked_rnn")
    if len(weights) < num_layers * directions:
        raise RuntimeError("Expected more weights in stacked_rnn")
    last = []
    for n in range(num_layers):
        outputs = []
        for way in range(directions):
            at = n * directions + way
            found, state = layer(step, x, states[at], weights[at], sizes, way == 1)
            outputs.append(found)
            last.append(state)
        x = cat(outputs, -1) if bidirectional else outputs[0]
        if dropout_p and train and n < num_layers - 1:
            x = dropout(x, dropout_p, train)
    return x, last


def _require_steps(x: Any) -> None:
    if not x.shape[0]:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")


def _sizes_of(batch_sizes: Tensor) -> Ints:
    return tuple(batch_sizes.tolist())


def _simple(
    step: Step, x: Any, hx: Any, params: Any, has_biases: bool, num_layers: int, dropout_p: float, train: bool,
    bidirectional: bool, batch_first: bool = False, sizes: Ints = (),
) -> tuple[Any, Any]:  # fmt: skip
    """Networks whose state is h alone: (outputs, last states)."""
    x = transpose(x, 0, 1) if batch_first else x
    if not sizes:
        _require_steps(x)
    weights = _gathered(params, has_biases, False)
    states = [(each,) for each in unbind(hx, 0)]
    outputs, last = _stacked(step, x, states, weights, num_layers, dropout_p, train, bidirectional, sizes)
    return (outputs.transpose_(0, 1) if batch_first else outputs), stack([h for (h,) in last], 0)


def _lstm(
    x: Any, hx: Any, params: Any, has_biases: bool, num_layers: int, dropout_p: float, train: bool, bidirectional: bool,
    batch_first: bool = False, sizes: Ints = (),
) -> tuple[Any, Any, Any]:  # fmt: skip
    if len(hx) != 2:
        raise RuntimeError("lstm expects two hidden states")
    h, c = hx
    projections = h.shape[2] != c.shape[2]
    x = transpose(x, 0, 1) if batch_first else x
    if not sizes:
        _require_steps(x)
    weights = _gathered(params, has_biases, projections)
    alike = {each._array.dtype.char for each in (x, h, c, *params)}
    if not projections and len(alike) == 1 and alike <= {"f", "d"}:
        step_layer = _lstm_node
        x = x.contiguous()
        states: list[State] = [(select(h, 0, n), select(c, 0, n)) for n in range(h.shape[0])]
    else:
        step_layer = _layer
        states = list(zip(unbind(h, 0), unbind(c, 0), strict=True))
    given = num_layers, dropout_p, train, bidirectional, sizes
    outputs, last = _stacked(lstm_step, x, states, weights, *given, step_layer)
    outputs = transpose(outputs, 0, 1) if batch_first else outputs
    return outputs, stack([h for h, _ in last], 0), stack([c for _, c in last], 0)


# -- what torch has ----------------------------------------------------------------------------------------------------


def _network(name: str, step: Step, doc: str) -> OverloadSet:
    """The two forms, for padded and for packed sequences, of a network whose state is h alone."""

    def padded(
        input: Tensor, hx: Tensor, params: Tensors, has_biases: bool, num_layers: int, dropout: float, train: bool,
        bidirectional: bool, batch_first: bool,
    ) -> tuple[Any, Any]:  # fmt: skip
        given = has_biases, num_layers, dropout, train, bidirectional
        return _simple(step, input, hx, params, *given, batch_first)

    def packed(
        data: Tensor, batch_sizes: Tensor, hx: Tensor, params: Tensors, has_biases: bool, num_layers: int, dropout: float,
        train: bool, bidirectional: bool,
    ) -> tuple[Any, Any]:  # fmt: skip
        given = has_biases, num_layers, dropout, train, bidirectional
        return _simple(step, data, hx, params, *given, sizes=_sizes_of(batch_sizes))

    owner = function(name, variants="function")
    for form in (packed, padded):  # in the order of PyTorch's message
        form.__doc__ = doc
        owner.overload(composition=True)(form)
    return owner


_NETWORK = """(outputs of the last layer, last states) of {}, over padded or packed sequences.

    Raises RuntimeError where states or parameters are too few.

    >>> import autogradkit as torch
    >>> x, h, w = torch.zeros(2, 1, 1), torch.ones(1, 1, 1), torch.ones({}, 1)
    >>> torch.{}(x, h, [w, w], False, 1, 0.0, False, False, False)[1]
    tensor([[[{}]]])
    """
rnn_tanh = _network("rnn_tanh", tanh_step, _NETWORK.format("tanh cells", 1, "rnn_tanh", "0.6420"))
rnn_relu = _network("rnn_relu", relu_step, _NETWORK.format("relu cells", 1, "rnn_relu", "1."))
gru = _network("gru", gru_step, _NETWORK.format("GRU cells", 3, "gru", "0.8020"))

lstm = function("lstm", variants="function")


@lstm.overload(composition=True)
def _(
    data: Tensor, batch_sizes: Tensor, hx: Tensors, params: Tensors, has_biases: bool, num_layers: int, dropout: float,
    train: bool, bidirectional: bool,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """(outputs of the last layer, last states, last cells) of LSTM cells, over padded or packed sequences.

    Raises RuntimeError where states or parameters are too few.

    >>> import autogradkit as torch
    >>> x, h, w = torch.zeros(2, 1, 1), torch.ones(1, 1, 1), torch.ones(4, 1)
    >>> torch.lstm(x, [h, h], [w, w], False, 1, 0.0, False, False, False)[1]
    tensor([[[0.5440]]])
    """
    sizes = _sizes_of(batch_sizes)
    return _lstm(data, hx, params, has_biases, num_layers, dropout, train, bidirectional, sizes=sizes)


@lstm.overload(composition=True)
def _(
    input: Tensor, hx: Tensors, params: Tensors, has_biases: bool, num_layers: int, dropout: float, train: bool,
    bidirectional: bool, batch_first: bool,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """The same for padded sequences."""
    return _lstm(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
