"""Pictures that both libraries get, and what a user would notice of what they make of them. Used by the tests of vision."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from PIL import Image

import autogradkit as ak
from tests.parity.oracle import error_of, to_ours

_RANDOM = np.random.default_rng(7)
_SMOOTH = np.add.outer(np.arange(13) * 9, np.arange(17) * 7)[:, :, None] + [0, 20, 40]
RGB = (_SMOOTH + _RANDOM.integers(0, 40, (13, 17, 3))).clip(0, 255).astype(np.uint8)
TENSORS = {
    "uint8": torch.from_numpy(RGB).permute(2, 0, 1).contiguous(),
    "float32": torch.from_numpy(RGB).permute(2, 0, 1).contiguous() / 255,
    "grey": torch.from_numpy(RGB[:, :, :1]).permute(2, 0, 1).contiguous(),
    "float64": torch.from_numpy(RGB[:, :, :1]).permute(2, 0, 1).double() / 255,
    "batch": torch.stack([torch.from_numpy(RGB), torch.from_numpy(RGB).flip(0)]).permute(0, 3, 1, 2) / 255,
}
PILLOWS = {
    "RGB": Image.fromarray(RGB),
    "L": Image.fromarray(RGB[:, :, 1]),
    "RGBA": Image.fromarray(np.dstack([RGB, RGB[:, :, 0]])),
    "1": Image.fromarray(RGB[:, :, 0] > 100),
    "F": Image.fromarray(RGB[:, :, 0].astype(np.float32)),
    "I": Image.fromarray(RGB[:, :, 0].astype(np.int32) * 3),
}


def seeded(function: Callable[[], Any]) -> tuple[Any, list[str]]:
    """What a call gives from the seed on, in either library, and what it warns of."""
    torch.manual_seed(5)
    ak.manual_seed(5)
    random.seed(5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        made = function()
    return made, [str(each.message) for each in caught]


def assert_alike(ours: Any, theirs: Any, tolerance: float = 1e-5) -> None:
    """Same kinds, sizes, modes, dtypes; floats within the tolerance; integers, where a half was rounded, one apart."""
    if isinstance(theirs, list | tuple):
        assert isinstance(ours, type(theirs)) or not isinstance(theirs, list)
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_alike(one, other, tolerance)
    elif isinstance(theirs, Image.Image):
        assert (ours.mode, ours.size) == (theirs.mode, theirs.size)
        _assert_close(np.asarray(ours), np.asarray(theirs), tolerance)
    elif isinstance(theirs, torch.Tensor):
        assert isinstance(ours, ak.Tensor)
        assert type(ours).__name__ == type(theirs).__name__
        assert repr(ours.dtype) == repr(theirs.dtype)
        assert tuple(ours.shape) == tuple(theirs.shape)
        array = np.asarray(ours.detach().as_subclass(ak.Tensor).numpy())
        expected = theirs.detach().as_subclass(torch.Tensor).numpy()
        _assert_close(array, expected, tolerance)
    else:
        assert ours == theirs


def _assert_close(ours: Any, theirs: Any, tolerance: float) -> None:
    if theirs.dtype.kind == "f":
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
    elif theirs.dtype.kind == "b":
        np.testing.assert_array_equal(ours, theirs)
    else:
        apart = np.abs(ours.astype(np.int64) - theirs.astype(np.int64))
        assert apart.max(initial=0) <= 1
        assert np.count_nonzero(apart) <= 0.03 * apart.size


def compare(
    ours: Callable[[Any], Any],
    theirs: Callable[[Any], Any],
    picture: Any,
    tolerance: float = 1e-5,
    alike: Callable[[Any, Any, float], None] = assert_alike,
) -> None:
    """Hold one library's result, its warnings and its draws to the other's; or the errors of both, type and first line."""
    given = to_ours(picture) if isinstance(picture, torch.Tensor) else picture
    refused = error_of(lambda: seeded(lambda: theirs(picture)))
    if refused is not None:
        said = error_of(lambda: seeded(lambda: ours(given)))
        assert said is not None, refused
        assert (said[0], said[1].replace("autogradkit.core.tensor.Tensor", "torch.Tensor")) == refused
        return
    expected, expected_said = seeded(lambda: theirs(picture))
    next_draw = torch.rand(1).item(), random.random()
    made, said = seeded(lambda: ours(given))
    assert (ak.rand(1).item(), random.random()) == next_draw
    assert said == expected_said
    alike(made, expected, tolerance)


def same_numbers(one: Any, other: Any, rtol: float = 1e-6) -> None:
    assert (tuple(one.shape), repr(one.dtype)) == (tuple(other.shape), repr(other.dtype))
    np.testing.assert_allclose(one.detach().numpy(), other.detach().numpy(), rtol=rtol, atol=rtol)


def some_boxes(count: int, seed: int, dtype: Any = torch.float32, size: float = 20.0) -> torch.Tensor:
    """Boxes with corners in order, some of them alike and some empty."""
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, size, (count, 2))
    boxes = torch.from_numpy(np.concatenate([low, low + rng.uniform(0, size / 2, (count, 2))], 1))
    if count > 4:
        boxes[1] = boxes[0]
        boxes[2, 2:] = boxes[2, :2]
    return boxes.to(dtype)
