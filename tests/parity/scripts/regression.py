"""Linear and logistic regression: by nn and SGD, by the normal equations, in minibatches, with a threshold and a matrix."""

import torch
from torch import nn

torch.manual_seed(2)
x = torch.rand(50, 1) * 10
y = 2.5 * x - 1 + torch.randn(50, 1)
model = nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
criterion = nn.MSELoss()
for epoch in range(200):
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if (epoch + 1) % 50 == 0:
        print(f"epoch {epoch + 1}: {loss.item():.4f}")
print(f"w {model.weight.item():.4f} b {model.bias.item():.4f}")
design = torch.cat([x, torch.ones(50, 1)], 1)
exact = torch.linalg.lstsq(design, y).solution
print("least squares", [f"{each:.4f}" for each in exact.flatten().tolist()])
print("inverse", [f"{each:.3f}" for each in (torch.inverse(design.T @ design) @ design.T @ y).flatten().tolist()])

centres = torch.tensor([[0.0, 0.0], [2.0, 1.5]])
labels = torch.randint(0, 2, (200,))
points = centres[labels] + torch.randn(200, 2)
points = (points - points.mean(0)) / points.std(0)


class Logistic(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 1)

    def forward(self, x):
        return torch.sigmoid(self.linear(x))


model = Logistic()
optimizer = torch.optim.SGD(model.parameters(), lr=0.5, weight_decay=1e-3)
criterion = nn.BCELoss()
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(points, labels.float()), 40, shuffle=True)
for epoch in range(5):
    total = 0.0
    for inputs, targets in loader:
        loss = criterion(model(inputs).squeeze(1), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(inputs)
    print(f"epoch {epoch}: {total / len(points):.4f}")
with torch.no_grad():
    found = model(points).round().squeeze(1).long()
confusion = torch.zeros(2, 2, dtype=torch.long)
for true, read in zip(labels, found, strict=True):
    confusion[true, read] += 1
print(confusion, f"accuracy {found.eq(labels).float().mean():.4f}")

softmax = nn.Linear(2, 2)
for _ in range(100):
    loss = nn.functional.cross_entropy(softmax(points), labels)
    loss.backward()
    with torch.no_grad():
        for parameter in softmax.parameters():
            parameter.sub_(parameter.grad)
            parameter.grad.zero_()
print(f"softmax {loss.item():.4f}", (softmax.weight[1] - softmax.weight[0]).detach())
