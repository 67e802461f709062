"""Learning to learn with gradients of gradients, samples one by one, denoising, and attention under every kind of mask."""

import copy
import math
import warnings

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, functionalize, grad, grad_and_value, hessian, jacfwd, jacrev, jvp, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.attention.bias import causal_lower_right
from torch.nn.attention.flex_attention import and_masks, create_mask

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
warnings.simplefilter("ignore")


def tr(f):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, str(e).split("\n")[0][:150])


# MAML
net = nn.Sequential(nn.Linear(1, 10), nn.Tanh(), nn.Linear(10, 1))
P = dict(net.named_parameters())
meta = torch.optim.Adam(net.parameters(), 1e-2)


def loss(p, x, y):
    return F.mse_loss(functional_call(net, p, (x,)), y)


for it in range(3):
    tot = 0.0
    for task in range(2):
        A, ph = torch.rand(2)
        x = torch.rand(6, 1) * 4
        y = (1 + A) * torch.sin(x + ph)
        p = {k: v for k, v in P.items()}
        for _ in range(2):
            g = torch.autograd.grad(loss(p, x[:3], y[:3]), list(p.values()), create_graph=True)
            p = {k: v - 0.05 * gg for (k, v), gg in zip(p.items(), g)}
        tot = tot + loss(p, x[3:], y[3:])
    meta.zero_grad()
    tot.backward()
    meta.step()
    print(f"{tot:.9f}")


def inner(p, x, y):
    g = grad(loss)(p, x[:3], y[:3])
    return loss({k: p[k] - 0.1 * g[k] for k in p}, x[3:], y[3:])


X = torch.rand(4, 6, 1)
Y = X.sin()
print(vmap(inner, in_dims=(None, 0, 0))({k: v.detach() for k, v in P.items()}, X, Y))
g, l = grad_and_value(lambda p: vmap(inner, (None, 0, 0))(p, X, Y).mean())({k: v.detach() for k, v in P.items()})
print(l, g["0.weight"].flatten()[:3])
x = torch.randn(3, 4)
print(
    vmap(torch.dot)(x, x),
    vmap(lambda a: a.sort(descending=True)[0])(x),
    vmap(lambda a: torch.where(a > 0, a, 0.0).sum())(x),
    vmap(lambda a, b: a * b, in_dims=(0, None), out_dims=1)(x, x[0]).shape,
    vmap(vmap(lambda a, b: a + b, (None, 0)), (0, None))(x[0], x[1]).shape,
    vmap(lambda a: F.softmax(a, -1), chunk_size=2)(x).sum(),
    vmap(lambda d: {"a": d["x"].sum(), "b": (d["x"], 1.0)} if False else {"a": d["x"].sum()})({"x": x}),
    vmap(lambda a: a + torch.randn(1), randomness="same")(x).shape,
)
tr(lambda: vmap(lambda a: a.item())(x))
tr(lambda: vmap(lambda a: a if a.sum() > 0 else -a)(x))
tr(lambda: vmap(torch.randn_like)(x))
tr(lambda: vmap(lambda a, b: a)(x, x[:2]))
tr(lambda: vmap(lambda a: 3)(x))
tr(lambda: grad(lambda a: a)(x))
tr(lambda: vmap(lambda a: a, in_dims=2)(x))
tr(lambda: jacfwd(lambda a: a.pow(3).sum(-1))(x)[1])
tr(lambda: jacrev(lambda a: (a, a.sum()), has_aux=True)(x[0])[1])
tr(lambda: hessian(lambda a: (a**3).sum())(x[0]))
tr(lambda: functionalize(lambda a: a.clone().add_(1))(x)[0])
tr(lambda: jvp(lambda a: a.sin(), (x[0],), (torch.ones(3),)))
# diffusion
T_ = 20
beta = torch.linspace(1e-3, 0.3, T_)
ab = (1 - beta).cumprod(0)


class Time(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.d = d

    def forward(self, t):
        h = self.d // 2
        e = torch.exp(torch.arange(h) * -(math.log(10000) / (h - 1)))
        e = t[:, None] * e[None]
        return torch.cat((e.sin(), e.cos()), -1)


class U(nn.Module):
    def __init__(self):
        super().__init__()
        self.t = nn.Sequential(Time(8), nn.Linear(8, 16), nn.SiLU())
        self.i = nn.Linear(2, 16)
        self.f = nn.Sequential(nn.RMSNorm(16), nn.Linear(16, 16), nn.GELU(approximate="tanh"))
        self.o = nn.Linear(16, 2)
        nn.init.zeros_(self.o.weight)

    def forward(self, x, t):
        return self.o(self.f(self.i(x) + self.t(t)))


u = U()
o = torch.optim.AdamW(u.parameters(), 1e-2)
ema = copy.deepcopy(u).eval().requires_grad_(False)
for i in range(6):
    x0 = torch.randn(32, 2) * 0.1 + 1
    t = torch.randint(0, T_, (32,))
    n = torch.randn_like(x0)
    xt = ab[t].sqrt()[:, None] * x0 + (1 - ab[t]).sqrt()[:, None] * n
    l = (F.mse_loss(u(xt, t.double()), n, reduction="none").mean(1) * ab[t].clamp(max=5) / ab[t]).mean()
    o.zero_grad()
    l.backward()
    o.step()
    torch._foreach_lerp_(list(ema.parameters()), list(u.parameters()), 0.1) if hasattr(
        torch, "_foreach_lerp_"
    ) else None
    print(f"{l:.9f}")
with torch.no_grad():
    x = torch.randn(3, 2)
    for t in reversed(range(T_)):
        e = ema(x, torch.full((3,), float(t)))
        x = (x - beta[t] / (1 - ab[t]).sqrt() * e) / (1 - beta[t]).sqrt() + (
            beta[t].sqrt() * torch.randn_like(x) if t else 0
        )
print(x)
# attention
q, k, v = torch.randn(3, 2, 2, 6, 4).unbind(0)
print(
    F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.3).sum(),
    F.scaled_dot_product_attention(q, k[:, :1], v[:, :1], enable_gqa=True).mean(),
    F.scaled_dot_product_attention(q, k, v, attn_mask=causal_lower_right(6, 6)).std(),
)
with sdpa_kernel([SDPBackend.MATH, SDPBackend.FLASH_ATTENTION], set_priority=True):
    print(F.scaled_dot_product_attention(q, k, v, torch.zeros(6, 6)).norm())
tr(lambda: F.scaled_dot_product_attention(q, k, v, torch.zeros(6, 6), is_causal=True))
tr(lambda: F.scaled_dot_product_attention(q, k[..., :3], v))
tr(lambda: F.scaled_dot_product_attention(q, k, v, torch.zeros(6, 6, dtype=torch.int)))
print(create_mask(and_masks(lambda b, h, i, j: i >= j, lambda b, h, i, j: i - j < 2), 1, 1, 4, 4)[0, 0].int())
mha = nn.MultiheadAttention(8, 2, kdim=5, vdim=6, add_bias_kv=True, add_zero_attn=True, batch_first=True, dropout=0.0)
o, w = mha(
    torch.randn(2, 3, 8),
    torch.randn(2, 4, 5),
    torch.randn(2, 4, 6),
    average_attn_weights=False,
    key_padding_mask=torch.tensor([[False, False, True, True], [False] * 4]),
)
print(o.sum(), w.shape, w[0, 0, 0])


def rope(x):
    return torch.view_as_real(
        torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))
        * torch.polar(torch.ones(6, 2), torch.outer(torch.arange(6.0), 1 / 100 ** (torch.arange(2.0) / 2)))
    ).flatten(-2)


print(rope(q).norm() - q.norm() < 1e-9, rope(q)[0, 0, 1])


class KV(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("k", torch.zeros(1, 2, 8, 4))
        self.n = 0

    def forward(self, k):
        self.k[:, :, self.n : self.n + k.size(2)] = k
        self.n += k.size(2)
        return self.k[:, :, : self.n]


c = KV()
c(q[:1, :, :3])
print(c(q[:1, :, 3:5]).shape, c.k[0, 0, :5].equal(q[0, 0, :5]))
al = torch.tensor([2 ** (-8 * (i + 1) / 2) for i in range(2)])
print((F.softmax(q @ k.mT + al.view(-1, 1, 1) * -(torch.arange(6)[:, None] - torch.arange(6)).abs(), -1) @ v).sum())

torch.set_default_dtype(torch.float32)
