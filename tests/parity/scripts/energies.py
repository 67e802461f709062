"""A Hopfield net recalls a pattern; a net of energies on a ring, by Langevin steps; a critic with a gradient penalty."""

import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

torch.manual_seed(0)
patterns = torch.sign(torch.randn(3, 30))
weights = sum(torch.outer(pattern, pattern) for pattern in patterns) / 30
weights.fill_diagonal_(0)
state = patterns[1].clone()
state[torch.randperm(30)[:6]] *= -1
for turn in range(4):
    energy = -0.5 * torch.einsum("i,ij,j->", state, weights, state)
    print(turn, f"{energy.item():.3f}", int((state == patterns[1]).sum()))
    state = torch.where(weights @ state >= 0, 1.0, -1.0)

net = nn.Sequential(
    spectral_norm(nn.Linear(2, 32)), nn.SiLU(), spectral_norm(nn.Linear(32, 32)), nn.SiLU(), nn.Linear(32, 1)
)
print(net)
print(sorted(net.state_dict()))
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2, betas=(0.0, 0.999), amsgrad=True)
samples = torch.rand(64, 2) * 4 - 2
for step in range(8):
    angle = torch.rand(64) * 2 * torch.pi
    ring = torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * torch.randn(64, 2)
    moved = samples.clone().requires_grad_()
    net.requires_grad_(False)
    for _ in range(6):
        (slope,) = torch.autograd.grad(net(moved).sum(), moved)
        with torch.no_grad():
            moved -= 0.1 * slope
            moved += 0.01 * torch.randn_like(moved)
            moved.clamp_(-3, 3)
    net.requires_grad_(True)
    samples = moved.detach()
    real, drawn = net(ring).squeeze(-1), net(samples).squeeze(-1)
    loss = real.mean() - drawn.mean() + 0.1 * (real**2 + drawn**2).mean()
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()
    print(step, f"{loss:.3f} {real.mean():.3f} {drawn.mean():.3f}")

critic = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
optimizer = torch.optim.RMSprop(critic.parameters(), 1e-2, centered=True, momentum=0.5)
for step in range(6):
    real, drawn = torch.randn(32, 2) * 0.3 + 1, torch.randn(32, 2)
    between = torch.lerp(drawn, real, torch.rand(32, 1)).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between), between, torch.ones(32, 1), create_graph=True)
    penalty = ((slope.norm(2, dim=1) - 1) ** 2).mean()
    loss = critic(drawn).mean() - critic(real).mean() + 10 * penalty
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, f"{loss.item():.3f} {penalty.item():.3f}")
