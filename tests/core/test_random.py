"""Generators as values: the numbers of known seeds, copies, and draws that leave the stream alone."""

import copy

import numpy as np
import pytest

from autogradkit.core import draws as D
from autogradkit.core.random import DEFAULT_SEED, Generator

single = np.dtype(np.float32)


def test_a_new_generator_starts_at_the_default_seed():
    assert Generator().initial_seed() == DEFAULT_SEED
    assert D.unit(Generator(), 3, single).tolist() == D.unit(Generator().manual_seed(DEFAULT_SEED), 3, single).tolist()


def test_known_numbers():
    generator = Generator().manual_seed(0)
    assert [f"{x:.4f}" for x in D.normal(generator, 3, single, 0.0, 1.0)] == ["1.5410", "-0.2934", "-2.1788"]
    assert [f"{x:.4f}" for x in D.unit(generator.manual_seed(0), 3, single)] == ["0.4963", "0.7682", "0.0885"]


def test_copies_go_their_own_way():
    generator = Generator().manual_seed(3)
    D.normal(generator, 3, single, 0.0, 1.0)
    for twin in (generator.clone_state(), copy.deepcopy(generator)):
        before = generator.state_bytes()
        ahead = D.normal(twin, 5, single, 0.0, 1.0)
        assert (generator.state_bytes() == before).all()
        generator_too = generator.clone_state()
        assert (D.normal(generator_too, 5, single, 0.0, 1.0) == ahead).all()


def test_seeding_forgets_the_waiting_normal():
    generator = Generator().manual_seed(1)
    first = D.normal(generator, 1, single, 0.0, 1.0)
    assert generator.cached_normal is not None
    assert D.normal(generator.manual_seed(1), 1, single, 0.0, 1.0) == first


def test_no_numbers_leave_the_stream_alone():
    generator = Generator().manual_seed(1)
    before = generator.state_bytes()
    D.normal(generator, 0, single, 0.0, 1.0)
    D.unit(generator, 0, single)
    D.permutation(generator, 1)
    assert (generator.state_bytes() == before).all()


def test_a_loader_s_base_seed_is_a_positive_64_bit_number():
    generator, words = Generator().manual_seed(4), Generator().manual_seed(4)
    for _ in range(10):
        assert generator.base_seed() == int(words.words64(1)[0]) % 2**63


def test_there_is_one_device():
    assert str(Generator("cpu").device) == "cpu"
    with pytest.raises(RuntimeError, match="the only device is cpu, but got cuda"):
        Generator("cuda")


def test_filling_follows_the_memory():
    numbers = np.arange(6.0)
    assert D.fill(np.empty((3, 2)).T, numbers).tolist() == [[0, 2, 4], [1, 3, 5]]
    assert D.fill(np.empty((2, 3)), numbers).tolist() == [[0, 1, 2], [3, 4, 5]]
    whole = np.zeros((2, 6))
    D.fill(whole[:, ::2], numbers)
    assert whole.tolist() == [[0, 0, 1, 0, 2, 0], [3, 0, 4, 0, 5, 0]]
