"""MAML on sine waves: functional_call with fast weights, second derivatives, first-order and Reptile beside it."""

import random
from collections import OrderedDict
from copy import deepcopy

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

random.seed(3)
np.random.seed(3)
torch.manual_seed(3)


class SineWaves:
    def __init__(self):
        self.amplitude = np.random.uniform(0.1, 5.0)
        self.phase = np.random.uniform(0, np.pi)

    def sample(self, k):
        x = torch.FloatTensor(k, 1).uniform_(-5, 5)
        return x, self.amplitude * torch.sin(x + self.phase)


class Net(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.net = nn.Sequential(
            OrderedDict(
                [
                    ("l1", nn.Linear(1, hidden)),
                    ("relu1", nn.ReLU()),
                    ("l2", nn.Linear(hidden, hidden)),
                    ("relu2", nn.ReLU()),
                    ("l3", nn.Linear(hidden, 1)),
                ]
            )
        )

    def forward(self, x):
        return self.net(x)


def adapt(model, params, x, y, lr, steps, create_graph):
    for _ in range(steps):
        loss = F.mse_loss(functional_call(model, params, (x,)), y)
        grads = torch.autograd.grad(loss, tuple(params.values()), create_graph=create_graph)
        params = {name: p - lr * g for (name, p), g in zip(params.items(), grads)}
    return params


model = Net()
print(model)
params = dict(model.named_parameters())
print([(name, tuple(p.shape)) for name, p in params.items()])
task = SineWaves()
x, y = task.sample(10)
first = adapt(model, params, x, y, 0.01, 2, False)
second = adapt(model, params, x, y, 0.01, 2, True)
print(all(torch.equal(a, b) for a, b in zip(first.values(), second.values())))
query_x, query_y = task.sample(10)
grads = []
for fast in (first, second):
    loss = F.mse_loss(functional_call(model, fast, (query_x,)), query_y)
    grads.append(torch.autograd.grad(loss, tuple(params.values())))
print([f"{(a - b).norm() / b.norm():.4f}" for a, b in zip(*grads)][:3])
print(model.net.l1.weight.grad, functional_call(model, first, query_x).grad_fn.name())

optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for iteration in range(20):
    optimizer.zero_grad()
    outer = 0.0
    for _ in range(4):
        task = SineWaves()
        x, y = task.sample(10)
        query = task.sample(10)
        fast = adapt(model, dict(model.named_parameters()), x, y, 0.01, 1, create_graph=True)
        outer = outer + F.mse_loss(functional_call(model, fast, query[0]), query[1])
    (outer / 4).backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), 10.0)
    optimizer.step()
    if iteration % 5 == 0:
        print(f"iteration {iteration}: {outer.item() / 4:.3f} (gradient {norm:.2f})")


def after_steps(model, task, steps):
    """The error on new points after so many steps, on a copy."""
    clone = deepcopy(model)
    x, y = task.sample(10)
    inner = torch.optim.SGD(clone.parameters(), lr=0.01)
    for _ in range(steps):
        inner.zero_grad()
        F.mse_loss(clone(x), y).backward()
        inner.step()
    with torch.inference_mode():
        x, y = task.sample(50)
        return F.mse_loss(clone(x), y).item()


test_task = SineWaves()
print([f"{after_steps(model, test_task, steps):.2f}" for steps in (0, 1, 5)])

# Reptile: toward where a few steps lead
reptile = Net()
start = nn.utils.parameters_to_vector(reptile.parameters()).norm().item()
for iteration in range(6):
    old = deepcopy(reptile.state_dict())
    x, y = SineWaves().sample(20)
    inner = torch.optim.SGD(reptile.parameters(), lr=0.02)
    for _ in range(5):
        F.mse_loss(reptile(x), y).backward()
        inner.step()
        inner.zero_grad(set_to_none=False)
    new = reptile.state_dict()
    reptile.load_state_dict({name: old[name] + 0.5 * (new[name] - old[name]) for name in old})
print(f"{start:.4f} -> {nn.utils.parameters_to_vector(reptile.parameters()).norm().item():.4f}")
print(reptile.net.l1.bias.grad.abs().sum().item())

# prototypes of a few shots
ways, shots = 3, 4
support = torch.randn(ways, shots, 5) + torch.eye(ways, 5)[:, None] * 4
queries = torch.randn(ways * 2, 5) + torch.eye(ways, 5).repeat_interleave(2, 0) * 4
prototypes = support.mean(1)
log_p = F.log_softmax(-(torch.cdist(queries, prototypes) ** 2), dim=1)
print(log_p.argmax(1), f"{F.nll_loss(log_p, torch.arange(ways).repeat_interleave(2)):.4f}")
try:
    functional_call(model, {"net.l9.weight": torch.zeros(1)}, x, strict=True)
except RuntimeError as error:
    print(error)
