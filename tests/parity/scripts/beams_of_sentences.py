"""Sequence to sequence with additive attention: masked losses, weights drawn by the names of a GRU, beams of sentences."""

import math

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(1)
PAD, BOS, EOS, WORDS = 0, 1, 2, 9


def sequence_mask(x, lengths, value=0):
    mask = torch.arange(x.size(1), dtype=torch.float32, device=x.device)[None, :] < lengths[:, None]
    x[~mask] = value
    return x


class MaskedLoss(nn.CrossEntropyLoss):
    def forward(self, pred, label, lengths):
        weights = sequence_mask(torch.ones_like(label), lengths)
        self.reduction = "none"
        return (super().forward(pred.permute(0, 2, 1), label) * weights).mean(dim=1)


def masked_softmax(scores, lengths):
    shape = scores.shape
    repeated = torch.repeat_interleave(lengths, shape[1])
    return F.softmax(sequence_mask(scores.reshape(-1, shape[-1]), repeated, value=-1e6).reshape(shape), dim=-1)


class Attention(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.of_keys, self.of_queries = nn.Linear(size, size, bias=False), nn.Linear(size, size, bias=False)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(self, queries, keys, lengths):
        features = torch.tanh(self.of_queries(queries).unsqueeze(2) + self.of_keys(keys).unsqueeze(1))
        self.weights = masked_softmax(self.score(features).squeeze(-1), lengths)
        return torch.bmm(self.weights, keys)


class Encoder(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.embedding, self.rnn = nn.Embedding(WORDS, size), nn.GRU(size, size, 2, dropout=0.1)

    def forward(self, x):
        return self.rnn(self.embedding(x).permute(1, 0, 2))


class Decoder(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.attention, self.embedding = Attention(size), nn.Embedding(WORDS, size)
        self.rnn, self.dense = nn.GRU(2 * size, size, 2, dropout=0.1), nn.Linear(size, WORDS)

    def forward(self, x, state):
        keys, hidden, lengths = state
        outputs = []
        for each in self.embedding(x).permute(1, 0, 2):
            context = self.attention(hidden[-1].unsqueeze(1), keys, lengths)
            out, hidden = self.rnn(torch.cat((context, each.unsqueeze(1)), dim=-1).permute(1, 0, 2), hidden)
            outputs.append(out)
        return self.dense(torch.cat(outputs)).permute(1, 0, 2), (keys, hidden, lengths)


def draw(module):
    if type(module) is nn.Linear:
        nn.init.xavier_uniform_(module.weight)
    if type(module) is nn.GRU:
        for name in module._flat_weights_names:
            if "weight" in name:
                nn.init.xavier_uniform_(module._parameters[name])


source = torch.tensor([[3, 4, 5, EOS, PAD], [6, 7, EOS, PAD, PAD], [8, 3, 4, 7, EOS]])
target = torch.tensor([[5, 4, 3, EOS, PAD], [7, 6, EOS, PAD, PAD], [7, 4, 3, 8, EOS]])
lengths = (source != PAD).type(torch.int32).sum(1)
encoder, decoder, loss = Encoder(8), Decoder(8), MaskedLoss()
encoder.apply(draw)
decoder.apply(draw)
print(encoder.rnn._flat_weights_names, loss, lengths)
print(loss(torch.ones(3, 4, 10), torch.ones((3, 4), dtype=torch.long), torch.tensor([4, 2, 0])))
parameters = [*encoder.parameters(), *decoder.parameters()]
optimizer = torch.optim.Adam(parameters, lr=0.05)


def begin(x, n):
    keys, hidden = encoder(x)
    return keys.permute(1, 0, 2), hidden, n


for step in range(11):
    optimizer.zero_grad()
    given = torch.cat([torch.full((3, 1), BOS), target[:, :-1]], 1)
    scores, _ = decoder(given, begin(source, lengths))
    total = loss(scores, target, lengths).sum()
    total.backward()
    norm = torch.sqrt(sum(torch.sum(p.grad**2) for p in parameters))
    if norm > 1:
        for p in parameters:
            p.grad[:] *= 1 / norm
    optimizer.step()
    if step % 5 == 0:
        print(f"{step:2d} {total.item():.4f} {norm.item():.4f}")

encoder.eval()
decoder.eval()


@torch.no_grad()
def beam(number, width=3, alpha=0.75):
    beams, done = [([BOS], 0.0, begin(source[number : number + 1], lengths[number : number + 1]))], []
    for _ in range(6):
        candidates = []
        for words, logarithm, state in beams:
            out, after = decoder(torch.tensor([[words[-1]]]), state)
            values, indices = F.log_softmax(out[0, -1], -1).topk(width)
            candidates += [
                ([*words, i.item()], logarithm + v.item(), after) for v, i in zip(values, indices, strict=True)
            ]
        candidates.sort(key=lambda each: -each[1])
        beams = []
        for each in candidates[:width]:
            (done if each[0][-1] == EOS else beams).append(each)
    return max(done or beams, key=lambda each: each[1] / len(each[0]) ** alpha)


for number in range(3):
    words, logarithm, _ = beam(number)
    print(words[1:-1], f"{math.exp(logarithm):.3f}")
print(decoder.attention.weights.shape)
