"""Chains of tags: a hidden Markov model learned by gradients, its best path, and a conditional random field over a GRU."""

import torch
from torch import nn

torch.manual_seed(1)
sentences = ["ab ba abba", "cab", "bad cab ad", "dab"]
letters = sorted(set("".join(sentences)))
codes = [torch.tensor([letters.index(letter) for letter in sentence]) for sentence in sentences]
lengths = torch.tensor([len(code) for code in codes])
padded = nn.utils.rnn.pad_sequence(codes, batch_first=True)
inside = torch.arange(padded.size(1)) < lengths[:, None]


def summed(start, steps, scores, inside):
    """The logarithm of the sum over all paths; scores (batch, time, states), steps from row to column."""
    total = start + scores[:, 0]
    for time in range(1, scores.size(1)):
        ahead = torch.logsumexp(total.unsqueeze(2) + steps, dim=1) + scores[:, time]
        total = torch.where(inside[:, time, None], ahead, total)
    return total.logsumexp(1)


@torch.no_grad()
def best_path(start, steps, scores):
    """The states of the best path of one sequence, and its score."""
    total, came_from = start + scores[0], []
    for each in scores[1:]:
        best = (total.unsqueeze(1) + steps).max(dim=0)
        came_from.append(best.indices)
        total = best.values + each
    path = [int(total.argmax())]
    for places in came_from[::-1]:
        path.append(int(places[path[-1]]))
    return path[::-1], total.max()


class Markov(nn.Module):
    def __init__(self, states, symbols):
        super().__init__()
        self.start = nn.Parameter(torch.randn(states))
        self.steps = nn.Parameter(torch.randn(states, states))
        self.emits = nn.Parameter(torch.randn(states, symbols))

    def tables(self):
        return self.start.log_softmax(0), self.steps.log_softmax(1), self.emits.log_softmax(1)

    def forward(self, padded, inside):
        start, steps, emits = self.tables()
        return summed(start, steps, emits.t()[padded], inside)


model = Markov(3, len(letters))
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
for step in range(9):
    loss = -(model(padded, inside) / lengths).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 4 == 0:
        print(step, f"{loss.item():.4f}")
start, steps, emits = model.tables()
path, score = best_path(start, steps, emits.t()[codes[0]])
print("".join(map(str, path)), f"{score:.3f}")


class Tagger(nn.Module):
    def __init__(self, symbols, tags, width=6):
        super().__init__()
        self.embedding = nn.Embedding(symbols, width)
        self.reads = nn.GRU(width, width, bidirectional=True, batch_first=True)
        self.scores = nn.Linear(2 * width, tags)
        self.start = nn.Parameter(torch.zeros(tags))
        self.steps = nn.Parameter(torch.empty(tags, tags))
        nn.init.uniform_(self.steps, -0.1, 0.1)

    def forward(self, padded, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(self.embedding(padded), lengths, True, enforce_sorted=False)
        return self.scores(nn.utils.rnn.pad_packed_sequence(self.reads(packed)[0], batch_first=True)[0])

    def loss(self, padded, lengths, tags, inside):
        scores = self(padded, lengths)
        own = scores.gather(2, tags.unsqueeze(2)).squeeze(2)
        own[:, 0] = own[:, 0] + self.start[tags[:, 0]]
        own[:, 1:] = own[:, 1:] + self.steps[tags[:, :-1], tags[:, 1:]]
        return (summed(self.start, self.steps, scores, inside) - (own * inside).sum(1)).mean()


vowel = torch.tensor([letter == "a" for letter in letters])
tags = vowel[padded].long() + (padded == letters.index(" ")) * 2  # consonants, vowels and spaces
tagger = Tagger(len(letters), 3)
optimizer = torch.optim.SGD(tagger.parameters(), lr=0.2, momentum=0.9, weight_decay=1e-4)
for epoch in range(8):
    optimizer.zero_grad()
    loss = tagger.loss(padded, lengths, tags, inside)
    loss.backward()
    optimizer.step()
    print(epoch, f"{loss.item():.4f}")
print(tagger.steps.grad.sum(1).abs().max() < 10, tagger)
with torch.no_grad():
    scores = tagger(padded, lengths)
for at, sentence in enumerate(sentences):
    path, _ = best_path(tagger.start, tagger.steps, scores[at, : len(sentence)])
    print(sentence, "".join("cvs"[tag] for tag in path), path == tags[at, : len(sentence)].tolist())
