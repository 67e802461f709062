"""`assert_close`: everything in two nests of values is close, or an AssertionError says where and by how much it is not.

Works in two passes, as PyTorch does: the first walks sequences and mappings and finds which values are compared, and how; it
refuses what does not fit together. The second compares. `mismatch.py` has the words.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import autogradkit
from autogradkit.core.dtype import bfloat16, complex64, complex128, float16, float32, float64, int64
from autogradkit.core.dtype import dtype as Dtype
from autogradkit.core.frames import entry
from autogradkit.core.tensor import Tensor
from autogradkit.core.warning import warn
from autogradkit.engine.modes import no_grad
from autogradkit.testing.mismatch import of_numbers, of_tensors

Place = tuple[Any, ...]  # the indices and keys that lead to a value
Message = str | Callable[[str], str] | None
Check = Callable[[], str | None]  # what is wrong, if anything is

_TOLERANCES = {
    float16: (0.001, 1e-5),
    bfloat16: (0.016, 1e-5),
    float32: (1.3e-6, 1e-5),
    float64: (1e-7, 1e-7),
    complex64: (1.3e-6, 1e-5),
    complex128: (1e-7, 1e-7),
}
_OLD_TOLERANCES = {float16: (1e-3, 1e-3), float32: (1e-4, 1e-5), float64: (1e-5, 1e-8)}
_NUMBERS: dict[type, Dtype] = {int: int64, float: float64, complex: complex128}


def _loosest(dtypes: Sequence[Dtype], table: Mapping[Dtype, tuple[float, float]]) -> tuple[float, float]:
    """rtol and atol for values of these dtypes; whole numbers must be equal."""
    found = [table.get(each, (0.0, 0.0)) for each in dtypes]
    return max(rtol for rtol, _ in found), max(atol for _, atol in found)


def _located(message: str, place: Place) -> str:
    if not place:
        return message
    return f"{message}\n\nThe failure occurred for item {''.join(str([each]) for each in place)}"


@dataclass(frozen=True, slots=True)
class _Comparison:
    """What the keywords of `assert_close` ask for."""

    allow_subclasses: bool
    rtol: float | None
    atol: float | None
    equal_nan: bool
    check_device: bool
    check_dtype: bool
    check_layout: bool
    check_stride: bool

    def checks(self, actual: Any, expected: Any, place: Place) -> Iterator[tuple[Place, Check]]:
        """The comparisons of two nests. Raises where these are not alike, or where something cannot be compared."""
        if _are(actual, expected, Mapping):
            for key in _common_keys(actual, expected, place):
                yield from self.checks(actual[key], expected[key], (*place, key))
        elif _are(actual, expected, Sequence) and not isinstance(actual, str) and not isinstance(expected, str):
            if len(actual) != len(expected):
                message = f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
                raise AssertionError(_located(message, place))
            for at in range(len(actual)):
                yield from self.checks(actual[at], expected[at], (*place, at))
        else:
            yield place, self._check(actual, expected, place)

    def _check(self, actual: Any, expected: Any, place: Place) -> Check:
        if actual is None or expected is None:
            same = actual is expected
            return lambda: None if same else f"None mismatch: {actual} is not {expected}"
        if _are(actual, expected, (bool, np.bool_)):
            return lambda: (
                None if bool(actual) is bool(expected) else f"Booleans mismatch: {bool(actual)} is not {bool(expected)}"
            )
        if _are(actual, expected, (int, float, complex, np.number)):
            return self._check_of_numbers(actual, expected, place)
        tensors = self._as_tensors(actual, expected)
        if tensors is None:
            message = f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}."
            raise TypeError(_located(message, place))
        rtol, atol = self._tolerances([each.dtype for each in tensors], place)
        return lambda: self._wrong_tensors(*tensors, rtol, atol)

    def _tolerances(self, dtypes: Sequence[Dtype], place: Place) -> tuple[float, float]:
        if self.rtol is not None and self.atol is not None:
            return self.rtol, self.atol
        if self.rtol is None and self.atol is None:
            return _loosest(dtypes, _TOLERANCES)
        missing = "rtol" if self.rtol is None else "atol"
        message = f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}."
        raise ValueError(_located(message, place))

    # -- numbers -----------------------------------------------------------------------------------------------------

    def _check_of_numbers(self, actual: Any, expected: Any, place: Place) -> Check:
        one, other = (each.item() if isinstance(each, np.number) else each for each in (actual, expected))
        if type(one) not in _NUMBERS or type(other) not in _NUMBERS:  # a bool beside a number
            raise RuntimeError(
                f"Originating a NumberPair() at item {''.join(str([each]) for each in place)} with\n\n"
                f"{type(actual).__name__}(): {actual}\n\nand\n\n{type(expected).__name__}(): {expected}\n\n"
                "resulted in the unexpected exception above."
            )
        rtol, atol = self._tolerances([_NUMBERS[type(each)] for each in (one, other)], place)
        return lambda: self._wrong_numbers(one, other, rtol, atol)

    def _wrong_numbers(self, actual: Any, expected: Any, rtol: float, atol: float) -> str | None:
        if self.check_dtype and type(actual) is not type(expected):
            return f"The (d)types do not match: {type(actual)} != {type(expected)}."
        if actual == expected or (self.equal_nan and cmath.isnan(actual) and cmath.isnan(expected)):
            return None
        difference = abs(actual - expected)
        if cmath.isfinite(difference) and difference <= atol + rtol * abs(expected):
            return None
        return of_numbers(actual, expected, rtol, atol)

    # -- tensors, and what becomes one -------------------------------------------------------------------------------

    def _as_tensors(self, actual: Any, expected: Any) -> tuple[Tensor, Tensor] | None:
        """Both as tensors; None where their types are not related, or no tensor can be made of them."""
        if not (isinstance(actual, type(expected)) or isinstance(expected, type(actual))):
            return None
        if not self.allow_subclasses and type(actual) is not type(expected):
            return None
        try:
            return autogradkit.as_tensor(actual), autogradkit.as_tensor(expected)
        except (TypeError, ValueError, RuntimeError):
            return None

    def _wrong_tensors(self, actual: Tensor, expected: Tensor, rtol: float, atol: float) -> str | None:
        attributes: list[tuple[str, Any, Any]] = [("shape", actual.shape, expected.shape)]
        if self.check_stride:
            attributes.append(("stride()", actual.stride(), expected.stride()))
        if self.check_device:
            attributes.append(("device", actual.device, expected.device))
        if self.check_dtype:
            attributes.append(("dtype", actual.dtype, expected.dtype))
        if self.check_layout:
            attributes.insert(1, ("layout", actual.layout, expected.layout))
        for name, one, other in attributes:
            if one != other:
                return f"The values for attribute '{name}' do not match: {one} != {other}."
        if actual.dtype != expected.dtype:
            common = autogradkit.promote_types(actual.dtype, expected.dtype)
            actual, expected = actual.to(common), expected.to(common)
        if actual.layout != expected.layout:
            actual, expected = (each.to_dense() if each.is_sparse else each for each in (actual, expected))
        if actual.is_sparse:
            return self._wrong_sparse(actual, expected, rtol, atol)
        return self._wrong_values(actual, expected, rtol, atol, "Tensor-likes")

    def _wrong_sparse(self, actual: Tensor, expected: Tensor, rtol: float, atol: float) -> str | None:
        if actual.is_coalesced() != expected.is_coalesced():
            actual, expected = actual.coalesce(), expected.coalesce()
        if actual._nnz() != expected._nnz():
            return (
                "The number of specified values in sparse COO tensors does not match: "
                f"{actual._nnz()} != {expected._nnz()}"
            )
        wrong = self._wrong_values(actual._indices(), expected._indices(), 0, 0, "Sparse COO indices")
        return wrong or self._wrong_values(actual._values(), expected._values(), rtol, atol, "Sparse COO values")

    def _wrong_values(self, actual: Tensor, expected: Tensor, rtol: float, atol: float, what: str) -> str | None:
        matches = autogradkit.isclose(actual, expected, rtol=rtol, atol=atol, equal_nan=self.equal_nan)
        if matches.all():
            return None
        if not actual.shape:
            return of_numbers(actual.item(), expected.item(), rtol, atol)
        return of_tensors(actual, expected, matches, rtol, atol, what)


def _are(actual: Any, expected: Any, kind: Any) -> bool:
    return isinstance(actual, kind) and isinstance(expected, kind)


def _common_keys(actual: Mapping[Any, Any], expected: Mapping[Any, Any], place: Place) -> Sequence[Any]:
    """The keys of both, in order where they have one. Raises AssertionError where only one mapping has a key."""
    missing, additional = expected.keys() - actual.keys(), actual.keys() - expected.keys()
    if missing or additional:
        message = (
            "The keys of the mappings do not match:\n"
            f"Missing keys in the actual mapping: {sorted(missing)}\n"
            f"Additional keys in the actual mapping: {sorted(additional)}"
        )
        raise AssertionError(_located(message, place))
    try:
        return sorted(actual)
    except TypeError:
        return list(actual)


@entry
def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: Message = None,
) -> None:
    """Raise AssertionError unless |actual - expected| <= atol + rtol * |expected| for every number in them.

    They are tensors, what tensors are made of, numbers, bools and None, and sequences and mappings of these. Types, shapes
    and dtypes must agree; `check_dtype=False` compares in the dtype of both, `check_layout=False` sparse tensors with dense
    ones, `check_stride=True` asks for equal strides, and `check_device=False` takes devices as they are. Tolerances depend on
    the dtype (float32: 1.3e-6 and 1e-5, float64: 1e-7 both, whole numbers 0), or both are given. `msg` is said instead, or
    makes of what would be said what is. Raises TypeError for types that are not related, ValueError where but one tolerance
    is given.

    >>> import autogradkit as torch
    >>> torch.testing.assert_close(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.000001]))
    >>> torch.testing.assert_close({"a": [1.0, 2.0]}, {"a": [1.0, 2.5]})
    Traceback (most recent call last):
    AssertionError: Scalars are not close!
    <BLANKLINE>
    Expected 2.5 but got 2.0.
    Absolute difference: 0.5 (up to 1e-07 allowed)
    Relative difference: 0.2 (up to 1e-07 allowed)
    <BLANKLINE>
    The failure occurred for item ['a'][1]
    """
    comparison = _Comparison(
        allow_subclasses, rtol, atol, equal_nan, check_device, check_dtype, check_layout, check_stride
    )
    with no_grad():
        for place, check in list(comparison.checks(actual, expected, ())):
            wrong = check()
            if wrong is not None:
                message = _located(wrong, place)
                raise AssertionError(msg(message) if callable(msg) else message if msg is None else msg)


@entry
def assert_allclose(
    actual: Any,
    expected: Any,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = True,
    msg: str = "",
) -> None:
    """The old form of `assert_close`, with other tolerances, for which dtypes may differ and NaN is NaN. Warns that it is old."""
    warn(
        "`torch.testing.assert_allclose()` is deprecated since 1.12 and will be removed in a future release. Please use "
        "`torch.testing.assert_close()` instead. You can find detailed upgrade instructions in "
        "https://github.com/pytorch/pytorch/issues/61844.",
        FutureWarning,
    )
    if not isinstance(actual, Tensor):
        actual = autogradkit.tensor(actual)
    if not isinstance(expected, Tensor):
        expected = autogradkit.tensor(expected, dtype=actual.dtype)
    if rtol is None and atol is None:
        rtol, atol = _loosest([actual.dtype, expected.dtype], _OLD_TOLERANCES)
    assert_close(actual, expected, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False, msg=msg or None)
