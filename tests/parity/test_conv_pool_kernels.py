"""The kernels of convolution and max pooling against PyTorch: odd batches, layouts, special values, and `out`."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from autogradkit._ops.network.conv_kernels import convolve, convolve_backward
from autogradkit._ops.network.pool_kernels import gather_from_positions, max_pool, scatter_to_positions
from autogradkit._ops.network.window import Window
from tests.every_case import every_case

from .oracle import to_ours

SEED = 7


def laid_out(x: torch.Tensor, layout: str) -> torch.Tensor:
    """The same values in another memory layout."""
    if layout == "channels last":
        return x.contiguous(memory_format=torch.channels_last)
    if layout == "with gaps":
        wide = x.new_zeros(*x.shape[:-1], 2 * x.shape[-1] + 1)
        wide[..., 1::2] = x
        return wide[..., 1::2]
    return x.clone(memory_format=torch.contiguous_format)


def in_both(
    size: tuple[int, ...],
    channels: int,
    kernel: tuple[int, int],
    options: dict[str, Any],
    layout: str = "contiguous",
    dtype: torch.dtype = torch.float64,
    change: Any = None,
) -> None:
    """Result and gradients of a convolution have PyTorch's values and strides."""
    print("seed", SEED)
    stream = torch.Generator().manual_seed(SEED)
    x = torch.randn(size, generator=stream, dtype=dtype)
    weight = torch.randn(channels, size[1] // options.get("groups", 1), *kernel, generator=stream, dtype=dtype)
    if change is not None:
        change(x)
    theirs = [laid_out(x, layout), weight, torch.randn(channels, generator=stream, dtype=dtype)]
    ours = [to_ours(each).requires_grad_() for each in theirs]
    theirs = [each.requires_grad_() for each in theirs]
    found = []
    slope = None
    for framework, leaves in ((torch, theirs), (autogradkit, ours)):
        y = framework.nn.functional.conv2d(*leaves, **options)
        if slope is None:
            slope = torch.randn(y.shape, generator=stream, dtype=dtype)
        gradients = framework.autograd.grad(y, leaves, slope if framework is torch else to_ours(slope))
        found.append([y.detach(), *gradients])
    tolerance = 1e-10 if dtype is torch.float64 else 2e-4
    for other, mine in zip(*found, strict=True):
        assert mine.stride() == other.stride()
        scale = float(other[torch.isfinite(other)].abs().max()) if other.numel() else 1.0
        np.testing.assert_allclose(mine.numpy(), other.numpy(), rtol=tolerance, atol=tolerance * max(scale, 1.0))


@every_case("batch", [0, 1, 2, 16, 31, 32, 33, 48, 64, 65, 97])
@every_case("channels width", [(1, 9), (2, 24), (3, 9), (4, 24)])
def test_convolution_of_any_batch(batch: int, channels: int, width: int) -> None:
    in_both((batch, channels, 8, width), 4, (3, 3), {"padding": 1})


GEOMETRIES: dict[str, tuple[tuple[int, int, int], int, tuple[int, int], dict[str, Any]]] = {
    "one pixel": ((2, 1, 1), 3, (1, 1), {}),
    "one pixel, padded": ((2, 1, 1), 3, (3, 3), {"padding": 1}),
    "kernel as large as the input": ((3, 4, 5), 2, (4, 5), {}),
    "strided": ((3, 10, 9), 4, (3, 2), {"stride": (3, 2), "padding": (1, 0)}),
    "dilated": ((3, 11, 10), 4, (3, 3), {"dilation": (2, 3), "padding": (0, 3)}),
    "grouped": ((4, 7, 6), 6, (3, 2), {"groups": 2, "padding": 1, "stride": (1, 2)}),
    "few numbers under the kernel": ((3, 9, 8), 17, (3, 3), {}),
    "few numbers under the kernel, padded": ((2, 9, 8), 16, (4, 3), {"padding": (2, 1)}),
    "few numbers under the kernel, strided and dilated": (
        (3, 12, 11),
        18,
        (2, 3),
        {"stride": (2, 1), "dilation": (3, 2), "padding": 1},
    ),
    "each channel alone": ((4, 9, 8), 4, (3, 3), {"groups": 4, "dilation": 2, "stride": 2}),
}


@every_case("layout", ["contiguous", "channels last", "with gaps"])
@every_case("batch", [1, 3, 33])
@every_case("name", GEOMETRIES)
def test_convolution_of_any_geometry_and_layout(name: str, batch: int, layout: str) -> None:
    size, channels, kernel, options = GEOMETRIES[name]
    in_both((batch, *size), channels, kernel, options, layout)


@every_case("batch", [2, 33])
@every_case("channels", [36, 132])
@every_case("name", GEOMETRIES)
def test_convolution_to_many_channels(name: str, channels: int, batch: int) -> None:
    size, _, kernel, options = GEOMETRIES[name]
    in_both((batch, *size), channels, kernel, options)


@every_case("channels", [4, 36, 68])
@every_case("options", [{}, {"groups": 2}])
def test_convolution_by_a_kernel_of_one_place(channels: int, options: dict[str, Any]) -> None:
    in_both((5, 6, 7, 8), channels, (1, 1), options)


@pytest.mark.parametrize("batch", [1, 40])
def test_convolution_in_single_precision(batch: int) -> None:
    in_both((batch, 3, 12, 11), 5, (3, 3), {}, dtype=torch.float32)


def test_a_large_sample_alone() -> None:
    in_both((1, 8, 70, 70), 3, (3, 3), {"padding": 1})


@pytest.mark.parametrize("batch", [1, 34])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_stays_where_it_is(batch: int, value: float) -> None:
    def spoil(x: torch.Tensor) -> None:
        x[0, 1, 2, 3] = value

    for channels in (2, 16):
        in_both((batch, 2, 7, 8), channels, (3, 3), {}, change=spoil)


@every_case("layout", ["contiguous", "channels last", "with gaps"])
@every_case(
    "kernel options",
    [((3, 3), {}), ((3, 3), {"padding": 1}), ((2, 3), {"padding": (2, 0), "dilation": (1, 2)}), ((1, 1), {})],
)
def test_large_planes_of_many_channels(kernel: tuple[int, int], options: dict[str, Any], layout: str) -> None:
    in_both((3, 32, 18, 19), 33, kernel, options, layout)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_stays_in_its_row_of_a_large_plane(value: float) -> None:
    """The first place of a row lies behind the last of the row before, which the kernel's second column must not see."""

    def spoil(x: torch.Tensor) -> None:
        x[0, 1, 5, 0] = value

    in_both((2, 32, 18, 19), 33, (3, 3), {}, change=spoil)


def test_an_infinite_weight_reaches_no_other_row_of_a_large_plane() -> None:
    stream = np.random.default_rng(SEED)
    x, weight = stream.standard_normal((2, 32, 18, 19)), stream.standard_normal((32, 32, 3, 3))
    weight[4, 5, 1, 0] = np.inf
    slope = np.zeros((2, 32, 16, 17))
    slope[0, 4, 2, 3] = 1
    found = []
    for framework in (torch, autogradkit):
        leaves = [framework.from_numpy(each).requires_grad_() for each in (x, weight)]
        y = framework.conv2d(*leaves)
        found.append([each.numpy() for each in framework.autograd.grad(y, leaves, framework.from_numpy(slope))])
    assert (np.isfinite(found[1][0]) == np.isfinite(found[0][0])).all()
    np.testing.assert_allclose(found[1][1], found[0][1], rtol=1e-10)


@pytest.mark.parametrize(("batch", "dilation", "groups"), [(1, 1, 1), (1, 2, 1), (1, 1, 2), (2, 1, 1)])
def test_dtypes_that_do_not_fit_are_refused_in_pytorchs_order(batch: int, dilation: int, groups: int) -> None:
    """Input, weight and bias of every kind; of inputs of half precision PyTorch's words depend on the processor."""
    kinds = ("float64", "float32", "int64", "complex64", "bool", "int8")
    others = (*kinds, "float16")
    for x, w, b in itertools.product(kinds, others, (None, *others)):

        def refusal(library: Any, x: str = x, w: str = w, b: str | None = b) -> str:
            weight = library.ones(2, 2 // groups, 3, 3, dtype=getattr(library, w))
            bias = None if b is None else library.ones(2, dtype=getattr(library, b))
            try:
                library.nn.functional.conv2d(
                    library.ones(batch, 2, 7, 7, dtype=getattr(library, x)),
                    weight,
                    bias,
                    dilation=dilation,
                    groups=groups,
                )
            except RuntimeError as error:
                return f"{type(error).__name__}: {str(error).splitlines()[0]}"
            return "computed"

        assert (x, w, b, refusal(autogradkit)) == (x, w, b, refusal(torch))


def test_convolution_writes_into_the_memory_it_is_given() -> None:
    stream = np.random.default_rng(SEED)
    window = Window((1, 1), (0, 0), (1, 1))
    for batch in (1, 40):
        x, weight, bias = (stream.standard_normal(shape) for shape in ((batch, 3, 6, 7), (4, 3, 2, 2), (4,)))
        outs = [np.full(shape, 9.0) for shape in ((batch, 5, 6, 8), (batch, 6, 7, 6), (4, 2, 2, 6), (8,))]
        out, to_x = outs[0][..., ::2].transpose(0, 3, 1, 2), outs[1][..., ::2].transpose(0, 3, 1, 2)
        to_weight, to_bias = outs[2][..., ::2].transpose(0, 3, 1, 2), outs[3][::2]
        convolve(x, weight, bias, window, out)
        convolve_backward(out, x, weight, window, to_x, to_weight, to_bias)
        leaves = [torch.from_numpy(each).requires_grad_() for each in (x, weight, bias)]
        y = torch.conv2d(*leaves)
        y.backward(y.detach())
        for mine, other in zip((out, to_x, to_weight, to_bias), (y.detach(), *(l.grad for l in leaves)), strict=True):
            np.testing.assert_allclose(mine, other.numpy(), rtol=1e-10, atol=1e-10)
        assert all((each[..., 1::2] == 9).all() for each in outs)


POOLS: dict[str, tuple[int, dict[str, Any]]] = {
    "halves": (2, {}),
    "halves and a rest": (2, {"ceil_mode": True}),
    "overlapping": (3, {"stride": 2, "padding": 1}),
    "dilated": (2, {"stride": 1, "dilation": 3}),
    "wide": (5, {"stride": (2, 1), "padding": 2, "ceil_mode": True}),
}


@every_case("layout", ["contiguous", "channels last", "with gaps"])
@every_case("dtype", [torch.float32, torch.float64])
@every_case(
    "size",
    [(0, 2, 6, 7), (1, 1, 5, 5), (3, 2, 6, 7), (2, 1, 9, 300), (33, 2, 8, 8)],
)
@every_case("name", POOLS)
def test_pooling_to_the_bit(name: str, size: tuple[int, ...], dtype: torch.dtype, layout: str) -> None:
    kernel, options = POOLS[name]
    print("seed", SEED)
    stream = np.random.default_rng(SEED)
    kinds = np.array([-1.0, 0.0, -0.0, 1.0, 2.0, -np.inf, np.inf, np.nan])
    # Ties are frequent; every third sample has no NaN.
    x = torch.from_numpy(stream.choice(kinds, size, p=[0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05])).to(dtype)
    x[::3].nan_to_num_(nan=-0.0)
    theirs = laid_out(x, layout)
    found = []
    for framework, leaf in ((torch, theirs), (autogradkit, to_ours(theirs))):
        leaf = leaf.requires_grad_()
        y, where = framework.nn.functional.max_pool2d(leaf, kernel, return_indices=True, **options)
        slope = framework.arange(1.0, y.numel() + 1, dtype=leaf.dtype).reshape(y.shape)
        found.append((y.detach(), where, *framework.autograd.grad(y, leaf, slope)))
    for other, mine in zip(*found, strict=True):
        assert mine.stride() == other.stride()
        np.testing.assert_array_equal(mine.numpy(), other.numpy())
    values, others = found[1][0].numpy(), found[0][0].numpy()
    np.testing.assert_array_equal(np.signbit(values), np.signbit(others))


def test_pooling_integers() -> None:
    x = torch.tensor([[[[-128, 3, 3], [-128, 7, 7], [-128, -128, 7]]]], dtype=torch.int8)
    found = [
        [each.tolist() for each in m.nn.functional.max_pool2d(leaf, 2, 1, 1, return_indices=True)]
        for m, leaf in ((torch, x), (autogradkit, to_ours(x)))
    ]
    assert found[0] == found[1]


def test_pooling_writes_into_the_memory_it_is_given() -> None:
    x = np.random.default_rng(SEED).standard_normal((2, 3, 4, 6))
    memory, places = np.full((2, 2, 3, 6), 9.0), np.full((2, 2, 3, 6), 9)
    values, positions = memory[..., ::2].transpose(0, 3, 1, 2), places[..., ::2].transpose(0, 3, 1, 2)
    max_pool(x, (2, 2), (2, 2), (0, 0), (1, 1), values, positions)
    y, where = torch.nn.functional.max_pool2d(torch.from_numpy(x), 2, return_indices=True)
    np.testing.assert_array_equal(values, y.numpy())
    np.testing.assert_array_equal(positions, where.numpy())
    again = np.full((2, 3, 2, 6), 9.0)
    gather_from_positions(x, positions, 2, again[..., ::2])
    np.testing.assert_array_equal(again[..., ::2], values)
    back = np.full((2, 3, 4, 12), 9.0)
    scatter_to_positions(values, positions, 2, back[..., ::2], disjoint=True)
    np.testing.assert_array_equal(back[..., ::2], np.where(np.isin(x, values), x, 0))
    for outside in (memory, places, again, back):
        assert (outside[..., 1::2] == 9).all()


def test_gradients_of_complex_convolutions_are_conjugated() -> None:
    """To the second order, with groups and padding."""
    random = np.random.default_rng(20261127)

    def numbers(*shape: int) -> Any:
        return random.normal(size=shape) + 1j * random.normal(size=shape)

    given, seed = (numbers(2, 4, 4, 4), numbers(4, 2, 2, 2), numbers(4)), numbers(2, 4, 5, 5)
    found: list[list[Any]] = []
    for library in (torch, autogradkit):
        x, w, b = (library.tensor(each, requires_grad=True) for each in given)
        y = library.nn.functional.conv2d(x, w, b, padding=1, groups=2)
        first = library.autograd.grad(y, [x, w, b], library.tensor(seed), create_graph=True)
        second = library.autograd.grad(sum((each * each).sum().abs() for each in first[:2]), [x, w])
        found.append([each.tolist() for each in (*first, *second)])
    for theirs, ours in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-11)


@every_case("dims", [1, 2, 3])
@every_case("kind biases", [("float64", "float32"), ("float64", "float64"), ("float32", "float64")])
def test_a_transposed_convolution_says_which_dtype_is_another(dims: int, kind: str, biases: str) -> None:
    """Its bias may have one of its own where PyTorch does not look at it."""

    def outcome(m: Any) -> Any:
        x = m.arange(2.0 * 4**dims).reshape((1, 2) + (4,) * dims).to(getattr(m, kind))
        bias = m.tensor([1.0, -2.0], dtype=getattr(m, biases), requires_grad=True)
        found = []
        for weight in ("float32", "float64"):
            try:
                layer = getattr(m.nn.functional, f"conv_transpose{dims}d")
                y = layer(x, m.ones((2, 2) + (3,) * dims, dtype=getattr(m, weight)), bias)
                y.sum().backward()
                found.append((str(y.dtype).split(".")[1], y.sum().item(), bias.grad.tolist()))
            except RuntimeError as error:
                found.append(str(error))
        return found

    assert outcome(autogradkit) == outcome(torch)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_third_order_gradients_of_overlapping_windows_add_up(dims: int) -> None:
    """What several windows found at one place comes back to it from all of them."""
    found = []
    for framework in (torch, autogradkit):
        x = framework.arange(1.0, 1 + 5**dims).sin().reshape(1, 1, *[5] * dims).requires_grad_()
        y = getattr(framework.nn.functional, f"max_pool{dims}d")(x, 3, 1)
        slope = framework.ones_like(y).requires_grad_()
        (first,) = framework.autograd.grad(y, x, slope, create_graph=True)
        weight = framework.ones_like(first).requires_grad_()
        (second,) = framework.autograd.grad(first, slope, weight, create_graph=True)
        (third,) = framework.autograd.grad(second, weight, framework.ones_like(second))
        found.append([each.detach().numpy() for each in (first, second, third)])
    for theirs, ours in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)
