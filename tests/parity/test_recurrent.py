"""Recurrent networks and cells against PyTorch's: states, packed sequences, nodes, refusals; layers alone are in tests/nn."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case
from tests.parity.oracle import assert_same, error_of, tensors_in

LENGTHS = [2, 4, 1]
NETWORKS = [
    ("RNN", {}),
    ("RNN", {"nonlinearity": "relu", "num_layers": 2, "bidirectional": True}),
    ("GRU", {"num_layers": 2, "dropout": 0.5, "batch_first": True}),
    ("GRU", {"bidirectional": True, "bias": False}),
    ("LSTM", {"num_layers": 2, "dropout": 0.5, "bidirectional": True}),
    ("LSTM", {"bias": False, "batch_first": True}),
    ("LSTM", {"proj_size": 2, "num_layers": 2, "bidirectional": True}),
]


def _in_both(build: Callable[[Any], Any]) -> tuple[Any, Any]:
    found = []
    for m in (autogradkit, torch):
        m.manual_seed(3)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "LSTM with projections")  # which names a library of PyTorch's
            found.append(build(m))
    return found[0], found[1]


def _network_and_state(m: Any, name: str, options: dict[str, Any], dtype: str) -> tuple[Any, Any]:
    """A network, and a state for a batch of three."""
    network = getattr(m.nn, name)(3, 4, dtype=getattr(m, dtype), **options)
    count = network.num_layers * (2 if network.bidirectional else 1)

    def state(width: int) -> Any:
        return m.randn(count, 3, width, dtype=getattr(m, dtype)).requires_grad_()

    return network, (state(network.proj_size or 4), state(4)) if name == "LSTM" else state(4)


def _gradients(m: Any, outputs: list[Any], leaves: list[Any]) -> Any:
    loss = sum((each * m.randn(tuple(each.shape), dtype=each.dtype)).sum() for each in outputs)
    return m.autograd.grad(loss, leaves)


@every_case("dtype", ["float32", "float64"])
@every_case("name options", NETWORKS)
@every_case("packed", [False, True])
def test_outputs_states_and_all_gradients(name: str, options: dict[str, Any], packed: bool, dtype: str) -> None:
    def run(m: Any) -> Any:
        network, state = _network_and_state(m, name, options, dtype)
        x = m.randn(*((3, 5, 3) if network.batch_first else (5, 3, 3)), dtype=getattr(m, dtype)).requires_grad_()
        given = x
        if packed:
            pack = m.nn.utils.rnn.pack_padded_sequence
            given = pack(x, LENGTHS, network.batch_first, enforce_sorted=False)
        outputs, last = network(given, state)
        made = tensors_in([outputs.data if packed else outputs, last])
        return made, _gradients(m, made, [x, *tensors_in(state), *network.parameters()])

    ours, theirs = _in_both(run)
    assert_same(ours, theirs, rtol=1e-9 if dtype == "float64" else 1e-4, atol=1e-12 if dtype == "float64" else 1e-5)


def _walk(tensor: Any) -> list[str]:
    """The names of all nodes behind a tensor, the first of each seen first."""
    seen, order, ahead = set(), [], [tensor.grad_fn]
    while ahead:
        node = ahead.pop(0)
        if node is not None and node not in seen:
            seen.add(node)
            order.append(type(node).__name__)
            ahead += [each for each, _ in node.next_functions]
    return order


@pytest.mark.parametrize(("name", "options"), NETWORKS)
def test_the_graph_has_pytorchs_nodes(name: str, options: dict[str, Any]) -> None:
    def run(m: Any) -> Any:
        network, state = _network_and_state(m, name, options, "float32")
        x = m.randn(*((3, 2, 3) if network.batch_first else (2, 3, 3))).requires_grad_()
        outputs, last = network(x, state)
        return [_walk(each) for each in tensors_in([outputs, last])]

    ours, theirs = _in_both(run)
    assert ours == theirs


@pytest.mark.parametrize("name", ["RNNCell", "LSTMCell", "GRUCell"])
def test_the_graph_of_a_cell_has_pytorchs_nodes(name: str) -> None:
    ours, theirs = _in_both(lambda m: [_walk(each) for each in tensors_in(getattr(m.nn, name)(3, 4)(m.ones(2, 3)))])
    assert ours == theirs


def test_a_gradient_of_an_lstms_gradient() -> None:
    def run(m: Any) -> Any:
        network, _ = _network_and_state(m, "LSTM", {}, "float64")
        x, h = m.randn(4, 3, 3, dtype=m.float64), m.randn(1, 3, 4, dtype=m.float64).requires_grad_()
        outputs, (_, last) = network(x, (h, h))  # one tensor for both states
        leaves = [h, *network.parameters()]
        slopes = m.autograd.grad(outputs.square().sum() + last.sin().sum(), leaves, create_graph=True)
        return slopes, m.autograd.grad(sum(each.square().sum() for each in slopes), leaves)

    ours, theirs = _in_both(run)
    assert_same(ours, theirs, rtol=1e-9, atol=1e-11)


def test_weights_that_were_replaced_are_the_ones_that_count() -> None:
    def run(m: Any) -> Any:
        network, _ = _network_and_state(m, "GRU", {}, "float32")
        network.weight_hh_l0 = m.nn.Parameter(m.zeros(12, 4))
        network.flatten_parameters()
        other = m.nn.GRU(3, 4)
        other.load_state_dict(network.state_dict())
        x = m.randn(5, 2, 3)
        return network(x), other(x), [len(each) for each in network.all_weights], network.double()(x.double())

    ours, theirs = _in_both(run)
    assert_same(ours, theirs, rtol=1e-5, atol=1e-6)


REFUSED: list[Callable[[Any], Any]] = [
    lambda m: m.nn.LSTM(3, 4, dropout=2),
    lambda m: m.nn.LSTM(3, 0),
    lambda m: m.nn.LSTM(3, 4.0),
    lambda m: m.nn.LSTM(3, 4, proj_size=4),
    lambda m: m.nn.LSTM(3, 4, proj_size=-1),
    lambda m: m.nn.LSTM(3, 4, num_layers=0),
    lambda m: m.nn.LSTM(3, 4, bias=1),
    lambda m: m.nn.GRU(3, 4, proj_size=2),
    lambda m: m.nn.RNN(3, 4, nonlinearity="sine"),
    lambda m: m.nn.RNN(3, 4, 1, "sine"),
    lambda m: m.nn.RNNBase("SINE", 3, 4),
    *[
        each
        for name in ("RNN", "LSTM", "GRU")
        for each in (
            lambda m, name=name: getattr(m.nn, name)(3, 4)(m.ones(3)),
            lambda m, name=name: getattr(m.nn, name)(3, 4)(m.ones(5, 2, 6)),
            lambda m, name=name: getattr(m.nn, name)(3, 4)(m.ones(5, 2, 3).double()),
            lambda m, name=name: getattr(m.nn, name)(3, 4)(m.ones(0, 2, 3)),
            lambda m, name=name: getattr(m.nn, name)(3, 4)(m.ones(5, 2, 3), _states(m, name, 1, 3, 4)),
            lambda m, name=name: getattr(m.nn, name)(3, 4)(m.ones(5, 2, 3), _states(m, name, 2, 4)),
            lambda m, name=name: getattr(m.nn, name)(3, 4)(m.ones(5, 3), _states(m, name, 1, 2, 4)),
            lambda m, name=name: getattr(m.nn, name + "Cell")(3, 4)(m.ones(1, 2, 3)),
            lambda m, name=name: getattr(m.nn, name + "Cell")(3, 4)(m.ones(2, 5)),
            lambda m, name=name: getattr(m.nn, name + "Cell")(3, 4)(m.ones(2, 3), _states(m, name, 3, 4)),
            lambda m, name=name: getattr(m.nn, name + "Cell")(3, 4)(m.ones(2, 3), _states(m, name, 2, 5)),
            lambda m, name=name: getattr(m.nn, name + "Cell")(3, 4)(m.ones(2, 3), _states(m, name, 1, 1, 2, 4)),
        )
    ],
    lambda m: m.nn.RNNCell(3, 4, nonlinearity="sine")(m.ones(2, 3)),
    lambda m: m.lstm(m.ones(5, 2, 3), [m.ones(1, 2, 4)], [m.ones(16, 3)], False, 1, 0.0, True, False, False),
    lambda m: m.gru(m.ones(5, 2, 3), m.ones(1, 2, 4), [m.ones(12, 3)], False, 1, 0.0, True, False, False),
    lambda m: m.rnn_tanh(
        m.ones(5, 2, 3), m.ones(1, 2, 4), [m.ones(4, 3), m.ones(4, 4)], False, 2, 0.0, True, False, False
    ),
    lambda m: m.lstm_cell(m.ones(2, 3), [m.ones(2, 4)], m.ones(16, 3), m.ones(16, 4)),
    lambda m: m.gru_cell(m.ones(2, 3), m.ones(2, 4), m.ones(13, 3), m.ones(13, 4)),
]


def _states(m: Any, name: str, *sizes: int) -> Any:
    return (m.ones(sizes), m.ones(sizes)) if name == "LSTM" else m.ones(sizes)


@every_case("call", REFUSED)
def test_it_refuses_in_pytorchs_words(call: Callable[[Any], Any]) -> None:
    expected = error_of(lambda: call(torch))
    assert expected is not None
    assert error_of(lambda: call(autogradkit)) == expected


def test_dropout_of_one_layer_warns() -> None:
    said = []
    for m in (autogradkit, torch):
        with pytest.warns(UserWarning, match="dropout option adds dropout") as warned:
            m.nn.LSTM(3, 4, dropout=0.5)
        said.append(str(warned[0].message))
    assert said[0] == said[1]
