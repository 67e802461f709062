"""Densities: RealNVP's coupling layers beside TransformedDistribution, a Gaussian process by Cholesky, a Kalman filter."""

import math

import torch
import torch.distributions as D
import torch.nn as nn
from torch.distributions.transforms import (
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    SigmoidTransform,
    TanhTransform,
)

torch.manual_seed(8)


class Coupling(nn.Module):
    def __init__(self, mask, hidden=16):
        super().__init__()
        self.register_buffer("mask", mask)
        self.s = nn.Sequential(nn.Linear(2, hidden), nn.LeakyReLU(), nn.Linear(hidden, 2), nn.Tanh())
        self.t = nn.Sequential(nn.Linear(2, hidden), nn.LeakyReLU(), nn.Linear(hidden, 2))

    def forward(self, z):
        kept = self.mask * z
        s, t = self.s(kept) * (1 - self.mask), self.t(kept) * (1 - self.mask)
        return kept + (1 - self.mask) * (z * torch.exp(s) + t), s.sum(-1)

    def inverse(self, x):
        kept = self.mask * x
        s, t = self.s(kept) * (1 - self.mask), self.t(kept) * (1 - self.mask)
        return kept + (1 - self.mask) * (x - t) * torch.exp(-s), -s.sum(-1)


class RealNVP(nn.Module):
    def __init__(self, layers=4):
        super().__init__()
        self.layers = nn.ModuleList(Coupling(torch.tensor([i % 2, 1 - i % 2]).float()) for i in range(layers))
        self.register_buffer("loc", torch.zeros(2))
        self.register_buffer("cov", torch.eye(2))

    @property
    def prior(self):
        return D.MultivariateNormal(self.loc, self.cov)

    def log_prob(self, x):
        total = x.new_zeros(x.shape[0])
        for layer in reversed(self.layers):
            x, log_det = layer.inverse(x)
            total += log_det
        return self.prior.log_prob(x) + total

    def sample(self, shape):
        z = self.prior.sample(shape)
        for layer in self.layers:
            z, _ = layer(z)
        return z


def moons(count):
    angle = math.pi * torch.rand(count)
    upper = torch.rand(count) < 0.5
    x = torch.where(upper, angle.cos(), 1 - angle.cos())
    y = torch.where(upper, angle.sin(), 0.5 - angle.sin())
    return torch.stack([x, y], -1) + 0.05 * torch.randn(count, 2)


flow = RealNVP()
print(len(list(flow.parameters())), [name for name, _ in flow.named_buffers()])
z = torch.randn(5, 2)
x, forward = flow.layers[0](z)
back, backward = flow.layers[0].inverse(x)
print(torch.allclose(back, z, atol=1e-6), torch.allclose(forward, -backward, atol=1e-6))
jacobian = torch.autograd.functional.jacobian(lambda v: flow.layers[0](v[None])[0][0], z[0])
print(torch.allclose(torch.linalg.slogdet(jacobian).logabsdet, forward[0], atol=1e-6), jacobian.shape)
optimizer = torch.optim.Adam([p for p in flow.parameters() if p.requires_grad], lr=5e-3)
for step in range(61):
    loss = -flow.log_prob(moons(128)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        print(f"iter {step}: loss = {loss:.2f}")
with torch.no_grad():
    drawn = flow.sample((500,))
    print(drawn.shape, [f"{v:.1f}" for v in drawn.mean(0)])
flow.double()
print(flow.prior.loc.dtype, flow.log_prob(moons(3).double()).dtype)

base = D.Normal(torch.zeros(2), torch.ones(2))
for name, transforms in {
    "log-normal": [ExpTransform()],
    "logistic": [SigmoidTransform().inv, AffineTransform(loc=1.0, scale=2.0)],
    "squashed": [AffineTransform(0.5, torch.tensor([1.0, 2.0])), TanhTransform(cache_size=1)],
}.items():
    source = D.Uniform(torch.zeros(2), torch.ones(2)) if name == "logistic" else base
    made = D.TransformedDistribution(source, transforms)
    value = made.sample()
    print(name, made.batch_shape, [f"{v:.4f}" for v in made.log_prob(value)], made.support)
both = ComposeTransform([AffineTransform(1, 2), ExpTransform()])
value = torch.tensor([0.1, -0.3])
print(both(value), both.inv(both(value)), both.log_abs_det_jacobian(value, both(value)))
print(
    torch.allclose(
        D.LogNormal(0.0, 1.0).log_prob(torch.tensor(2.0)),
        D.TransformedDistribution(D.Normal(0.0, 1.0), ExpTransform()).log_prob(torch.tensor(2.0)),
    )
)

# a Gaussian process: its kernel's parameters by the marginal likelihood
x = torch.linspace(0, 1, 15, dtype=torch.float64)
y = torch.sin(6 * x) + 0.1 * torch.randn(15, dtype=torch.float64)
log_params = torch.tensor([-1.0, 0.0, -2.0], dtype=torch.float64, requires_grad=True)


def kernel(a, b, length, scale):
    return scale**2 * torch.exp(-0.5 * torch.cdist(a[:, None], b[:, None]).pow(2) / length**2)


def negative_log_likelihood():
    length, scale, noise = log_params.exp()
    K = kernel(x, x, length, scale) + noise**2 * torch.eye(15, dtype=x.dtype)
    L = torch.linalg.cholesky(K)
    alpha = torch.cholesky_solve(y[:, None], L)
    return 0.5 * (y @ alpha).squeeze() + L.diagonal().log().sum() + 7.5 * math.log(2 * math.pi)


length, scale, noise = log_params.detach().exp()
cov = kernel(x, x, length, scale) + noise**2 * torch.eye(15, dtype=x.dtype)
print(f"{negative_log_likelihood():.6f} {-D.MultivariateNormal(torch.zeros(15, dtype=x.dtype), cov).log_prob(y):.6f}")
optimizer = torch.optim.LBFGS([log_params], lr=0.2, max_iter=15, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    loss = negative_log_likelihood()
    loss.backward()
    return loss


print(f"{optimizer.step(closure):.4f} -> {negative_log_likelihood():.3f}", [f"{v:.2f}" for v in log_params.exp()])
with torch.no_grad():
    length, scale, noise = log_params.exp()
    L = torch.linalg.cholesky(kernel(x, x, length, scale) + noise**2 * torch.eye(15, dtype=x.dtype))
    star = torch.tensor([0.25, 0.9, 3.0], dtype=x.dtype)
    Ks = kernel(star, x, length, scale)
    mean = Ks @ torch.cholesky_solve(y[:, None], L).squeeze(1)
    v = torch.linalg.solve_triangular(L, Ks.t(), upper=False)
    std = (kernel(star, star, length, scale).diag() - (v**2).sum(0)).sqrt()
print([f"{m:.2f} +- {s:.2f}" for m, s in zip(mean, std)])
try:
    torch.linalg.cholesky(torch.tensor([[1.0, 2.0], [2.0, 1.0]]))
except torch.linalg.LinAlgError as error:
    print(error)

# a Kalman filter that follows a moving point
A = torch.tensor([[1.0, 0.1], [0.0, 1.0]])
C = torch.tensor([[1.0, 0.0]])
Q, R = 0.01 * torch.eye(2), torch.tensor([[0.25]])
truth, state, P = torch.tensor([0.0, 1.0]), torch.zeros(2), torch.eye(2)
wrong = []
for step in range(30):
    truth = A @ truth + torch.distributions.MultivariateNormal(torch.zeros(2), Q).sample()
    seen = C @ truth + R.sqrt() @ torch.randn(1)
    state, P = A @ state, A @ P @ A.T + Q
    S = C @ P @ C.T + R
    K = P @ C.T @ torch.inverse(S)
    state = state + K @ (seen - C @ state)
    P = (torch.eye(2) - K @ C) @ P
    wrong.append(torch.dist(state, truth).item())
print(f"{sum(wrong[:10]) / 10:.3f} {sum(wrong[-10:]) / 10:.3f}", P)
