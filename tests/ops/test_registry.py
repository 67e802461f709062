"""Every declared op: gradients against finite differences, to second order, in-place variant, documentation."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

import autogradkit as torch
from autogradkit.autograd import gradcheck, gradgradcheck

from .declared import DIFFERENTIABLE, EDITS, FUNCTIONS

# What is drawn differs from call to call, so no differences of the function say anything. Their gradients are zero, which
# is tested below.
RANDOM = {name for name, op in DIFFERENTIABLE.items() if op.draws}
REFUSED = {  # PyTorch has no derivative of them either
    "remainder_of_number/torch::autograd::NotImplemented",
    "floor_div/torch::autograd::NotImplemented",
    "heaviside/torch::autograd::NotImplemented",
    "ldl_factor_ex/torch::autograd::NotImplemented",
    "ldl_solve/torch::autograd::NotImplemented",
    "zeta_by_number/SpecialZetaBackward2",
    "scatter/torch::autograd::NotImplemented",
    "cdist_backward/CdistBackwardBackward0",
    "cdist_forward/CdistBackward0",  # of its derivative, that is; tests/parity compares the first
    "bincount/torch::autograd::NotImplemented",
    "batch_norm_update_stats/torch::autograd::NotImplemented",
    "embedding_bag_backward/EmbeddingBagBackwardBackward0",
    "detach_copy/torch::autograd::NotImplemented",
    "native_channel_shuffle/torch::autograd::NotImplemented",
    "geqrf/GeqrfBackward0",
    "counts_in_grid/torch::autograd::NotImplemented",
    "counts_by_numbers/torch::autograd::NotImplemented",
    "edges_along/torch::autograd::NotImplemented",
    "histogram/torch::autograd::NotImplemented",
    "unique_elements/Unique2Backward0",
    "unique_runs/UniqueConsecutiveBackward0",
    "unique_places/UniqueDimBackward0",
    "_standard_gamma_grad/StandardGammaGradBackward0",
    "_dirichlet_grad/torch::autograd::NotImplemented",
}
REFUSED |= {name for name in DIFFERENTIABLE if name.endswith("_backward/torch::autograd::NotImplemented")}
# Their gradients are those of a whole: of logarithms that are probabilities, of an input with its mean and deviation beside it.
# The second are held with those of the op whose backward they are.
DEPENDENT = {"ctc_loss_forward/CtcLossBackward0"} | {
    f"native_{each}_norm_backward/Native{each.title()}NormBackwardBackward0" for each in ("batch", "layer", "group")
}
ONCE = {  # PyTorch, too, derives them no second time
    "embedding_bag/EmbeddingBagBackward0",
    "grid_sampler_2d_backward/GridSampler2DBackwardBackward0",
    "grid_sampler_3d_backward/GridSampler3DBackwardBackward0",
    "hardsigmoid/HardsigmoidBackward0",
    "multi_margin_loss/MultiMarginLossBackward0",
    "multilabel_margin_loss_forward/MultilabelMarginLossBackward0",
    "pdist_forward/PdistBackward0",
    "segment_reduce/SegmentReduceBackward0",
}
# PyTorch passes over what reaches mean or deviation alone; tests/parity compares all three.
BY_FIRST = {"native_group_norm/NativeGroupNormBackward0"}
# A result that is the same for two matrices has, as in PyTorch, the gradient of the one that is symmetric, or triangular.
PREPARED: dict[str, Callable[..., tuple[Any, ...]]] = {
    "cholesky/CholeskyBackward0": lambda x, *rest: ((x + x.mT) * 0.5, *rest),
    "cholesky_ex/LinalgCholeskyExBackward0": lambda x, *rest: ((x + x.mT) * 0.5, *rest),
    "cholesky_inverse/CholeskyInverseBackward0": lambda x, upper=False: (x.triu() if upper else x.tril(), upper),
    "cholesky_solve/CholeskySolveBackward0": lambda b, x, upper=False: (b, x.triu() if upper else x.tril(), upper),
    "eigh/LinalgEighBackward0": lambda x, *rest: ((x + x.mT) * 0.5, *rest),
}
# Its gradient is defined only where phases have no part in it, and refused elsewhere; tests/parity compares it.
WITH_PHASES = {"linalg_eig/LinalgEigBackward0"}
WITH_SAMPLES = sorted(set(DIFFERENTIABLE) - RANDOM - REFUSED - DEPENDENT - WITH_PHASES)


def test_every_differentiable_op_has_samples_but_those_that_draw() -> None:
    without = {name for name, op in DIFFERENTIABLE.items() if op.make_samples is None}
    assert without <= RANDOM | REFUSED | DEPENDENT
    assert len(RANDOM) == 21


@pytest.mark.parametrize("name", WITH_SAMPLES)
def test_samples_have_something_to_differentiate(name: str) -> None:
    for sample in DIFFERENTIABLE[name].samples(seed=1):
        assert any(value.requires_grad for value in _flat(sample))


_PROBABILITIES = torch.tensor([0.25, 0.5, 0.75])
DRAWS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "bernoulli": lambda x: torch.bernoulli(x),
    "normal, mean": lambda x: torch.normal(x, 1.0),
    "normal, std": lambda x: torch.normal(0.0, x),
    "normal, both": lambda x: torch.normal(x, x),
    "bernoulli_": lambda x: x.clone().bernoulli_(0.5),
    "bernoulli_, tensor": lambda x: x.clone().bernoulli_(_PROBABILITIES),
    "cauchy_": lambda x: x.clone().cauchy_(),
    "exponential_": lambda x: x.clone().exponential_(),
    "geometric_": lambda x: x.clone().geometric_(0.5),
    "log_normal_": lambda x: x.clone().log_normal_(),
    "normal_": lambda x: x.clone().normal_(),
    "random_": lambda x: x.clone().random_(),
    "random_, to": lambda x: x.clone().random_(5),
    "random_, from and to": lambda x: x.clone().random_(2, 5),
    "uniform_": lambda x: x.clone().uniform_(),
}


@pytest.mark.parametrize("name", DRAWS)
def test_the_gradient_of_what_is_drawn_is_zero(name: str) -> None:
    x = torch.tensor([0.25, 0.5, 0.75], requires_grad=True)
    DRAWS[name](x).backward(torch.ones(3))
    assert x.grad is not None
    assert x.grad.tolist() == [0.0, 0.0, 0.0]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", WITH_SAMPLES)
def test_gradients_agree_with_finite_differences(name: str) -> None:
    op = DIFFERENTIABLE[name]
    for sample in op.samples(seed=len(name)):
        inputs = _flat(sample)
        gradcheck(lambda *values, s=sample: _differentiated(name, s, values), inputs)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", sorted(set(WITH_SAMPLES) - ONCE))
def test_second_gradients_agree_with_finite_differences(name: str) -> None:
    op = DIFFERENTIABLE[name]
    torch.manual_seed(len(name))  # gradgradcheck draws what it begins with
    for sample in op.samples(seed=len(name) + 1):
        inputs = _flat(sample)
        gradgradcheck(lambda *values, s=sample: _differentiated(name, s, values), inputs, atol=1e-4)


def _differentiated(name: str, sample: tuple[Any, ...], values: tuple[Any, ...]) -> Any:
    found = DIFFERENTIABLE[name].differentiated(*_prepared(name, sample, values))
    return found[0] if name in BY_FIRST else found


def _prepared(name: str, sample: tuple[Any, ...], values: tuple[Any, ...]) -> Iterable[Any]:
    filled = _refilled(sample, values)
    return PREPARED[name](*filled) if name in PREPARED else filled


def _flat(sample: tuple[Any, ...]) -> tuple[torch.Tensor, ...]:
    found: list[torch.Tensor] = []
    for value in sample:
        for each in value if isinstance(value, list | tuple) else (value,):
            if isinstance(each, torch.Tensor):
                found.append(each)
    return tuple(found)


def _refilled(sample: tuple[Any, ...], values: tuple[Any, ...]) -> list[Any]:
    left = iter(values)

    def fill(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return type(value)(fill(each) for each in value)
        return next(left) if isinstance(value, torch.Tensor) else value

    return [fill(value) for value in sample]


@pytest.mark.parametrize("name", [n for n in WITH_SAMPLES if DIFFERENTIABLE[n].in_place])
def test_the_in_place_variant_gives_the_same_and_counts_a_version(name: str) -> None:
    op = DIFFERENTIABLE[name]
    assert op.in_place is not None
    checked = 0
    for sample in op.samples(seed=3):
        if not isinstance(sample[0], torch.Tensor):
            continue
        expected = op.call(*sample)
        if expected.shape != sample[0].shape:
            continue
        target = sample[0].detach().clone()
        result = op.in_place(target, *sample[1:])
        assert result is target
        assert target._version == 1
        np.testing.assert_array_equal(target.detach().numpy(), expected.detach().numpy())
        checked += 1
    assert checked


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_public_function_is_documented_with_an_example_that_runs(name: str) -> None:
    function = FUNCTIONS[name]
    documentation = inspect.getdoc(function)
    assert documentation, f"{name} has no docstring"
    if name.endswith("Tensor") or name in EDITS:  # the op that it is the in-place form of has an example
        return
    parsed = doctest.DocTestParser().get_doctest(documentation, {}, name, None, None)
    assert parsed.examples, f"{name} has no example"
    failures, _ = doctest.DocTestRunner(verbose=False, optionflags=doctest.REPORT_ONLY_FIRST_FAILURE).run(parsed)
    assert not failures
