"""Functions that scripts call beside the usual ones, beside PyTorch: limits, dtypes of results, norms, low ranks, buffers."""

from __future__ import annotations

import numpy as np
import torch

import autogradkit
from tests.every_case import every_case
from tests.parity.one_line import check

FUNCTIONS = """
torch.finfo(torch.float32); torch.finfo(); torch.finfo(torch.float64); torch.finfo(torch.float16); torch.finfo(torch.bfloat16)
torch.finfo(torch.complex64); torch.finfo(torch.int32); torch.finfo(3); torch.finfo(type=torch.float16).bits
torch.finfo(torch.half).max
torch.finfo(torch.float64).eps; torch.finfo(torch.float32).tiny; torch.finfo(torch.float64).min
torch.finfo(torch.float32).dtype
torch.finfo(torch.float32) == torch.finfo(); torch.finfo(torch.float32) == torch.finfo(torch.half); torch.finfo().foo
torch.iinfo(torch.int32); torch.iinfo(torch.uint8); torch.iinfo(torch.int64); torch.iinfo(torch.bool)
torch.iinfo(torch.float32)
torch.iinfo(3); torch.iinfo(torch.int8).min; torch.iinfo(torch.int64).max; torch.iinfo(torch.int16).bits
torch.iinfo(torch.int8).dtype
torch.range(0, 3); torch.range(1, 2, 0.5); torch.range(0, 3, dtype=torch.int64); torch.range(0, -1); torch.range(3, 0, -1)
torch.range(0, 3, 0); torch.range(3); torch.range(0, 3, out=torch.ones(1)); torch.range(0, float("nan"))
torch.range(torch.tensor(0), 3)
torch.range(0, 1, 0.3); torch.range(0, 3, 2, out=torch.ones(2, 1)); torch.range(0, 3, requires_grad=True)
torch.result_type(torch.ones(1), 3); torch.result_type(torch.ones(1, dtype=torch.int32), 3.5); torch.result_type("a", 3)
torch.result_type(3, torch.ones(1, dtype=torch.int8)); torch.result_type(3, 4.5); torch.result_type(True, 1j)
torch.result_type(torch.tensor(1), torch.ones(1, dtype=torch.int8)); torch.result_type(tensor=torch.ones(1), other=3)
torch.result_type(scalar1=1, scalar2=2.0); torch.result_type(torch.tensor(1.5), torch.ones(1, dtype=torch.int8))
torch.norm_except_dim(torch.arange(6.0).reshape(2, 3), 2, 0); torch.norm_except_dim(torch.arange(6.0).reshape(2, 3), 2, 1)
torch.norm_except_dim(torch.arange(6.0).reshape(2, 3), 2, -1); torch.norm_except_dim(torch.arange(24.0).reshape(2, 3, 4), 1, 1)
torch.norm_except_dim(torch.arange(24.0).reshape(2, 3, 4)); torch.norm_except_dim(3)
torch.nuclear_norm(torch.arange(12.0).reshape(2, 3, 2), (0, 1))
torch.nuclear_norm(torch.arange(12.0).reshape(2, 3, 2), (0, 1), True)
torch.nuclear_norm(torch.arange(12.0).reshape(2, 3, 2)); torch.nuclear_norm(torch.ones(2)); torch.nuclear_norm(3)
torch.frobenius_norm(torch.arange(6.0).reshape(2, 3), (0, 1)); torch.frobenius_norm(torch.arange(6.0).reshape(2, 3), 1)
torch.frobenius_norm(torch.arange(6.0).reshape(2, 3), ()); torch.frobenius_norm(torch.arange(6.0).reshape(2, 3))
torch.frobenius_norm(torch.arange(6.0).reshape(2, 3), dim=0, keepdim=True)
torch.frobenius_norm(torch.ones(2, 2, 2), (0, 1, 2)); torch.frobenius_norm(torch.ones(2, 2, 2, dtype=torch.int32), (0, 1, 1))
torch.native_channel_shuffle(torch.arange(8.0).reshape(1, 4, 2), 2); torch.native_channel_shuffle(torch.ones(1, 4, 2), 3)
torch.native_channel_shuffle(torch.arange(8.0), 2); torch.native_channel_shuffle(torch.ones(1, 4, 2, requires_grad=True), 2)
torch.frombuffer(bytearray(b"abcd"), dtype=torch.uint8); torch.frombuffer(b"abcd", dtype=torch.int32, count=2)
torch.frombuffer(bytearray(b"abcdefgh"), dtype=torch.int32, offset=4); torch.frombuffer(b"", dtype=torch.uint8)
torch.frombuffer(bytearray(b"abcdefgh"), dtype=torch.int16, count=2, offset=1)
torch.frombuffer(bytearray(b"abc"), dtype=torch.int32)
torch.frombuffer(bytearray(b"abcd"), dtype=torch.int32, offset=9)
torch.frombuffer(bytearray(b"abcd"), dtype=torch.int32, count=0)
torch.frombuffer(3, dtype=torch.int32); torch.frombuffer(bytearray(b"abcd")); torch.frombuffer(np.arange(3), dtype=torch.int64)
torch.frombuffer(bytearray(b"abcd"), dtype=torch.float32, requires_grad=True)
torch.svd_lowrank(torch.ones(3), q=2); torch.pca_lowrank(torch.ones(3, 3), q=5); torch.pca_lowrank(torch.ones(3, 3), niter=-1)
"""
SEVERAL = [
    "b = bytearray(b'abcd'); x = torch.frombuffer(b, dtype=torch.uint8); x[0] = 120; b",
    "x = torch.arange(1.0, 7.0, requires_grad=True); torch.norm_except_dim(x.view(2, 3), 2, 1).sum().backward(); x.grad",
    "x = torch.arange(1.0, 25.0, requires_grad=True); torch.norm_except_dim(x.view(2, 3, 4), 2, 1)[0].sum().backward(); x.grad",
    "x = torch.arange(1.0, 7.0, requires_grad=True); torch.frobenius_norm(x.view(2, 3), 0).sum().backward(); x.grad",
    "x = torch.tensor([[3.0, 1.0], [0.0, 4.0]], requires_grad=True); torch.nuclear_norm(x).backward(); x.grad",
    "x = torch.ones(1, 4, 2, requires_grad=True); torch.native_channel_shuffle(x, 2).sum().backward()",
]
POOLINGS = [
    "torch.nn.functional.max_pool1d_with_indices(torch.arange(12.0).reshape(2, 6).sin(), 2)",
    "torch.nn.functional.max_pool1d_with_indices(torch.arange(12.0).reshape(2, 6).sin(), 3, 2, 1, 1, True, False)",
    "torch.nn.functional.adaptive_max_pool1d_with_indices(torch.arange(12.0).reshape(2, 6).sin(), 2)",
    "torch.nn.functional.max_pool1d_with_indices(torch.arange(12.0).reshape(2, 6).sin(), 2, stride=None, padding=2)",
    "torch.nn.functional.adaptive_max_pool1d_with_indices(torch.arange(12.0).reshape(2, 6), return_indices=True, output_size=3)",
    "torch.nn.functional.max_pool2d_with_indices(torch.arange(72.0).reshape(2, 6, 6).sin(), 2)",
    "torch.nn.functional.max_pool2d_with_indices(torch.arange(72.0).reshape(2, 6, 6).sin(), 3, 2, 1, 1, True, False)",
    "torch.nn.functional.adaptive_max_pool2d_with_indices(torch.arange(72.0).reshape(2, 6, 6).sin(), 2)",
    "torch.nn.functional.max_pool2d_with_indices(torch.arange(72.0).reshape(2, 6, 6).sin(), 2, stride=None, padding=2)",
    "torch.nn.functional.adaptive_max_pool2d_with_indices(torch.rand(2, 6, 6), return_indices=True, output_size=3)",
    "torch.nn.functional.max_pool3d_with_indices(torch.arange(432.0).reshape(2, 6, 6, 6).sin(), 2)",
    "torch.nn.functional.max_pool3d_with_indices(torch.arange(432.0).reshape(2, 6, 6, 6).sin(), 3, 2, 1, 1, True, False)",
    "torch.nn.functional.adaptive_max_pool3d_with_indices(torch.arange(432.0).reshape(2, 6, 6, 6).sin(), 2)",
    "torch.nn.functional.max_pool3d_with_indices(torch.arange(432.0).reshape(2, 6, 6, 6).sin(), 2, stride=None, padding=2)",
    "torch.nn.functional.adaptive_max_pool3d_with_indices(torch.rand(2, 6, 6, 6), return_indices=True, output_size=3)",
    "torch.nn.functional.adaptive_max_pool2d_with_indices(torch.ones(2, 6, 6), (None, 2))",
]
LINES = FUNCTIONS.strip().replace("\n", "; ").split("; ")


@every_case("line", LINES + SEVERAL + POOLINGS)
def test_a_line_says_the_same(line: str) -> None:
    check(line)


SHAPES = [(5, 3), (3, 5), (2, 4, 3), (6, 6)]


@every_case("shape", SHAPES)
@every_case("name", ["svd_lowrank", "pca_lowrank"])
def test_a_low_rank_is_that_of_the_same_random_projections(name: str, shape: tuple[int, ...]) -> None:
    data = np.random.default_rng(7).normal(size=shape)
    made = []
    for module in (torch, autogradkit):
        module.manual_seed(3)
        u, s, v = getattr(module, name)(module.tensor(data), q=2)
        made.append((s.numpy(), (u * s.unsqueeze(-2) @ v.mH).numpy(), module.rand(1).item()))
    theirs, ours = made
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-9)
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-9)
    assert ours[2] == theirs[2]  # as many numbers were drawn


def test_a_mean_is_taken_from_what_a_low_rank_describes() -> None:
    data = np.random.default_rng(8).normal(size=(6, 4))
    made = []
    for module in (torch, autogradkit):
        module.manual_seed(3)
        x = module.tensor(data, requires_grad=True)
        _, s, _ = module.svd_lowrank(x, 3, 1, M=x.mean(0, True).detach())
        s.sum().backward()
        made.append((s.detach().numpy(), x.grad.numpy()))
    np.testing.assert_allclose(made[1][0], made[0][0], rtol=1e-9)
    np.testing.assert_allclose(made[1][1], made[0][1], atol=1e-8)
