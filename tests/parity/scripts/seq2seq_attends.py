"""An encoder of GRU cells, and a decoder that looks back at it by attention: letters come out one further in the alphabet."""

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(3)
LETTERS, LENGTH, WIDTH = 8, 5, 24


class Translator(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(LETTERS + 1, WIDTH) * 0.3)
        self.encoder = nn.GRU(WIDTH, WIDTH)
        self.cell = nn.GRUCell(2 * WIDTH, WIDTH)
        self.readout = nn.Linear(2 * WIDTH, LETTERS)

    def forward(self, source, target=None):
        memory, last = self.encoder(F.embedding(source, self.table))
        state = last[0]
        token = torch.full((source.shape[1],), LETTERS)
        found = torch.zeros_like(state)
        scores, weights = [], []
        for step in range(LENGTH):
            state = self.cell(torch.cat([self.table[token], found], 1), state)
            weight = torch.einsum("sbw,bw->bs", memory, state).softmax(1)
            found = torch.einsum("bs,sbw->bw", weight, memory)
            scores.append(self.readout(torch.cat([state, found], 1)))
            weights.append(weight)
            token = scores[-1].argmax(1) if target is None else target[step]
        return torch.stack(scores), torch.stack(weights)


model = Translator()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(100):
    source = torch.randint(LETTERS, (LENGTH, 16))
    target = (source + 1) % LETTERS
    scores, _ = model(source, target)
    loss = F.cross_entropy(scores.flatten(0, 1), target.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        print(f"step {step}: {loss.item():.2f}")

source = torch.randint(LETTERS, (LENGTH, 2))
with torch.no_grad():
    scores, weights = model(source)
print("from", source.t().tolist(), "to", scores.argmax(2).t().tolist())
print(
    "looked at", weights.argmax(2).t().tolist(), "sums", [f"{each:.2f}" for each in weights.sum(2).flatten().tolist()]
)
