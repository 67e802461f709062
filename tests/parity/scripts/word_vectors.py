"""Words as vectors: n-grams, a continuous bag of words, skip-grams with negative sampling, the nearest by cosine."""

import re
from collections import Counter

import torch
import torch.nn.functional as F
from torch import nn, optim

torch.manual_seed(1)
text = """The king rules the land and the queen rules the land. The king loves the queen and the queen loves the king.
A dog runs in the field and a cat runs in the field. The dog hunts the cat and the cat hunts the mouse. A mouse hides
in the house and a cat waits near the house."""
words = re.findall(r"[a-z]+", text.lower())
vocabulary = sorted(set(words))
index = {word: i for i, word in enumerate(vocabulary)}
print(len(words), len(vocabulary), Counter(words).most_common(3))


class NGram(nn.Module):
    def __init__(self, size, width, context):
        super().__init__()
        self.embeddings = nn.Embedding(size, width)
        self.linear1, self.linear2 = nn.Linear(context * width, 32), nn.Linear(32, size)

    def forward(self, inputs):
        out = F.relu(self.linear1(self.embeddings(inputs).view((1, -1))))
        return F.log_softmax(self.linear2(out), dim=1)


model, loss_function = NGram(len(vocabulary), 8, 2), nn.NLLLoss()
optimizer = optim.SGD(model.parameters(), lr=0.05)
for epoch in range(3):
    total = 0
    for first, second, third in zip(words, words[1:], words[2:]):
        model.zero_grad()
        loss = loss_function(model(torch.tensor([index[first], index[second]])), torch.tensor([index[third]]))
        loss.backward()
        optimizer.step()
        total += loss.item()
    print(f"n-grams {epoch}: {total:.2f}")


class CBOW(nn.Module):
    def __init__(self, size, width):
        super().__init__()
        self.bag = nn.EmbeddingBag(size, width, mode="mean")
        self.linear = nn.Linear(width, size)

    def forward(self, contexts):
        return self.linear(self.bag(contexts))


contexts = torch.tensor(
    [[index[w] for w in (*words[i - 2 : i], *words[i + 1 : i + 3])] for i in range(2, len(words) - 2)]
)
targets = torch.tensor([index[word] for word in words[2:-2]])
model = CBOW(len(vocabulary), 8)
optimizer = optim.Adam(model.parameters(), lr=0.05)
for epoch in range(30):
    loss = F.cross_entropy(model(contexts), targets)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 10 == 9:
        print(f"bag of words {epoch}: {loss.item():.4f}")


class SkipGram(nn.Module):
    def __init__(self, size, width):
        super().__init__()
        self.centre, self.around = nn.Embedding(size, width, sparse=True), nn.Embedding(size, width, sparse=True)
        nn.init.uniform_(self.centre.weight, -0.5 / width, 0.5 / width)
        nn.init.zeros_(self.around.weight)

    def forward(self, centre, around, negative):
        centre = self.centre(centre)
        score = (centre * self.around(around)).sum(1)
        against = torch.bmm(self.around(negative), centre.unsqueeze(2)).squeeze(2)
        return -(F.logsigmoid(score) + F.logsigmoid(-against).sum(1)).mean()


pairs = torch.tensor(
    [
        [index[words[i]], index[words[j]]]
        for i in range(len(words))
        for j in range(max(0, i - 2), min(len(words), i + 3))
        if i != j
    ]
)
frequency = torch.tensor([float(words.count(word)) for word in vocabulary]) ** 0.75
model = SkipGram(len(vocabulary), 8)
optimizer = optim.SparseAdam(list(model.parameters()), lr=0.05)
for epoch in range(6):
    total = 0.0
    for batch in torch.randperm(len(pairs)).split(64):
        centre, around = pairs[batch].T
        negative = torch.multinomial(frequency, len(batch) * 4, replacement=True).view(-1, 4)
        loss = model(centre, around, negative)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(batch)
    print(f"skip-grams {epoch}: {total / len(pairs):.4f}, sparse {model.centre.weight.grad.is_sparse}")
vectors = F.normalize(model.centre.weight.detach(), dim=1)
for word in ("king", "cat"):
    alike = vectors @ vectors[index[word]]
    values, places = alike.topk(4)
    print(word, [(vocabulary[place], f"{value:.2f}") for value, place in zip(values.tolist(), places.tolist())][1:])
frozen = nn.Embedding.from_pretrained(vectors, freeze=True)
print(frozen, frozen.weight.requires_grad, frozen(torch.tensor([0, 1])).shape)
