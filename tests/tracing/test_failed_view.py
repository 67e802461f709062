"""Why a `.view()` failed, held against random layouts that PyTorch refuses to view."""

from __future__ import annotations

import gc
import math
import weakref
from typing import Any

import numpy as np
import pytest
import torch as pytorch

import autogradkit as torch
from autogradkit.tracing.failed_view import FailedView, failed_view, first_break
from autogradkit.tracing.render.memory.words import sentences
from autogradkit.tracing.strided import Layout
from tests.every_case import every_case


def fails(run: Any) -> FailedView:
    with pytest.raises(RuntimeError) as caught:
        run()
    found = failed_view(caught.value)
    assert found is not None
    return found


def test_it_says_which_dimensions_and_where() -> None:
    b = torch.arange(6.0).view(2, 3).t()
    found = fails(lambda: b.view(-1))
    assert (found.name, found.call, found.wanted, found.dims) == ("b", "b.view(6)", (6,), (0, 1))
    assert found.why() == (
        "b.view(6) needs dims 0 and 1 of b to be one in memory: stride(0) = size(1) · stride(1) = 2·3 = 6, but it is 1."
    )
    assert found.where() == "From b[0, 1] to b[1, 0] the hop is −2, where +3 is expected."
    assert found.instead() == "b.reshape(6) copies the elements, and so does b.contiguous().view(6)."
    assert found.memory.boxes[0].outside == (6,)
    assert [value for _, value in found.memory.boxes[1].cells] == b.reshape(6).tolist()
    assert sentences(found.memory)["t1-2"] == "b.reshape(6)[2] = storage[ 0 + 2·1 ] = storage[2] = 1."


@every_case("seed", range(150))
def test_the_break_is_the_first_and_the_dimensions_do_not_merge(seed: int) -> None:
    stream = np.random.default_rng(seed)
    base = pytorch.arange(200)
    while True:
        dims = int(stream.integers(2, 5))
        sizes = tuple(int(n) for n in stream.integers(1, 4, dims))
        strides = tuple(int(n) for n in stream.integers(0, 9, dims))
        factors = [f for f in range(1, math.prod(sizes) + 1) if math.prod(sizes) % f == 0]
        first = int(stream.choice(factors))
        wanted = (first, math.prod(sizes) // first)
        try:
            base.as_strided(sizes, strides).view(wanted)
        except RuntimeError:
            break
    view = torch.arange(200).as_strided(sizes, strides)
    found = fails(lambda: view.view(wanted))
    cells = view.reshape(-1).tolist()  # the storage holds 0, 1, 2, ...
    gap = found.gap
    assert cells[gap.after] - cells[gap.before] == gap.actual != gap.expected
    assert gap.expected == cells[gap.step] - cells[0]
    for step, size in ((wanted[1], wanted[0]), (1, wanted[1])):
        for order in range(gap.before):
            if size > 1 and order // step % size < size - 1:
                assert cells[order + step] - cells[order] == cells[step] - cells[0], (sizes, strides, wanted)
    outer, inner = found.dims
    assert outer < inner
    assert set(sizes[outer + 1 : inner]) <= {1}
    assert strides[outer] != sizes[inner] * strides[inner]


def test_a_tensor_without_a_name_is_written_as_it_was() -> None:
    a = torch.arange(24).view(2, 3, 4)
    assert fails(lambda: a.permute(2, 0, 1).view(24)).name == "a.permute(2, 0, 1)"
    whole = a.transpose(0, 1)
    assert fails(lambda: torch.Tensor.view_as(whole, torch.zeros(24))).call == "whole.view(24)"


def test_a_large_tensor_is_found_and_shown_in_bounds() -> None:
    big = torch.zeros(1000, 1000).t()
    found = fails(lambda: big.view(-1))
    assert found.where().startswith("From big[0, 999] to big[1, 0] the hop is −998,999,")
    assert len(found.memory.boxes[0].cells) < 48
    assert first_break(Layout((2, 3000, 200), (1, 400, 2), 0), (1200000,)).before == 599999


def test_other_errors_are_none_of_its_business() -> None:
    assert failed_view(ValueError("view size is not compatible")) is None
    assert failed_view(RuntimeError("view size is not compatible, says somebody else")) is None
    with pytest.raises(RuntimeError) as caught:
        torch.zeros(4).view(3)
    assert failed_view(caught.value) is None


def test_it_keeps_no_tensor_alive() -> None:
    kept = []
    alive = []

    def run() -> None:
        b = torch.zeros(2, 3).t()
        alive.append(weakref.ref(b._array))
        try:
            b.view(6)
        except RuntimeError as error:
            kept.append(failed_view(error))

    run()
    gc.collect()
    assert isinstance(kept[0], FailedView)
    assert alive[0]() is None
