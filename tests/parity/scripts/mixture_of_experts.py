"""Experts that a noisy router chooses among: scatter, index_add, stacked modules and vmap over them."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.distributions.normal import Normal

torch.manual_seed(5)


class Expert(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(d, 2 * d), nn.ReLU(), nn.Linear(2 * d, d), nn.Dropout(0.1))

    def forward(self, x):
        return self.net(x)


class NoisyTopk(nn.Module):
    def __init__(self, d, n, k):
        super().__init__()
        self.k = k
        self.route = nn.Linear(d, n)
        self.noise = nn.Linear(d, n)

    def forward(self, x):
        lg = self.route(x)
        ns = torch.randn_like(lg) * F.softplus(self.noise(x))
        nl = lg + ns
        top, idx = nl.topk(self.k, dim=-1)
        z = torch.full_like(nl, float("-inf"))
        sp = z.scatter(-1, idx, top)
        return (F.softmax(sp, dim=-1), idx)


class SparseMoE(nn.Module):
    def __init__(self, d, n=4, k=2, cap=1.0):
        super().__init__()
        self.router = NoisyTopk(d, n, k)
        self.experts = nn.ModuleList([Expert(d) for _ in range(n)])
        self.k, self.n, self.cap = (k, n, cap)

    def forward(self, x):
        B, T, _ = x.shape
        g, idx = self.router(x)
        out = torch.zeros_like(x)
        fx, fg = (x.view(-1, x.size(-1)), g.view(-1, g.size(-1)))
        capacity = int(B * T * self.k / self.n * self.cap)
        upd = torch.zeros_like(fx)
        for i, ex in enumerate(self.experts):
            m = (idx == i).any(dim=-1).view(-1)
            sel = torch.nonzero(m).squeeze(-1)
            lim = sel[:capacity] if sel.numel() > capacity else sel
            if lim.numel() > 0:
                upd.index_add_(0, lim, ex(fx[lim]) * fg[lim, i].unsqueeze(1))
        out += upd.view(B, T, -1)
        imp = g.sum((0, 1))
        return (out, (imp.std() / imp.mean()) ** 2)


m = SparseMoE(8)
print(m)
opt = torch.optim.Adam(m.parameters(), 0.01)
x = torch.randn(4, 10, 8)
tgt = x.roll(1, -1) * 2
for i in range(20):
    o, aux = m(x)
    l = F.mse_loss(o, tgt) + 0.01 * aux
    opt.zero_grad()
    l.backward()
    opt.step()
    if i % 5 == 0:
        print(
            i,
            f"{l.item():.5f} {aux.item():.5f}",
            [f"{p.grad.norm():.4f}" for n, p in m.named_parameters() if n.endswith("0.weight")],
        )
print(torch.bincount(m.router(x)[1].flatten(), minlength=4))
stacked = torch.stack([e.net[0].weight for e in m.experts])
print(torch.einsum("btd,nhd->nbth", x, stacked).shape)
params, buffers = torch.func.stack_module_state([Expert(8).eval() for _ in range(3)])
print({k: tuple(v.shape) for k, v in params.items()}, buffers)
base = Expert(8).eval()


def call(p, b, d):
    return torch.func.functional_call(base, (p, b), (d,))


print(torch.vmap(call, (0, 0, None))(params, buffers, x).shape)
n = Normal(torch.tensor([0.0]), torch.tensor([1.0]))
print(n.cdf(torch.tensor([0.0, 1.0])), n.icdf(torch.tensor([0.5, 0.9])))
