"""BERT in small: masked words, an encoder with padding, weights tied to the embedding, warm-up, pictures of attention."""

import io
import math
import re
from collections import Counter
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset, random_split

torch.manual_seed(5)
text = """the tide comes in and the boats rise . the tide goes out and the boats rest on sand .
a gull follows the boats and the boats follow the fish . the fish follow the tide .
when the wind turns the harbour is still . when the harbour is still the gull rests on sand .
the lamp on the pier is lit when the boats come home . the boats come home when the lamp is lit ."""
tokenize = re.compile(r"\w+|\.").findall
counts = Counter(tokenize(text))
itos = ["<pad>", "<mask>", "<cls>", "<unk>"] + [word for word, _ in counts.most_common()]
stoi = {word: i for i, word in enumerate(itos)}
PAD, MASK, CLS, UNK = range(4)
print(len(itos), counts.most_common(3))


class Sentences(Dataset):
    def __init__(self, text):
        self.rows = [
            torch.tensor([CLS] + [stoi.get(w, UNK) for w in tokenize(s)]) for s in text.split(" .") if s.strip()
        ]

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, idx):
        return self.rows[idx]


def collate(batch, p=0.25):
    tokens = pad_sequence(batch, batch_first=True, padding_value=PAD)
    chosen = torch.bernoulli(torch.full(tokens.shape, p)).bool() & (tokens > UNK)
    labels = tokens.masked_fill(~chosen, -100)
    inputs = tokens.clone()
    replaced = torch.bernoulli(torch.full(tokens.shape, 0.8)).bool() & chosen
    inputs[replaced] = MASK
    noisy = torch.bernoulli(torch.full(tokens.shape, 0.5)).bool() & chosen & ~replaced
    inputs[noisy] = torch.randint(4, len(itos), tokens.shape)[noisy]
    return inputs, labels


class PositionalEncoding(nn.Module):
    def __init__(self, d_model: int, dropout: float = 0.1, max_len: int = 64):
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(1, max_len, d_model)
        pe[0, :, 0::2] = torch.sin(position * div_term)
        pe[0, :, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(x + self.pe[:, : x.size(1)])


class Bert(nn.Module):
    def __init__(self, vocabulary, d=32, heads=4, layers=2):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, d, padding_idx=PAD)
        self.position = PositionalEncoding(d)
        layer = nn.TransformerEncoderLayer(d, heads, 64, 0.1, F.gelu, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(d), enable_nested_tensor=False)
        self.decoder = nn.Linear(d, vocabulary)
        self.decoder.weight = self.embed.weight
        self.apply(self._init_weights)

    def _init_weights(self, module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            module.weight.data.normal_(mean=0.0, std=0.05)
            if isinstance(module, nn.Linear) and module.bias is not None:
                module.bias.data.zero_()

    def forward(self, tokens):
        x = self.position(self.embed(tokens) * math.sqrt(self.embed.embedding_dim))
        return self.decoder(self.encoder(x, src_key_padding_mask=tokens == PAD))


sentences = Sentences(text)
train, held = random_split(sentences, [len(sentences) - 2, 2])
loader = DataLoader(train, batch_size=4, shuffle=True, collate_fn=collate)
model = Bert(len(itos))
print(model.encoder.layers[0])
print(len(list(model.parameters())), len(model.state_dict()), model.decoder.weight is model.embed.weight)
decay = [p for n, p in model.named_parameters() if p.dim() > 1]
rest = [p for n, p in model.named_parameters() if p.dim() <= 1]
optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}], lr=4e-3)
warm = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=8)
cool = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=40)
scheduler = torch.optim.lr_scheduler.SequentialLR(optimizer, [warm, cool], milestones=[8])
for epoch in range(15):
    model.train()
    total = words = 0
    for inputs, labels in loader:
        logits = model(inputs)
        loss = F.cross_entropy(logits.view(-1, logits.size(-1)), labels.view(-1), ignore_index=-100)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
        total, words = total + loss.item() * (labels >= 0).sum().item(), words + (labels >= 0).sum().item()
    if epoch % 3 == 0:
        print(
            f"epoch {epoch:2d} | loss {total / words:.3f} | ppl {math.exp(total / words):.2f} | {scheduler.get_last_lr()}"
        )

model.eval()
batch = pad_sequence([train[0], train[1]], batch_first=True, padding_value=PAD)
with torch.no_grad():
    alone, together = model(train[0][None]), model(batch)[:1, : len(train[0])]
    print(torch.allclose(alone, together, atol=1e-5))
    asked = train[0].clone()
    asked[2] = MASK
    top = model(asked[None])[0, 2].softmax(0).topk(3)
    print(" ".join(itos[i] for i in asked), "->", [itos[i] for i in top.indices])
    attention = model.encoder.layers[0].self_attn
    x = model.encoder.layers[0].norm1(model.position(model.embed(asked[None])))
    _, weights = attention(x, x, x, need_weights=True, average_attn_weights=False)
print(weights.shape, torch.allclose(weights.sum(-1), torch.ones(1)))
figure, axes = plt.subplots(1, 4, figsize=(8, 2), sharey=True)
for head, ax in enumerate(axes.flat):
    shown = ax.imshow(weights[0, head], cmap="viridis", vmin=0)
    ax.set_title(f"head {head}")
    ax.plot(torch.arange(3), torch.arange(3.0).sqrt(), "r")
    ax.set_xticks(range(len(asked)), [itos[i] for i in asked], rotation=90, fontsize=6)
axes[0].bar(torch.arange(3), weights[0, 0, 0, :3])
axes[1].hist(weights.flatten(), bins=5)
axes[2].scatter(x[0, :, 0], x[0, :, 1], c=asked, s=weights[0, 0].max(0).values * 40)
figure.colorbar(shown)
figure.savefig(buffer := io.BytesIO(), format="png")
print(buffer.getbuffer().nbytes > 1000, shown.get_array().shape, Path(__file__).name)
