"""Names few scripts ask for: hashes, files as tensors, volumes with channels last, Sobol points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import autogradkit
from tests.every_case import every_case
from tests.parity.one_line import check

HASHES = [
    "[torch.hash_tensor(torch.tensor([1, 2, -3], dtype=d)) for d in (torch.int8, torch.int64, torch.half, torch.bfloat16, "
    "torch.float, torch.double)]",
    "torch.hash_tensor(torch.tensor([True, False])), torch.hash_tensor(torch.tensor(3))",
    "x = torch.arange(6.0).view(2, 3); x.hash_tensor(0), x.hash_tensor((0, 1), keepdim=True), x.hash_tensor(1)",
    "torch.hash_tensor(torch.ones(2, requires_grad=True)).requires_grad",
    "torch.hash_tensor(torch.zeros(0))",
    "torch.hash_tensor(torch.zeros(2, 0), 1)",
    "torch.hash_tensor(torch.zeros(2, 0), 0)",
    "torch.hash_tensor(torch.ones(2), mode=1)",
    "torch.hash_tensor(torch.ones(2), 5)",
    "torch.hash_tensor(torch.ones(2, dtype=torch.cfloat))",
    "torch.hash_tensor(torch.ones(2, dtype=torch.uint64))",
    "torch.hash_tensor(torch.ones(2, 2), 1, out=torch.zeros(2))",
    "torch.hash_tensor(torch.ones(2, 2), 1, out=torch.zeros(2, dtype=torch.uint64))",
]

VOLUMES = "x = torch.arange(240.0).view(2, 3, 2, 4, 5); c = torch.channels_last_3d; y = x.contiguous(memory_format=c); "
FORMATS = [
    "c, y.stride(), y.is_contiguous(memory_format=c), y.is_contiguous(), x.is_contiguous(memory_format=c)",
    "y.is_contiguous(memory_format=torch.channels_last), torch.equal(x, y), y.contiguous(memory_format=c) is y",
    "y.to(memory_format=c) is y, y.to(memory_format=torch.contiguous_format).stride(), x.to(memory_format=c).stride()",
    "torch.empty(2, 3, 4, 5, 6, memory_format=c).stride(), x.clone(memory_format=c).stride()",
    "torch.empty_like(x, memory_format=c).stride(), torch.empty_like(y).stride(), y.clone().stride(), (y + 1).stride()",
    "torch.cat((y, y)).stride(), torch.cat((y, y), 1).stride(), torch.cat((x, y)).stride()",
    "f = torch.nn.functional; f.batch_norm(y, None, None, training=True).stride(), f.group_norm(y, 3).stride()",
    "f = torch.nn.functional; f.interpolate(y, scale_factor=2).stride(), f.interpolate(x, scale_factor=2).stride()",
    "torch.nn.Conv3d(3, 2, 2).to(memory_format=c).weight.stride()",
    "torch.empty(2, 3, memory_format=c)",
    "x[0].contiguous(memory_format=c)",
]

CHOICES = [
    "torch.cond(False, torch.sin, torch.cos, [torch.tensor(1.0)]), torch.cond(1, torch.sin, torch.cos, (torch.tensor(1.0),))",
    "torch.cond(torch.tensor([1, 2]), torch.sin, torch.cos, (torch.tensor(1.0),))",
    "torch.cond('a', torch.sin, torch.cos, (torch.tensor(1.0),))",
    "torch.cond(torch.tensor(True), 1, 2, (torch.tensor(1.0),))",
    "torch.cond(torch.tensor(True), torch.sin, torch.cos, torch.tensor(1.0))",
    "torch.cond(torch.tensor(True), torch.sin, torch.cos, (1,))",
    "y, x = torch.func.functionalize(lambda x: (x.view(-1).add_(1), x))(torch.zeros(2, 2)); y.tolist(), x.tolist()",
    "torch.func.functionalize(torch.sin, remove='all')",
]

POINTS = [
    "e = torch.quasirandom.SobolEngine(3); e, e.draw(5), e.draw(2), e.num_generated, e.quasi, e.reset().draw(1)",
    "e = torch.quasirandom.SobolEngine(40); e.fast_forward(11).draw(4), e.fast_forward(3).draw(1)",
    "e = torch.quasirandom.SobolEngine(2, scramble=True, seed=3); e, e.shift, e.draw(6, dtype=torch.float64)",
    "torch.manual_seed(0); e = torch.quasirandom.SobolEngine(2, True); e.draw(3), torch.rand(2)",
    "e = torch.quasirandom.SobolEngine(2); e.draw_base2(2), e.draw_base2(2), e.draw(2, out=torch.zeros(4))",
    "e = torch.quasirandom.SobolEngine(2); e.draw(1); e.draw_base2(2)",
    "torch.quasirandom.SobolEngine(0)",
    "torch.quasirandom.SobolEngine(21202)",
    "torch.quasirandom.SobolEngine(2).draw(0)",
]


@every_case("line", [*HASHES, *CHOICES, *POINTS, *(VOLUMES + each for each in FORMATS)])
def test_says_what_pytorch_says(line: str) -> None:
    check(line)


def test_a_choice_is_differentiated_as_what_was_chosen() -> None:
    for start, expected in ((3.0, 6.0), (-3.0, -1.0)):
        x = autogradkit.tensor(start, requires_grad=True)
        autogradkit.cond(x > 0, lambda x: x * x, lambda x: -x, (x,)).backward()
        assert x.grad is not None
        assert x.grad.item() == expected


def test_all_directions_are_pytorchs() -> None:
    ours, theirs = (module.quasirandom.SobolEngine(21201) for module in (autogradkit, torch))
    np.testing.assert_array_equal(ours.sobolstate.numpy(), theirs.sobolstate.numpy())


def _read(module: Any, path: str) -> list[Any]:
    found = [
        module.from_file(path, size=3),
        module.from_file(path, False, 2, dtype=module.int32),
        module.from_file(path),
    ]
    found[0][0] = 9
    return [*found, module.from_file(path, size=3, requires_grad=True)]


def test_files_are_vectors(tmp_path: Path) -> None:
    path = str(tmp_path / "numbers")
    np.arange(5, dtype=np.float32).tofile(path)
    for ours, theirs in zip(_read(autogradkit, path), _read(torch, path), strict=True):
        assert (ours.tolist(), ours.requires_grad) == (theirs.tolist(), theirs.requires_grad)


def test_what_is_written_into_a_shared_file_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "made"
    autogradkit.from_file(str(path), shared=True, size=3)[1] = 7
    assert np.fromfile(path, np.float32).tolist() == [0, 7, 0]


@pytest.mark.parametrize("size", [100, -1])
def test_files_that_do_not_fit_are_refused_in_pytorchs_words(tmp_path: Path, size: int) -> None:
    path = tmp_path / "short"
    path.write_bytes(bytes(8))
    for wrong in (path, tmp_path / "none"):
        said = []
        for module in (autogradkit, torch):
            with pytest.raises(RuntimeError) as caught:
                module.from_file(str(wrong), size=size)
            said.append(str(caught.value))
        assert said[0] == said[1]
