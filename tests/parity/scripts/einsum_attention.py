"""Attention written six ways: loops, bmm, einsum, scaled_dot_product_attention, nn.MultiheadAttention, and over pictures."""

import math

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(27)
B, H, T, D = 2, 2, 5, 4
q, k, v = (torch.randn(B, H, T, D, requires_grad=True) for _ in range(3))
mask = torch.ones(T, T, dtype=torch.bool).tril()


def by_loops(q, k, v):
    rows = []
    for b in range(B):
        for h in range(H):
            for t in range(T):
                scores = torch.stack([q[b, h, t].dot(k[b, h, s]) / math.sqrt(D) for s in range(t + 1)])
                weights = scores.softmax(0)
                rows.append(sum(w * v[b, h, s] for s, w in enumerate(weights)))
    return torch.stack(rows).view(B, H, T, D)


def by_bmm(q, k, v):
    scores = torch.bmm(q.flatten(0, 1), k.flatten(0, 1).transpose(1, 2)) / math.sqrt(D)
    weights = scores.masked_fill(~mask, -math.inf).softmax(-1)
    return torch.bmm(weights, v.flatten(0, 1)).view(B, H, T, D)


def by_einsum(q, k, v):
    scores = torch.einsum("bhtd,bhsd->bhts", q, k) * D**-0.5
    weights = torch.where(mask, scores, torch.finfo(scores.dtype).min).softmax(-1)
    return torch.einsum("bhts,bhsd->bhtd", weights, v)


def by_function(q, k, v):
    return F.scaled_dot_product_attention(q, k, v, is_causal=True)


for way in (by_loops, by_bmm, by_einsum, by_function):
    out = way(q, k, v)
    gradients = torch.autograd.grad((out**2).sum(), (q, k, v))
    print(way.__name__, f"{out.sum().item():.4f}", [f"{each.norm().item():.4f}" for each in gradients])
print(torch.allclose(by_einsum(q, k, v), by_function(q, k, v), atol=1e-6))

x = torch.randn(B, T, H * D)
attention = nn.MultiheadAttention(H * D, H, batch_first=True)
out, weights = attention(x, x, x, attn_mask=~mask, need_weights=True, average_attn_weights=False)
print(out.shape, weights.shape, f"{out.norm().item():.4f}")
qkv = F.linear(x, attention.in_proj_weight, attention.in_proj_bias).view(B, T, 3, H, D).permute(2, 0, 3, 1, 4)
same = attention.out_proj(by_einsum(*qkv).transpose(1, 2).reshape(B, T, H * D))
print(torch.allclose(out, same, atol=1e-6), weights[0, 0])

a, b = torch.randn(3, 4), torch.randn(4, 5)
for equation, operands in {
    "ij,jk->ik": (a, b),
    "ij->ji": (a,),
    "ij->": (a,),
    "ii->i": (torch.arange(9.0).view(3, 3),),
    "i,j->ij": (a[:, 0], b[0]),
    "bij,bjk->bik": (a.expand(2, 3, 4), b.expand(2, 4, 5)),
    "...ij,jk": (a[None], b),
    "ik,kl,il->i": (a, b, torch.randn(3, 5)),
}.items():
    found = torch.einsum(equation, *operands)
    print(equation, tuple(found.shape), f"{found.sum().item():.4f}")
try:
    torch.einsum("ij,jk->ik", b, b)
except RuntimeError as error:
    print(error)


class PatchAttention(nn.Module):
    def __init__(self, patch=4, width=16):
        super().__init__()
        self.embed = nn.Conv2d(1, width, patch, stride=patch)
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.randn(1, 5, width) * 0.02)
        self.block = nn.TransformerEncoderLayer(width, 2, 32, 0.0, F.gelu, batch_first=True, norm_first=True)
        self.head = nn.Linear(width, 2)

    def forward(self, image):
        x = self.embed(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1) + self.places
        return self.head(self.block(x)[:, 0])


model = PatchAttention()
optimizer = torch.optim.NAdam(model.parameters(), lr=3e-3)
for step in range(30):
    images = torch.rand(32, 1, 8, 8)
    labels = (images[:, 0, :4].mean((1, 2)) > images[:, 0, 4:].mean((1, 2))).long()
    loss = F.cross_entropy(model(images), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 10 == 9:
        print(f"patches {step}: {loss.item():.3f}")
