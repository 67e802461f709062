"""The generator and its draws against PyTorch's: equal to the last bit, interleaved, and in any memory layout."""

import pickle

import numpy as np
import pytest
import torch

from autogradkit.core import draws as D
from autogradkit.core.random import Generator
from tests.every_case import every_case

SEEDS = [0, 1, 42, 2**31 + 5, 2**40 + 3, -1, 67280421310721]
SIZES = [0, 1, 2, 15, 16, 17, 31, 32, 100, 1000]
DTYPES = {"float32": torch.float32, "float64": torch.float64}


def pair(seed):
    return Generator().manual_seed(seed), torch.Generator().manual_seed(seed)


def assert_same(ours, theirs):
    theirs = theirs.numpy()
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    assert ours.tobytes() == theirs.tobytes()


def assert_same_state(ours, theirs):
    assert (ours.state_bytes() == theirs.get_state().numpy()).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", SEEDS)
def test_reals_of_all_sizes_from_one_stream(seed, dtype):
    ours, theirs = pair(seed)
    kind, of = np.dtype(dtype), DTYPES[dtype]
    for n in [*SIZES, 16, 3, 100003, 5]:
        assert_same(D.unit(ours, n, kind), torch.rand(n, dtype=of, generator=theirs))
        assert_same(D.normal(ours, n, kind, 0.0, 1.0), torch.randn(n, dtype=of, generator=theirs))
        empty = torch.empty(n, dtype=of)
        assert_same(D.normal(ours, n, kind, 0.3, 1.7), empty.normal_(0.3, 1.7, generator=theirs))
        assert_same(D.uniform(ours, n, kind, -0.3, 0.7), empty.uniform_(-0.3, 0.7, generator=theirs))
        assert_same(D.exponential(ours, n, kind, 2.5), empty.exponential_(2.5, generator=theirs))
        assert_same_state(ours, theirs)


def test_a_million_normals():
    ours, theirs = pair(7)
    for dtype in DTYPES:
        drawn = D.normal(ours, 1_000_003, np.dtype(dtype), 0.0, 1.0)
        assert_same(drawn, torch.randn(1_000_003, dtype=DTYPES[dtype], generator=theirs))


@every_case("bounds", [(0, 10), (-5, 5), (0, 1), (0, 2**28 - 1), (0, 2**28), (0, 2**33), (-(2**63), 2**63 - 1)])
@every_case("seed", SEEDS[:3])
def test_integers_between_bounds(seed, bounds):
    ours, theirs = pair(seed)
    for n in SIZES:
        assert_same(D.integers(ours, n, *bounds), torch.randint(*bounds, (n,), generator=theirs))
    assert_same_state(ours, theirs)


@every_case("name", ["int64", "int32", "int16", "int8", "uint8", "bool", "float32", "float64", "float16"])
def test_integers_without_bounds(name):
    ours, theirs = pair(11)
    for n in (1, 100):
        theirs_drawn = torch.empty(n, dtype=getattr(torch, name)).random_(generator=theirs)
        assert_same(D.any_values(ours, n, np.dtype(name)), theirs_drawn)


def test_integers_over_all_64_bits():
    ours, theirs = pair(11)
    everything = torch.empty(50, dtype=torch.int64).random_(-(2**63), None, generator=theirs)
    assert_same(D.integers(ours, 50, -(2**63), 2**63), everything)


@pytest.mark.parametrize("seed", SEEDS)
def test_permutations(seed):
    ours, theirs = pair(seed)
    for n in (0, 1, 2, 3, 20, 1000, 100_000):
        assert_same(D.permutation(ours, n), torch.randperm(n, generator=theirs))
    assert_same_state(ours, theirs)


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_events(seed):
    ours, theirs = pair(seed)
    chance = torch.linspace(0, 1, 101)
    for p in (0.0, 0.1, 0.5, 0.9, 1.0):
        expected = torch.empty(1001).bernoulli_(p, generator=theirs)
        assert (D.chances(ours, 1001, p) == expected.bool().numpy()).all()
        for dtype in (torch.float32, torch.float64):
            expected = torch.bernoulli(chance.to(dtype), generator=theirs)
            assert (D.chances_each(ours, chance.to(dtype).numpy()) == expected.bool().numpy()).all()
    assert_same_state(ours, theirs)


@pytest.mark.parametrize("size", [3, 70_001])
def test_chances_down_to_the_last_bit_of_a_draw(size):
    """A probability that a draw equals, and its neighbours: the draw is not below itself."""
    drawn = pair(5)[1]
    numbers = torch.rand(size, dtype=torch.float64, generator=drawn).numpy()
    for number in (numbers[1], numbers[-1], 0.0, 1.0):
        for probability in {np.nextafter(number, 0), number, min(np.nextafter(number, 2), 1.0)}:
            ours, theirs = pair(5)
            expected = torch.empty(size).bernoulli_(float(probability), generator=theirs).bool()
            assert_same(D.chances(ours, size, float(probability)), expected)
            assert_same_state(ours, theirs)


@every_case("dtype", DTYPES)
@every_case("seed", SEEDS[:4])
def test_categories(seed, dtype):
    ours, theirs = pair(seed)
    weights = torch.rand(6, 40, dtype=DTYPES[dtype], generator=torch.Generator().manual_seed(seed))
    weights[:, 3] = 0
    for count, replacement in ((1, False), (1, True), (7, False), (25, True), (39, False), (1000, True)):
        expected = torch.multinomial(weights, count, replacement, generator=theirs)
        if replacement and count > 1:
            assert_same(D.categories(ours, weights.numpy(), count), expected)
        else:
            order = np.argsort(-D.races(ours, weights.numpy()), axis=1)
            assert_same(order[:, :count], expected)
    assert_same_state(ours, theirs)


LAYOUTS = {
    "transposed": lambda empty: empty(5, 7).t(),
    "transposed small": lambda empty: empty(3, 2).t(),
    "permuted": lambda empty: empty(4, 3, 5).permute(1, 2, 0),
    "with gaps": lambda empty: empty(6, 8)[:, ::2],
    "column": lambda empty: empty(40, 3)[:, 1],
    "one row": lambda empty: empty(1, 20).t(),
    "scalar": lambda empty: empty(()),
    "empty": lambda empty: empty(0, 3).t(),
}


@every_case("dtype", DTYPES)
@every_case("layout", LAYOUTS)
def test_memory_is_filled_in_pytorch_s_order(layout, dtype):
    ours, theirs = pair(3)
    kind = np.dtype(dtype)
    target = LAYOUTS[layout](lambda *shape: torch.zeros(*shape, dtype=DTYPES[dtype]))
    array = LAYOUTS[layout](lambda *shape: torch.zeros(*shape, dtype=DTYPES[dtype])).numpy()
    n, dense = array.size, target.is_contiguous()
    draws = [
        (lambda: D.unit(ours, n, kind), lambda: target.uniform_(generator=theirs)),
        (lambda: D.normal(ours, n, kind, 2.0, 0.5, dense=dense), lambda: target.normal_(2.0, 0.5, generator=theirs)),
        (lambda: D.chances(ours, n, 0.4), lambda: target.bernoulli_(0.4, generator=theirs)),
        (lambda: D.exponential(ours, n, kind, 1.5), lambda: target.exponential_(1.5, generator=theirs)),
        (lambda: D.integers(ours, n, 3, 50), lambda: target.random_(3, 50, generator=theirs)),
    ]
    for draw, expected in draws:
        assert (D.fill(array, draw()) == expected().numpy()).all()


def test_states_travel_both_ways():
    ours, theirs = pair(5)
    for step in (0, 1, 622, 1, 1, 3, 700):
        ours.words32(step)
        torch.empty(step).uniform_(generator=theirs)
        assert_same_state(ours, theirs)
    assert_same(D.normal(ours, 3, np.dtype("float32"), 0.0, 1.0), torch.randn(3, generator=theirs))
    assert_same_state(ours, theirs)  # with the second of a pair waiting
    fresh, fresh_theirs = Generator(), torch.Generator()
    fresh.restore_bytes(theirs.get_state().numpy())
    fresh_theirs.set_state(torch.from_numpy(ours.state_bytes()))
    for generator in (fresh, fresh.clone_state(), pickle.loads(pickle.dumps(fresh))):
        generator_theirs = fresh_theirs.clone_state()
        assert generator.initial_seed() == 5
        assert_same(D.normal(generator, 4, np.dtype("float32"), 0.0, 1.0), torch.randn(4, generator=generator_theirs))
        assert_same(D.unit(generator, 700, np.dtype("float32")), torch.rand(700, generator=generator_theirs))


def refusal(run):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        run()
    return caught.type, str(caught.value)


@pytest.mark.parametrize("seed", ["a", 1.5, None, True, 2**64, -(2**63) - 1])
def test_bad_seeds(seed):
    assert refusal(lambda: Generator().manual_seed(seed)) == refusal(lambda: torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", [0, 3, 10112, 5056])
def test_bad_states(size):
    state = torch.zeros(size, dtype=torch.uint8)
    expected = refusal(lambda: torch.Generator().set_state(state))
    assert refusal(lambda: Generator().restore_bytes(state.numpy())) == expected


def test_seed_is_unforeseeable_and_known():
    first, second = Generator(), Generator()
    assert first.seed() == first.initial_seed()
    assert first.seed() != second.seed()
