"""A small language model as the large ones are built: turned positions, shared keys, a cache, gated layers, top-p sampling."""

import math

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(8)
DIM, HEADS, SHARED, VOCAB, LONGEST = 32, 4, 2, 20, 24
SIZE = DIM // HEADS
rates = 10000.0 ** (-torch.arange(0, SIZE, 2).float() / SIZE)
turns = torch.polar(torch.ones(LONGEST, SIZE // 2), torch.outer(torch.arange(LONGEST).float(), rates))


def turned(x, start):
    pairs = torch.view_as_complex(x.float().reshape(*x.shape[:-1], -1, 2))
    return torch.view_as_real(pairs * turns[start : start + x.shape[1], None]).flatten(3).type_as(x)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(DIM, (HEADS + 2 * SHARED) * SIZE, bias=False)
        self.out = nn.Linear(DIM, DIM, bias=False)
        self.norms = nn.ModuleList(nn.RMSNorm(DIM) for _ in range(2))
        self.gate, self.up, self.down = (nn.Linear(*sizes, bias=False) for sizes in [(DIM, 64), (DIM, 64), (64, DIM)])
        self.cache = None

    def attend(self, x, start):
        batch, length, _ = x.shape
        parts = self.qkv(x).view(batch, length, -1, SIZE).split([HEADS, SHARED, SHARED], 2)
        q, k, v = turned(parts[0], start), turned(parts[1], start), parts[2]
        if not self.training:
            if start == 0:
                self.cache = torch.zeros(2, batch, LONGEST, SHARED, SIZE)
            self.cache[:, :, start : start + length] = torch.stack([k, v])
            k, v = self.cache[:, :, : start + length]
        k, v = (each.repeat_interleave(HEADS // SHARED, 2).transpose(1, 2) for each in (k, v))
        scores = q.transpose(1, 2) @ k.mT / math.sqrt(SIZE)
        later = torch.ones(length, start + length, dtype=torch.bool).triu(start + 1)
        mixed = F.softmax(scores.masked_fill(later, -math.inf), -1) @ v
        return self.out(mixed.transpose(1, 2).reshape(batch, length, -1))

    def forward(self, x, start):
        x = x + self.attend(self.norms[0](x), start)
        y = self.norms[1](x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, DIM)
        self.blocks = nn.ModuleList(Block() for _ in range(2))
        self.head = nn.Linear(DIM, VOCAB, bias=False)
        self.head.weight = self.embed.weight
        nn.init.normal_(self.embed.weight, std=0.05)

    def forward(self, tokens, start=0):
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x, start)
        return self.head(x)


model = Model()
print(sum(each.numel() for each in model.parameters()), turns[1])
text = torch.arange(200) % 7 + torch.arange(200) // 3 % 5
matrices = [each for each in model.parameters() if each.dim() > 1]
others = [each for each in model.parameters() if each.dim() < 2]
groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, lr=3e-3, betas=(0.9, 0.95))
warm = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min((step + 1) / 5, 1))
for step in range(12):
    at = torch.randint(200 - 13, (8,))
    x, y = (torch.stack([text[i + shift : i + shift + 12] for i in at]) for shift in (0, 1))
    loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten(), label_smoothing=0.05)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    warm.step()
    if step % 4 == 3:
        print(f"{step} loss {loss:.4f} perplexity {loss.exp():.3f} rate {warm.get_last_lr()[0]:.5f}")

model.eval()
with torch.inference_mode():
    whole = model(text[None, :10])
    pieces = torch.cat([model(text[None, :6])] + [model(text[None, i : i + 1], i) for i in range(6, 10)], 1)
    print("cache", torch.allclose(whole, pieces, atol=1e-5))
    tokens = text[None, :6]
    logits = model(tokens)[:, -1]
    for place in range(6, 16):
        chances, order = F.softmax(logits / 0.8, -1).sort(descending=True)
        chances[chances.cumsum(-1) - chances > 0.9] = 0.0
        drawn = order.gather(-1, torch.multinomial(chances / chances.sum(-1, keepdim=True), 1))
        tokens = torch.cat([tokens, drawn], 1)
        logits = model(drawn, place)[:, -1]
    print(tokens[0].tolist())
