"""A neural ODE by hand: Euler and Runge-Kutta, the adjoint method as a Function, beside backward through all steps."""

import argparse

import torch
import torch.nn as nn

parser = argparse.ArgumentParser("ODE demo")
parser.add_argument("--method", choices=["euler", "rk4"], default="rk4")
parser.add_argument("--data_size", type=int, default=60)
parser.add_argument("--batch_time", type=int, default=6)
parser.add_argument("--niters", type=int, default=20)
args = parser.parse_args([])
torch.manual_seed(2)
true_y0 = torch.tensor([[2.0, 0.0]])
t = torch.linspace(0.0, 6.0, args.data_size)
matrix = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]])


def euler(f, t, dt, y):
    return dt * f(t, y)


def rk4(f, t, dt, y):
    k1 = f(t, y)
    k2 = f(t + dt / 2, y + dt * k1 / 2)
    k3 = f(t + dt / 2, y + dt * k2 / 2)
    k4 = f(t + dt, y + dt * k3)
    return dt * (k1 + 2 * k2 + 2 * k3 + k4) / 6


def odeint(f, y0, t, step):
    ys = [y0]
    for t0, t1 in zip(t[:-1], t[1:]):
        ys.append(ys[-1] + step(f, t0, t1 - t0, ys[-1]))
    return torch.stack(ys)


class Lambda(nn.Module):
    def forward(self, t, y):
        return torch.mm(y**3, matrix)


with torch.no_grad():
    true_y = odeint(Lambda(), true_y0, t, rk4)
print(true_y.shape, true_y[-1], true_y.requires_grad)


class ODEFunc(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 2))
        for m in self.net.modules():
            if isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, mean=0, std=0.1)
                nn.init.constant_(m.bias, val=0)
        self.nfe = 0

    def forward(self, t, y):
        self.nfe += 1
        return self.net(y**3)


class Adjoint(torch.autograd.Function):
    """Gradients by an ODE that runs backward in time; no step of the forward pass is kept."""

    @staticmethod
    def forward(ctx, func, y0, t, flat):
        ctx.func = func
        with torch.no_grad():
            ys = odeint(func, y0, t, rk4)
        ctx.save_for_backward(t, ys)
        return ys

    @staticmethod
    def backward(ctx, grad_ys):
        t, ys = ctx.saved_tensors
        func = ctx.func
        params = tuple(func.parameters())
        a = torch.zeros_like(ys[-1])
        g = [torch.zeros_like(p) for p in params]

        def augmented(time, state):
            y, a = state[0], state[1]
            with torch.enable_grad():
                y = y.detach().requires_grad_(True)
                out = func(time, y)
                vjp = torch.autograd.grad(out, (y, *params), -a, allow_unused=True)
            return out.detach(), vjp[0], *vjp[1:]

        for i in range(len(t) - 1, 0, -1):
            a = a + grad_ys[i]
            dt = t[i - 1] - t[i]
            s = (ys[i], a)
            k1 = augmented(t[i], s)
            k2 = augmented(t[i], (ys[i] + dt * k1[0] / 2, a + dt * k1[1] / 2))
            k3 = augmented(t[i], (ys[i] + dt * k2[0] / 2, a + dt * k2[1] / 2))
            k4 = augmented(t[i], (ys[i] + dt * k3[0], a + dt * k3[1]))
            mean = [(p + 2 * q + 2 * r + s) / 6 for p, q, r, s in zip(k1, k2, k3, k4)]
            a = a + dt * mean[1]
            g = [each + dt * m for each, m in zip(g, mean[2:])]
        return None, a + grad_ys[0], None, torch.cat([each.flatten() for each in g])


func = ODEFunc()
y0 = torch.randn(4, 2, requires_grad=True)
times = torch.linspace(0, 0.5, 11)
flat = nn.utils.parameters_to_vector(func.parameters())
through = odeint(func, y0, times, rk4)
loss = through[-1].square().sum() + through[5].sum()
direct = torch.autograd.grad(loss, (y0, *func.parameters()))
adjoint = Adjoint.apply(func, y0, times, flat)
loss = adjoint[-1].square().sum() + adjoint[5].sum()
print(adjoint.grad_fn.__class__.__name__, adjoint.shape)
grads = torch.autograd.grad(loss, (y0, *func.parameters()))
print(torch.allclose(direct[0], grads[0], atol=1e-4))
print(all(torch.allclose(p, q, atol=1e-3) for p, q in zip(direct[1:], grads[1:])), func.nfe)


def get_batch(batch_size=10):
    s = torch.randperm(args.data_size - args.batch_time)[:batch_size]
    batch_y0 = true_y[s]
    batch_t = t[: args.batch_time]
    batch_y = torch.stack([true_y[s + i] for i in range(args.batch_time)], dim=0)
    return batch_y0.squeeze(1), batch_t, batch_y.squeeze(2)


class RunningAverageMeter:
    def __init__(self, momentum=0.97):
        self.momentum = momentum
        self.val, self.avg = None, 0

    def update(self, val):
        self.avg = val if self.val is None else self.avg * self.momentum + val * (1 - self.momentum)
        self.val = val


optimizer = torch.optim.RMSprop(func.parameters(), lr=1e-2)
meter = RunningAverageMeter(0.8)
for itr in range(1, args.niters + 1):
    optimizer.zero_grad()
    batch_y0, batch_t, batch_y = get_batch()
    pred_y = odeint(func, batch_y0, batch_t, globals()[args.method])
    loss = torch.mean(torch.abs(pred_y - batch_y))
    loss.backward()
    optimizer.step()
    meter.update(loss.item())
    if itr % 5 == 0:
        with torch.no_grad():
            whole = odeint(func, true_y0, t, rk4)
            print(f"Iter {itr:04d} | {meter.avg:.4f} | Total Loss {(whole - true_y).abs().mean().item():.4f}")

errors = []
for steps in (10, 20, 40):
    grid = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
    end = [odeint(lambda t, y: -y, torch.ones(1, dtype=torch.float64), grid, step)[-1] for step in (euler, rk4)]
    errors.append(torch.cat(end) - torch.exp(torch.tensor(-1.0, dtype=torch.float64)))
errors = torch.stack(errors).abs()
print(torch.log2(errors[:-1] / errors[1:]))
