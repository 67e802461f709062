"""A net whose depth is drawn anew in each pass and whose middle layer is the same each time; a tied embedding."""

import random

import torch
from torch import nn


class Dynamic(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.first = nn.Linear(inputs, hidden)
        self.middle = nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, outputs)

    def forward(self, x):
        x = self.first(x).clamp(min=0)
        for _ in range(random.randint(0, 3)):
            x = self.middle(x).clamp(min=0)
        return self.last(x)


class Tied(nn.Module):
    def __init__(self, words, width):
        super().__init__()
        self.embedding = nn.Embedding(words, width)
        self.decoder = nn.Linear(width, words, bias=False)
        self.decoder.weight = self.embedding.weight

    def forward(self, words):
        return self.decoder(self.embedding(words))


random.seed(5)
torch.manual_seed(5)
x, y = torch.randn(64, 100), torch.randn(64, 10)
model = Dynamic(100, 32, 10)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-4, momentum=0.9)
loss_fn = nn.MSELoss(reduction="sum")
for step in range(60):
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 9:
        print(step, f"{loss.item():.4g}")

tied = Tied(6, 4)
print([name for name, _ in tied.named_parameters()], list(tied.state_dict()))
words = torch.tensor([0, 3, 3, 5])
nn.functional.cross_entropy(tied(words), torch.tensor([1, 4, 4, 0])).backward()
print(tied.embedding.weight.grad, tied.decoder.weight.grad is tied.embedding.weight.grad)
