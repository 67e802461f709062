"""A search for a learning rate that grows each batch; gradients clipped by norm and by value; gradients accumulated."""

import copy

import torch
from torch import nn

torch.manual_seed(14)
x = torch.randn(256, 8)
y = (x[:, :1] * x[:, 1:2]).tanh() + 0.1 * torch.randn(256, 1)
model = nn.Sequential(nn.Linear(8, 32), nn.SiLU(), nn.Linear(32, 1))
start = copy.deepcopy(model.state_dict())
criterion = nn.MSELoss()

optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.6**step)
rates, losses, best = [], [], float("inf")
for step in range(40):
    batch = torch.randint(0, 256, (32,))
    loss = criterion(model(x[batch]), y[batch])
    if step > 3 and loss.item() > 4 * best:
        print(f"diverges at step {step}, rate {scheduler.get_last_lr()[0]:.4g}")
        break
    best = min(best, loss.item())
    rates.append(optimizer.param_groups[0]["lr"])
    losses.append(loss.item())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
for rate, loss in list(zip(rates, losses))[::3]:
    print(f"{rate:.3g}: {loss:.4f}")
steepest = torch.tensor(losses).diff().argmin().item()
print(f"steepest near {rates[steepest]:.3g}")

model.load_state_dict(start)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for step in range(12):
    loss = criterion(model(x * 5), y * 5)
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    after = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
    optimizer.step()
    if step % 3 == 0:
        print(f"clipped by norm: loss {loss.item():.4f}, norm {norm:.4f} -> {after:.4f}")
loss = criterion(model(x * 50), y * 50)
optimizer.zero_grad()
loss.backward()
nn.utils.clip_grad_value_(model.parameters(), clip_value=0.5)
print("clipped by value:", [f"{p.grad.abs().max().item():.2f}" for p in model.parameters()])

whole, parts = copy.deepcopy(model), copy.deepcopy(model)
whole.zero_grad()
criterion(whole(x), y).backward()
parts.zero_grad()
for piece_x, piece_y in zip(x.chunk(4), y.chunk(4)):
    (criterion(parts(piece_x), piece_y) / 4).backward()
print(all(torch.allclose(a.grad, b.grad, atol=1e-6) for a, b in zip(whole.parameters(), parts.parameters())))
model.load_state_dict(start)
print(f"parameters in one vector: {nn.utils.parameters_to_vector(model.parameters()).shape}")
