"""Index plans of autogradkit.core.indexing against PyTorch: nodes, shapes, strides, values, memory and errors."""

from __future__ import annotations

import random
import sys
import warnings

import numpy as np
import pytest
import torch

from autogradkit.core.indexing import parse
from autogradkit.core.locations import locate
from autogradkit.core.strides import element_strides
from autogradkit.core.tensor import Tensor, wrap
from tests.every_case import every_case

SEEDS = range(40)
CASES_PER_SEED = 40


def random_index(rng: random.Random, shape: tuple[int, ...]) -> object:
    """An index for a tensor of `shape`, now and then one that does not fit."""
    items = []
    dim = 0
    some_ellipsis = False
    while dim < len(shape) and rng.random() < 0.8:
        size = shape[dim]
        kind = rng.choice(
            ["int", "slice", "slice", "slice", "none", "list", "array", "tensor", "mask", "bool", "dots", "0d"]
        )
        if kind == "int":
            items.append(rng.randint(-size - 1, size) if rng.random() < 0.08 else rng.randint(-size, max(size - 1, 0)))
            dim += 1
        elif kind == "slice":
            items.append(
                slice(*(rng.choice((None, rng.randint(-5, 5))) for _ in range(2)), rng.choice((None, None, 1, 2)))
            )
            dim += 1
        elif kind == "none":
            items.append(None)
        elif kind == "list":
            items.append([rng.randint(-size, max(size - 1, 0)) for _ in range(rng.choice((0, 1, 2, 2)))])
            dim += 1
        elif kind in ("array", "tensor"):
            index_shape = rng.choice(((1,), (2,), (2,), (2, 1), (2, 2), (0,)))
            values = np.random.default_rng(rng.randrange(2**31)).integers(
                -size, size + (rng.random() < 0.05) or 1, index_shape
            )
            values = values.astype(rng.choice((np.int64, np.int32))).reshape(index_shape)
            items.append(
                values if kind == "array" else torch.from_numpy(values if rng.random() < 0.7 else values.T.copy().T)
            )
            dim += 1
        elif kind == "mask":
            covers = min(rng.choice((1, 1, 2)), len(shape) - dim)
            mask_shape = shape[dim : dim + covers] if rng.random() < 0.95 else (size + 1,)
            items.append(torch.from_numpy(np.random.default_rng(rng.randrange(2**31)).random(mask_shape) < 0.5))
            dim += covers
        elif kind == "bool":
            items.append(rng.choice((True, False, True)))
        elif kind == "0d":
            items.append(torch.tensor(rng.randint(-size, max(size - 1, 0))))
            dim += 1
        elif not some_ellipsis or rng.random() < 0.1:
            some_ellipsis = True
            items.append(Ellipsis)
            dim += rng.randint(0, len(shape) - dim)
    if len(items) == 1 and rng.random() < 0.5:
        return items[0]
    return tuple(items)


def ours(index: object) -> object:
    if isinstance(index, tuple):
        return tuple(map(ours, index))
    return wrap(index.numpy()) if isinstance(index, torch.Tensor) else index


def apply_plan(array: np.ndarray, index: object) -> tuple[np.ndarray, list[str]]:
    """Carry a plan out with NumPy alone; also the names of the steps."""
    plan = parse(index, array.shape)
    names = []
    for name, dim, *rest in plan.steps:
        before = (slice(None),) * dim
        match name:
            case "select":
                array = array[(*before, rest[0], ...)]
            case "slice":
                array = array[(*before, slice(*rest))]
            case "unsqueeze":
                inner = array.shape[dim] * element_strides(array)[dim] if dim < array.ndim else 1
                strides = list(element_strides(array))
                strides.insert(dim, inner)
                shape = (*array.shape[:dim], 1, *array.shape[dim:])
                array = np.lib.stride_tricks.as_strided(array, shape, [s * array.itemsize for s in strides])
        names.append(name)
    if not plan.indices:
        return array, names or ["alias"]
    place = locate(
        [i._array if isinstance(i, Tensor) else i for i in plan.indices], array.shape, element_strides(array)
    )
    found = np.ndarray(place.shape, array.dtype, strides=None) if 0 in place.shape else array[place.numpy_index]
    assert found.shape == place.shape
    names.append("index")
    return (found, place.strides), names


def outcome(call):
    """What `call` returns, and the type and text of what it raises."""
    try:
        return call(), None
    except (IndexError, ValueError, TypeError, RuntimeError) as error:
        return None, (type(error), str(error))


def node_names(tensor: torch.Tensor, source: torch.Tensor) -> list[str]:
    names = []
    node = tensor.grad_fn
    while node is not source.grad_fn:
        names.append(node.name().removesuffix("Backward0").lower())
        node = node.next_functions[0][0]
    return names[::-1]


@every_case("seed", SEEDS)
def test_random_indices(seed):
    rng = random.Random(seed)
    for _ in range(CASES_PER_SEED):
        shape = tuple(rng.choice((0, 1, 2, 3, 3, 4)) for _ in range(rng.randint(0, 4)))
        order = rng.sample(range(len(shape)), len(shape))
        leaf = torch.arange(float(np.prod(shape))).reshape([shape[d] for d in order]).requires_grad_()
        source = leaf.permute([order.index(d) for d in range(len(shape))])
        array = source.numpy(force=True)
        index = random_index(rng, tuple(source.shape))
        where = (tuple(source.shape), source.stride(), index)
        expected, error = outcome(lambda source=source, index=index: source[index])
        if error:
            assert outcome(lambda array=array, index=index: apply_plan(array, ours(index)))[1] == error, where
            continue
        found, names = apply_plan(array, ours(index))
        assert names == node_names(expected, source), where
        if isinstance(found, tuple):
            found, strides = found
        else:
            strides = element_strides(found)
            assert expected._is_view(), where
            assert not found.size or np.shares_memory(found, array)
        assert found.shape == tuple(expected.shape), where
        assert np.array_equal(found, expected.numpy(force=True)), where
        if expected.numel():
            assert strides == expected.stride(), where


SINGLES = (
    """
1.5; 'a'; [1.5]; ['a']; [object()]; object(); {}; {0, 1}; ([[0, 1], [0]],); ([[0], 1],); ([0, [1]],); [10**30]; 10**30
slice(None, None, -1); slice(None, None, 0); slice(0, 1.5); np.bool_(True); np.int64(-1); np.array(1); np.array(True)
np.array([1.5]); np.array(['a']); range(2); range(9); torch.tensor([1.0]); torch.tensor(1.0); (1, 2, 3); (1, 2, 3, 4)
torch.tensor([1], dtype=torch.int16); [True, False]; [True, 1]; ([0, 1], [0, 1, 2]); ([0, 1], [7, 0]); ([1, 9], [7, 0])
[]; ([],); ([None],); (torch.ones(2, 3, 4, 5, dtype=bool),); (0, 0, 0, None, 0); ([1j],); (torch.ones(2, dtype=bool), 0)
0; -3; torch.tensor(0); torch.tensor([0, -9]); None; Ellipsis; True; False; (); (Ellipsis, Ellipsis)
""".replace("\n", ";")
    .strip(";")
    .split(";")
)


@every_case("text", [text.strip() for text in SINGLES])
@every_case("shape", [(2, 3, 4), (), (0, 2)])
def test_unusual_indices(text, shape):
    leaf = torch.arange(float(np.prod(shape))).reshape(shape).requires_grad_()
    source = leaf.view_as(leaf)
    index = eval(text, {"torch": torch, "np": np})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected, error = outcome(lambda: source[index])
        got, our_error = outcome(lambda: apply_plan(source.numpy(force=True), ours(index)))
    assert our_error == error
    if expected is not None:
        found, names = got
        assert names == node_names(expected, source)
        found = found[0] if isinstance(found, tuple) else found
        assert np.array_equal(found, expected.numpy(force=True))


@pytest.mark.parametrize("index", [[[0, 1], [1, 0]], [slice(0, 1)], [0, None]], ids=repr)
def test_lists_that_count_as_tuples_warn(index):
    texts = []
    for take in (lambda: torch.zeros(2, 3)[index], lambda: parse(index, (2, 3))):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            take()
        texts.append((caught[0].category, str(caught[0].message).split(" (Triggered")[0]))
    assert texts[0] == texts[1]


def test_open_slices_are_as_long_as_can_be():
    assert parse(slice(None), (3,)).steps == (("slice", 0, 0, sys.maxsize, 1),)
    assert parse((slice(None),), (3,)).steps == ()
