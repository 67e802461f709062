"""Hooks: activations collected, gradients looked at and changed, calls counted and timed, outputs replaced, handles removed."""

from collections import OrderedDict

import torch
from torch import nn

torch.manual_seed(17)
model = nn.Sequential(
    OrderedDict(
        conv=nn.Conv2d(1, 4, 3), act=nn.ReLU(), pool=nn.AdaptiveAvgPool2d(2), flat=nn.Flatten(), fc=nn.Linear(16, 3)
    )
)
x = torch.randn(2, 1, 8, 8, requires_grad=True)
activations, calls, order = {}, {}, []


def keep(name):
    def hook(module, args, output):
        activations[name] = output.detach()
        calls[name] = calls.get(name, 0) + 1

    return hook


handles = [module.register_forward_hook(keep(name)) for name, module in model.named_children()]
model(x)
model(x)
for name, value in activations.items():
    print(
        f"{name}: {tuple(value.shape)}, mean {value.mean().item():.4f}, dead {(value == 0).float().mean().item():.3f}"
    )
print(calls)
for handle in handles:
    handle.remove()

model.fc.register_full_backward_hook(
    lambda module, grad_in, grad_out: order.append(("fc", grad_in[0].shape, grad_out[0].shape))
)
model.conv.register_full_backward_hook(
    lambda module, grad_in, grad_out: order.append(("conv", grad_in[0].shape, grad_out[0].shape))
)
twice = model.act.register_full_backward_hook(lambda module, grad_in, grad_out: (grad_in[0] * 2,))
model(x).sum().backward()
print(order)
doubled = model.conv.weight.grad.clone()
twice.remove()
model.zero_grad()
model(x).sum().backward()
print(torch.allclose(doubled, 2 * model.conv.weight.grad))

pre = model.register_forward_pre_hook(lambda module, args: (args[0] * 0,))
print(model(x)[0].equal(model(x)[1]))
pre.remove()
replaced = model.fc.register_forward_hook(lambda module, args, output: output.softmax(1))
print([f"{each:.4f}" for each in model(x).sum(1).tolist()])
replaced.remove()
named = model.register_forward_pre_hook(lambda module, args, kwargs: (args, {}), with_kwargs=True)
print(model(x).shape)
named.remove()


class GradCAM:
    def __init__(self, layer):
        layer.register_forward_hook(self.forward)

    def forward(self, module, args, output):
        self.activation = output
        output.register_hook(self.backward)

    def backward(self, grad):
        self.gradient = grad

    def __call__(self, scores, kind):
        scores[0, kind].backward()
        weights = self.gradient.mean((2, 3), keepdim=True)
        return (weights * self.activation).sum(1).relu()


cam = GradCAM(model.conv)
image = cam(model(x[:1]), 1).detach()
print(image.shape, image.max() > 0, f"{image.sum().item():.4f}")
saliency = x[:1].detach().clone().requires_grad_()
model(saliency)[0].max().backward()
print([f"{each:.4f}" for each in saliency.grad.abs().amax((0, 1, 2)).tolist()])
try:
    model(torch.zeros(2, 3, 8, 8))
except RuntimeError as error:
    print(error)
