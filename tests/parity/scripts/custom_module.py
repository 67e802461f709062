"""Modules of one's own: a polynomial, buffers, nested modules, lists and dicts of them, and what they tell of themselves."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Polynomial(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c, self.d = (nn.Parameter(torch.randn(())) for _ in range(4))

    def forward(self, x):
        return self.a + self.b * x + self.c * x**2 + self.d * x**3

    def string(self):
        return f"y = {self.a.item():.4f} + {self.b.item():.4f} x + {self.c.item():.4f} x^2 + {self.d.item():.4f} x^3"


class Centred(nn.Module):
    def __init__(self, features, momentum=0.1):
        super().__init__()
        self.momentum = momentum
        self.scale = nn.Parameter(torch.ones(features))
        self.register_buffer("mean", torch.zeros(features))

    def forward(self, x):
        if self.training:
            self.mean.lerp_(x.detach().mean(0), self.momentum)
        return (x - self.mean) * self.scale

    def extra_repr(self):
        return f"{self.scale.numel()}, momentum={self.momentum}"


class Tower(nn.Module):
    def __init__(self, width, depth):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.heads = nn.ModuleDict(
            {"mean": nn.Linear(width, 1), "spread": nn.Sequential(nn.Linear(width, 1), nn.Softplus())}
        )
        self.centred = Centred(width)

    def forward(self, x):
        for layer in self.layers:
            x = x + F.relu(layer(x))
        x = self.centred(x)
        return {name: head(x) for name, head in self.heads.items()}


torch.manual_seed(1)
x = torch.linspace(-math.pi, math.pi, 500)
model = Polynomial()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-6 * 4)
for step in range(500):
    loss = F.mse_loss(model(x), x.sin(), reduction="sum")
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 99:
        print(step, f"{loss.item():.4g}")
print(model.string())

tower = Tower(4, 2)
print(tower)
print([(name, tuple(each.shape)) for name, each in tower.named_parameters()])
print([name for name, _ in tower.named_buffers()], [name for name, _ in tower.named_children()])
out = tower(torch.randn(8, 4))
(out["mean"].sum() + out["spread"].sum()).backward()
print(tower.centred.mean, tower.centred.scale.grad)
tower.eval()
print(tower.training, tower.layers[0].training, list(tower.state_dict())[-5:])
print({name: value[0] for name, value in tower(torch.ones(1, 4)).items()})
print(sum(each.numel() for each in tower.parameters() if each.requires_grad))
