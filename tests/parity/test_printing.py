"""What tensors look like in print: PyTorch's text, character for character, over arrays of every scale, dtype and shape."""

import random

import numpy as np
import pytest
import torch

from autogradkit.core import dtype as dtypes
from autogradkit.core import printing as P

KINDS = ["float32", "float64", "float16", "int64", "int32", "int8", "uint8", "bool", "complex64", "complex128"]
SEEDS = range(6)


@pytest.fixture(autouse=True)
def default_options():
    yield
    for module in (P, torch):
        module.set_printoptions(profile="default")
    dtypes.set_default_dtype(dtypes.float32)
    torch.set_default_dtype(torch.float32)


def some_numbers(rng: random.Random, size: int) -> list[float]:
    """Numbers of one manner: whole, of one scale, of mixed scales, with nothing but zeros, or odd ones among them."""
    manner = rng.choice(("whole", "scale", "scale", "mixed", "large", "small", "zero", "halves"))
    scale = 10.0 ** rng.randint(-6, 9)
    make = {
        "whole": lambda: float(rng.randint(-1000, 1000)),
        "scale": lambda: rng.gauss(0, 1) * scale,
        "mixed": lambda: rng.gauss(0, 1) * 10.0 ** rng.randint(-8, 8),
        "large": lambda: float(rng.randint(-(10**12), 10**12)),
        "small": lambda: rng.random() * 1e-4,
        "zero": lambda: rng.choice((0.0, -0.0)),
        "halves": lambda: rng.randint(-20, 20) / 2,
    }[manner]
    odd = rng.choice((0, 0, 0.2, 1))
    strange = (float("inf"), float("-inf"), float("nan"), 0.0, -0.0)
    return [rng.choice(strange) if rng.random() < odd else make() for _ in range(size)]


def some_tensor(rng: random.Random) -> torch.Tensor:
    kind = getattr(torch, rng.choice(KINDS))
    ndim = rng.choice((0, 1, 1, 1, 2, 2, 3, 4))
    shape = tuple(rng.choice((0, 1, 2, 3, 5, 7, 8, 13, 30)[: 9 - ndim]) for _ in range(ndim))
    if rng.random() < 0.1:
        shape = rng.choice(((1001,), (40, 40), (1200, 1), (3, 1001), (11, 11, 11), (2, 8, 9, 10), (1000,)))
    size = int(np.prod(shape, dtype=int))
    if kind.is_complex:
        parts = (torch.tensor(some_numbers(rng, size), dtype=torch.float64) for _ in range(2))
        tensor = torch.complex(*parts).to(kind)
    elif kind.is_floating_point:
        tensor = torch.tensor(some_numbers(rng, size), dtype=torch.float64).to(kind)
    else:
        limit = 10 ** rng.randint(1, 9)
        tensor = torch.tensor([rng.randint(-limit, limit) for _ in range(size)], dtype=torch.int64).to(kind)
    tensor = tensor.reshape(shape)
    return tensor.transpose(0, -1) if ndim > 1 and rng.random() < 0.3 else tensor


def ours(tensor: torch.Tensor) -> str:
    node = tensor.grad_fn
    grad_fn = None if node is None else type(node).__name__
    return P.array_repr(tensor.detach().numpy(), requires_grad=tensor.requires_grad, grad_fn=grad_fn)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_tensors(seed):
    rng = random.Random(seed)
    for _ in range(250):
        tensor = some_tensor(rng)
        if tensor.is_floating_point() or tensor.is_complex():
            tensor.requires_grad_(rng.random() < 0.3)
            if rng.random() < 0.3:
                tensor = tensor * 1
        assert ours(tensor) == repr(tensor), (tensor.dtype, tensor.shape, tensor.tolist())


@pytest.mark.parametrize("seed", SEEDS)
def test_random_options(seed):
    rng = random.Random(seed)
    for _ in range(120):
        if rng.random() < 0.3:
            options = {"profile": rng.choice(("default", "short", "full"))}
        else:
            options = {
                "precision": rng.choice((None, 0, 1, 2, 8)),
                "threshold": rng.choice((None, 0, 5, 100, float("inf"))),
                "edgeitems": rng.choice((None, 0, 1, 2, 5)),
                "linewidth": rng.choice((None, 10, 30, 120)),
                "sci_mode": rng.choice((None, True, False)),
            }
        P.set_printoptions(**options)
        torch.set_printoptions(**options)
        assert P.get_printoptions() == torch._tensor_str.get_printoptions()
        default = rng.choice(("float32", "float64"))
        dtypes.set_default_dtype(getattr(dtypes, default))
        torch.set_default_dtype(getattr(torch, default))
        for _ in range(4):
            tensor = some_tensor(rng)
            assert ours(tensor) == repr(tensor), (options, tensor.dtype, tensor.shape, tensor.tolist())


def test_options_for_a_while():
    before = P.get_printoptions()
    with P.printoptions(precision=2, sci_mode=True):
        assert P.array_repr(np.float32([1.2345])) == "tensor([1.23e+00])"
    assert P.get_printoptions() == before
