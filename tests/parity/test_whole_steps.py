"""Functions of many numbers by whole steps (singles.by_steps): exact, or within a few units in the last place; and in slices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from autogradkit._ops.pointwise import singles
from tests.every_case import every_case

STREAM = np.random.default_rng(0)


@pytest.mark.parametrize(("name", "places"), [("erf", 3), ("erfc", 1), ("erfinv", 1)])
def test_error_functions_are_within_a_few_units_in_the_last_place_of_pytorchs(name: str, places: int) -> None:
    x = np.concatenate((np.linspace(-11, 11, 6001), np.geomspace(1e-38, 1, 3001), 1 - np.geomspace(1e-7, 1, 3001)))
    corners = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0], np.float32)
    x = np.concatenate((x.astype(np.float32), corners))
    ours, theirs = (getattr(module, name)(module.from_numpy(x)).numpy() for module in (autogradkit, torch))
    np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(theirs))
    np.testing.assert_array_equal(ours[-len(corners) :], theirs[-len(corners) :])
    finite = np.isfinite(ours)
    np.testing.assert_array_max_ulp(ours[finite], theirs[finite], places)


@pytest.mark.parametrize("name", ["expm1", "sinh", "log1p"])
@pytest.mark.parametrize("quick", [False, True], ids=["by steps", "as this processor has it"])
def test_functions_beside_0_are_within_three_units_in_the_last_place(
    name: str, quick: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not quick:  # as on processors for which NumPy was not written
        monkeypatch.setattr(singles, "in_whole_steps", lambda kind: frozenset())
    corners = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 3e38, -3e38, -88.7, 1e-45, -1e-45, 88.7], np.float32)
    size = np.geomspace(1e-38, 88.7, 50_001).astype(np.float32)  # so many that they are gone through in parts
    x = np.concatenate((corners, size, -size, np.linspace(-3, 3, 10_001, dtype=np.float32)))
    with np.errstate(all="ignore"):
        ours, exact = getattr(autogradkit, name)(autogradkit.from_numpy(x)).numpy(), getattr(np, name)(x.astype(float))
    theirs = getattr(torch, name)(torch.from_numpy(x)).numpy()
    np.testing.assert_array_equal(ours[:8], theirs[:8])
    ours, exact = ours[np.isfinite(theirs)], exact[np.isfinite(theirs)]
    np.testing.assert_array_equal(np.signbit(ours), np.signbit(exact))
    assert (
        abs(ours - exact) <= 3 * np.spacing(abs(exact.astype(np.float32)))
    ).all()  # as NumPy's own exp is with AVX-512


_ENDS = [0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 1e-45, -1e-45, 3e38]
PAIRS = {
    "distinct": (STREAM.standard_normal(9_000), STREAM.standard_normal(9_000)),
    "far apart": (STREAM.standard_normal(9_000) * 1e6, STREAM.standard_normal(9_000) * 1e-3),
    "whole": (STREAM.integers(-90, 90, 9_000) * 1.0, STREAM.integers(1, 30, 9_000) * 1.0),
    "tenths": (
        STREAM.integers(-90, 90, 9_000) / 10,
        STREAM.integers(1, 30, 9_000) / 10,
    ),  # quotients that are rounded up
    "a row": (STREAM.standard_normal((90, 100)), STREAM.standard_normal(100)),
}


def _found(code: str, module: Any, kind: str, x: Any, y: Any) -> Any:
    operands = [module.from_numpy(each).to(getattr(module, kind)) for each in (x, y)]
    return eval(code, {"torch": module, "x": operands[0], "y": operands[1]}).to(module.float64).numpy()


def _agree_exactly(code: str, kind: str, x: Any, y: Any) -> None:
    """Assert that both give the same numbers, and zeros of the same sign."""
    ours, theirs = (_found(code, module, kind, x, y) for module in (autogradkit, torch))
    np.testing.assert_array_equal(ours, theirs)
    known = ~np.isnan(theirs)
    np.testing.assert_array_equal(np.signbit(ours[known]), np.signbit(theirs[known]))


@every_case("pair", PAIRS)
@every_case("kind", ["float32", "float64", "float16", "bfloat16"])
@every_case("code", ["torch.nextafter(x, y)", "torch.remainder(x, y)", "torch.fmod(x, y)"])
def test_what_is_exact_is_so_of_many_numbers(code: str, kind: str, pair: str) -> None:
    _agree_exactly(code, kind, *PAIRS[pair])


@every_case("kind", ["float32", "float64", "float16", "bfloat16"])
def test_neighbours_of_zeros_and_of_numbers_that_are_not_finite(kind: str) -> None:
    x, y = (np.resize(each.ravel(), 5_000) for each in np.meshgrid(_ENDS, _ENDS))
    for size in (5_000, 100):
        _agree_exactly("torch.nextafter(x, y)", kind, x[:size], y[:size])


@every_case("pair", PAIRS)
def test_long_sides_of_many_triangles_are_rounded_once(pair: str) -> None:
    _agree_exactly("torch.hypot(x, y)", "float32", *PAIRS[pair])
    ends = np.resize(_ENDS, 5_000)
    _agree_exactly("torch.hypot(x, y)", "float32", ends, np.roll(ends, 3))


@every_case("name", ["logaddexp", "logaddexp2"])
@every_case("kind", ["float32", "float64"])
@every_case("pair", PAIRS)
def test_logarithms_of_many_sums_and_of_one(pair: str, kind: str, name: str) -> None:
    least = 4 * float(np.finfo(kind).eps)
    for code in (f"torch.{name}(x, y)", f"torch.{name}(x.reshape(-1)[0], y.reshape(-1)[0])"):
        found = [_found(code, module, kind, *PAIRS[pair]) for module in (autogradkit, torch)]
        np.testing.assert_allclose(found[0], found[1], rtol=least, atol=least)


LAYOUTS = {
    "transposed": "x.t(), y.t()",
    "one transposed": "x.t(), y",
    "a row": "x, y[0]",
    "a column": "x.t(), y[:, :1]",
    "expanded": "x[:1].expand(320, 320), y",
    "stepped": "x[:, ::2], y[:, 1::2]",
    "channels last": "x.view(2, 10, 64, 80).permute(0, 3, 1, 2), y.view(2, 80, 10, 64)[:1]",
}


@every_case("layout", LAYOUTS)
@every_case("kind", ["float32", "float16"])
@every_case(
    "code",
    [
        "torch.addcmul(a, a, b)",
        "torch.lerp(a, a + 1, b)",
        "torch.lerp(a, b.expand_as(a), 0.3)",
        "torch.fmod(a, b)",
        "torch.logaddexp(a, b)",
        "torch.nn.functional.elu(a) + torch.nn.functional.gelu(b)",
        "torch.equal(a, a.clone()), torch.equal(a, b.expand_as(a))",
    ],
)
def test_what_goes_a_few_slices_at_a_time_does_not_depend_on_strides(code: str, kind: str, layout: str) -> None:
    stream = np.random.default_rng(0)
    x, y = (autogradkit.from_numpy(stream.standard_normal((320, 320))).to(getattr(autogradkit, kind)) for _ in range(2))
    a, b = eval(LAYOUTS[layout], {"x": x, "y": y})
    found, wanted = (
        eval(code, {"torch": autogradkit, "a": one, "b": other})
        for one, other in ((a, b), (a.contiguous(), b.expand_as(a).contiguous()))
    )
    assert found == wanted if isinstance(found, tuple) else found.equal(wanted)
