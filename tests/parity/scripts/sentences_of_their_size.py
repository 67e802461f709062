"""Sentences as a nested tensor: a network over all of them, without padding, gradients, and the model traced and saved."""

import tempfile
import warnings
from pathlib import Path

import torch
from torch import nn

warnings.simplefilter("ignore")
torch.manual_seed(2)
sentences = [torch.randint(1, 12, (length,)) for length in (3, 5, 2, 4)]
moods = torch.tensor([float(each.float().mean() > 6) for each in sentences])


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(12, 6)
        self.inner, self.norm, self.last = nn.Linear(6, 8), nn.LayerNorm(8), nn.Linear(8, 1)

    def forward(self, words):
        known = torch.nested.as_nested_tensor([self.embed(each) for each in words.unbind()])
        features = self.norm(nn.functional.gelu(self.inner(known)))
        return self.last(torch.stack([each.mean(0) for each in features.unbind()])).squeeze(1)


reader = Reader()
words = torch.nested.nested_tensor(sentences)
print(words, words.is_nested, words.size(0), words.dim())
print(words.to_padded_tensor(0))
optimizer = torch.optim.Adagrad(reader.parameters(), lr=0.1)
for step in range(6):
    loss = nn.functional.binary_cross_entropy_with_logits(reader(words), moods)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(step, round(loss.item(), 5))
scaled = torch.nested.as_nested_tensor([reader.embed(each) for each in sentences]) * 2
print(scaled.to_padded_tensor(-1.0).shape, (scaled + scaled).size(2), torch.softmax(scaled, -1)[2].sum(-1))
try:
    print(words.size(1))
except RuntimeError as error:
    print(error)

head = nn.Sequential(reader.inner, nn.GELU(), reader.norm, reader.last).eval()
example = reader.embed.weight.detach()
with tempfile.TemporaryDirectory() as folder:
    torch.jit.trace(head, example).save(str(Path(folder) / "head.pt"))
    loaded = torch.jit.load(str(Path(folder) / "head.pt"))
print(torch.equal(loaded(example), head(example)), list(loaded.state_dict()), loaded.training)
