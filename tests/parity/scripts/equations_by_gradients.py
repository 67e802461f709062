"""Equations solved by networks: second derivatives in a loss, L-BFGS, adjoints of an ODE, flows without a divergence."""

import math

import torch
import torch.nn as nn
from torch.autograd import grad
from torch.func import (
    functional_call,
    hessian,
    jacrev,
    jvp,
    stack_module_state,
    vjp,
    vmap,
)
from torch.func import (
    grad as fgrad,
)

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


class Sine(nn.Module):
    def __init__(self, w0=1.0):
        super().__init__()
        self.w0 = w0

    def forward(self, x):
        return torch.sin(self.w0 * x)


class MLP(nn.Module):
    def __init__(self, dims, act=nn.Tanh):
        super().__init__()
        L = []
        for a, b in zip(dims[:-1], dims[1:]):
            L += [nn.Linear(a, b), act()]
        self.net = nn.Sequential(*L[:-1])
        for m in self.modules():
            if isinstance(m, nn.Linear):
                nn.init.xavier_normal_(m.weight, gain=nn.init.calculate_gain("tanh"))
                nn.init.zeros_(m.bias)

    def forward(self, *x):
        return self.net(torch.cat(x, -1))


u = MLP([2, 16, 16, 1])
nu = nn.Parameter(torch.tensor(0.02))
x0 = torch.linspace(-1, 1, 20)[:, None]
t0 = torch.zeros_like(x0)
xc, tc = (torch.rand(40, 1) * 2 - 1).requires_grad_(), torch.rand(40, 1, requires_grad=True)


def residual():
    y = u(xc, tc)
    ux, ut = grad(y, (xc, tc), torch.ones_like(y), create_graph=True)
    (uxx,) = grad(ux, xc, torch.ones_like(ux), create_graph=True, retain_graph=True)
    return ut + y * ux - nu * uxx


opt = torch.optim.Adam([{"params": u.parameters()}, {"params": [nu], "lr": 1e-4}], lr=1e-3, amsgrad=True)
for i in range(8):
    opt.zero_grad()
    a, b = residual().pow(2).mean(), (u(x0, t0) + torch.sin(math.pi * x0)).square().mean()
    l = a + b
    l.backward()
    opt.step()
print(f"{a:.9f} {b:.9f} {nu.item():.9f}")
lb = torch.optim.LBFGS(
    [*u.parameters(), nu],
    lr=1.0,
    max_iter=10,
    max_eval=14,
    history_size=7,
    tolerance_grad=1e-7,
    tolerance_change=1e-9,
    line_search_fn="strong_wolfe",
)
n = 0


def closure():
    global n
    n += 1
    lb.zero_grad()
    l = residual().pow(2).mean() + (u(x0, t0) + torch.sin(math.pi * x0)).pow(2).mean()
    l.backward()
    return l


for _ in range(3):
    print(
        f"{lb.step(closure).item():.8f}",
        n,
        lb.state[lb._params[0]]["n_iter"],
        lb.state[lb._params[0]]["func_evals"],
    )
# func way
params = {k: v.detach() for k, v in u.named_parameters()}


def f(p, x, t):
    return functional_call(u, p, (x.unsqueeze(0), t.unsqueeze(0))).squeeze()


ux = vmap(fgrad(f, argnums=1), (None, 0, 0))
uxx = vmap(fgrad(fgrad(f, 1), 1), (None, 0, 0))
X, T = xc.detach().flatten(), tc.detach().flatten()
print(ux(params, X, T)[:3], uxx(params, X, T)[:3])
H = vmap(hessian(f, argnums=(1, 2)), in_dims=(None, 0, 0))(params, X[:3], T[:3])
print(torch.allclose(H[0][1], H[1][0]), H[1][1])
J = jacrev(lambda p: vmap(f, (None, 0, 0))(p, X[:4], T[:4]))(params)
print({k: v.shape for k, v in J.items()})
ntk = sum(
    torch.einsum(
        "nab,mab->nm" if v.ndim == 3 else "na,ma->nm",
        v.reshape(4, v.shape[1], -1) if v.ndim > 2 else v,
        v.reshape(4, v.shape[1], -1) if v.ndim > 2 else v,
    )
    for v in J.values()
)
print(ntk)
o, tang = jvp(lambda p: f(p, X[0], T[0]), (params,), ({k: torch.ones_like(v) for k, v in params.items()},))
print(o, tang)
o, pull = vjp(lambda p: f(p, X[0], T[0]), params)
print({k: round(v.sum().item(), 8) for k, v in pull(torch.tensor(1.0))[0].items()})
# ensemble
models = [MLP([1, 5, 1]) for _ in range(3)]
ps, bs = stack_module_state(models)
base = MLP([1, 5, 1]).to("meta")


def call(p, b, x):
    return functional_call(base, (p, b), (x,))


print(
    vmap(call, in_dims=(0, 0, None))(ps, bs, torch.ones(2, 1)).shape,
    torch.stack([m(torch.ones(2, 1)) for m in models]).allclose(vmap(call, (0, 0, None))(ps, bs, torch.ones(2, 1))),
)
per = vmap(fgrad(lambda p, x, y: (functional_call(models[0], p, (x,)) - y).pow(2).sum()), in_dims=(None, 0, 0))(
    dict(models[0].named_parameters()), torch.arange(4.0)[:, None], torch.ones(4, 1)
)
print({k: v.flatten(1).norm(dim=1) for k, v in per.items()})


# Neural ODE, RK4 + adjoint
class ODEF(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Sequential(nn.Linear(2, 12), nn.Softplus(beta=2, threshold=5), nn.Linear(12, 2))
        self.nfe = 0

    def forward(self, t, z):
        self.nfe += 1
        return self.l(z**3)

    def flat(self):
        return torch.cat([p.reshape(-1) for p in self.parameters()])

    def with_grad(self, z, t, a):
        with torch.enable_grad():
            z = z.detach().requires_grad_(True)
            t = t.detach().requires_grad_(True)
            o = self(t, z)
            g = grad((o,), (z, t) + tuple(self.parameters()), grad_outputs=(a,), allow_unused=True, retain_graph=True)
        gt = g[1] if g[1] is not None else torch.zeros_like(t)
        return o, g[0], torch.cat([p.reshape(-1) for p in g[2:]]), gt


def rk4(f, z, t0, t1, n=4):
    h = (t1 - t0) / n
    for i in range(n):
        t = t0 + i * h
        k1 = f(t, z)
        k2 = f(t + h / 2, z + h * k1 / 2)
        k3 = f(t + h / 2, z + h * k2 / 2)
        k4 = f(t + h, z + h * k3)
        z = z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return z


class Adjoint(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z0, t, flat, func):
        with torch.no_grad():
            z = [z0]
            for i in range(len(t) - 1):
                z.append(rk4(func, z[-1], t[i], t[i + 1]))
        ctx.func = func
        z = torch.stack(z)
        ctx.save_for_backward(t, z.clone(), flat)
        ctx.mark_non_differentiable(t)
        return z

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, dz):
        func = ctx.func
        t, z, flat = ctx.saved_tensors
        bs, d = z.shape[1:]
        n = flat.numel()

        def aug(tt, s):
            a = s[:, d : 2 * d]
            f, az, ap, at = func.with_grad(s[:, :d], tt, -a)
            return torch.cat([f, az, (ap / bs).expand(bs, n)], 1)

        with torch.no_grad():
            az = torch.zeros(bs, d)
            ap = torch.zeros(bs, n)
            for i in range(len(t) - 1, 0, -1):
                az = az + dz[i]
                s = rk4(aug, torch.cat([z[i], az, torch.zeros(bs, n)], 1), t[i], t[i - 1])
                az = s[:, d : 2 * d]
                ap = ap + s[:, 2 * d :]
            return az + dz[0], None, ap.sum(0), None


func = ODEF()
z0 = torch.tensor([[0.6, 0.3], [0.2, -0.5]], requires_grad=True)
t = torch.linspace(0, 1, 4)
z = Adjoint.apply(z0, t, func.flat(), func)
(z[-1] ** 2).sum().backward()
ga = [p.grad.clone() for p in func.parameters()]
gz = z0.grad.clone()
func.zero_grad()
z0.grad = None
zz = z0
for i in range(3):
    zz = rk4(func, zz, t[i], t[i + 1])
(zz**2).sum().backward()
print(
    [float(f"{(p.grad - a).abs().max():.2e}") < 1e-3 for p, a in zip(func.parameters(), ga)],
    (gz - z0.grad).abs().max() < 1e-3,
    z.grad_fn.name(),
    func.nfe,
)
print(ga[0][:2], gz)
# Hamiltonian
Hn = MLP([2, 8, 1])
q = torch.randn(5, 2)
slopes_of_energy = vmap(fgrad(lambda s: Hn(s).squeeze()))(q)
Jm = torch.tensor([[0.0, 1.0], [-1.0, 0.0]])
print((slopes_of_energy @ Jm.T)[:2])
print(
    torch.autograd.functional.hvp(lambda s: Hn(s).sum(), q[0], torch.ones(2)),
    torch.autograd.functional.jacobian(
        lambda s: Hn(s).sum(0), q, create_graph=False, strategy="reverse-mode", vectorize=True
    ).shape,
)
tr = sum(torch.autograd.grad((o := func(0, z0))[:, i].sum(), z0, create_graph=True)[0][:, i] for i in range(2))
print(tr)
eps = torch.randn(2, 2)
e = torch.autograd.grad(func(0, z0), z0, eps, create_graph=True)[0]
print((e * eps).sum(1))
print(
    torch.autograd.gradcheck(
        lambda a: Adjoint.apply(a, t, func.flat().detach(), func), (z0,), atol=1e-3, rtol=1e-2, raise_exception=False
    )
)
try:
    grad(grad(Adjoint.apply(z0, t, func.flat(), func).sum(), z0, create_graph=True)[0].sum(), z0)
except RuntimeError as er:
    print(er)

torch.set_default_dtype(torch.float32)
