"""What ops compute of a batch: the samples of every declaration, three of each at once, beside one after the other.

Each tensor of a sample is the batch's or common to all in turn; results, and gradients by what is the batch's and by what is
common, are those of the loop. In place, the batch is edited.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

import autogradkit as torch
from autogradkit.func import vmap

from .declared import DIFFERENTIABLE, Declared

# What draws, what PyTorch refuses to batch as the sizes of its result depend on data, and what looks at memory.
LEFT_OUT = (
    "masked_select",
    "_unique2",
    "unique",
    "as_strided",
    "to_sparse",
    "_to_sparse",
    "native_batch_norm",
    "_to_dense",
)
NAMES = [
    name for name, op in DIFFERENTIABLE.items() if op.make_samples and not op.draws and not name.startswith(LEFT_OUT)
]


def _tensors(sample: Sequence[Any]) -> list[int]:
    return [i for i, each in enumerate(sample) if isinstance(each, torch.Tensor)]


def _results(found: Any) -> list[Any]:
    return [
        each for each in (found if isinstance(found, (tuple, list)) else (found,)) if isinstance(each, torch.Tensor)
    ]


def _batched(op: Declared, seeds: int) -> list[list[tuple[Any, ...]]]:
    """For each sample of the declaration as many of the same sizes."""
    return [list(several) for several in zip(*[op.samples(seed) for seed in range(seeds)], strict=True)]


def _masks(places: list[int]) -> list[list[int]]:
    """Which tensors are the batch's: all of them, then each alone."""
    return [places, *([[place] for place in places] if len(places) > 1 else [])]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", NAMES)
def test_a_batch_at_once_is_its_samples_one_by_one(name: str) -> None:
    op = DIFFERENTIABLE[name]
    for several in _batched(op, 3):
        places = _tensors(several[0])
        for chosen in _masks(places) if places else []:
            dims = tuple([0 if i in chosen else None for i in range(len(several[0]))])
            first = several[0]
            args: list[Any] = [
                torch.stack([sample[i] for sample in several]).detach() if i in chosen else each
                for i, each in enumerate(first)
            ]
            names = list(op.call.index)
            wanted = [i for i in places if names[i] in op.formulas and first[i].requires_grad]
            inputs = [args[i].requires_grad_() for i in wanted]
            one_by_one = [
                _results(op.call(*[arg[row] if i in chosen else arg for i, arg in enumerate(args)])) for row in range(3)
            ]
            expected = [torch.stack(list(rows)) for rows in zip(*one_by_one, strict=True)]
            found = _results(vmap(lambda *given: tuple(_results(op.call(*given))), in_dims=dims)(*args))
            for mine, theirs in zip(found, expected, strict=True):
                torch.testing.assert_close(mine, theirs, equal_nan=True)
            pairs = [(a, b) for a, b in zip(found, expected, strict=True) if b.requires_grad]
            if not pairs:
                continue
            ours, theirs = (
                torch.autograd.grad(
                    [(each.sin() if not each.is_complex() else each.abs()).sum() for each in side],
                    inputs,
                    allow_unused=True,
                )
                for side in zip(*pairs, strict=True)
            )
            for mine, other in zip(ours, theirs, strict=True):
                if mine is None or other is None:  # what is not connected on one way has zeros on the other
                    assert not any(each.any() for each in (mine, other) if each is not None)
                else:
                    torch.testing.assert_close(mine, other, equal_nan=True)
