"""Parts on several threads: the numbers of one thread, silence, errors once all has ended, and a forked child that goes on."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import numpy as np
import pytest

import autogradkit as torch
from autogradkit.core.threads import on_threads


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def _convolved(threads: int, kernel: int = 3, scale: float = 1.0) -> list[np.ndarray]:
    torch.set_num_threads(threads)
    torch.manual_seed(3)
    x = torch.randn(24, 32, 20, 20, requires_grad=True)
    layer = torch.nn.Conv2d(32, 48, kernel)
    y = layer(x * scale)
    (y.tanh() * torch.linspace(-1, 1, y.shape[3])).sum().backward()
    assert x.grad is not None
    return [
        y.detach().numpy(),
        x.grad.numpy(),
        *(each.grad.numpy() for each in layer.parameters() if each.grad is not None),
    ]


@pytest.mark.parametrize("kernel", [3, 5])
def test_a_convolution_on_two_threads_gives_the_numbers_of_one(kernel: int) -> None:
    for one, both in zip(_convolved(1, kernel), _convolved(2, kernel), strict=True):
        np.testing.assert_array_equal(both, one)


@pytest.mark.parametrize(("m", "inner", "n"), [(64, 9217, 129), (129, 65, 9217), (4001, 120, 120)])
def test_a_product_on_two_threads_is_that_on_one(m: int, inner: int, n: int) -> None:
    stream = np.random.default_rng(5)
    a, b = torch.tensor(stream.standard_normal((m, inner))), torch.tensor(stream.standard_normal((n, inner))).t()
    both = a @ b
    torch.set_num_threads(1)
    np.testing.assert_allclose(both.numpy(), (a @ b).numpy(), rtol=1e-9, atol=1e-9)


def test_parts_keep_their_order_and_run_side_by_side() -> None:
    meeting = threading.Barrier(2, timeout=30)

    def work(part: int) -> tuple[int, int]:
        meeting.wait()  # ends only if another part is under way
        return part, threading.get_ident()

    found = list(on_threads(work, [5, 4], 2))
    assert [part for part, _ in found] == [5, 4]
    assert threading.get_ident() not in {thread for _, thread in found}


def test_an_error_in_a_part_is_raised_once_the_others_have_ended() -> None:
    ended = []

    def work(part: int) -> None:
        if part == 0:
            raise MemoryError("no room for part 0")
        ended.append(part)

    with pytest.raises(MemoryError, match="no room for part 0"):
        list(on_threads(work, range(4), 2))
    assert sorted(ended) == [1, 2, 3]
    assert torch.get_num_threads() == 2


def test_no_numpy_warning_comes_from_a_thread() -> None:
    with np.errstate(all="raise"):
        found = _convolved(2, scale=float("inf"))
    assert np.isnan(found[1]).all()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_convolves_on_threads_of_its_own() -> None:
    _convolved(2)
    child = os.fork()
    if child == 0:
        list(on_threads(len, ["a", "b"], 2))
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def _pooled_and_rectified(threads: int) -> list[np.ndarray]:
    torch.set_num_threads(threads)
    torch.manual_seed(5)
    x = torch.randn(34, 32, 32, 32, requires_grad=True)
    y, places = torch.nn.functional.max_pool2d(torch.relu(x), 2, return_indices=True)
    z = torch.nn.functional.max_pool2d(x, 3, stride=1)
    ((y * torch.linspace(-1, 1, 16)).sum() + (z * torch.linspace(-1, 1, 30)).sum()).backward()
    assert x.grad is not None
    return [each.detach().numpy() for each in (y, places, z, x.grad)]


def test_pooling_and_relu_on_two_threads_give_the_numbers_of_one() -> None:
    for one, both in zip(_pooled_and_rectified(1), _pooled_and_rectified(2), strict=True):
        np.testing.assert_array_equal(both, one)
