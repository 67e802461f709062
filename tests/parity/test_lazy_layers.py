"""Lazy layers: what becomes of them at their first call, loading and saving them, and what their parameters refuse."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import pytest
import torch

import autogradkit
from tests.every_case import every_case

from .layer_cases import assert_alike
from .outcomes import Case, case_of

CASES: dict[str, Case] = {}
case = case_of(CASES)


@case
def first_call(m: Any) -> Any:
    layer = m.nn.LazyLinear(2)
    weight = layer.weight
    before = repr(layer), repr(weight), layer.has_uninitialized_params(), m.nn.parameter.is_lazy(weight)
    y = layer(m.ones(4, 3))
    return before, y, type(layer).__name__, layer.weight is weight, layer, hasattr(layer, "_load_hook")


@case
def whole_network(m: Any) -> Any:
    net = m.nn.Sequential(
        m.nn.LazyConv2d(4, 3, stride=2), m.nn.LazyBatchNorm2d(), m.nn.LazyConvTranspose2d(3, 2), m.nn.Flatten(),
        m.nn.LazyLinear(2),
    )  # fmt: skip
    before = repr(net)
    return before, net(m.randn(2, 3, 7, 7)), net


@case
def loaded(m: Any) -> Any:
    layer = m.nn.LazyConv1d(4, 2)
    found = str(layer.load_state_dict(m.nn.Conv1d(3, 4, 2).state_dict()))
    return found, layer, type(layer).__name__, layer.in_channels, layer(m.ones(1, 3, 5)), layer.in_channels


@case
def loaded_linear_then_other_features(m: Any) -> Any:
    layer = m.nn.LazyLinear(2)
    layer.load_state_dict(m.nn.Linear(3, 2).state_dict())
    return layer(m.ones(1, 4))


@case
def loaded_linear_takes_its_features(m: Any) -> Any:
    layer = m.nn.LazyLinear(2)
    layer.load_state_dict(m.nn.Linear(3, 2).state_dict())
    return layer(m.ones(1, 3)), layer


@case
def lazy_into_lazy(m: Any) -> Any:
    layer = m.nn.LazyLinear(2)
    return str(layer.load_state_dict(m.nn.LazyLinear(2).state_dict())), layer.has_uninitialized_params()


@case
def lazy_into_plain(m: Any) -> Any:
    m.nn.Linear(3, 2).load_state_dict(m.nn.LazyLinear(2).state_dict())


@case
def copied(m: Any) -> Any:
    layer = copy.deepcopy(m.nn.LazyLinear(2))
    return layer(m.ones(1, 3)).shape, layer


@case
def pickled(m: Any) -> Any:
    weight = pickle.loads(pickle.dumps(m.nn.UninitializedParameter(requires_grad=False)))
    return repr(weight), weight.requires_grad


@case
def in_another_dtype(m: Any) -> Any:
    layer = m.nn.LazyLinear(2).double()
    return layer(m.ones(1, 3, dtype=m.float64)), layer


@case
def shape_of_a_parameter(m: Any) -> Any:
    return m.nn.UninitializedParameter().shape


@case
def sum_of_a_parameter(m: Any) -> Any:
    return m.nn.UninitializedParameter().sum()


@case
def view_of_a_buffer(m: Any) -> Any:
    return m.nn.UninitializedBuffer().view(1)


@case
def materialized(m: Any) -> Any:
    weight, buffer = m.nn.UninitializedParameter(dtype=m.float64), m.nn.UninitializedBuffer()
    weight.materialize((2, 3))
    buffer.materialize((4,), dtype=m.int64)
    kinds = type(weight).__name__, type(buffer).__name__
    return kinds, tuple(weight.shape), str(weight.dtype), weight.requires_grad, tuple(buffer.shape), str(buffer.dtype)


@case
def image_of_no_sense(m: Any) -> Any:
    return m.nn.LazyConv2d(4, 3)(m.ones(3, 3))


@case
def groups_that_do_not_divide(m: Any) -> Any:
    return m.nn.LazyConv1d(4, 3, groups=2)(m.ones(1, 3, 5))


@case
def wrong_dimensions_for_a_norm(m: Any) -> Any:
    return m.nn.LazyBatchNorm2d()(m.ones(3, 3))


@case
def a_norm_that_is_affine(m: Any) -> Any:
    layer = m.nn.LazyInstanceNorm1d(affine=False, track_running_stats=True)
    return list(layer.state_dict()), layer(m.randn(2, 3, 4)), layer


@case
def a_class_of_ones_own(m: Any) -> Any:
    mixin = m.nn.modules.lazy.LazyModuleMixin

    class Scale(mixin, m.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.by = m.nn.UninitializedParameter()

        def initialize_parameters(self, x: Any) -> None:
            self.by.materialize(x.shape)
            m.nn.init.ones_(self.by)

        def forward(self, x: Any) -> Any:
            return x * self.by

    layer = Scale()
    return layer(m.ones(2)), layer


@case
def a_class_that_infers_nothing(m: Any) -> Any:
    mixin = m.nn.modules.lazy.LazyModuleMixin

    class Scale(mixin, m.nn.Module): ...

    return Scale()(1)


@case
def a_class_that_forgets_a_parameter(m: Any) -> Any:
    mixin = m.nn.modules.lazy.LazyModuleMixin

    class Scale(mixin, m.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.by = m.nn.UninitializedParameter()

        def initialize_parameters(self, x: Any) -> None: ...

    return Scale()(1)


REFUSED: dict[str, Case] = {
    "operator": lambda m: m.nn.UninitializedParameter() + 1,
    "reflected operator": lambda m: 2 * m.nn.UninitializedParameter(),
    "function": lambda m: m.cat([m.ones(2), m.nn.UninitializedParameter()]),
    "like": lambda m: m.empty_like(m.nn.UninitializedParameter()),
    "layer": lambda m: m.nn.functional.linear(m.ones(1, 2), m.nn.UninitializedParameter()),
    "index": lambda m: m.nn.UninitializedParameter()[0],
    "buffer": lambda m: m.nn.UninitializedBuffer().exp(),
    "method": lambda m: m.nn.UninitializedParameter().add_(1),
    "sharing": lambda m: m.nn.LazyLinear(2).share_memory(),
}


@every_case("name", REFUSED)
def test_no_op_takes_what_has_no_sizes(name: str) -> None:
    def refusal_text(m: Any) -> str:
        with pytest.raises((ValueError, RuntimeError)) as refusal:
            REFUSED[name](m)
        return re.sub(r" in <.*>\. ", " in <...>. ", str(refusal.value))

    assert refusal_text(autogradkit) == refusal_text(torch)


@every_case("name", CASES)
def test_it_is_as_in_pytorch(name: str) -> None:
    assert_alike(CASES[name])
