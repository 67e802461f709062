"""A convolutional net of small colour pictures, as for CIFAR-10: normalized, flipped, cropped, erased, by tensors alone."""

import torch
import torch.nn.functional as F
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset

torch.manual_seed(0)
CLASSES = ("stripes", "checks", "spot", "slope")


def picture(kind):
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(16.0), indexing="ij")
    grey = (
        (columns // 2) % 2,
        (rows // 4 + columns // 4) % 2,
        torch.exp(-((rows - 8) ** 2 + (columns - 8) ** 2) / 12),
        (rows + columns) / 30,
    )[kind]
    return grey * torch.rand(3, 1, 1) + 0.2 * torch.rand(3, 16, 16)


def augment(image):
    if torch.rand(()) < 0.5:
        image = image.flip(-1)
    top, left = torch.randint(0, 5, (2,)).tolist()
    image = F.pad(image, (2, 2, 2, 2), mode="reflect")[:, top : top + 16, left : left + 16]
    image = (image * torch.empty(1).uniform_(0.8, 1.2)).clamp(0, 1.5)
    if torch.rand(()) < 0.25:
        image = image.clone()
        row, column = torch.randint(0, 12, (2,))
        image[:, row : row + 4, column : column + 4] = torch.randn(3, 4, 4)
    return image


class Pictures(Dataset):
    def __init__(self, count, transform=None):
        self.labels = torch.arange(count) % 4
        self.images = torch.stack([picture(kind) for kind in self.labels.tolist()])
        self.mean, self.std = self.images.mean((0, 2, 3), keepdim=True)[0], self.images.std((0, 2, 3), keepdim=True)[0]
        self.transform = transform

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = (self.images[index] - self.mean) / self.std
        return self.transform(image) if self.transform else image, self.labels[index]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.conv2, self.bn2 = nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(16)
        self.shortcut = nn.Conv2d(8, 16, 1, stride=2, bias=False)
        self.drop = nn.Dropout2d(0.1)
        self.fc = nn.Linear(16, 4)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)) + self.shortcut(x))
        x = F.adaptive_avg_pool2d(self.drop(x), 1)
        return self.fc(torch.flatten(x, 1))


train_loader = DataLoader(Pictures(96, augment), batch_size=16, shuffle=True)
test_loader = DataLoader(Pictures(40), batch_size=20)
net = Net()
nn.init.kaiming_normal_(net.conv1.weight, mode="fan_out", nonlinearity="relu")
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
optimizer = optim.SGD(net.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True)
scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, epochs=3, steps_per_epoch=len(train_loader))
for epoch in range(3):
    net.train()
    running = 0.0
    for inputs, labels in train_loader:
        optimizer.zero_grad()
        loss = criterion(net(inputs), labels)
        loss.backward()
        optimizer.step()
        scheduler.step()
        running += loss.item()
    print(f"epoch {epoch + 1}: {running / len(train_loader):.4f}, rate {scheduler.get_last_lr()[0]:.4g}")
print(next(iter(train_loader))[0].shape, f"{net.bn1.running_mean.mean().item():.4f}")
net.eval()
right = {name: 0 for name in CLASSES}
with torch.no_grad():
    for images, labels in test_loader:
        _, predictions = torch.max(net(images), 1)
        for label, prediction in zip(labels, predictions, strict=True):
            right[CLASSES[label]] += int(label == prediction)
print(right)
