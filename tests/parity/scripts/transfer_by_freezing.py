"""Transfer: a small net learns four shapes; its features are frozen and another head learns others; then all fine-tune."""

import copy

import torch
from torch import nn, optim
from torch.optim import lr_scheduler

torch.manual_seed(11)


def pictures(count, kinds):
    """Bars of 8x8: kind k is a bar in row or column k."""
    labels = torch.randint(kinds, (count,))
    images = torch.randn(count, 1, 8, 8) * 0.3
    for image, kind in zip(images, labels.tolist(), strict=True):
        if kind % 2:
            image[0, :, kind] += 1
        else:
            image[0, kind, :] += 1
    return images, labels


class Net(nn.Module):
    def __init__(self, kinds):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 8, 3), nn.ReLU()
        )
        self.fc = nn.Linear(8 * 2 * 2, kinds)

    def forward(self, x):
        return self.fc(torch.flatten(self.features(x), 1))


def train(model, optimizer, scheduler, kinds, epochs):
    best, best_state = 0.0, copy.deepcopy(model.state_dict())
    for epoch in range(epochs):
        for phase in ("train", "val"):
            model.train(phase == "train")
            images, labels = pictures(64, kinds)
            optimizer.zero_grad()
            with torch.set_grad_enabled(phase == "train"):
                out = model(images)
                _, found = torch.max(out, 1)
                loss = nn.functional.cross_entropy(out, labels)
                if phase == "train":
                    loss.backward()
                    optimizer.step()
                    scheduler.step()
            right = (found == labels).double().mean()
            print(f"{epoch} {phase} loss {loss.item():.4f} right {right:.4f}")
            if phase == "val" and right > best:
                best, best_state = right, copy.deepcopy(model.state_dict())
    model.load_state_dict(best_state)
    return model


model = Net(4)
optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
train(model, optimizer, lr_scheduler.StepLR(optimizer, 7, 0.1), 4, 6)
for parameter in model.parameters():
    parameter.requires_grad = False
before = model.features[0].weight.clone()
model.fc = nn.Linear(model.fc.in_features, 7)
print([name for name, each in model.named_parameters() if each.requires_grad])
optimizer = optim.SGD(model.fc.parameters(), lr=0.05, momentum=0.9)
train(model, optimizer, lr_scheduler.StepLR(optimizer, 3, 0.5), 7, 5)
print(torch.equal(before, model.features[0].weight), model.features[0].weight.grad)
model.requires_grad_(True)
optimizer = optim.SGD([{"params": model.features.parameters(), "lr": 0.01}, {"params": model.fc.parameters()}], lr=0.1)
train(model, optimizer, lr_scheduler.ExponentialLR(optimizer, 0.9), 7, 4)
print([f"{group['lr']:.5f}" for group in optimizer.param_groups])
