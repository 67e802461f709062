"""Operands that are large enough for the ways that kernels take where there is much to do: values and positions, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case

STREAM = np.random.default_rng(0)
DISTINCT = STREAM.permutation(12_000).reshape(60, 200).astype(np.float32) - 6_000
TIED = STREAM.integers(0, 70, (60, 200)).astype(np.float32)
WITH_NAN = np.where(STREAM.random((60, 200)) < 0.02, np.float32(np.nan), DISTINCT)
OPERANDS = {"distinct": DISTINCT, "tied": TIED, "with NaN": WITH_NAN, "whole": TIED.astype(np.int64)}

SELECTIONS = [
    "torch.topk(x, 5, 1)",
    "torch.topk(x, 3, 0, largest=False)",
    "torch.topk(x.reshape(-1), 7)",
    "torch.topk(x, 200, 1)",
    "torch.topk(x, 0, 1)",
    "torch.kthvalue(x, 1, 1)",
    "torch.kthvalue(x, 30, 0)",
    "torch.kthvalue(x, 200, 1)",
    "torch.median(x, 1)",
    "torch.median(x, 0, keepdim=True)",
    "torch.nanmedian(x, 1)",
    "(torch.median(x), torch.nanmedian(x))",
]


def _agree(code: str, **arrays: np.ndarray[Any, Any]) -> None:
    """Assert that both give the same numbers in the same strides."""

    def results(module: Any) -> Any:
        tensors = {name: module.from_numpy(array.copy()) for name, array in arrays.items()}
        found = eval(code, {"torch": module, "F": module.nn.functional, **tensors})
        return found if isinstance(found, tuple) else (found,)

    for ours, theirs in zip(results(autogradkit), results(torch), strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
        assert ours.stride() == theirs.stride()


@every_case("operand", OPERANDS)
@every_case("code", SELECTIONS)
def test_selections_by_partition_pick_what_pytorch_picks(code: str, operand: str) -> None:
    _agree(code, x=OPERANDS[operand])


TRIANGLES = ["x.tril()", "x.triu(-3)", "x.view(4, 15, 200).tril(2)", "x.t().triu(1)", "x[:, ::3].tril()"]


@pytest.mark.parametrize("code", TRIANGLES)
def test_triangles_are_pytorchs(code: str) -> None:
    _agree(code, x=WITH_NAN)


ALONG = STREAM.integers(0, 60, (50, 200))
ACROSS = STREAM.integers(0, 200, (60, 70))
ROWS = {"permuted": STREAM.permutation(60), "repeated": STREAM.permutation(np.arange(60) % 45), "one": np.full(60, 7)}
FRACTIONS = STREAM.standard_normal((60, 200)).astype(np.float32)

PICKS = [
    "x.gather(0, along)",
    "x.gather(1, across)",
    "x.gather(1, across.int())",
    "x.t().gather(0, across.t())",
    "x.view(6, 10, 200).gather(1, along.view(5, 10, 200) % 10)",
    "x.scatter(0, along, y)",
    "x.scatter(1, across, 2.5)",
    "x.scatter(1, across.int(), y)",
    "x.t().scatter(1, along.t(), y.t())",
    "x.view(6, 10, 200).scatter(1, along.view(5, 10, 200) % 10, y.view(6, 10, 200))",
    "x.scatter_add(0, along, y)",
    "x.scatter_add(1, across, y)",
    "x[:, ::2].scatter_add_(1, across[:, :9] % 100, y)",
]


@every_case("code", PICKS)
def test_elements_named_along_a_dimension_are_pytorchs(code: str) -> None:
    _agree(code, x=FRACTIONS, y=DISTINCT / 7, along=ALONG, across=ACROSS)


@every_case("rows", ROWS)
@every_case(
    "code",
    [
        "x.index_select(0, rows)",
        "x.index_select(1, rows)",
        "x.t().index_select(1, rows)",
        "x.index_add(0, rows, y)",
        "x.index_add(1, rows, y[:, :60])",
        "x.trunc().index_put((rows,), (y * 7), accumulate=True)",
    ],
)
def test_rows_named_by_a_vector_are_pytorchs(code: str, rows: str) -> None:
    _agree(code, x=FRACTIONS, y=DISTINCT / 7, rows=ROWS[rows])


@every_case("code", ["x.prod()", "x.prod(1)", "x.prod(1, keepdim=True)", "x.view(4, -1).prod(1)", "x.t().prod(0)"])
@every_case("width", [200, 199])
def test_products_leave_out_no_factor(code: str, width: int) -> None:
    primes = np.array([1, -1, 1, 1, -1, 1, 1], np.float32)  # whose products are exact in any order
    factors = np.resize(primes, (60, width))
    factors[::7, 3] = 2
    factors[5, -1] = -3
    _agree(code, x=factors)
    _agree(code, x=factors.astype(np.int64))


BOUNDED = [
    "x.clamp(min=0.5)",
    "x.clamp_max(-0.5)",
    "x.clamp_min(float('nan'))",
    "x.nansum()",
    "x.nansum(1)",
    "x.nan_to_num()",
]


@pytest.mark.parametrize("code", BOUNDED)
def test_bounds_and_numbers_in_place_of_nan_are_pytorchs(code: str) -> None:
    for each in (WITH_NAN, DISTINCT, np.array([[0.0, -0.0], [np.inf, -np.inf]], np.float32)):
        _agree(code, x=each)


def _at_corners(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Numbers in steps across 0, with both zeros, infinities and NaN."""
    numbers = np.linspace(-8, 8, int(np.prod(shape)), dtype=np.float32)
    numbers[::97] = np.resize(np.array([0.0, -0.0, np.inf, -np.inf, np.nan], np.float32), numbers[::97].shape)
    return STREAM.permutation(numbers).reshape(shape)


UNITS = [
    "F.leaky_relu(x, 0.2)",
    "F.leaky_relu(x, 1.5)",
    "F.leaky_relu(x, -0.5)",
    "F.leaky_relu(x, 0.0)",
    "F.prelu(x, slopes)",
    "F.prelu(x, slopes * 0 + 2)",
    "F.prelu(x, slopes - 0.5)",
    "F.threshold(x, 0.5, 0.0)",
    "F.threshold(x, 0.5, 20.0)",
    "F.threshold(x, 0.5, -0.0)",
    "F.hardshrink(x)",
    "F.hardsigmoid(x)",
    "F.hardswish(x)",
    "F.huber_loss(x, y, reduction='none')",
    "F.huber_loss(x, y, reduction='none', delta=0.3)",
    "F.smooth_l1_loss(x, y, reduction='none')",
    "F.smooth_l1_loss(x, y, reduction='none', beta=0.3)",
    "F.smooth_l1_loss(x, y, reduction='none', beta=4.0)",
]
BLENDS = [
    "torch.lerp(x, y, 0.3)",
    "torch.lerp(x, y, 0.7)",
    "torch.lerp(x, y, y)",
    "torch.lerp(x, y[0], slopes)",
    "torch.lerp(x[0], y[0], y)",
    "torch.addcmul(x, y, slopes, value=0.3)",
]


CORNERS = _at_corners((60, 200))
SLOPES = np.linspace(0.1, 0.9, 200, dtype=np.float32)


@every_case("dtype", [np.float32, np.float64])
@every_case("code", UNITS)
def test_bent_lines_are_pytorchs(code: str, dtype: Any) -> None:
    _agree(code, x=CORNERS.astype(dtype), y=FRACTIONS.astype(dtype), slopes=SLOPES.astype(dtype))


@pytest.mark.parametrize("code", BLENDS)
def test_blends_are_pytorchs(code: str) -> None:
    _agree(code, x=CORNERS, y=FRACTIONS, slopes=SLOPES)


@every_case("code", [each for each in UNITS if each not in ("F.hardshrink(x)", "F.hardswish(x)")])
def test_gradients_of_bent_lines_are_pytorchs(code: str) -> None:
    def gradient(module: Any) -> Any:
        x = module.from_numpy(CORNERS.copy()).requires_grad_()
        names = {"F": module.nn.functional, "x": x, "y": module.from_numpy(FRACTIONS.copy())}
        slopes = module.from_numpy(SLOPES.copy())
        eval(code, {**names, "slopes": slopes}).backward(module.from_numpy(DISTINCT.copy()))
        return x.grad.numpy()

    np.testing.assert_array_equal(gradient(autogradkit), gradient(torch))


PADDINGS = [
    "x, (3, 2)",
    "x[None], (0, 4, 5, 0)",
    "x.view(1, 3, 20, 200), (1, 2, 3, 4)",
    "x.view(1, 5, 4, 3, 200), (3, 1, 2, 0, 1, 3)",
]


@every_case("mode", ["reflect", "replicate"])
@every_case("padding", PADDINGS)
def test_edges_are_padded_as_pytorch_does(padding: str, mode: str) -> None:
    _agree(f"F.pad({padding}, mode='{mode}')", x=FRACTIONS)


RESTS = [
    "x % 2",
    "x % -0.3",
    "x % y",
    "y % x",
    "7.5 % y",
    "x.fmod(0.3)",
    "x.fmod(y)",
    "x // 0.3",
    "y // -2",
    "y // x",
    "x // y",
]
PARTLY_WHOLE = np.round(FRACTIONS * 3, 1)


@every_case("code", RESTS)
def test_rests_and_whole_quotients_are_pytorchs(code: str) -> None:
    _agree(code, x=PARTLY_WHOLE + np.float32(0.05), y=PARTLY_WHOLE)
    _agree(code, x=CORNERS, y=PARTLY_WHOLE)
    _agree(code, x=PARTLY_WHOLE * np.float32(1e12), y=PARTLY_WHOLE)


@pytest.mark.parametrize("code", ["x.cummax(1)", "x.cummin(0)", "x.t().cummax(0)"])
def test_running_extremes_are_pytorchs(code: str) -> None:
    _agree(code, x=CORNERS)


@pytest.mark.parametrize("how", ["padding=1", "stride=2", "stride=(2, 1), padding=(2, 0)", "dilation=2, padding=1"])
def test_gradients_of_a_kernel_for_each_channel_are_pytorchs(how: str) -> None:
    kernels = np.arange(1, 25, dtype=np.float32).reshape(4, 1, 3, 2)  # whole numbers, whose sums are exact in any order

    def gradients(module: Any) -> Any:
        x = module.from_numpy(TIED.reshape(5, 4, 20, 30).copy()).requires_grad_()
        weight = module.from_numpy(kernels.copy()).requires_grad_()
        names = {"F": module.nn.functional, "x": x, "weight": weight}
        y = eval(f"F.conv2d(x, weight, groups=4, {how})", names)
        y.backward(module.arange(y.numel()).reshape(y.shape).float() % 7)
        return x.grad.numpy(), weight.grad.numpy()

    for ours, theirs in zip(gradients(autogradkit), gradients(torch), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@every_case("kind", ["float16", "bfloat16"])
@every_case("code", ["x @ x.t()", "x.t() @ x", "x.view(4, 15, 200) @ x.view(4, 200, 15)", "x @ x[0]"])
def test_products_of_half_precision_are_rounded_once(code: str, kind: str) -> None:
    # Sums of whole numbers that float32 holds: whoever rounds on the way finds others.
    whole = (TIED % 23).astype(np.float32)
    found = [eval(code, {"x": m.from_numpy(whole).to(getattr(m, kind))}).float().numpy() for m in (autogradkit, torch)]
    np.testing.assert_array_equal(found[0], found[1])
    assert found[0].max() > 2 ** (11 if kind == "float16" else 8)


LONG = STREAM.normal(size=(3, 350, 200)).astype(np.float32) * 3
IN_PARTS = [
    "torch.addcmul(x, y, z, value=-1.7)",
    "torch.addcmul(x, y[0], z, value=0.3)",
    "x.addcmul_(x, x)",
    "torch.addcdiv(x, y, z)",
    "torch.lerp(x, y, 0.3)",
    "x.lerp_(y, z)",
    "torch.lerp(x.t(), y.t(), z.t())",
    "torch.outer(x.view(-1)[:700], y[0])",
    "torch.outer(x[0], y.view(-1))",
    "torch.outer(x.t()[0], y.view(-1)[::7])",
    "F.huber_loss(x, y, reduction='none', delta=0.3)",
    "F.smooth_l1_loss(x, y, reduction='none', beta=1.0)",
    "F.smooth_l1_loss(x, y[0].expand(350, 200), reduction='none', beta=0.0)",
    "x.cummax(1)",
    "x.cummin(0)",
    "x.view(-1).cummax(0)",
    "x.sort(1).values.cummax(1)",
]


@pytest.mark.parametrize("code", IN_PARTS)
def test_long_operands_are_gone_through_in_parts(code: str) -> None:
    _agree(code, **dict(zip("xyz", LONG, strict=True)))


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_relu_of_every_number_of_half_precision(kind: str) -> None:
    every = np.arange(-(2**15), 2**15).astype(np.int16)
    found = [m.relu(m.from_numpy(every.copy()).view(getattr(m, kind))).float().numpy() for m in (autogradkit, torch)]
    np.testing.assert_array_equal(found[0], found[1])
    signs = [np.signbit(each[~np.isnan(each)]) for each in found]
    np.testing.assert_array_equal(*signs)


@every_case("ends", ["0, 1", "-0.0, 1", "1, -0.0", "-1, 1", "0.3, 70_000"])
@every_case("kind", ["float32", "float64"])
def test_many_numbers_at_equal_distances(kind: str, ends: str) -> None:
    found = [eval(f"m.linspace({ends}, 70_001, dtype=m.{kind})", {"m": m}).numpy() for m in (autogradkit, torch)]
    assert found[0].tobytes() == found[1].tobytes()


WIDE_RANGE = STREAM.integers(-(2**62), 2**62, (300, 400))
MANY_TIED = {
    "int64": STREAM.integers(-3, 3, (300, 400)),
    "uint8": STREAM.integers(0, 30, (300, 400)).astype(np.uint8),
    "wide": np.clip(WIDE_RANGE, -(2**61), 2**61),
}


@every_case("operand", MANY_TIED)
@every_case("largest", [True, False])
@every_case("dim", [0, 1])
def test_equal_numbers_of_long_tensors_are_picked_as_they_stand(operand: str, largest: bool, dim: int) -> None:
    array = MANY_TIED[operand]
    values, indices = autogradkit.from_numpy(array).topk(9, dim, largest=largest)
    assert values.tolist() == torch.from_numpy(array).topk(9, dim, largest=largest).values.tolist()
    order = np.argsort(~array if largest else array, dim, kind="stable")
    assert indices.tolist() == np.take(order, range(9), dim).tolist()
    third = autogradkit.from_numpy(array).kthvalue(3, dim)
    assert third.values.tolist() == torch.from_numpy(array).kthvalue(3, dim).values.tolist()
    assert third.indices.tolist() == np.take(np.argsort(array, dim, kind="stable"), 2, dim).tolist()


@every_case("operand", OPERANDS)
@every_case("shape", [(20, 600), (2, 6000), (47, 255), (46, 257), (5, 24, 100)])
def test_running_extremes_of_long_rows_are_pytorchs(operand: str, shape: tuple[int, ...]) -> None:
    rows = np.resize(OPERANDS[operand].reshape(-1), shape)
    for code in ("x.cummax(-1)", "x.cummin(-1)", "x.cummax(0)"):
        _agree(code, x=rows)
        _agree(code, x=np.sort(rows, -1))


def test_running_extremes_keep_the_sign_of_the_last_zero() -> None:
    zeros = np.where(STREAM.random((3, 400)) < 0.5, np.float32(0), np.float32(-0.0))
    _agree("tuple(each.sign() for each in (1 / x.cummax(1).values, 1 / x.cummin(1).values))", x=zeros)


def test_a_layers_standardised_samples_do_not_depend_on_strides() -> None:
    def found(x: Any) -> Any:
        x = x.detach().requires_grad_()
        y = autogradkit.nn.functional.layer_norm(x, (300,))
        y.backward(autogradkit.arange(y.numel()).reshape(y.shape).double() % 7)
        return y.detach().numpy().tobytes(), x.grad.contiguous().numpy().tobytes()

    x = autogradkit.from_numpy(np.random.default_rng(0).standard_normal((300, 700))).t()
    assert found(x) == found(x.contiguous())


LONG_ROWS = np.where(STREAM.random((9, 300)) < 0.01, np.float32(np.nan), STREAM.standard_normal((9, 300), np.float32))
LONG_ROWS[:, 5] = -0.0
RUNNING = [
    "x.cumsum(0)",
    "x.cumprod(0)",
    "x.view(3, 3, 300).cumsum(1)",
    "x.double().cumprod(0)",
    "x.half().cumsum(0)",
    "x.bfloat16().cumprod(0).float()",
    "x.nan_to_num().mul(9).int().cumsum(0)",
    "x.clone().cumsum_(0)",
    "x[:, ::1].t().contiguous().t().cumsum(0)",
    "1 / (x[:1] * 0).nan_to_num().neg().cumsum(0)",
]


@every_case("code", RUNNING)
def test_long_rows_run_as_pytorchs(code: str) -> None:
    _agree(code, x=LONG_ROWS)


COLUMNS = STREAM.standard_normal((400, 5_000), np.float32)


@every_case("code", ["F.softmax(x, 0)", "F.log_softmax(x, 0)", "F.softmax(x.view(4, 100, 5_000), 1)"])
def test_columns_of_many_rows_are_normalised_as_pytorchs(code: str) -> None:
    found = [
        eval(code, {"F": module.nn.functional, "x": module.from_numpy(COLUMNS)}) for module in (autogradkit, torch)
    ]
    np.testing.assert_allclose(*[each.numpy() for each in found], rtol=2e-6)


SIGNS = ["torch.signbit(x.t())", "torch.signbit(x[:, ::2])", "torch.isfinite(x.t())", "torch.neg(x.t())"]
INTO = [
    "torch.signbit(x, out=o.t())",
    "torch.signbit(x[:, ::2].t(), out=o[:100])",
    "torch.signbit(x, out=o.t()[:, ::1])",
]


@pytest.mark.parametrize("code", SIGNS + INTO)
def test_signs_of_what_is_transposed_are_pytorchs(code: str) -> None:
    _agree(code, x=WITH_NAN, o=np.zeros((200, 60), np.bool_))


@every_case("kind", ["uint8", "int8", "int16", "int32", "int64"])
@every_case("bounds", ["3, 60", "-1, 1", "50, 2", "min=3", "max=60"])
def test_whole_numbers_within_bounds(bounds: str, kind: str) -> None:
    x = STREAM.integers(0, 100, (70, 80)).astype(kind)
    _agree(f"x.clamp({bounds})", x=x)
    _agree(f"x[:, ::2].t().clamp_({bounds})", x=x)
