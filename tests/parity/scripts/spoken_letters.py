"""Letters from frames, whose number nobody counts: a loss over all alignments, packed sequences, and the best path."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader

torch.manual_seed(0)
LETTERS = "-abcde"


def spoken(count):
    generator = torch.Generator().manual_seed(1)
    for _ in range(count):
        text = torch.randint(1, 6, (int(torch.randint(2, 5, (), generator=generator)),), generator=generator)
        frames = text.repeat_interleave(torch.randint(2, 4, text.shape, generator=generator))
        noise = 0.1 * torch.randn(len(frames), 6, generator=generator)
        yield nn.functional.one_hot(frames, 6) + noise, text


def collate(pairs):
    sounds, texts = zip(*pairs, strict=True)
    lengths = [torch.tensor([len(each) for each in several]) for several in (sounds, texts)]
    return pad_sequence(sounds), torch.cat(texts), *lengths


class Listener(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(6, 16, bidirectional=True)
        self.head = nn.Sequential(nn.LayerNorm(32), nn.Linear(32, 6), nn.LogSoftmax(-1))

    def forward(self, x, lengths):
        packed, _ = self.rnn(pack_padded_sequence(x, lengths, enforce_sorted=False))
        return self.head(pad_packed_sequence(packed)[0])


listener = Listener()
print(listener)
loader = DataLoader(list(spoken(48)), batch_size=16, shuffle=True, collate_fn=collate)
optimizer = torch.optim.RMSprop(listener.parameters(), lr=5e-3)
criterion = nn.CTCLoss(zero_infinity=True)
for epoch in range(4):
    total = 0.0
    for x, y, x_lengths, y_lengths in loader:
        optimizer.zero_grad()
        loss = criterion(listener(x, x_lengths), y, x_lengths, y_lengths)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(listener.parameters(), 5.0)
        optimizer.step()
        total += loss.item() * len(y_lengths)
    print(f"epoch {epoch} loss {total / 48:.4f} gradient {norm:.3f}")

with torch.no_grad():
    x, y, x_lengths, y_lengths = next(iter(loader))
    said = listener(x, x_lengths)
    for row, length, text in zip(said.argmax(-1).t(), x_lengths, y.split(y_lengths.tolist()), strict=True):
        path = torch.unique_consecutive(row[:length])
        print("".join(LETTERS[i] for i in path if i), "".join(LETTERS[i] for i in text))
    print(nn.functional.ctc_loss(said, y, x_lengths, y_lengths, reduction="none")[:4])
