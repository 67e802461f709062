"""A mixture density network: many answers to one question; log-sum-exp by hand and by distributions, samples, modes."""

import math

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.distributions as D
import torch.nn as nn
from torch.distributions import Categorical, MixtureSameFamily, Normal

torch.manual_seed(7)
np.random.seed(7)
n = 300
y = np.random.uniform(-10.5, 10.5, (n, 1)).astype(np.float32)
noise = np.random.normal(size=(n, 1)).astype(np.float32)
x = np.sin(0.75 * y) * 7.0 + y * 0.5 + noise * 0.5  # inverted: several y for one x
x_train, y_train = torch.from_numpy(x), torch.from_numpy(y)
print(x_train.dtype, x_train.shape, f"{x_train.mean():.4f} {y_train.std():.4f}")


class MDN(nn.Module):
    def __init__(self, n_hidden, n_gaussians):
        super().__init__()
        self.z_h = nn.Sequential(nn.Linear(1, n_hidden), nn.Tanh())
        self.z_pi = nn.Linear(n_hidden, n_gaussians)
        self.z_mu = nn.Linear(n_hidden, n_gaussians)
        self.z_sigma = nn.Linear(n_hidden, n_gaussians)

    def forward(self, x):
        z_h = self.z_h(x)
        pi = nn.functional.softmax(self.z_pi(z_h), -1)
        mu = self.z_mu(z_h)
        sigma = torch.exp(self.z_sigma(z_h))
        return pi, mu, sigma


ONE_DIV_SQRT_TWO_PI = 1.0 / np.sqrt(2.0 * np.pi)


def gaussian_distribution(y, mu, sigma):
    result = (y.expand_as(mu) - mu) * torch.reciprocal(sigma)
    result = -0.5 * (result * result)
    return (torch.exp(result) * torch.reciprocal(sigma)) * ONE_DIV_SQRT_TWO_PI


def mdn_loss_fn(pi, sigma, mu, y):
    result = gaussian_distribution(y, mu, sigma) * pi
    result = torch.sum(result, dim=1)
    return torch.mean(-torch.log(result))


def by_logsumexp(pi, sigma, mu, y):
    log_component = Normal(mu, sigma).log_prob(y)
    return -torch.logsumexp(log_component + pi.log(), dim=1).mean()


def by_mixture(pi, sigma, mu, y):
    return -MixtureSameFamily(Categorical(pi), Normal(mu, sigma)).log_prob(y.squeeze(1)).mean()


network = MDN(n_hidden=20, n_gaussians=5)
with torch.no_grad():
    network.z_mu.bias.copy_(torch.linspace(-8, 8, 5))
losses = [
    f(pi, sigma, mu, y_train) for f in (mdn_loss_fn, by_logsumexp, by_mixture) for pi, mu, sigma in [network(x_train)]
]
print([f"{loss.item():.4f}" for loss in losses])
grads = [torch.autograd.grad(loss, list(network.parameters())) for loss in losses]
print(all(torch.allclose(a, b, atol=1e-5) for other in grads[1:] for a, b in zip(grads[0], other)))

optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=5)
for epoch in range(60):
    pi, mu, sigma = network(x_train)
    loss = by_mixture(pi, sigma, mu, y_train)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step(loss.detach())
    if epoch % 15 == 0:
        print(epoch, f"{loss.item():.3f}", optimizer.param_groups[0]["lr"])

x_test = torch.linspace(-12, 12, 7).unsqueeze(1)
network.eval()
with torch.no_grad():
    pi, mu, sigma = network(x_test)
    mixture = MixtureSameFamily(Categorical(pi), Normal(mu, sigma))
print(mixture.batch_shape, mixture.event_shape, mixture.mean.shape, mixture)
print(np.round(mixture.mean.numpy(), 2), f"{mixture.variance.mean():.1f}")
chosen = torch.multinomial(pi, 1)
drawn = torch.normal(mu.gather(1, chosen), sigma.gather(1, chosen))
print(chosen.flatten().tolist(), drawn.squeeze().shape)
print(mixture.sample((2,)).shape, mixture.cdf(torch.zeros(7)).gt(0).all().item())
grid = torch.linspace(-30, 30, 2001)
density = mixture.log_prob(grid[:, None]).exp()
print([f"{area:.3f}" for area in torch.trapezoid(density, grid, dim=0)])
best = pi.argmax(1, keepdim=True)
print([f"{m:.1f}" for m in mu.gather(1, best).flatten()])

joint = D.Independent(D.Normal(torch.zeros(3, 2), torch.ones(3, 2) * torch.tensor([[1.0], [2.0], [3.0]])), 1)
plane = D.MixtureSameFamily(D.Categorical(logits=torch.zeros(3)), joint)
print(plane.event_shape, f"{plane.log_prob(torch.tensor([1.0, -1.0])):.5f}", f"{math.exp(-1):.5f}")
try:
    Normal(mu, -sigma)
except ValueError as error:
    print(str(error).splitlines()[0])
try:
    MixtureSameFamily(Categorical(pi), Normal(mu[:3], sigma[:3]))
except ValueError as error:
    print(error)

fig, ax = plt.subplots()
ax.errorbar(x_test.flatten(), mixture.mean, yerr=mixture.stddev, fmt="o")
ax.plot(x_test, mu, "r", alpha=0.4)
ax.scatter(x_train, y_train, alpha=0.2)
ax.fill_between(x_test.squeeze(), mu.min(1).values, mu.max(1)[0], alpha=0.1)
print(len(ax.lines), len(ax.collections))
plt.close(fig)
