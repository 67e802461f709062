"""Optimizers and schedules of one's own: subclasses of Optimizer and LRScheduler, groups, state, closures, averaged weights."""

import math

import torch
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, LRScheduler, MultiStepLR, SequentialLR


class Lion(Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.99), weight_decay=0.0):
        if lr <= 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["exp_avg"] = torch.zeros_like(p)
                p.mul_(1 - group["lr"] * group["weight_decay"])
                average = state["exp_avg"]
                p.add_((average * beta1 + p.grad * (1 - beta1)).sign_(), alpha=-group["lr"])
                average.lerp_(p.grad, 1 - beta2)
        return loss


class WarmRestarts(LRScheduler):
    def __init__(self, optimizer, period, last_epoch=-1):
        self.period = period
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        part = (self.last_epoch % self.period) / self.period
        return [base * 0.5 * (1 + math.cos(math.pi * part)) for base in self.base_lrs]


torch.manual_seed(19)
x = torch.randn(100, 6)
y = torch.sin(x.sum(1, keepdim=True))
model = nn.Sequential(nn.Linear(6, 24), nn.Tanh(), nn.Linear(24, 1))
groups = [{"params": model[0].parameters()}, {"params": model[2].parameters(), "lr": 0.02, "weight_decay": 0.1}]
optimizer = Lion(groups, lr=0.01)
scheduler = WarmRestarts(optimizer, 10)
print(optimizer)
average = torch.optim.swa_utils.AveragedModel(model)


def closure():
    optimizer.zero_grad()
    loss = nn.functional.l1_loss(model(x), y)
    loss.backward()
    return loss


for step in range(40):
    loss = optimizer.step(closure)
    scheduler.step()
    average.update_parameters(model)
    if step % 8 == 7:
        print(f"step {step}: loss {loss.item():.4f}, rates {[f'{rate:.5f}' for rate in scheduler.get_last_lr()]}")
print(f"averaged {nn.functional.l1_loss(average(x), y).item():.4f}", average.n_averaged.item())
state = optimizer.state_dict()
print(state["param_groups"], [tuple(each["exp_avg"].shape) for each in state["state"].values()])
other = Lion([{"params": model[0].parameters()}, {"params": model[2].parameters()}])
other.load_state_dict(state)
print(
    other.param_groups[1]["lr"],
    torch.equal(other.state[model[0].bias]["exp_avg"], optimizer.state[model[0].bias]["exp_avg"]),
)
for wrong in (lambda: Lion(model.parameters(), lr=0), lambda: Lion([]), lambda: Lion(model[0].weight)):
    try:
        wrong()
    except (ValueError, TypeError) as error:
        print(error)

sgd = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
warm = SequentialLR(sgd, [LinearLR(sgd, 0.1, total_iters=3), CosineAnnealingLR(sgd, 6, eta_min=0.1)], milestones=[3])
rates = []
for _ in range(10):
    rates.append(f"{sgd.param_groups[0]['lr']:.4f}")
    sgd.step()
    warm.step()
print(rates)
sgd = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
steps = MultiStepLR(sgd, milestones=[2, 5], gamma=0.1)
for _ in range(6):
    sgd.step()
    steps.step()
print(f"{steps.get_last_lr()[0]:.4g}", steps.state_dict()["milestones"])
