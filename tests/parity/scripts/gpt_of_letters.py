"""A small GPT: a causal transformer over letters, with learnt places, that foretells the next letter of a text."""

import os

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(4)
with open(os.path.join(os.path.dirname(__file__), "harbour.txt"), encoding="utf-8") as file:
    text = file.read().replace("\n", " ")
letters = sorted(set(text))
numbers = torch.tensor([letters.index(each) for each in text])
LENGTH, WIDTH = 16, 32


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, 4, batch_first=True)
        self.maps = nn.Sequential(nn.Linear(WIDTH, 64), nn.GELU(), nn.Linear(64, WIDTH), nn.Dropout(0.1))

    def forward(self, x):
        later = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        normed = self.norm1(x)
        x = x + self.attention(normed, normed, normed, attn_mask=later, is_causal=True, need_weights=False)[0]
        return x + self.maps(self.norm2(x))


class GPT(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(len(letters), WIDTH) * 0.1)
        self.places = nn.Parameter(torch.randn(LENGTH, WIDTH) * 0.1)
        self.blocks = nn.Sequential(Block(), Block())
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, tokens):
        x = F.embedding(tokens, self.table) + self.places[: tokens.shape[1]]
        return self.norm(self.blocks(x)) @ self.table.t()


model = GPT()
print(sum(each.numel() for each in model.parameters()), "parameters")
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
for step in range(40):
    starts = torch.randint(len(numbers) - LENGTH, (8,)).tolist()
    rows = torch.stack([numbers[start : start + LENGTH + 1] for start in starts])
    loss = F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 0:
        print(f"step {step}: {loss.item():.2f}")

model.eval()
tokens = torch.tensor([[letters.index(each) for each in "the "]])
with torch.no_grad():
    for _ in range(20):
        scores = model(tokens[:, -LENGTH:])[:, -1]
        tokens = torch.cat([tokens, scores.argmax(1, keepdim=True)], 1)
print("".join(letters[each] for each in tokens[0].tolist()))
