"""An LSTM learns to foretell the next letter of a small text, and then writes on from a beginning."""

import os

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(1)
with open(os.path.join(os.path.dirname(__file__), "harbour.txt"), encoding="utf-8") as file:
    text = file.read().replace("\n", " ")
letters = sorted(set(text))
numbers = torch.tensor([letters.index(each) for each in text])


class Writer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.lstm = nn.LSTM(len(letters), width, batch_first=True)
        self.readout = nn.Linear(width, len(letters))

    def forward(self, tokens, state=None):
        outputs, state = self.lstm(F.one_hot(tokens, len(letters)).float(), state)
        return self.readout(outputs), state


model = Writer(48)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(150):
    starts = torch.randint(len(numbers) - 25, (8,))
    rows = torch.stack([numbers[start : start + 25] for start in starts.tolist()])
    scores, _ = model(rows[:, :-1])
    loss = F.cross_entropy(scores.reshape(-1, len(letters)), rows[:, 1:].reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 30 == 0:
        print(f"step {step}: {loss.item():.2f}")

model.eval()
written = "the "
with torch.no_grad():
    scores, state = model(torch.tensor([[letters.index(each) for each in written]]))
    for _ in range(40):
        token = scores[:, -1].argmax(-1, keepdim=True)
        written += letters[token.item()]
        scores, state = model(token, state)
print(written)
