"""A GRU says of sequences of different lengths whether their numbers sum to more than nothing; they are packed."""

import torch
from torch import nn
from torch.nn.utils import rnn

torch.manual_seed(2)


def batch(count):
    lengths = torch.randint(2, 9, (count,)).tolist()
    rows = [torch.randn(length, 1) for length in lengths]
    answers = torch.tensor([float(row.sum() > 0) for row in rows])
    return rnn.pack_sequence(rows, enforce_sorted=False), answers


class Judge(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(1, 16, bidirectional=True)
        self.readout = nn.Linear(32, 1)

    def forward(self, sequences):
        _, last = self.gru(sequences)
        return self.readout(torch.cat([last[0], last[1]], 1)).squeeze(1)


model = Judge()
optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
criterion = nn.BCEWithLogitsLoss()
for step in range(40):
    sequences, answers = batch(16)
    loss = criterion(model(sequences), answers)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 0:
        print(f"step {step}: {loss.item():.2f}")

sequences, answers = batch(100)
with torch.no_grad():
    right = ((model(sequences) > 0).float() == answers).sum().item()
padded, lengths = rnn.pad_packed_sequence(sequences, batch_first=True)
print(padded.shape, lengths[:8].tolist(), sequences.batch_sizes.tolist())
print(f"{right:.0f} of 100 are right")
