"""Modules of PyTorch's that only gather what is elsewhere: their names, and what scripts ask of them."""

from __future__ import annotations

import io

import torch

import autogradkit
from autogradkit.utils.data._utils import collate
from tests.every_case import every_case
from tests.parity.one_line import check


def test_functional_has_pytorchs_names() -> None:
    for name in torch.functional.__all__:
        assert getattr(autogradkit.functional, name) is getattr(autogradkit, name)


@every_case(
    "line",
    [
        "torch.functional.einsum('ij->ji', torch.arange(6.0).view(2, 3))",
        "isinstance(torch.ones(2).untyped_storage(), torch.storage.UntypedStorage)",
        "isinstance(torch.max(torch.eye(2), 0), torch.return_types.max)",
        "isinstance(torch.linalg.svd(torch.eye(2)), torch.return_types.linalg_svd)",
        "torch.return_types.topk(torch.topk(torch.tensor([1.0, 3.0]), 1))",
        "torch.cuda.nvtx.range_push('a')",
        "torch.cuda.nvtx.range_pop()",
        "torch.cuda.nvtx.mark('a')",
        "torch.cuda.nvtx.range('a').__enter__()",
    ],
)
def test_a_line_says_the_same(line: str) -> None:
    check(line)


def test_results_go_into_files_both_ways() -> None:
    for writes, reads in ((torch, autogradkit), (autogradkit, torch)):
        file = io.BytesIO()
        writes.save(writes.max(writes.tensor([[1.0, 5.0], [4.0, 2.0]]), 1), file)
        file.seek(0)
        loaded = reads.load(file, weights_only=False)
        assert type(loaded) is reads.return_types.max
        assert (loaded.values.tolist(), loaded.indices.tolist()) == ([5.0, 4.0], [1, 0])


def test_older_scripts_import_collate() -> None:
    assert collate.default_collate is autogradkit.utils.data.default_collate
    assert collate.default_convert is autogradkit.utils.data.default_convert
