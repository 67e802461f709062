"""A Gaussian process by Cholesky factors: settings by L-BFGS, what it foretells and how surely; quantiles by a net."""

import math

import torch
from torch import nn
from torch.distributions import MultivariateNormal

torch.manual_seed(1)


class Process(nn.Module):
    def __init__(self):
        super().__init__()
        self.length = nn.Parameter(torch.tensor(0.0, dtype=torch.float64))
        self.scale = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.noise = nn.Parameter(torch.tensor(-2.0, dtype=torch.float64))

    def kernel(self, a, b):
        return self.scale.exp() * torch.exp(-0.5 * torch.cdist(a, b) ** 2 / self.length.exp() ** 2)

    def factor(self, x):
        noise = (self.noise.exp() + 1e-8) * torch.eye(len(x), dtype=x.dtype)
        return torch.linalg.cholesky(self.kernel(x, x) + noise)

    def forward(self, x, y):
        factor = self.factor(x)
        weights = torch.cholesky_solve(y[:, None], factor)
        return (
            0.5 * (y[None] @ weights).squeeze() + factor.diagonal().log().sum() + 0.5 * len(x) * math.log(2 * math.pi)
        )


x = torch.linspace(0, 3, 15, dtype=torch.float64)[:, None]
y = torch.sin(2 * x[:, 0]) + 0.1 * torch.randn(15, dtype=torch.float64)
process = Process()
optimizer = torch.optim.LBFGS(process.parameters(), lr=0.3, max_iter=8, history_size=5, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    loss = process(x, y)
    loss.backward()
    return loss


for step in range(4):
    print(step, f"{optimizer.step(closure).item():.5f}")
print({name: round(parameter.item(), 3) for name, parameter in process.named_parameters()})
with torch.inference_mode():
    asked = torch.tensor([[0.5], [1.5], [4.0]], dtype=torch.float64)
    factor, across = process.factor(x), process.kernel(asked, x)
    half = torch.linalg.solve_triangular(factor, across.T, upper=False)
    mean = across @ torch.cholesky_solve(y[:, None], factor)
    covariance = process.kernel(asked, asked) - half.T @ half
    print(mean.squeeze(), covariance.diag())
    foretold = MultivariateNormal(mean.squeeze(), covariance + 1e-6 * torch.eye(3))
    print(foretold, foretold.log_prob(torch.zeros(3, dtype=torch.float64)), foretold.rsample((2,)).shape)
print(torch.linalg.cholesky_ex(-torch.eye(2)).info)
try:
    torch.linalg.cholesky(-torch.eye(2))
except torch.linalg.LinAlgError as error:
    print(error)

levels = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64)
net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 3)).double()
optimizer = torch.optim.NAdam(net.parameters(), 0.02)
for _ in range(30):
    missed = y[:, None] - net(x)
    loss = torch.maximum(levels * missed, (levels - 1) * missed).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(f"{loss:.4f}", (y[:, None] < net(x)).double().mean(0))
