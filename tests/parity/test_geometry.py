"""The geometry rules of autogradkit.core.strides against PyTorch's own, on random layouts."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from autogradkit.core import shapes
from autogradkit.core import strides as S
from tests.every_case import every_case

SEEDS = range(24)
CASES_PER_SEED = 60


def layout(rng: random.Random, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor of `shape` with some strides: permuted, sliced, expanded or contiguous."""
    ndim = len(shape)
    order = list(range(ndim))
    rng.shuffle(order)
    gaps = [rng.choice((1, 1, 1, 2)) for _ in shape]
    expanded = [rng.random() < 0.12 for _ in shape]
    stored = [1 if expanded[d] else shape[d] * gaps[d] for d in order]
    tensor = torch.zeros(stored).permute([order.index(d) for d in range(ndim)])
    for dim in range(ndim):
        if not expanded[dim]:
            tensor = tensor[(slice(None),) * dim + (slice(None, None, gaps[dim]),)]
    return tensor.expand(shape) if ndim else tensor


def some_shape(rng: random.Random, most: int = 4, sizes: tuple[int, ...] = (0, 1, 1, 2, 2, 3, 3, 4)) -> tuple[int, ...]:
    return tuple(rng.choice(sizes) for _ in range(rng.randint(0, most)))


def outcome(call, *args):
    """What `call` returns, or the type and text of what it raises."""
    try:
        return call(*args)
    except (RuntimeError, IndexError) as error:
        return type(error), str(error)


def geometry(tensor: torch.Tensor) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return tuple(tensor.shape), tuple(tensor.stride())


def cases(seed: int):
    rng = random.Random(seed)
    for _ in range(CASES_PER_SEED):
        yield rng


@every_case("seed", SEEDS)
def test_layout_questions(seed):
    for rng in cases(seed):
        tensor = layout(rng, some_shape(rng))
        shape, strides = geometry(tensor)
        assert S.contiguous_strides(shape) == torch.empty(shape).stride()
        assert S.is_contiguous(shape, strides) == tensor.is_contiguous(), (shape, strides)
        dense = torch.ops.aten.is_non_overlapping_and_dense(tensor)
        assert S.is_non_overlapping_and_dense(shape, strides) == dense, (shape, strides)
        assert S.dense_strides_like(shape, strides) == torch.empty_like(tensor).stride(), (shape, strides)
        assert S.dense_strides_like(shape, strides) == tensor.clone().stride(), (shape, strides)
        if tensor.ndim == 4:
            last = tensor.is_contiguous(memory_format=torch.channels_last)
            assert S.is_channels_last(shape, strides) == last, (shape, strides)
            assert S.channels_last_strides(shape) == torch.empty(shape, memory_format=torch.channels_last).stride()


@every_case("seed", SEEDS)
def test_results_of_pointwise_ops(seed):
    for rng in cases(seed):
        out_shape = some_shape(rng)
        operands = []
        for _ in range(rng.choice((1, 2, 2, 3))):
            shape = tuple(1 if rng.random() < 0.15 else size for size in out_shape)
            if rng.random() < 0.3:
                shape = shape[rng.randint(0, len(shape)) :]
            operands.append(layout(rng, shape))
        out_shape = tuple(torch.broadcast_shapes(*(t.shape for t in operands)))
        match operands:
            case [a]:
                result = torch.exp(a)
            case [a, b]:
                result = torch.add(a, b)
            case [a, b, c]:
                result = torch.addcmul(a, b, c)
        geometries = [geometry(t) for t in operands]
        assert S.output_strides(geometries, out_shape) == result.stride(), (geometries, out_shape)


@every_case("seed", SEEDS)
def test_views(seed):
    for rng in cases(seed):
        tensor = layout(rng, some_shape(rng))
        if rng.random() < 0.3 and tensor.numel():
            new_shape = random_factors(rng, tensor.numel())
        else:
            new_shape = regrouped(rng, tuple(tensor.shape))
        try:
            expected = tensor.view(new_shape).stride()
        except RuntimeError:
            expected = None
        assert S.view_strides(*geometry(tensor), new_shape) == expected, (geometry(tensor), new_shape)


def random_factors(rng: random.Random, numel: int) -> tuple[int, ...]:
    factors = []
    while numel > 1:
        factor = rng.choice([f for f in range(1, numel + 1) if numel % f == 0])
        factors.append(factor)
        numel //= factor
    return (*factors, 1) if rng.random() < 0.3 else tuple(factors)


def regrouped(rng: random.Random, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Neighbours merged and ones sprinkled in: the reshapes that most often succeed."""
    sizes = list(shape)
    for _ in range(rng.randint(0, 2)):
        if len(sizes) > 1 and rng.random() < 0.7:
            at = rng.randrange(len(sizes) - 1)
            sizes[at : at + 2] = [sizes[at] * sizes[at + 1]]
        else:
            sizes.insert(rng.randint(0, len(sizes)), 1)
    return tuple(sizes)


@every_case("seed", SEEDS)
def test_concatenation(seed):
    for rng in cases(seed):
        shape = tuple(rng.choice((0, 1, 2, 3)) for _ in range(rng.choice((1, 2, 3, 4, 4, 4, 4))))
        dim = rng.randrange(len(shape))
        parts = []
        for _ in range(rng.randint(1, 3)):
            part = layout(rng, tuple(rng.choice((0, 1, 2)) if d == dim else size for d, size in enumerate(shape)))
            if part.ndim == 4 and rng.random() < 0.5:
                part = part.contiguous(memory_format=torch.channels_last)
            parts.append(part)
        if rng.random() < 0.1:
            parts.insert(rng.randint(0, len(parts)), torch.empty(0))
        result = torch.cat(parts, dim)
        assert S.cat_strides([geometry(t) for t in parts], tuple(result.shape)) == result.stride(), (
            [geometry(t) for t in parts],
            dim,
        )


@every_case("seed", SEEDS)
def test_broadcasting_and_its_errors(seed):
    for rng in cases(seed):
        a, b = (some_shape(rng, 3, (0, 1, 1, 2, 3)) for _ in range(2))
        expected = outcome(lambda a=a, b=b: tuple(torch.add(torch.empty(a), torch.empty(b)).shape))
        assert outcome(shapes.broadcast_shapes, a, b) == expected


@every_case("seed", SEEDS)
def test_sizes_to_infer_and_their_errors(seed):
    for rng in cases(seed):
        numel = rng.choice((0, 1, 2, 4, 6, 12))
        shape = tuple(rng.choice((-1, -1, -2, 0, 1, 2, 3, 4, 6)) for _ in range(rng.randint(0, 3)))
        expected = outcome(lambda numel=numel, shape=shape: tuple(torch.empty(numel).reshape(shape).shape))
        assert outcome(shapes.infer_size, shape, numel) == expected, (shape, numel)


@pytest.mark.parametrize("ndim", range(4))
def test_dimension_numbers_and_their_errors(ndim):
    tensor = torch.empty((2,) * ndim)
    for dim in range(-5, 6):
        expected = outcome(lambda dim=dim: torch.sum(tensor, dim) is None)
        ours = outcome(shapes.wrap_dim, dim, ndim)
        assert ours == (expected or dim % max(ndim, 1))


@every_case("seed", SEEDS)
def test_writing_over_shared_memory(seed):
    for rng in cases(seed):
        flat = torch.zeros(30)
        rows, columns = rng.randint(1, 3), rng.randint(1, 3)

        def window(rng=rng, flat=flat, rows=rows, columns=columns):
            step = rng.choice(((columns, 1), (columns, 1), (1, rows), (0, 1), (4, 1)))
            return flat.as_strided((rows, columns), step, rng.choice((0, 0, 0, 1, 2, 15)))

        target, source = window(), window()
        try:
            target.add_(source)
            expected = None
        except RuntimeError as error:
            expected = "partial" if "some elements" in str(error) else "internal"
        ours = None
        if S.has_internal_overlap(*geometry(target)):
            ours = "internal"
        elif S.partial_overlap(target.numpy(), source.numpy()):
            ours = "partial"
        assert ours == expected, (geometry(target), geometry(source), target.storage_offset(), source.storage_offset())


@every_case("seed", SEEDS)
def test_allocation_keeps_the_strides(seed):
    for rng in cases(seed):
        tensor = layout(rng, some_shape(rng))
        shape, strides = geometry(tensor)
        array = S.empty_strided(shape, strides, np.dtype("float32"))
        assert array.shape == shape
        assert S.element_strides(array) == strides
        assert array.flags.writeable
