"""A Transformer learns to give the digits of a number in reverse: source padded, target causal, written digit by digit."""

import math

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(5)
BEGIN, PAD, WIDTH, LENGTH = 10, 11, 32, 4
places = torch.arange(LENGTH + 1.0)[:, None] / 20 ** (torch.arange(0.0, WIDTH, 2) / WIDTH)
places = torch.stack([places.sin(), places.cos()], 2).flatten(1)


class Reverser(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(12, WIDTH) / math.sqrt(WIDTH))
        self.transformer = nn.Transformer(WIDTH, 4, 1, 1, 64, dropout=0.0, batch_first=True, activation="gelu")
        self.readout = nn.Linear(WIDTH, 10)

    def forward(self, source, target):
        x, y = (F.embedding(each, self.table) * 4 + places[: each.shape[1]] for each in (source, target))
        later = self.transformer.generate_square_subsequent_mask(target.shape[1])
        padding = torch.zeros(source.shape).masked_fill(source == PAD, -math.inf)
        masks = {"tgt_mask": later, "src_key_padding_mask": padding, "memory_key_padding_mask": padding}
        return self.readout(self.transformer(x, y, **masks))


def batch(count):
    digits = torch.randint(10, (count, LENGTH))
    lengths = torch.randint(3, LENGTH + 1, (count, 1))
    here = torch.arange(LENGTH) < lengths
    source = torch.where(here, digits, PAD)
    at = (lengths - 1 - torch.arange(LENGTH)).clamp(min=0)
    return source, torch.where(here, digits.gather(1, at), -100)


model = Reverser()
optimizer = torch.optim.Adam(model.parameters(), lr=0.003)
for step in range(60):
    source, answer = batch(32)
    begun = torch.cat([torch.full((32, 1), BEGIN), answer[:, :-1].clamp(min=0)], 1)
    loss = F.cross_entropy(model(source, begun).flatten(0, 1), answer.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        print(f"step {step}: {loss.item():.2f}")

model.eval()
source, answer = batch(3)
written = torch.full((3, 1), BEGIN)
with torch.no_grad():
    for _ in range(LENGTH):
        written = torch.cat([written, model(source, written)[:, -1].argmax(1, keepdim=True)], 1)
for each, found, right in zip(source.tolist(), written[:, 1:].tolist(), answer.tolist(), strict=True):
    count = LENGTH - each.count(PAD)
    print(each[:count], "->", found[:count], "should be", right[:count])
