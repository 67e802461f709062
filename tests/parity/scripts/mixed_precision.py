"""Mixed precision on the processor: autocast to bfloat16, what it casts and what it leaves, and a GradScaler's loop."""

import torch
from torch import nn

torch.manual_seed(9)
x, y = torch.randn(64, 16), torch.randint(0, 3, (64,))
model = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.LayerNorm(32), nn.Linear(32, 3))
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

with torch.autocast(device_type="cpu", dtype=torch.bfloat16):
    out = model(x)
    loss = criterion(out, y)
    print(out.dtype, loss.dtype, (x @ x.T).dtype, x.exp().dtype, x.softmax(1).dtype, torch.is_autocast_enabled("cpu"))
    with torch.autocast("cpu", enabled=False):
        print((x @ x.T).dtype)
print(torch.is_autocast_enabled("cpu"), model[0].weight.dtype)
loss.backward()
print(model[0].weight.grad.dtype)

scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=5)
for step in range(20):
    optimizer.zero_grad()
    with torch.autocast(device_type="cpu", dtype=torch.bfloat16):
        loss = criterion(model(x), y)
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer)
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    if step == 7:
        model[0].weight.grad[0, 0] = float("inf")
    scaler.step(optimizer)
    scaler.update()
    if step % 4 == 3:
        print(f"{step}: loss {loss.item():.2f}, norm {norm.item():.1f}, scale {scaler.get_scale()}")
print(sorted(scaler.state_dict()))
half = model.to(torch.bfloat16)
print(half(x.bfloat16()).dtype, half[0].weight.dtype, next(half.float().parameters()).dtype)
