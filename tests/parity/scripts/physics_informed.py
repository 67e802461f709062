"""A network that obeys a differential equation: derivatives of outputs by inputs, Adam then LBFGS, an unknown found with them."""

import numpy as np
import torch
import torch.nn as nn
from torch.autograd import grad
from torch.func import grad as fgrad
from torch.func import hessian as fhessian
from torch.func import jacrev, vmap

torch.set_default_dtype(torch.float64)
torch.manual_seed(123)
np.random.seed(123)


class FCN(nn.Module):
    "Defines a fully connected network."

    def __init__(self, n_input, n_output, n_hidden, n_layers):
        super().__init__()
        activation = nn.Tanh
        self.fcs = nn.Sequential(*[nn.Linear(n_input, n_hidden), activation()])
        self.fch = nn.Sequential(
            *[nn.Sequential(*[nn.Linear(n_hidden, n_hidden), activation()]) for _ in range(n_layers - 1)]
        )
        self.fce = nn.Linear(n_hidden, n_output)

    def forward(self, x):
        return self.fce(self.fch(self.fcs(x)))


def oscillator(d, w0, x):
    """A damped oscillator, as textbooks solve it."""
    w = np.sqrt(w0**2 - d**2)
    phi = np.arctan(-d / w)
    A = 1 / (2 * np.cos(phi))
    return torch.exp(-d * x) * 2 * A * torch.cos(phi + w * x)


d, w0 = 1.5, 6.0
mu, k = 2 * d, w0**2
x = torch.linspace(0, 1, 200).view(-1, 1)
y = oscillator(d, w0, x)
print(x.dtype, y.shape, f"{y.min():.4f}")
seen = torch.arange(0, 100, 12)
x_data, y_data = x[seen], y[seen]
x_physics = torch.linspace(0, 1, 24).view(-1, 1).requires_grad_(True)
model = FCN(1, 1, 16, 2)
print(model)
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)


def residual(model, x, mu, k):
    yh = model(x)
    dx = grad(yh, x, torch.ones_like(yh), create_graph=True)[0]
    dx2 = grad(dx, x, torch.ones_like(dx), create_graph=True)[0]
    return dx2 + mu * dx + k * yh


for i in range(101):
    optimizer.zero_grad()
    loss1 = torch.mean((model(x_data) - y_data) ** 2)
    loss2 = 1e-3 * residual(model, x_physics, mu, k).square().mean()
    loss = loss1 + loss2
    loss.backward()
    optimizer.step()
    if i % 25 == 0:
        with torch.no_grad():
            off = (model(x) - y).abs().max()
        print(f"{i:4d} data {loss1.item():.4e} physics {loss2.item():.4e} off {off:.3f}")

lbfgs = torch.optim.LBFGS(model.parameters(), lr=1, max_iter=20, history_size=10, line_search_fn="strong_wolfe")
calls = 0


def closure():
    global calls
    calls += 1
    lbfgs.zero_grad()
    loss = torch.mean((model(x_data) - y_data) ** 2) + 1e-3 * residual(model, x_physics, mu, k).square().mean()
    loss.backward()
    return loss


for _ in range(2):
    loss = lbfgs.step(closure)
    print(f"{loss.item():.2e}", calls > 10, lbfgs.state_dict()["state"][0]["n_iter"])

# which friction made these data?
friction = nn.Parameter(torch.tensor([0.5]))
net = FCN(1, 1, 12, 2)
net.load_state_dict(
    {name: t[tuple(slice(n) for n in net.state_dict()[name].shape)] for name, t in model.state_dict().items()}
)
optimizer = torch.optim.Adam([{"params": net.parameters()}, {"params": [friction], "lr": 5e-2}], lr=5e-3)
for i in range(60):
    optimizer.zero_grad()
    loss = (net(x[::20]) - y[::20]).pow(2).mean() + 1e-3 * residual(net, x_physics, friction, k).square().mean()
    loss.backward()
    optimizer.step()
print(f"{friction.item():.3f}", [group["lr"] for group in optimizer.param_groups])

# the heat equation in two variables
xt = torch.rand(20, 2, requires_grad=True)
u = torch.exp(-(np.pi**2) * xt[:, 1]) * torch.sin(np.pi * xt[:, 0])
g = grad(u.sum(), xt, create_graph=True)[0]
u_t, u_x = g[:, 1], g[:, 0]
u_xx = grad(u_x, xt, grad_outputs=torch.ones_like(u_x), retain_graph=True)[0][:, 0]
print(torch.allclose(u_t, u_xx), g.shape, u_xx.requires_grad)
hessian = torch.autograd.functional.hessian(lambda v: torch.exp(-v[1]) * torch.sin(v[0]), torch.tensor([0.3, 0.2]))
print(hessian)
laplacian = vmap(lambda v: torch.trace(fhessian(lambda w: net(w.repeat(1)).squeeze())(v)))(torch.rand(5, 1))
print(laplacian.shape, jacrev(lambda v: v**3)(torch.tensor([1.0, 2.0])), fgrad(torch.sin)(torch.tensor(0.0)))
try:
    grad(model(x), x)
except RuntimeError as error:
    print(error)
try:
    grad(model(x_physics), x_physics)
except RuntimeError as error:
    print(error)
print(grad(model(x_physics).sum(), friction, allow_unused=True))
torch.set_default_dtype(torch.float32)
