"""K folds with samplers: reset weights, a choice of weight decay, mean and deviation, precision and recall by hand."""

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, SubsetRandomSampler

torch.manual_seed(42)


class Moons(Dataset):
    def __init__(self, count):
        angle = torch.rand(count) * torch.pi
        self.labels = (torch.arange(count) % 2).float()
        x = torch.where(self.labels == 0, angle.cos(), 1 - angle.cos())
        y = torch.where(self.labels == 0, angle.sin(), 0.5 - angle.sin())
        self.points = torch.stack([x, y], 1) + 0.15 * torch.randn(count, 2)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        return self.points[index], self.labels[index]


def reset_weights(m):
    for layer in m.children():
        if hasattr(layer, "reset_parameters"):
            layer.reset_parameters()


def folds(count, k):
    parts = torch.randperm(count).chunk(k)
    for held in range(k):
        yield torch.cat([part for i, part in enumerate(parts) if i != held]).tolist(), parts[held].tolist()


data = Moons(90)
model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 1), nn.Flatten(0))
loss_fn = nn.BCEWithLogitsLoss(pos_weight=torch.tensor(1.2))
for decay in (0.0, 0.1):
    results = []
    for fold, (train, held) in enumerate(folds(len(data), 5)):
        model.apply(reset_weights)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.05, weight_decay=decay)
        loader = DataLoader(data, batch_size=18, sampler=SubsetRandomSampler(train))
        for _ in range(6):
            for x, y in loader:
                optimizer.zero_grad()
                loss = loss_fn(model(x), y)
                loss.backward()
                optimizer.step()
        with torch.no_grad():
            x, y = next(iter(DataLoader(data, batch_size=len(held), sampler=SubsetRandomSampler(held))))
            found = model(x) > 0
        results.append((found == y.bool()).float().mean().item())
        print(f"decay {decay}, fold {fold}: loss {loss.item():.3f}, right {results[-1]:.3f}")
    results = torch.tensor(results)
    print(f"{results.mean():.4f} ± {results.std():.4f}")
true = (found & y.bool()).sum()
print(f"precision {true / found.sum():.3f}, recall {true / y.sum():.3f}")
