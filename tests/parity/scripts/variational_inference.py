"""Weights with distributions: reparametrised draws, divergences, mixtures, and parameters that are refused."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions import (
    Beta,
    Categorical,
    Dirichlet,
    Gamma,
    HalfCauchy,
    LogNormal,
    MixtureSameFamily,
    Normal,
    StudentT,
    kl_divergence,
)

torch.manual_seed(9)


class BayesLinear(nn.Module):
    def __init__(self, i, o, prior=1.0):
        super().__init__()
        self.w_mu = nn.Parameter(torch.empty(o, i))
        self.w_rho = nn.Parameter(torch.empty(o, i))
        self.b_mu = nn.Parameter(torch.zeros(o))
        self.b_rho = nn.Parameter(torch.full((o,), -3.0))
        nn.init.kaiming_normal_(self.w_mu, nonlinearity="linear")
        nn.init.constant_(self.w_rho, -3.0)
        self.prior = Normal(0, prior)
        self.kl = 0

    def forward(self, x):
        qw, qb = (Normal(self.w_mu, F.softplus(self.w_rho)), Normal(self.b_mu, F.softplus(self.b_rho)))
        w, b = (qw.rsample(), qb.rsample())
        self.kl = kl_divergence(qw, self.prior).sum() + kl_divergence(qb, self.prior).sum()
        return F.linear(x, w, b)


class BNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2 = (BayesLinear(1, 16), BayesLinear(16, 1))
        self.log_noise = nn.Parameter(torch.tensor(-1.0))

    def forward(self, x):
        return self.l2(torch.tanh(self.l1(x)))

    def elbo(self, x, y, draws=3):
        ll = 0
        for _ in range(draws):
            ll = ll + Normal(self(x), self.log_noise.exp()).log_prob(y).sum()
        return ll / draws - (self.l1.kl + self.l2.kl)


x = torch.linspace(-2, 2, 40).unsqueeze(1)
y = x**3 / 4 + 0.2 * torch.randn_like(x)
net = BNN()
opt = torch.optim.Adam(net.parameters(), 0.02)
for i in range(60):
    l = -net.elbo(x, y)
    opt.zero_grad()
    l.backward()
    opt.step()
    if i % 20 == 19:
        print(i, f"{l.item():.3f}")
with torch.no_grad():
    P = torch.stack([net(x) for _ in range(20)])
    print(P.mean(0)[:3].T, P.std(0)[-3:].T)
loc = torch.zeros(3, requires_grad=True)
tril = torch.eye(3).requires_grad_()
q = torch.distributions.MultivariateNormal(loc, scale_tril=torch.tril(tril))
p = torch.distributions.MultivariateNormal(torch.ones(3), torch.eye(3) * 2)
k = kl_divergence(q, p)
k.backward()
print(k, loc.grad, tril.grad)
print(q.entropy(), q)
z = q.rsample([5])
print(z.shape, q.log_prob(z).mean())
mix = MixtureSameFamily(
    Categorical(logits=torch.tensor([0.1, 0.3, 0.6])),
    Normal(torch.tensor([-2.0, 0.0, 2.0]), torch.tensor([0.5, 1.0, 0.5])),
)
print(
    mix,
    mix.mean,
    mix.variance,
    mix.log_prob(torch.tensor([0.0, 1.0])),
    mix.sample((4,)),
    mix.cdf(x=torch.tensor([0.3])),
)
for d in (
    HalfCauchy(1.0),
    Gamma(2.0, 3.0),
    StudentT(4.0),
    LogNormal(0.0, 1.0),
    Beta(2.0, 3.0),
    Dirichlet(torch.tensor([1.0, 2.0, 3.0])),
):
    s = d.sample()
    print(d, s, d.log_prob(s), d.mean, d.support)
try:
    Normal(torch.tensor([0.0, float("nan")]), 1)
except ValueError as e:
    print(e)
try:
    Categorical(torch.tensor([-0.5, 1.5]))
except ValueError as e:
    print(e)
try:
    Normal(0, 1).log_prob("a")
except Exception as e:
    print(type(e).__name__, e)
try:
    kl_divergence(Gamma(1.0, 1.0), StudentT(2.0))
except NotImplementedError as e:
    print("NI", str(e)[:40])
