"""Saving and loading: weights, a checkpoint with its optimizer and schedule, a run that goes on as if it had never stopped."""

import os
import tempfile

import torch
from torch import nn, optim

folder = tempfile.TemporaryDirectory()
path = os.path.join(folder.name, "checkpoint.pt")


def build():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.2), nn.Linear(8, 1))
    optimizer = optim.AdamW(model.parameters(), lr=0.02)
    return model, optimizer, optim.lr_scheduler.StepLR(optimizer, step_size=5, gamma=0.5)


def train(model, optimizer, scheduler, first, last):
    x = torch.arange(40.0).reshape(10, 4) / 40
    y = x.sum(1, keepdim=True).sin()
    for epoch in range(first, last):
        torch.manual_seed(epoch)
        loss = nn.functional.mse_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        print(epoch, f"{loss.item():.4f}", scheduler.get_last_lr())


model, optimizer, scheduler = build()
for name, value in model.state_dict().items():
    print(name, value.size())
train(model, optimizer, scheduler, 0, 8)
torch.save(
    {
        "epoch": 8,
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
    },
    path,
)
print("on without a stop")
train(model, optimizer, scheduler, 8, 12)

print("resumed")
model, optimizer, scheduler = build()
checkpoint = torch.load(path, weights_only=True)
print(model.load_state_dict(checkpoint["model"]))
optimizer.load_state_dict(checkpoint["optimizer"])
scheduler.load_state_dict(checkpoint["scheduler"])
model.train()
train(model, optimizer, scheduler, checkpoint["epoch"], 12)

print("into another model")
other = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.2), nn.Linear(8, 3))
part = {name: value for name, value in checkpoint["model"].items() if not name.startswith("4.")}
print(other.load_state_dict(part, strict=False))
try:
    other.load_state_dict(checkpoint["model"])
except RuntimeError as error:
    print(error)
torch.save(model, path)
whole = torch.load(path, weights_only=False)
whole.eval()
print(whole, whole(torch.ones(1, 4)).item() == model.eval()(torch.ones(1, 4)).item())
print(sorted(optimizer.state_dict()), optimizer.state_dict()["state"][0].keys())
folder.cleanup()
