"""Tables from a CSV file: a Dataset of one's own, class weights and a sampler, embeddings of categories, collate, metrics."""

import csv
import os
import random
import tempfile

import numpy as np
import torch
from torch import nn
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    RandomSampler,
    Subset,
    WeightedRandomSampler,
    default_collate,
    get_worker_info,
)

random.seed(0)
np.random.seed(0)
generator = torch.Generator().manual_seed(0)


def write_table(path, rows):
    with open(path, "w", newline="") as f:
        writer = csv.DictWriter(f, fieldnames=["age", "fare", "deck", "port", "survived"])
        writer.writeheader()
        for _ in range(rows):
            age, fare = random.gauss(30, 12), random.expovariate(1 / 30)
            deck, port = random.choice("ABC"), random.choice(["Hull", "Bremen", "Riga"])
            odds = 0.02 * fare - 0.03 * age + {"A": 0.8, "B": 0.0, "C": -1.2}[deck]
            writer.writerow({
                "age": "" if random.random() < 0.1 else f"{age:.1f}", "fare": f"{fare:.2f}", "deck": deck, "port": port,
                "survived": int(random.random() < 1 / (1 + np.exp(-odds))),
            })  # fmt: skip


class Passengers(Dataset):
    numbers, categories = ["age", "fare"], ["deck", "port"]

    def __init__(self, path, transform=None):
        with open(path) as f:
            rows = list(csv.DictReader(f))
        values = torch.tensor([[float(row[c] or "nan") for c in self.numbers] for row in rows])
        self.missing = values.isnan()
        values = torch.where(self.missing, values.nanmedian(dim=0).values, values)
        self.x = (values - values.mean(0)) / values.std(0, unbiased=False)
        self.levels = {c: sorted({row[c] for row in rows}) for c in self.categories}
        self.codes = torch.tensor([[self.levels[c].index(row[c]) for c in self.categories] for row in rows])
        self.y = torch.as_tensor(np.array([int(row["survived"]) for row in rows], dtype=np.int64))
        self.transform = transform

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        if torch.is_tensor(i):
            i = i.tolist()
        sample = {"numbers": self.x[i], "codes": self.codes[i], "y": self.y[i], "row": i}
        return self.transform(sample) if self.transform else sample


class Jitter:
    def __init__(self, scale):
        self.scale = scale

    def __call__(self, sample):
        sample["numbers"] = sample["numbers"] + self.scale * torch.randn(2)
        info = get_worker_info()
        sample["worker"] = -1 if info is None else info.id
        return sample


class Tabular(nn.Module):
    def __init__(self, sizes, numbers):
        super().__init__()
        self.embeddings = nn.ModuleDict({name: nn.Embedding(size, min(4, size)) for name, size in sizes.items()})
        width = numbers + sum(e.embedding_dim for e in self.embeddings.values())
        self.norm = nn.BatchNorm1d(numbers)
        self.layers = nn.Sequential(nn.Linear(width, 16), nn.SELU(), nn.AlphaDropout(0.05), nn.Linear(16, 2))

    def forward(self, numbers, codes):
        parts = [embedding(code) for embedding, code in zip(self.embeddings.values(), codes.unbind(1))]
        return self.layers(torch.cat([self.norm(numbers), *parts], 1))


def seed_worker(worker_id):
    worker_seed = torch.initial_seed() % 2**32
    np.random.seed(worker_seed)
    random.seed(worker_seed)


def collate(samples):
    batch = default_collate(samples)
    return (batch["numbers"], batch["codes"]), batch["y"], batch["worker"]


def roc_auc(scores, y):
    order = scores.argsort(descending=True)
    hits = y[order].double()
    tpr, fpr = hits.cumsum(0) / hits.sum(), (1 - hits).cumsum(0) / (1 - hits).sum()
    return torch.trapezoid(tpr, fpr).item()


with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "passengers.csv")
    write_table(path, 300)
    torch.manual_seed(4)
    data = Passengers(path, Jitter(0.05))
print(len(data), data.levels, data.missing.sum(0), data.x.abs().max())
print(data[torch.tensor(3)])
order = torch.randperm(len(data), generator=generator).tolist()
train, test = Subset(data, order[:240]), Subset(data, order[240:])
y = data.y[order[:240]]
counts = torch.bincount(y)
print(counts, y.unique(return_counts=True))
weights = (1.0 / counts)[y]
sampler = WeightedRandomSampler(weights, num_samples=len(train), generator=generator)
loader = DataLoader(
    train, 48, sampler=sampler, num_workers=2, collate_fn=collate, worker_init_fn=seed_worker, generator=generator
)
drawn = torch.cat([labels for _, labels, _ in loader])
print("balanced:", drawn.bincount(), [worker.unique().tolist() for _, _, worker in loader])
batches = BatchSampler(RandomSampler(test, generator=generator), batch_size=25, drop_last=False)
print(len(batches), [len(each) for each in batches])

model = Tabular({c: len(levels) for c, levels in data.levels.items()}, 2)
print(model)
criterion = nn.CrossEntropyLoss(weight=counts.sum() / (2.0 * counts))
optimizer = torch.optim.Adamax(model.parameters(), lr=2e-2)
scheduler = torch.optim.lr_scheduler.CyclicLR(optimizer, 2e-3, 2e-2, step_size_up=10, cycle_momentum=False)
for epoch in range(4):
    model.train()
    losses = []
    for inputs, labels, _ in loader:
        optimizer.zero_grad()
        loss = criterion(model(*inputs), labels)
        loss.backward()
        optimizer.step()
        scheduler.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        batch = [test[i] for i in range(len(test))]
        inputs, labels, _ = collate(batch)
        scores = model(*inputs).softmax(1)[:, 1]
    print(
        f"epoch {epoch}: loss {np.mean(losses):.3f}, AUC {roc_auc(scores, labels):.2f}, lr {scheduler.get_last_lr()[0]:.4f}"
    )
found = (scores > 0.5).long()
confusion = torch.zeros(2, 2, dtype=torch.long).index_put_((labels, found), torch.tensor(1), accumulate=True)
precision, recall = confusion[1, 1] / confusion[:, 1].sum(), confusion[1, 1] / confusion[1].sum()
print(confusion, f"precision {precision:.2f}, recall {recall:.2f}")
try:
    next(iter(DataLoader([torch.ones(2), torch.ones(3)], batch_size=2)))
except RuntimeError as error:
    print(error)
try:
    next(iter(DataLoader([{"a": None}], batch_size=1)))
except TypeError as error:
    print(error)
