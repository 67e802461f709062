"""The colour-picture tutorial: CIFAR-10 files (written here), normalization, a LeNet, accuracy by class, saved weights."""

import hashlib
import os
import pickle
import tempfile

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
import torchvision
import torchvision.transforms as transforms

root = tempfile.mkdtemp()
classes = ("plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


class SmallCIFAR10(torchvision.datasets.CIFAR10):
    """As the real one, with files of a few pictures; the sums of their bytes are set when they are written."""

    base_folder = "small-cifar"
    train_list = [["data_batch_1", ""], ["data_batch_2", ""]]
    test_list = [["test_batch", ""]]
    meta = {"filename": "batches.meta", "key": "label_names", "md5": ""}


def write(name, content):
    os.makedirs(os.path.join(root, SmallCIFAR10.base_folder), exist_ok=True)
    data = pickle.dumps(content)
    with open(os.path.join(root, SmallCIFAR10.base_folder, name), "wb") as f:
        f.write(data)
    return hashlib.md5(data).hexdigest()


rng = np.random.default_rng(7)
for entries in (SmallCIFAR10.train_list, SmallCIFAR10.test_list):
    for entry in entries:
        labels = rng.integers(0, 10, 64)
        pictures = rng.integers(0, 120, (64, 3, 32, 32))
        for picture, label in zip(pictures, labels):
            picture[label % 3, 2 * label : 2 * label + 8] += 100
        data = pictures.astype(np.uint8).reshape(64, -1)
        entry[1] = write(entry[0], {"data": data, "labels": labels.tolist(), "batch_label": entry[0]})
SmallCIFAR10.meta["md5"] = write("batches.meta", {"label_names": list(classes)})

torch.manual_seed(0)
transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))])
batch_size = 8
trainset = SmallCIFAR10(root=root, train=True, download=False, transform=transform)
trainloader = torch.utils.data.DataLoader(trainset, batch_size=batch_size, shuffle=True, num_workers=2)
testset = SmallCIFAR10(root=root, train=False, transform=transform, target_transform=lambda label: label)
testloader = torch.utils.data.DataLoader(testset, batch_size=batch_size, shuffle=False, num_workers=2)
print(str(trainset).replace(root, "./data"))
print(trainset.classes == list(classes), trainset.class_to_idx["frog"], trainset.data.shape, trainset.targets[:8])
dataiter = iter(trainloader)
images, labels = next(dataiter)
npimg = (torchvision.utils.make_grid(images) / 2 + 0.5).numpy()
print(np.transpose(npimg, (1, 2, 0)).shape, " ".join(f"{classes[labels[j]]:5s}" for j in range(batch_size)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


net = Net()
criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
optimizer = optim.SGD(net.parameters(), lr=0.02, momentum=0.9)
for epoch in range(4):
    running_loss = 0.0
    for i, data in enumerate(trainloader, 0):
        inputs, labels = data
        optimizer.zero_grad()
        loss = criterion(net(inputs), labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        if i % 8 == 7:
            print(f"[{epoch + 1}, {i + 1:5d}] loss: {running_loss / 8:.2f}")
            running_loss = 0.0
print("Finished Training")
PATH = os.path.join(root, "cifar_net.pth")
torch.save(net.state_dict(), PATH)
net = Net()
net.load_state_dict(torch.load(PATH, weights_only=True))

correct = {name: 0 for name in classes}
total = dict.fromkeys(classes, 0)
confusion = torch.zeros(10, 10, dtype=torch.int64)
with torch.no_grad():
    for images, labels in testloader:
        _, predictions = torch.max(net(images), 1)
        for label, prediction in zip(labels, predictions):
            confusion[label, prediction] += 1
            correct[classes[label]] += int(label == prediction)
            total[classes[label]] += 1
print(f"Accuracy on {sum(total.values())} test images: {100 * sum(correct.values()) // sum(total.values())} %")
print(total, confusion.sum(1).tolist() == list(total.values()), confusion.diag().sum().item() == sum(correct.values()))
with open(os.path.join(root, SmallCIFAR10.base_folder, "test_batch"), "ab") as f:
    f.write(b"!")
try:
    SmallCIFAR10(root=root, train=False)
except RuntimeError as error:
    print(error)
