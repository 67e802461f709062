"""Trainings that teaching code makes of distributions, step by step beside PyTorch: the same losses from the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import autogradkit


def variational_autoencoder(m: Any) -> list[float]:
    dist, nn = m.distributions, m.nn
    encoder = nn.Sequential(nn.Linear(12, 16), nn.ReLU(), nn.Linear(16, 4))
    decoder = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 12))
    optimizer = m.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.02)
    x = m.bernoulli(m.full((32, 12), 0.4))
    losses = []
    for _ in range(8):
        mean, log_variance = encoder(x).chunk(2, -1)
        posterior = dist.Independent(dist.Normal(mean, (0.5 * log_variance).exp()), 1)
        prior = dist.Independent(dist.Normal(m.zeros_like(mean), m.ones_like(mean)), 1)
        seen = dist.Independent(dist.Bernoulli(logits=decoder(posterior.rsample())), 1)
        loss = (dist.kl_divergence(posterior, prior) - seen.log_prob(x)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def reinforce(m: Any) -> list[float]:
    policy = m.nn.Sequential(m.nn.Linear(4, 16), m.nn.ReLU(), m.nn.Linear(16, 2))
    optimizer = m.optim.Adam(policy.parameters(), lr=0.01)
    state = m.randn(4)
    losses = []
    for _ in range(4):
        log_probs, entropies, rewards = [], [], []
        for _ in range(15):
            choice = m.distributions.Categorical(logits=policy(state))
            action = choice.sample()
            log_probs.append(choice.log_prob(action))
            entropies.append(choice.entropy())
            state = m.tanh(state + (action.item() - 0.5) * m.randn(4))
            rewards.append(state.sum())
        returns = m.stack(rewards).flip(0).cumsum(0).flip(0)
        returns = (returns - returns.mean()) / returns.std()
        loss = -(m.stack(log_probs) * returns).sum() - 0.01 * m.stack(entropies).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def squashed_policy(m: Any) -> list[float]:
    dist = m.distributions
    mean, log_scale = m.nn.Parameter(m.zeros(3)), m.nn.Parameter(m.zeros(3))
    optimizer = m.optim.Adam([mean, log_scale], lr=0.05)
    losses = []
    for _ in range(8):
        normal = dist.Normal(mean, log_scale.exp())
        policy = dist.Independent(dist.TransformedDistribution(normal, [dist.TanhTransform(cache_size=1)]), 1)
        action = policy.rsample((64,))
        loss = (0.1 * policy.log_prob(action) + (action - 0.5).pow(2).sum(-1)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def mixture(m: Any) -> list[float]:
    dist = m.distributions
    x = m.cat([m.randn(50) * 0.5 - 2, m.randn(50) + 1])
    weights, means, scales = (m.nn.Parameter(m.tensor(each)) for each in ([0.0, 0.0], [-1.0, 1.0], [0.0, 0.0]))
    optimizer = m.optim.Adam([weights, means, scales], lr=0.1)
    losses = []
    for _ in range(10):
        found = dist.MixtureSameFamily(dist.Categorical(logits=weights), dist.Normal(means, scales.exp()))
        loss = -found.log_prob(x).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return [*losses, *found.sample((5,)).tolist()]


def relaxed_choice(m: Any) -> list[float]:
    logits = m.nn.Parameter(m.zeros(4))
    optimizer = m.optim.SGD([logits], lr=1.0)
    losses = []
    for _ in range(8):
        choice = m.distributions.RelaxedOneHotCategorical(m.tensor(0.5), logits=logits)
        loss = (choice.rsample((32,)) * m.tensor([3.0, 1.0, 0.0, 2.0])).sum(-1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("train", [variational_autoencoder, reinforce, squashed_policy, mixture, relaxed_choice])
def test_a_training(train: Any) -> None:
    found = []
    for module in (torch, autogradkit):
        module.manual_seed(4)
        found.append(train(module))
    np.testing.assert_allclose(found[1], found[0], rtol=2e-5, atol=5e-6)  # sums of numbers up to 1, in other orders
    assert found[0][0] != found[0][5 if len(found[0]) > 5 else 1]


def test_distributions_are_pickled_and_copied() -> None:
    import copy
    import pickle

    dist = autogradkit.distributions
    for made in (
        dist.Normal(autogradkit.tensor([1.0, 2.0]), 1.0),
        dist.LogNormal(autogradkit.tensor([1.0, 2.0]), 1.0),
        dist.MixtureSameFamily(dist.Categorical(autogradkit.ones(2)), dist.Normal(autogradkit.zeros(2), 1.0)),
        dist.TransformedDistribution(dist.Normal(0.0, 1.0), dist.ComposeTransform([dist.ExpTransform()]).inv.inv),
    ):
        for again in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made)):
            assert repr(again) == repr(made)
            autogradkit.manual_seed(1)
            first = made.sample((2,)).tolist()
            autogradkit.manual_seed(1)
            assert again.sample((2,)).tolist() == first
