"""Pairs and triplets: a net that is run twice, contrastive and triplet loss, cosine similarity, nearest neighbours, InfoNCE."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(12)
centres = torch.randn(5, 10)


def examples(count):
    labels = torch.randint(5, (count,))
    return centres[labels] + 0.5 * torch.randn(count, 10), labels


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(10, 16), nn.PReLU(), nn.Linear(16, 3, bias=False))

    def once(self, x):
        return self.body(x)

    def forward(self, a, b):
        return self.once(a), self.once(b)


class ContrastiveLoss(nn.Module):
    def __init__(self, margin=1.0):
        super().__init__()
        self.margin = margin

    def forward(self, a, b, different):
        distance = F.pairwise_distance(a, b)
        return torch.mean((1 - different) * distance**2 + different * torch.clamp(self.margin - distance, min=0) ** 2)


net, criterion = Siamese(), ContrastiveLoss()
optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
for step in range(30):
    (a, kinds), (b, others) = examples(32), examples(32)
    loss = criterion(*net(a, b), (kinds != others).float())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 9:
        print(f"contrastive {step}: {loss.item():.4f}")

triplet = nn.TripletMarginLoss(margin=0.5)
for step in range(20):
    x, labels = examples(40)
    order = torch.randperm(40)
    positive = centres[labels] + 0.5 * torch.randn(40, 10)
    negative = x[order][[int(torch.nonzero(labels[order] != label)[0, 0]) for label in labels]]
    loss = triplet(net.once(x), net.once(positive), net.once(negative))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 9:
        print(f"triplets {step}: {loss.item():.4f}")

for step in range(20):
    x, _ = examples(16)
    one, two = (F.normalize(net.once(x + 0.1 * torch.randn_like(x)), dim=1) for _ in range(2))
    scores = one @ two.T / 0.5
    loss = (F.cross_entropy(scores, torch.arange(16)) + F.cross_entropy(scores.T, torch.arange(16))) / 2
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 9:
        print(f"InfoNCE {step}: {loss.item():.4f}")

with torch.no_grad():
    (known, kinds), (asked, wanted) = examples(50), examples(20)
    distances = torch.cdist(net.once(asked), net.once(known))
    nearest = kinds[distances.topk(3, largest=False).indices].mode(1).values
    print("nearest neighbours right:", (nearest == wanted).sum().item(), "of 20")
    alike = F.cosine_similarity(net.once(centres)[:, None], net.once(centres)[None], dim=2)
print(alike.shape, [f"{each:.2f}" for each in alike[0].tolist()])
