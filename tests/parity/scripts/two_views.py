"""SimCLR and MoCo in small: two views of each picture, NT-Xent, a momentum encoder with a queue, neighbours that vote."""

import copy
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision.transforms as T
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(17)


class Patterns(Dataset):
    """Four kinds of colour pictures, 12 pixels wide."""

    def __init__(self, count, transform=None):
        self.labels = torch.arange(count) % 4
        ramp = torch.linspace(0, 1, 12)
        base = torch.stack(
            [ramp.expand(12, 12), ramp[:, None].expand(12, 12), (ramp[:, None] * ramp), 1 - ramp.expand(12, 12)]
        )
        tint = torch.rand(count, 3, 1, 1)
        self.images = (0.7 * base[self.labels][:, None] + 0.3 * tint).clamp(0, 1)
        self.transform = transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, idx):
        image = self.images[idx]
        if self.transform is not None:
            image = self.transform(image)
        return image, self.labels[idx]


class TwoCropsTransform:
    def __init__(self, base_transform):
        self.base_transform = base_transform

    def __call__(self, x):
        return [self.base_transform(x), self.base_transform(x)]


augment = T.Compose(
    [
        T.RandomResizedCrop(12, scale=(0.5, 1.0), antialias=True),
        T.RandomApply([T.ColorJitter(0.3, 0.3, 0.3, 0.05)], p=0.8),
        T.RandomGrayscale(p=0.2),
        T.RandomApply([T.GaussianBlur(3, sigma=(0.1, 1.0))], p=0.5),
        T.Normalize((0.5, 0.5, 0.5), (0.25, 0.25, 0.25)),
    ]
)
print(augment)


class Encoder(nn.Module):
    def __init__(self, dim=16):
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True),
            nn.Conv2d(8, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        )  # fmt: skip
        self.projector = nn.Sequential(nn.Linear(16, 32), nn.ReLU(inplace=True), nn.Linear(32, dim))

    def forward(self, x):
        return self.projector(self.backbone(x))


def info_nce_loss(features, temperature=0.5):
    labels = torch.cat([torch.arange(features.shape[0] // 2) for _ in range(2)], dim=0)
    labels = (labels.unsqueeze(0) == labels.unsqueeze(1)).float()
    features = F.normalize(features, dim=1)
    similarity_matrix = torch.matmul(features, features.T)
    mask = torch.eye(labels.shape[0], dtype=torch.bool)
    labels = labels[~mask].view(labels.shape[0], -1)
    similarity_matrix = similarity_matrix[~mask].view(similarity_matrix.shape[0], -1)
    positives = similarity_matrix[labels.bool()].view(labels.shape[0], -1)
    negatives = similarity_matrix[~labels.bool()].view(similarity_matrix.shape[0], -1)
    logits = torch.cat([positives, negatives], dim=1) / temperature
    return logits, torch.zeros(logits.shape[0], dtype=torch.long)


def nt_xent(a, b, temperature=0.5):
    z = F.normalize(torch.cat([a, b]), dim=1)
    similar = (z @ z.t() / temperature).fill_diagonal_(float("-inf"))
    n = a.shape[0]
    return F.cross_entropy(similar, torch.cat([torch.arange(n, 2 * n), torch.arange(n)]))


a, b = torch.randn(5, 4), torch.randn(5, 4)
logits, targets = info_nce_loss(torch.cat([a, b]))
print(f"{F.cross_entropy(logits, targets):.5f} {nt_xent(a, b):.5f}")

train = Patterns(128, TwoCropsTransform(augment))
loader = DataLoader(train, batch_size=32, shuffle=True, drop_last=True)
(first, second), labels = next(iter(loader))
print(first.shape, len(labels), torch.equal(first, second), f"{first.mean():.4f} {second.std():.4f}")
model = Encoder()
optimizer = torch.optim.Adam(model.parameters(), 5e-3, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=len(loader), eta_min=0, last_epoch=-1)
for epoch in range(4):
    total = 0.0
    for images, _ in loader:
        logits, targets = info_nce_loss(model(torch.cat(images, dim=0)))
        loss = F.cross_entropy(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item()
    if epoch >= 2:
        scheduler.step()
    print(f"epoch {epoch}: {total / len(loader):.3f}, lr {scheduler.get_last_lr()[0]:.6f}")


@torch.no_grad()
def bank(model, dataset):
    model.eval()
    features = [model.backbone(image[None]) for image, _ in dataset]
    return F.normalize(torch.cat(features)), dataset.labels


def knn(query, labels, memory, memory_labels, k=8, t=0.1):
    weight, index = (query @ memory.t()).topk(k, dim=-1)
    votes = torch.gather(memory_labels.expand(len(query), -1), -1, index)
    one_hot = torch.zeros(len(query) * k, 4).scatter(-1, votes.view(-1, 1), 1.0)
    scores = torch.sum(one_hot.view(len(query), k, 4) * (weight / t).exp().unsqueeze(-1), dim=1)
    return (scores.argsort(dim=-1, descending=True)[:, 0] == labels).float().mean().item()


memory, memory_labels = bank(model, Patterns(64))
query, labels = bank(model, Patterns(24))
print(f"neighbours say {knn(query, labels, memory, memory_labels):.2f}")


class MoCo(nn.Module):
    def __init__(self, dim=8, size=64, m=0.9, temperature=0.2):
        super().__init__()
        self.K, self.m, self.T = size, m, temperature
        self.encoder_q = Encoder(dim)
        self.encoder_k = copy.deepcopy(self.encoder_q)
        for param_k in self.encoder_k.parameters():
            param_k.requires_grad = False
        self.register_buffer("queue", F.normalize(torch.randn(dim, size), dim=0))
        self.register_buffer("queue_ptr", torch.zeros(1, dtype=torch.long))

    @torch.no_grad()
    def _momentum_update_key_encoder(self):
        for param_q, param_k in zip(self.encoder_q.parameters(), self.encoder_k.parameters()):
            param_k.data = param_k.data * self.m + param_q.data * (1.0 - self.m)

    @torch.no_grad()
    def _dequeue_and_enqueue(self, keys):
        ptr = int(self.queue_ptr)
        self.queue[:, ptr : ptr + keys.shape[0]] = keys.T
        self.queue_ptr[0] = (ptr + keys.shape[0]) % self.K

    def forward(self, im_q, im_k):
        q = F.normalize(self.encoder_q(im_q), dim=1)
        with torch.no_grad():
            self._momentum_update_key_encoder()
            shuffled = torch.randperm(im_k.shape[0])
            k = F.normalize(self.encoder_k(im_k[shuffled]), dim=1)[torch.argsort(shuffled)]
        l_pos = torch.einsum("nc,nc->n", [q, k]).unsqueeze(-1)
        l_neg = torch.einsum("nc,ck->nk", [q, self.queue.clone().detach()])
        logits = torch.cat([l_pos, l_neg], dim=1) / self.T
        self._dequeue_and_enqueue(k)
        return logits, torch.zeros(logits.shape[0], dtype=torch.long)


moco = MoCo()
print(sum(p.requires_grad for p in moco.parameters()), moco.queue.shape, list(moco.state_dict())[:3])
optimizer = torch.optim.SGD(moco.encoder_q.parameters(), 0.1, momentum=0.9)
for step, ((im_q, im_k), _) in enumerate(loader):
    logits, targets = moco(im_q, im_k)
    loss = F.cross_entropy(logits, targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    drift = sum((p - q).detach().norm() ** 2 for p, q in zip(moco.encoder_q.parameters(), moco.encoder_k.parameters()))
    print(f"step {step}: {loss.item():.3f}, queue at {moco.queue_ptr.item()}, drift {math.sqrt(drift):.3f}")
