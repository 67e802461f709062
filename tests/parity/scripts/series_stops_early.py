"""A time series foretold by an LSTM: windows, a split in time, scaling, early stopping with patience, the rate on a plateau."""

import copy
import math

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)
time = torch.arange(200.0)
series = torch.sin(2 * math.pi * time / 25) + 0.3 * torch.sin(2 * math.pi * time / 7) + 0.1 * torch.randn(200)
train, test = series[:150], series[150:]
mean, std = train.mean(), train.std()
print(f"mean {mean:.4f}, std {std:.4f}")


def windows(values, length=12):
    rows = values.unfold(0, length + 1, 1)
    return TensorDataset(rows[:, :-1, None].contiguous(), rows[:, -1:])


class EarlyStopping:
    def __init__(self, patience=2, min_delta=0.005):
        self.patience, self.min_delta = patience, min_delta
        self.best, self.bad, self.state = math.inf, 0, None

    def __call__(self, loss, model):
        if loss < self.best - self.min_delta:
            self.best, self.bad, self.state = loss, 0, copy.deepcopy(model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience


class Forecast(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, 12, num_layers=2, batch_first=True, dropout=0.1)
        self.head = nn.Linear(12, 1)

    def forward(self, x):
        out, _ = self.lstm(x)
        return self.head(out[:, -1])


training, held = windows((train - mean) / std), windows((test - mean) / std)
loader = DataLoader(training, batch_size=32, shuffle=True)
model = Forecast()
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.02)
scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=0)
stopping = EarlyStopping()
for epoch in range(20):
    model.train()
    for x, y in loader:
        loss = nn.functional.huber_loss(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        x, y = held.tensors
        found = nn.functional.mse_loss(model(x), y).item()
    scheduler.step(found)
    print(f"epoch {epoch}: held out {found:.3f}, rate {optimizer.param_groups[0]['lr']:.4g}")
    if stopping(found, model):
        print(f"stopped, the best was {stopping.best:.3f}")
        break
model.load_state_dict(stopping.state)
window, steps = held.tensors[0][:1], []
with torch.no_grad():
    for _ in range(5):
        step = model(window)
        steps.append(step.item() * std.item() + mean.item())
        window = torch.cat([window[:, 1:], step[:, None]], 1)
print([f"{each:.2f}" for each in steps])
