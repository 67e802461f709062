"""torch.func: gradients of each sample, an ensemble in one call, Hessian-vector products, MAML's inner step, Jacobians."""

import copy
from functools import partial

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import (
    functional_call,
    grad,
    grad_and_value,
    hessian,
    jacfwd,
    jacrev,
    jvp,
    stack_module_state,
    vjp,
    vmap,
)

torch.manual_seed(0)


class SimpleCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, 1)
        self.conv2 = nn.Conv2d(4, 8, 3, 1)
        self.fc1 = nn.Linear(8 * 2 * 2, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return F.log_softmax(self.fc1(x.flatten(1)), dim=1)


data, targets = torch.randn(6, 1, 8, 8), torch.randint(0, 10, (6,))
model = SimpleCNN()
params = {k: v.detach() for k, v in model.named_parameters()}
buffers = {k: v.detach() for k, v in model.named_buffers()}


def compute_loss(params, buffers, sample, target):
    predictions = functional_call(model, (params, buffers), (sample.unsqueeze(0),))
    return F.nll_loss(predictions, target.unsqueeze(0))


ft_compute_sample_grad = vmap(grad(compute_loss), in_dims=(None, None, 0, 0))
per_sample = ft_compute_sample_grad(params, buffers, data, targets)
for name, each in per_sample.items():
    print(name, tuple(each.shape), f"{each.flatten(1).norm(dim=1).mean():.4f}")
one_by_one = []
for sample, target in zip(data, targets):
    loss = F.nll_loss(model(sample[None]), target[None])
    one_by_one.append(torch.autograd.grad(loss, list(model.parameters())))
print(all(torch.allclose(a, torch.stack(b), atol=1e-5) for a, b in zip(per_sample.values(), zip(*one_by_one))))
clip = (1.0 / torch.cat([g.flatten(1) for g in per_sample.values()], 1).norm(dim=1)).clamp(max=1.0)
private = {k: torch.einsum("b,b...->...", clip, g) / len(data) for k, g in per_sample.items()}
print({k: f"{v.norm():.4f}" for k, v in private.items()})

models = [SimpleCNN() for _ in range(3)]
stacked, stacked_buffers = stack_module_state(models)
base = copy.deepcopy(models[0])


def fmodel(params, buffers, x):
    return functional_call(base, (params, buffers), (x,))


together = vmap(fmodel, in_dims=(0, 0, None))(stacked, stacked_buffers, data)
print(together.shape, torch.allclose(together, torch.stack([m(data) for m in models]), atol=1e-5))
minibatches = data.reshape(3, 2, 1, 8, 8)
print(vmap(fmodel)(stacked, stacked_buffers, minibatches).shape)


def hvp(f, primals, tangents):
    return jvp(grad(f), primals, tangents)[1]


f = lambda x: x.sin().prod() + (x**3).sum()  # noqa: E731
x, v = torch.tensor([0.5, 1.0, 2.0]), torch.tensor([1.0, -1.0, 0.5])
H = hessian(f)(x)
print(H, torch.allclose(H @ v, hvp(f, (x,), (v,)), atol=1e-5))
print(torch.allclose(H @ v, torch.autograd.functional.vhp(f, x, v)[1], atol=1e-5))

predict = lambda weight, bias, x: F.linear(x, weight, bias).tanh()  # noqa: E731
weight, bias, points = torch.randn(3, 4), torch.randn(3), torch.randn(5, 4)
J = jacrev(predict, argnums=2)(weight, bias, points[0])
print(torch.allclose(J, jacfwd(predict, argnums=2)(weight, bias, points[0]), atol=1e-6), J.shape)
print(vmap(jacrev(predict, argnums=(0, 1)), (None, None, 0))(weight, bias, points)[0].shape)
_, pull = vjp(partial(predict, weight, bias), points[0])
(rows,) = vmap(pull)(torch.eye(3))
print(torch.allclose(rows, J, atol=1e-6))


def net(params, x):
    return (torch.tanh(x @ params["w1"] + params["b1"]) @ params["w2"] + params["b2"]).squeeze(-1)


def mse(params, x, y):
    return F.mse_loss(net(params, x), y)


def task_loss(params, amplitude, x, y, xt, yt):
    g = grad(mse)(params, x, amplitude * y)
    adapted = {k: p - 0.1 * g[k] for k, p in params.items()}
    return mse(adapted, xt, amplitude * yt)


meta = {"w1": torch.randn(1, 16), "b1": torch.zeros(16), "w2": torch.randn(16, 1) * 0.2, "b2": torch.zeros(1)}
for step in range(12):
    amplitudes = torch.rand(4) * 2 + 0.5
    xs = torch.rand(4, 2, 8, 1) * 6 - 3
    ys = xs.sin().squeeze(-1)
    outer = lambda p: vmap(partial(task_loss, p))(amplitudes, xs[:, 0], ys[:, 0], xs[:, 1], ys[:, 1]).mean()  # noqa: E731
    grads, loss = grad_and_value(outer)(meta)
    meta = {k: p - 0.05 * grads[k] for k, p in meta.items()}
    if step % 3 == 0:
        print(f"{step}: {loss.item():.4f}")
noisy = vmap(lambda x: x + torch.randn(()), randomness="different")(torch.zeros(4))
print(len(noisy.unique()), vmap(lambda x: x + torch.randn(()), randomness="same")(torch.zeros(4)).unique().numel())
try:
    vmap(lambda x: x.item())(torch.ones(2))
except RuntimeError as error:
    print(str(error).splitlines()[0][:60])
