"""nn against PyTorch: values, gradients, graph nodes, texts and errors."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

BOTH = (autogradkit, torch)


def arrays(seed: int, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    stream = np.random.default_rng(seed)
    return [stream.standard_normal(shape) for shape in shapes]


def outcome(run: Callable[[Any], Any], framework: Any) -> str:
    """What a call gives as text: its result's repr, or the error's type and message."""
    try:
        return repr(run(framework))
    except Exception as error:
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def compare_gradients(run: Callable[..., Any], values: list[np.ndarray], tolerance: float = 1e-9) -> None:
    """The same result, first and second gradients in both, in float64."""
    found: list[list[np.ndarray]] = []
    for framework in BOTH:
        inputs = [framework.tensor(v.tolist(), dtype=framework.float64, requires_grad=True) for v in values]
        result = run(framework, *inputs)
        first = framework.autograd.grad((result * result.sin()).sum(), inputs, create_graph=True)
        second = framework.autograd.grad(sum((g * g).sum() for g in first), inputs, allow_unused=True)
        found.append([t.detach().numpy() for t in (result, *first)] + [t.numpy() for t in second if t is not None])
    assert len(found[0]) == len(found[1])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@every_case(
    "size channels kernel options",
    [
        ((2, 3, 7, 6), 4, (3, 2), {}),
        ((20, 2, 9, 8), 4, (3, 3), {"padding": 1}),
        ((2, 4, 9, 8), 6, (3, 2), {"stride": (2, 3), "padding": (1, 2), "groups": 2}),
        ((3, 4, 11, 10), 4, (3, 3), {"dilation": 2, "padding": 2, "groups": 4}),
        ((1, 3, 10, 12), 5, (3, 4), {"stride": (3, 2), "padding": (2, 1), "dilation": (2, 1)}),
        ((2, 2, 5, 5), 2, (5, 5), {"padding": "same"}),
        ((2, 2, 5, 6), 3, (2, 4), {"padding": "same"}),
        ((2, 2, 5, 6), 3, (2, 4), {"padding": "valid"}),
        ((2, 5, 6), 3, (2, 2), {}),
        ((2, 2, 8, 8), 2, (3, 3), {"stride": 4}),
        ((1, 1, 1, 1), 1, (1, 1), {}),
    ],
)
@every_case("biased", [True, False])
def test_conv2d(size: tuple[int, ...], channels: int, kernel: tuple[int, int], options: dict, biased: bool) -> None:
    groups = options.get("groups", 1)
    shapes = [size, (channels, size[-3] // groups, *kernel), *([(channels,)] if biased else [])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's note on padding="same" with even kernels
        compare_gradients(
            lambda m, *inputs: m.nn.functional.conv2d(*inputs, **options), arrays(len(size), *shapes), 1e-8
        )


LAYOUTS = [(2, 3, 8, 9), (1, 3, 4, 4), (2, 2, 8, 8)]


@every_case("order", [(0, 1, 2, 3), (0, 3, 1, 2), (0, 1, 3, 2), (1, 0, 2, 3)])
@every_case("size", LAYOUTS)
def test_results_have_pytorchs_layout_for_any_input_layout(order: tuple[int, ...], size: tuple[int, ...]) -> None:
    [x] = arrays(3, size)
    found: list[list[Any]] = []
    for m in BOTH:
        leaf = m.from_numpy(x.copy()).permute(*order)
        w = m.ones(4, leaf.shape[1], 2, 2, dtype=m.float64, requires_grad=True)
        functional = m.nn.functional
        pooled, where = functional.max_pool2d(leaf, 2, return_indices=True)
        convolved = functional.conv2d(leaf, w)
        (gradient,) = m.autograd.grad((convolved * convolved).sum(), w)
        results = [convolved.detach(), pooled, where, gradient, functional.softmax(leaf, 1)]
        results += [functional.log_softmax(leaf, 3), functional.mse_loss(leaf, leaf + 1, reduction="none")]
        found.append(results)
    for ours, theirs in zip(*found, strict=True):
        assert ours.stride() == theirs.stride()
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-9, atol=1e-9)


def test_conv2d_of_an_empty_batch() -> None:
    for framework in BOTH:
        x = framework.ones(0, 2, 4, 4, requires_grad=True)
        w = framework.ones(3, 2, 2, 2, requires_grad=True)
        y = framework.nn.functional.conv2d(x, w)
        y.sum().backward()
        assert tuple(y.shape) == (0, 3, 3, 3)
        assert x.grad.shape == x.shape
        assert not w.grad.any()


@every_case("seed", range(40))
def test_max_pool2d_with_ties_nan_and_infinity(seed: int) -> None:
    stream = np.random.default_rng(seed)
    x = stream.integers(-3, 4, (2, 3, *stream.integers(6, 11, 2))).astype(np.float32)
    k, s, d = (int(stream.integers(1, high)) for high in (4, 4, 3))
    options = {"stride": s, "padding": int(stream.integers(0, k // 2 + 1)), "dilation": d, "ceil_mode": seed % 2 == 0}
    if seed % 4 == 0:
        k, options = 2, {}
    if seed % 3 == 0:
        x[stream.random(x.shape) < 0.05] = np.nan
    if seed % 5 == 0:
        x[stream.random(x.shape) < 0.5] = -np.inf
    found = []
    for framework in BOTH:
        leaf = framework.from_numpy(x.copy()).requires_grad_()
        y, where = framework.nn.functional.max_pool2d(leaf, k, return_indices=True, **options)
        y.backward(framework.arange(1.0, y.numel() + 1).reshape(y.shape))
        found.append((y.detach().numpy(), where.numpy(), leaf.grad.numpy()))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_max_pool2d_is_differentiable_twice() -> None:
    compare_gradients(lambda m, x: m.nn.functional.max_pool2d(x, 2), arrays(1, (2, 3, 5, 4)))
    compare_gradients(lambda m, x: m.nn.functional.max_pool2d(x, 3, 2, 1), arrays(1, (3, 7, 6)))


@every_case("reduction", ["mean", "sum", "none"])
@every_case("weighted", [True, False])
@every_case("smoothing", [0.0, 0.2])
@every_case("size", [(5, 3), (3,), (4, 3, 2), (2, 3, 2, 2), (2, 3, 1, 2, 2)])
def test_cross_entropy_of_classes(reduction: str, weighted: bool, smoothing: float, size: tuple[int, ...]) -> None:
    stream = np.random.default_rng(len(size))
    target = stream.integers(0, 3, (size[0], *size[2:]) if len(size) > 1 else ())
    if target.ndim:
        target.flat[0] = 2 if len(size) == 1 else -100

    def run(m: Any, x: Any) -> Any:
        weight = m.tensor([0.5, 1.0, 3.0], dtype=m.float64) if weighted else None
        return m.nn.functional.cross_entropy(
            x, m.tensor(target.tolist()), weight, reduction=reduction, label_smoothing=smoothing
        )

    compare_gradients(run, arrays(7, size))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy_of_probabilities(reduction: str, smoothing: float) -> None:
    def run(m: Any, x: Any, logits: Any) -> Any:
        weight = m.tensor([0.5, 1.0, 3.0], dtype=m.float64)
        return m.nn.functional.cross_entropy(
            x, logits.softmax(1), weight, reduction=reduction, label_smoothing=smoothing
        )

    compare_gradients(run, arrays(7, (4, 3, 2), (4, 3, 2)))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_mse_and_l1_loss(reduction: str) -> None:
    for name in ("mse_loss", "l1_loss"):
        compare_gradients(
            lambda m, x, y, name=name: getattr(m.nn.functional, name)(x, y, reduction=reduction),
            arrays(7, (4, 3), (4, 3)),
        )


def test_softmax_and_log_softmax_survive_large_and_infinite_logits() -> None:
    values = [[1000.0, 0.0, -1000.0], [float("-inf"), 1.0, 2.0], [float("nan"), 0.0, 1.0]]
    for name in ("softmax", "log_softmax"):
        for dim in (0, 1):
            ours, theirs = (getattr(m, name)(m.tensor(values), dim).numpy() for m in BOTH)
            np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_dropout_masks_and_default_initial_values_come_from_the_same_draws() -> None:
    for seed in (0, 5):
        found = []
        for m in BOTH:
            m.manual_seed(seed)
            layers = m.nn.Sequential(
                m.nn.Linear(30, 7), m.nn.Conv2d(4, 6, 3, groups=2), m.nn.Linear(2, 3, dtype=m.float64)
            )
            dropped = m.nn.functional.dropout(m.ones(7, 9), 0.3)
            fills = [
                getattr(m.nn.init, name)(m.empty(5, 7))
                for name in (
                    "xavier_uniform_",
                    "xavier_normal_",
                    "kaiming_uniform_",
                    "kaiming_normal_",
                    "normal_",
                    "uniform_",
                    "eye_",
                )
            ]
            found.append([t.detach().numpy() for t in (*layers.parameters(), dropped, *fills)])
        for ours, theirs in zip(*found, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def saved(node: Any) -> dict[str, Any]:
    """The names that a node saved, with shapes for tensors."""
    found = {}
    for name in dir(node):
        if name.startswith("_saved_") and name != "_saved_ignore_index":
            value = getattr(node, name)
            found[name] = tuple(value.shape) if hasattr(value, "shape") else value
    return found


@every_case(
    "run",
    [
        lambda m, f, x: f.conv2d(x, m.ones(4, 3, 2, 2, requires_grad=True), m.ones(4)),
        lambda m, f, x: f.conv2d(x, m.ones(4, 3, 2, 2)),
        lambda m, f, x: f.max_pool2d(x, 2),
        lambda m, f, x: f.relu(x),
        lambda m, f, x: f.softmax(x, 1),
        lambda m, f, x: f.log_softmax(x, 1),
        lambda m, f, x: f.nll_loss(x[:, :, 0, 0], m.tensor([1, 0])),
        lambda m, f, x: f.cross_entropy(x, m.zeros(2, 4, 4).long()),
        lambda m, f, x: f.mse_loss(x, m.ones(2, 3, 4, 4)),
        lambda m, f, x: f.dropout(x, 0.5),
        lambda m, f, x: f.linear(x.flatten(1), m.ones(5, 48, requires_grad=True), m.ones(5)),
        lambda m, f, x: f.linear(x, m.ones(5, 4), m.ones(5)),
        lambda m, f, x: f.linear(x, m.ones(5, 4)),
        lambda m, f, x: f.pad(x, (1, 0)),
    ],
)
def test_graph_nodes_and_what_they_save(run: Callable[..., Any]) -> None:
    nodes = [run(m, m.nn.functional, m.ones(2, 3, 4, 4, requires_grad=True)).grad_fn for m in BOTH]
    assert nodes[0].name() == nodes[1].name()
    assert saved(nodes[0]) == saved(nodes[1])
    following = [[(f.name().split("::")[-1] if f else None, n) for f, n in node.next_functions] for node in nodes]
    assert following[0] == following[1]


ERRORS: list[Callable[[Any], Any]] = [
    lambda m: m.conv2d(m.ones(2, 3, 8, 8), m.ones(4, 2, 3, 3)),
    lambda m: m.conv2d(m.ones(2, 3, 2, 2), m.ones(4, 3, 3, 3)),
    lambda m: m.conv2d(m.ones(2, 3), m.ones(4, 3, 3, 3)),
    lambda m: m.conv2d(m.ones(2, 3, 8, 8), m.ones(4, 3, 3)),
    lambda m: m.conv2d(m.ones(2, 3, 8, 8), m.ones(4, 3, 3, 3), m.ones(5)),
    lambda m: m.conv2d(m.ones(2, 3, 8, 8), m.ones(4, 3, 3, 3), stride=0),
    lambda m: m.conv2d(m.ones(2, 3, 8, 8), m.ones(4, 3, 3, 3), padding=-1),
    lambda m: m.conv2d(m.ones(2, 3, 8, 8), m.ones(4, 3, 3, 3), dilation=0),
    lambda m: m.conv2d(m.ones(2, 3, 8, 8), m.ones(4, 3, 3, 3), groups=2),
    lambda m: m.conv2d(m.ones(2, 4, 8, 8), m.ones(3, 2, 3, 3), groups=2),
    lambda m: m.conv2d(m.ones(2, 3, 8, 8).double(), m.ones(4, 3, 3, 3)),
    lambda m: m.conv2d(m.ones(2, 3, 8, 8), m.ones(4, 3, 3, 3), padding="foo"),
    lambda m: m.conv2d(m.ones(2, 3, 8, 8), m.ones(4, 3, 3, 3), padding="same", stride=2),
    lambda m: m.conv2d(m.ones(2, 3, 8, 8), m.ones(4, 3, 3, 3), stride=(1, 1, 1)),
    lambda m: m.conv2d(m.ones(2, 3, 8, 8), m.ones(4, 3, 3, 3), groups=0),
    lambda m: m.conv2d([1], m.ones(4, 3, 3, 3)),
    lambda m: m.max_pool2d(m.ones(2, 3), 2),
    lambda m: m.max_pool2d(m.ones(2, 3, 1, 1), 2),
    lambda m: m.max_pool2d(m.ones(2, 3, 8, 8), 2, padding=2),
    lambda m: m.max_pool2d(m.ones(2, 3, 8, 8), 2, stride=0),
    lambda m: m.max_pool2d(m.ones(2, 3, 8, 8), (2, 2, 2)),
    lambda m: m.max_pool2d(m.ones(2, 0, 8, 8), 2),
    lambda m: m.max_pool2d(m.ones(2, 3, 8, 8), 2, dilation=0),
    lambda m: m.max_pool2d(m.ones(2, 3, 8, 8) > 0, 2),
    lambda m: m.log_softmax(m.ones(2, 3).long(), 1),
    lambda m: m.softmax(m.ones(2, 3), 5),
    lambda m: m.nn.functional.nll_loss(m.ones(5, 7), m.zeros(4).long()),
    lambda m: m.nn.functional.nll_loss(m.ones(5, 7), m.zeros(5)),
    lambda m: m.nn.functional.nll_loss(m.ones(5, 7), m.full((5,), 7)),
    lambda m: m.nn.functional.nll_loss(m.ones(5, 7), m.zeros(5).long(), weight=m.ones(3)),
    lambda m: m.nn.functional.nll_loss(m.ones(5, 7), m.zeros(5).long(), reduction="foo"),
    lambda m: m.nn.functional.nll_loss(m.ones(()), m.tensor(1)),
    lambda m: m.nn.functional.nll_loss(m.ones(2, 3, 4), m.zeros(2, 5).long()),
    lambda m: m.nn.functional.nll_loss(m.ones(2, 3, 4, 5), m.zeros(2, 4, 6).long()),
    lambda m: m.nn.functional.nll_loss(m.ones(2, 3, 4, 5), m.zeros(2, 4).long()),
    lambda m: m.nn.functional.cross_entropy(m.ones(5, 7), m.ones(5, 6)),
    lambda m: m.nn.functional.cross_entropy(m.ones(5, 7), m.zeros(5, 1).long()),
    lambda m: m.nn.functional.cross_entropy(m.ones(5, 7), m.zeros(5).int()),
    lambda m: m.nn.functional.cross_entropy(m.ones(5, 7), m.zeros(5).long(), label_smoothing=2.0),
    lambda m: m.nn.functional.cross_entropy(m.ones(5, 7), m.full((5,), -1)),
    lambda m: m.nn.functional.cross_entropy(m.ones(5, 7), m.ones(5, 7), ignore_index=2),
    lambda m: m.nn.functional.dropout(m.ones(2), 1.5),
    lambda m: m.nn.Linear(2, 3)(m.ones(2, 4)),
    lambda m: m.nn.Conv2d(3, 4, 3, groups=2),
    lambda m: m.nn.Conv2d(3, 4, 3, groups=0),
    lambda m: m.nn.Conv2d(4, 3, 3, groups=2),
    lambda m: m.nn.Conv2d(3, 4, 3, padding="same", stride=2),
    lambda m: m.nn.Dropout(2),
    lambda m: m.nn.init.kaiming_uniform_(m.ones(2)),
    lambda m: m.nn.init.kaiming_normal_(m.ones(2, 2), mode="foo"),
    lambda m: m.nn.init.calculate_gain("foo"),
    lambda m: m.nn.init.calculate_gain("leaky_relu", "a"),
    lambda m: [m.nn.init.calculate_gain(n) for n in ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu")],
]


@every_case("index", range(len(ERRORS)))
def test_errors_have_pytorchs_text(index: int) -> None:
    assert outcome(ERRORS[index], autogradkit) == outcome(ERRORS[index], torch)


def test_a_target_of_another_size_is_warned_about() -> None:
    texts = []
    for m in BOTH:
        with pytest.warns(UserWarning, match="Using a target size") as caught:
            m.nn.functional.mse_loss(m.ones(5, 1), m.ones(5))
        texts.append(str(caught[0].message))
    assert texts[0] == texts[1]
