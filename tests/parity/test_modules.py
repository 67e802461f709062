"""nn.Module against PyTorch: registration, walks, state dicts, hooks, repr and errors."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

BOTH = (autogradkit, torch)


def network(m: Any) -> Any:
    """A module with every kind of member."""

    class Net(m.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = m.nn.Linear(2, 3)
            self.rest = m.nn.Sequential(m.nn.Linear(3, 4), m.nn.ReLU(), m.nn.Dropout(0.5))
            self.register_buffer("count", m.zeros(2))
            self.register_buffer("scratch", m.ones(1), persistent=False)
            self.register_buffer("nothing", None)
            self.scale = m.nn.Parameter(m.ones(4))
            self.tied = self.first
            self.absent = None

        def forward(self, x: Any) -> Any:
            return self.rest(self.first(x)) * self.scale

    return Net()


def named_linear(m: Any) -> Any:
    class Before(m.nn.Module):
        def __init__(self) -> None:
            self.layer = m.nn.Linear(1, 1)

    return Before()


def parameter_too_early(m: Any) -> Any:
    class Before(m.nn.Module):
        def __init__(self) -> None:
            self.weight = m.nn.Parameter(m.ones(2))

    return Before()


def load(change: Callable[[Any, Any], Any], **options: Any) -> Callable[[Any], Any]:
    def run(m: Any) -> Any:
        net = network(m)
        state = net.state_dict()
        state = change(m, state) or state
        return net.load_state_dict(state, **options)

    return run


def loaded_zeros(m: Any) -> Any:
    net = network(m)
    net.load_state_dict({name: m.zeros_like(value) for name, value in net.state_dict().items()})
    return [p.tolist() for p in net.parameters()], [p._version for p in net.parameters()]


def removed(m: Any) -> Any:
    net = network(m)
    del net.scale, net.count, net.first
    net.tied = None
    return list(net.state_dict()), net


def replaced(m: Any) -> Any:
    net = network(m)
    net.first = m.nn.ReLU()
    net.scale = m.nn.Parameter(m.zeros(1))
    net.count = m.ones(3)
    net.plain = m.ones(2)
    return list(net.state_dict()), net.count, net.scale


CASES: list[Callable[[Any], Any]] = [
    network,
    lambda m: list(network(m).state_dict()),
    lambda m: network(m).state_dict()._metadata,
    lambda m: [name for name, _ in network(m).named_parameters()],
    lambda m: [name for name, _ in network(m).named_parameters("net", remove_duplicate=False)],
    lambda m: [name for name, _ in network(m).named_parameters(recurse=False)],
    lambda m: [name for name, _ in network(m).named_buffers()],
    lambda m: [name for name, _ in network(m).named_modules()],
    lambda m: [name for name, _ in network(m).named_modules(remove_duplicate=False)],
    lambda m: [name for name, _ in network(m).named_children()],
    lambda m: len(list(network(m).modules())),
    lambda m: [module.training for module in network(m).eval().modules()],
    lambda m: [p.dtype.is_floating_point and p.dtype.itemsize for p in network(m).double().parameters()],
    lambda m: [b.dtype.itemsize for b in network(m).to(m.float64).buffers()],
    lambda m: [p.requires_grad for p in network(m).requires_grad_(False).parameters()],
    lambda m: network(m).get_submodule("rest.1"),
    lambda m: tuple(network(m).get_parameter("rest.0.weight").shape),
    lambda m: network(m).get_buffer("count"),
    loaded_zeros,
    removed,
    replaced,
    load(lambda m, state: None),
    load(lambda m, state: state.pop("first.weight") and None),
    load(lambda m, state: {**state, "more": m.ones(1), "rest.0.more": m.ones(1), "rest.9.x": m.ones(1)}),
    load(lambda m, state: {**state, "scale": m.ones(3)}),
    load(lambda m, state: {**state, "scale": m.ones(3)}, strict=False),
    load(lambda m, state: {"other": m.ones(3), "count": m.ones(2)}),
    load(lambda m, state: {"other": m.ones(3), "count": m.ones(2)}, strict=False),
    load(lambda m, state: {**state, "scale": 3}),
    load(lambda m, state: [1]),
    load(lambda m, state: {**state, "scale": m.zeros(4)}, assign=True),
    named_linear,
    parameter_too_early,
    lambda m: network(m).nope,
    lambda m: setattr(network(m), "scale", m.ones(2)),
    lambda m: setattr(network(m), "first", 3),
    lambda m: setattr(network(m), "count", 3),
    lambda m: network(m).register_parameter("first", None),
    lambda m: network(m).register_parameter("x.y", None),
    lambda m: network(m).register_parameter("", None),
    lambda m: network(m).register_parameter(3, None),
    lambda m: network(m).register_parameter("q", m.ones(2)),
    lambda m: network(m).register_buffer("first", None),
    lambda m: network(m).register_buffer("z", 3),
    lambda m: network(m).register_buffer("a.b", None),
    lambda m: network(m).add_module("scale", m.nn.ReLU()),
    lambda m: network(m).add_module("k", 3),
    lambda m: network(m).add_module("a.b", m.nn.ReLU()),
    lambda m: network(m).add_module("", m.nn.ReLU()),
    lambda m: network(m).get_parameter("rest.zz"),
    lambda m: network(m).get_parameter("rest.0"),
    lambda m: network(m).get_submodule("scale"),
    lambda m: network(m).get_submodule("rest.zz"),
    lambda m: network(m).get_buffer("scale"),
    lambda m: network(m).train(3),
    lambda m: network(m).to(m.int32),
    lambda m: m.nn.Module()(1),
    lambda m: m.nn.Module(3),
    lambda m: m.nn.Module(a=3),
    lambda m: m.nn.Sequential(m.nn.Linear(2, 3), 3),
    lambda m: m.nn.Sequential(m.nn.Linear(2, 3), m.nn.functional.relu),
    lambda m: m.nn.Sequential(m.tanh),
    lambda m: m.nn.Sequential(m.nn.ReLU())[3],
    lambda m: m.nn.Sequential(OrderedDict(a=m.nn.ReLU(), b=m.nn.Tanh()))[1:],
    lambda m: m.nn.Sequential(m.nn.ReLU(), m.nn.Tanh(), m.nn.Sigmoid())[-1],
    lambda m: m.nn.Sequential(m.nn.ReLU()).append(m.nn.Tanh()).insert(0, m.nn.Sigmoid()),
    lambda m: m.nn.ModuleList([m.nn.ReLU()])[2],
    lambda m: m.nn.ModuleList([m.nn.ReLU()])(1),
    lambda m: m.nn.ModuleList([m.nn.ReLU(), m.nn.Tanh()])[1:] + m.nn.ModuleList([m.nn.Sigmoid()]),
    lambda m: m.nn.ModuleDict({"a": m.nn.ReLU()}),
    lambda m: m.nn.ModuleList([m.nn.ReLU(), m.nn.ReLU(), m.nn.Linear(1, 1), m.nn.Linear(1, 1)]),
    lambda m: m.nn.Sequential(m.nn.Sequential(m.nn.ReLU()), m.nn.ModuleList([m.nn.ReLU()] * 3)),
    lambda m: m.nn.ParameterList([m.nn.Parameter(m.ones(2, 2)), m.ones(3)]),
    lambda m: m.nn.ParameterList(),
    lambda m: m.nn.Sequential(m.nn.ParameterList([m.nn.Parameter(m.ones(2, 2))])),
    lambda m: [n for n, _ in m.nn.ParameterList([m.ones(2), m.ones(3)]).named_parameters()],
    lambda m: m.nn.ModuleList(),
    lambda m: m.nn.Sequential(),
    lambda m: m.nn.Linear(2, 3, bias=False),
    lambda m: m.nn.Conv2d(1, 2, 3, 2, 1, 2, 1, False, "zeros"),
    lambda m: m.nn.Conv2d(2, 2, (3, 2), padding="same", groups=2),
    lambda m: (m.nn.MaxPool2d(2), m.nn.MaxPool2d(3, 2, 1, 2, False, True)),
    lambda m: (m.nn.ReLU(True), m.nn.ReLU(), m.nn.Tanh(), m.nn.Sigmoid(), m.nn.Softmax(), m.nn.LogSoftmax(1)),
    lambda m: (m.nn.Flatten(), m.nn.Flatten(0, 2), m.nn.Unflatten(1, (2, 3)), m.nn.Identity(3, a=2)),
    lambda m: (
        m.nn.Dropout(0.3, True),
        m.nn.MSELoss(),
        m.nn.NLLLoss(),
        m.nn.CrossEntropyLoss(m.ones(2)),
        m.nn.L1Loss(),
    ),
]


def outcome(run: Callable[[Any], Any], m: Any) -> str:
    m.manual_seed(0)
    try:
        return repr(run(m))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@every_case("index", range(len(CASES)))
def test_results_texts_and_errors(index: int) -> None:
    assert outcome(CASES[index], autogradkit) == outcome(CASES[index], torch)


def hooked(m: Any) -> list[Any]:
    """What hooks of every kind saw, in the order in which they ran."""
    m.manual_seed(0)
    net = network(m).eval()
    seen: list[Any] = []
    handles = [
        net.rest.register_forward_pre_hook(lambda module, args: seen.append(("pre", len(args)))),
        net.rest.register_forward_pre_hook(lambda module, args: seen.append("earlier"), prepend=True),
        net.rest.register_forward_pre_hook(
            lambda module, args, kwargs: seen.append(("named", kwargs)), with_kwargs=True
        ),
        net.first.register_forward_hook(lambda module, args, output: output * 2),
        net.rest.register_forward_hook(lambda module, args, output: seen.append(("out", tuple(output.shape)))),
        net.rest.register_full_backward_pre_hook(lambda module, grad: seen.append(("before", grad[0].tolist()))),
        net.rest.register_full_backward_hook(
            lambda module, given, grad: seen.append(
                ("after", np.round(given[0].tolist(), 5).tolist(), grad[0].tolist())
            )
        ),
        net.first.register_full_backward_hook(
            lambda module, given, grad: seen.append(("first", given, np.round(grad[0].tolist(), 5).tolist()))
        ),
    ]
    with pytest.warns(UserWarning, match="since no inputs require gradients. See .*register_full_backward_hook for"):
        net(m.ones(1, 2)).sum().backward()
    gradient = np.round(net.first.weight.grad.numpy(), 4).tolist()
    for handle in handles:
        handle.remove()
    net(m.ones(1, 2))
    return [*seen, gradient]


def test_hooks_see_and_change_the_same() -> None:
    assert hooked(autogradkit) == hooked(torch)


def test_a_backward_hook_may_replace_the_gradient() -> None:
    found = []
    for m in BOTH:
        layer = m.nn.Linear(2, 1)
        layer.register_full_backward_hook(lambda module, given, grad: (given[0] * 0 + 7,))
        x = m.ones(1, 2, requires_grad=True)
        layer(x).sum().backward()
        found.append(x.grad.tolist())
    assert found[0] == found[1] == [[7.0, 7.0]]


def test_a_copied_or_pickled_module_stands_on_its_own() -> None:
    layer = autogradkit.nn.Sequential(autogradkit.nn.Linear(2, 1))
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        np.testing.assert_array_equal(twin[0].weight.detach().numpy(), layer[0].weight.detach().numpy())
        assert isinstance(twin[0].weight, autogradkit.nn.Parameter)
        with autogradkit.no_grad():
            twin[0].weight.zero_()
        assert layer[0].weight.detach().numpy().any()


def test_conversions_keep_the_parameter_objects() -> None:
    for m in BOTH:
        layer = m.nn.Linear(2, 1)
        weight = layer.weight
        layer(m.ones(1, 2)).sum().backward()
        layer.double()
        assert layer.weight is weight
        assert weight.dtype == weight.grad.dtype == m.float64


def test_a_module_without_forward_says_so() -> None:
    def said(library: Any) -> list[str]:
        said = []
        for call in (lambda m: m(3), lambda m: m(), lambda m: m(x=3), lambda m: m.forward(1, 2)):
            with pytest.raises((NotImplementedError, TypeError)) as raised:
                call(type("Bare", (library.nn.Module,), {})())
            said.append(str(raised.value))
        return said

    assert said(autogradkit) == said(torch)
