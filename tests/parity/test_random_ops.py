"""Random ops beside PyTorch's after the same seed: numbers, dtypes, layouts, graph nodes and refusals."""

import pytest
import torch

import autogradkit as ak
from tests.every_case import every_case

# Each runs with `t` as either package, in one stream: a call that drew too much or too little spoils the next.
CALLS = """
t.rand(2, 3)
t.rand((4, 5))
t.rand(size=(2,))
t.rand(())
t.rand(3, dtype=t.float64)
t.rand(2, dtype=t.complex64)
t.rand(2, requires_grad=True)
t.rand(0, 3)
t.randn(5)
t.randn(3, 4)
t.randn([2, 3, 4], dtype=t.float64)
t.randn(5, dtype=t.complex64)
t.randn(20, dtype=t.complex128)
t.randn(4, out=t.zeros(4, dtype=t.float64))
t.randint(10, (5,))
t.randint(-3, 4, (2, 3))
t.randint(high=3, size=(4,))
t.randint(low=1, high=3, size=(4,))
t.randint(5, 9, size=(4,))
t.randint(5, (3,), dtype=t.float32)
t.randint(0, 2, (6,), dtype=t.bool)
t.randint(0, 2**40, (3,))
t.randint(100, (3,), dtype=t.uint8)
t.randperm(10)
t.randperm(6, dtype=t.int8)
t.randperm(6, dtype=t.float32)
t.randperm(0)
t.normal(2.0, 3.0, (4,))
t.normal(2.0, 3.0, size=(20,))
t.normal(t.tensor([0.0, 10.0, 20.0]), 2.0)
t.normal(1.0, t.tensor([0.1, 10.0, 0.0]))
t.normal(t.tensor([[0.0], [10.0]]), t.tensor([0.1, 1.0, 2.0]))
t.normal(t.rand(3, requires_grad=True), 1.0)
t.normal(t.rand(3, requires_grad=True), t.ones(3))
t.normal(0.0, t.rand(3, requires_grad=True))
t.bernoulli(t.tensor([0.1, 0.5, 0.9, 0.0, 1.0]))
t.bernoulli(t.tensor([[0.1, 0.5], [0.9, 0.5], [0.3, 0.7]]).t())
t.bernoulli(t.tensor([0.1, 0.5, 0.9], dtype=t.float64))
t.bernoulli(t.tensor([1, 2, 3]), 0.5)
t.bernoulli(t.rand(3, requires_grad=True))
t.tensor([0.3, 0.6]).bernoulli()
t.multinomial(t.tensor([0.1, 0.2, 0.7]), 2)
t.multinomial(t.tensor([0.1, 0.2, 0.7]), 5, True)
t.multinomial(t.tensor([[0.1, 0.2], [5.0, 1.0]]), 1)
t.tensor([0.1, 0.9]).multinomial(2)
t.multinomial(t.zeros(0, 2), 1)
t.rand_like(t.zeros(3, 2).t())
t.randn_like(t.zeros(2, 3), dtype=t.float64)
t.randn_like(t.zeros(5, 4).t())
t.randn_like(t.zeros(3), requires_grad=True)
t.randint_like(t.zeros(4), 5)
t.randint_like(t.zeros(4), 2, 5)
t.randint_like(t.zeros(4), 5, dtype=t.int64)
t.zeros(4).uniform_()
t.zeros(4).uniform_(-1, 2)
t.zeros(3, 4).t().uniform_(to=5)
t.zeros(4).normal_(1, 2)
t.zeros(5, 4).t().normal_(std=2)
t.zeros(6, 8).as_strided((6, 4), (8, 2)).normal_()
t.zeros(4).exponential_()
t.zeros(4).exponential_(lambd=2.5)
t.zeros(4).cauchy_()
t.zeros(3, 4).t().cauchy_(2, sigma=0.5)
t.zeros(5).log_normal_()
t.zeros(20, dtype=t.float64).log_normal_(0.3, 0.7)
t.zeros(5).geometric_(0.3)
t.zeros(5, dtype=t.int64).geometric_(p=0.3)
t.zeros(2, requires_grad=True).mul(1).cauchy_()
t.zeros(2, requires_grad=True).mul(1).log_normal_()
t.zeros(2, requires_grad=True).mul(1).geometric_(0.5)
t.zeros(8).bernoulli_()
t.zeros(8).bernoulli_(0.2)
t.zeros(3).bernoulli_(t.tensor([0.1, 0.5, 0.9]))
t.zeros(2, 3).t().bernoulli_(t.tensor([0.2, 0.8]))
t.zeros(3, dtype=t.int64).bernoulli_(t.tensor([0.1, 0.5, 0.9]))
t.zeros(4).random_()
t.zeros(4, dtype=t.int64).random_()
t.zeros(4, dtype=t.uint8).random_(10)
t.zeros(4, dtype=t.int64).random_(-5, 5)
t.zeros(2, dtype=t.int64).random_(-5, None)
t.zeros(2, requires_grad=True).mul(1).normal_()
t.zeros(2, requires_grad=True).mul(1).uniform_()
t.zeros(2, requires_grad=True).mul(1).exponential_()
t.zeros(2, requires_grad=True).mul(1).random_()
t.zeros(2, requires_grad=True).mul(1).random_(3)
t.zeros(2, requires_grad=True).mul(1).random_(1, 3)
t.zeros(2, requires_grad=True).mul(1).bernoulli_()
t.zeros(2, requires_grad=True).mul(1).bernoulli_(t.rand(2, requires_grad=True))
t.rand(3, generator=t.Generator().manual_seed(4))
t.zeros(3).normal_(generator=t.Generator().manual_seed(4))
t.randperm(5, generator=t.Generator().manual_seed(4))
t.rand(2)
""".strip().splitlines()


@pytest.mark.parametrize("seed", [0, 1234])
def test_calls_in_one_stream(seed):
    ak.manual_seed(seed)
    torch.manual_seed(seed)
    for call in CALLS:
        ours, theirs = eval(call, {"t": ak}), eval(call, {"t": torch})
        assert repr(ours) == repr(theirs), call
        assert ours.detach().numpy().tobytes() == theirs.detach().numpy().tobytes(), call
        assert ours.stride() == theirs.stride(), call
        assert str(ours.dtype) == str(theirs.dtype), call
        assert ours._version == theirs._version, call
    assert ak.get_rng_state().tolist() == torch.get_rng_state().tolist()


REFUSED = """
t.rand(2.5)
t.rand(-1)
t.rand("a")
t.rand(2, dtype=t.int64)
t.randn(2, dtype=t.int64)
t.rand(2, device="cuda")
t.randint(5, 5, (2,))
t.randint(-3, (2,))
t.randint(0, 300, (2,), dtype=t.uint8)
t.randint(-1, 3, (2,), dtype=t.uint8)
t.randint(0, 3, (2,), dtype=t.bool)
t.randint(2.5, (2,))
t.randint(3, 2)
t.randint(10, (2,), requires_grad=True)
t.randint(3, (2,), out=t.zeros(2), dtype=t.int64)
t.randperm(-1)
t.randperm(200, dtype=t.int8)
t.randperm(2.5)
t.normal(0.0, -1.0, (2,))
t.normal(t.zeros(2), t.tensor([1.0, -1]))
t.normal(t.zeros(2), t.ones(3))
t.normal(t.zeros(2), -1.0)
t.normal(t.zeros(2, dtype=t.int64), 1.0)
t.bernoulli(t.tensor([0.0, 2.0]))
t.bernoulli(t.tensor([0, 1]))
t.zeros(3).bernoulli_(1.5)
t.zeros(3).bernoulli_(t.tensor([0.1, 0.2, 2]))
t.zeros(3).bernoulli_(t.tensor([1, 0, 1]))
t.multinomial(t.tensor([0.5, 0.5]), 3)
t.multinomial(t.tensor([0.5, -0.5]), 1)
t.multinomial(t.tensor([0.5, -0.5]), 3, True)
t.multinomial(t.tensor([0.5, float("nan")]), 1)
t.multinomial(t.tensor([0.5, float("inf")]), 2, True)
t.multinomial(t.tensor([0.0, 0.0]), 2, True)
t.multinomial(t.tensor([0.0, 0.0]), 1)
t.multinomial(t.tensor([1, 1]), 1)
t.multinomial(t.tensor([1.0, 1]), 0)
t.multinomial(t.zeros(2, 2, 2), 1)
t.multinomial(t.zeros(0), 1)
t.zeros(3).uniform_(2, 1)
t.zeros(3, dtype=t.int64).uniform_()
t.zeros(3, dtype=t.int64).normal_()
t.zeros(3).normal_(0, -1)
t.zeros(3).exponential_(0)
t.zeros(3, dtype=t.int64).exponential_()
t.zeros(3).cauchy_(0, 0)
t.zeros(3, dtype=t.int64).cauchy_()
t.zeros(3, dtype=t.bool).geometric_(0.5)
t.zeros(3).geometric_(1)
t.zeros(3).log_normal_(0, -1)
t.zeros(3, dtype=t.int64).log_normal_()
t.zeros(3).random_(5, 5)
t.zeros(3).random_(0)
t.zeros(3, dtype=t.int64).random_(5, 3)
t.zeros(2, dtype=t.int8).random_(-200, 3)
t.zeros(2, requires_grad=True).normal_()
t.zeros(1).expand(3).normal_()
t.set_rng_state(t.zeros(3))
t.set_rng_state(3)
t.Generator().set_state(t.zeros(3, dtype=t.uint8))
t.manual_seed(2**64)
""".strip().splitlines()


@every_case("call", REFUSED)
def test_refusals(call):
    raised = []
    for package in (ak, torch):
        with pytest.raises(Exception) as caught:  # noqa: PT011
            eval(call, {"t": package})
        raised.append((caught.type, str(caught.value).splitlines()[0]))
    assert raised[0] == raised[1]


def test_a_refused_fill_changes_nothing():
    x = ak.ones(3)
    state = ak.get_rng_state()
    with pytest.raises(RuntimeError):
        x.normal_(0, -1)
    assert x.tolist() == [1, 1, 1]
    assert x._version == 0
    assert ak.get_rng_state().tolist() == state.tolist()


def test_gradients_of_fills_are_zero():
    x = ak.ones(3, requires_grad=True)
    y = x * 2
    y.normal_()
    y.sum().backward()
    assert x.grad.tolist() == [0, 0, 0]
    p = ak.full((3,), 0.5, requires_grad=True)
    ak.bernoulli(p).sum().backward()
    assert p.grad.tolist() == [0, 0, 0]


def test_states_are_tensors_and_travel():
    state = ak.manual_seed(9).get_state()
    assert torch.Generator().set_state(torch.tensor(state.tolist(), dtype=torch.uint8)).initial_seed() == 9
    first = ak.randn(3).tolist()
    ak.set_rng_state(state)
    assert ak.randn(3).tolist() == first
