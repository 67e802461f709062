"""Functions of one's own, with a backward of one's own: a Legendre polynomial fitted to a sine, a straight-through sign."""

import math

import torch
from torch.autograd import Function, gradcheck


class Legendre3(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 0.5 * (5 * x**3 - 3 * x)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * 1.5 * (5 * x**2 - 1)


class Sign(Function):
    @staticmethod
    def forward(ctx, x, width):
        ctx.save_for_backward(x)
        ctx.width = width
        return x.sign()

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * (x.abs() <= ctx.width), None


x = torch.linspace(-math.pi, math.pi, 2000)
y = torch.sin(x)
a, b, c, d = (torch.full((), value, requires_grad=True) for value in (0.0, -1.0, 0.0, 0.3))
for step in range(600):
    prediction = a + b * Legendre3.apply(c + d * x)
    loss = (prediction - y).pow(2).sum()
    if step % 100 == 99:
        print(step, f"{loss.item():.4g}")
    loss.backward()
    with torch.no_grad():
        for parameter in (a, b, c, d):
            parameter -= 5e-6 * parameter.grad
            parameter.grad = None
print(f"y = {a.item():.3f} + {b.item():.3f} * P3({abs(c.item()):.3f} + {d.item():.3f} x)")

print(gradcheck(Legendre3.apply, torch.tensor([0.2, -0.7], dtype=torch.float64, requires_grad=True)))
t = torch.tensor([-2.0, -0.5, 0.0, 0.5], requires_grad=True)
out = Sign.apply(t, 1.0)
out.backward(torch.tensor([1.0, 2.0, 3.0, 4.0]))
print(out, t.grad)
