"""A TransformerEncoder with sines for places says which of two letters a padded word has more of; warm-up by LambdaLR."""

import math

import torch
from torch import nn

torch.manual_seed(31)
WIDTH, LONGEST = 16, 12


class PositionalEncoding(nn.Module):
    def __init__(self, d_model, dropout=0.1, max_len=LONGEST):
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(1, max_len, d_model)
        pe[0, :, 0::2] = torch.sin(position * div_term)
        pe[0, :, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe)

    def forward(self, x):
        return self.dropout(x + self.pe[:, : x.size(1)])


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(6, WIDTH, padding_idx=0)
        self.places = PositionalEncoding(WIDTH)
        layer = nn.TransformerEncoderLayer(WIDTH, 2, 32, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, num_layers=2)
        self.head = nn.Linear(WIDTH, 2)

    def forward(self, words):
        padding = words == 0
        x = self.places(self.embedding(words) * math.sqrt(WIDTH))
        x = self.encoder(x, src_key_padding_mask=padding)
        x = x.masked_fill(padding[:, :, None], 0).sum(1) / (~padding).sum(1, keepdim=True)
        return self.head(x)


def words(count):
    lengths = torch.randint(4, LONGEST + 1, (count,))
    rows = [torch.randint(1, 6, (length,)) for length in lengths.tolist()]
    padded = nn.utils.rnn.pad_sequence(rows, batch_first=True)
    return padded, ((padded == 1).sum(1) > (padded == 2).sum(1)).long()


model = Classifier()
print(sum(p.numel() for p in model.parameters()), model.embedding.weight[0].abs().sum().item())
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min((step + 1) / 10, (10 / (step + 1)) ** 0.5))
for step in range(60):
    x, y = words(32)
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.5)
    optimizer.step()
    scheduler.step()
    if step % 10 == 9:
        print(f"step {step}: loss {loss.item():.3f}, rate {scheduler.get_last_lr()[0]:.4g}")
model.eval()
with torch.no_grad():
    x, y = words(100)
    print("right", (model(x).argmax(1) == y).sum().item(), "of", len(y), x.shape)
