"""Data sets and loaders: of one's own, shuffled, split, weighted, collated, in steps without an end."""

import torch
from torch.utils.data import (
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    Subset,
    TensorDataset,
    WeightedRandomSampler,
    random_split,
)


class Squares(Dataset):
    def __init__(self, count, transform=None):
        self.count, self.transform = count, transform

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        sample = {"x": torch.tensor(float(index)), "square": index**2, "name": f"n{index}"}
        return self.transform(sample) if self.transform else sample


class Half:
    def __call__(self, sample):
        return {**sample, "x": sample["x"] / 2}


class Steps(IterableDataset):
    def __iter__(self):
        yield from range(7)


def padded(sequences):
    longest = max(map(len, sequences))
    rows = torch.zeros(len(sequences), longest, dtype=torch.long)
    for row, sequence in zip(rows, sequences, strict=True):
        row[: len(sequence)] = torch.tensor(sequence)
    return rows, torch.tensor([len(each) for each in sequences])


torch.manual_seed(3)
squares = Squares(10, Half())
print(len(squares), squares[3])
for batch in DataLoader(squares, batch_size=4, shuffle=True):
    print(batch)
train, test = random_split(Squares(10), [0.7, 0.3])
print(len(train), train.indices, test.indices)
print([each.tolist() for each in random_split(torch.arange(5), [3, 2], generator=torch.Generator().manual_seed(42))[0]])

pairs = TensorDataset(torch.arange(6.0).reshape(6, 1), torch.tensor([0, 0, 0, 0, 1, 1]))
for epoch in range(2):
    print(epoch, [labels.tolist() for _, labels in DataLoader(pairs, 4, shuffle=True, drop_last=True)])
weights = torch.tensor([1.0, 1.0, 1.0, 1.0, 2.0, 2.0])
sampler = WeightedRandomSampler(weights, num_samples=12, replacement=True)
print(torch.cat([labels for _, labels in DataLoader(pairs, 3, sampler=sampler)]).bincount())
print([batch.tolist() for batch in DataLoader(Steps(), batch_size=3)])
sequences = [[1, 2, 3], [4], [5, 6], [7, 8, 9, 10]]
for rows, lengths in DataLoader(sequences, batch_size=2, collate_fn=padded):
    print(rows, lengths)
both = ConcatDataset([Squares(2), Subset(Squares(9), [8, 5])])
print([each["square"] for each in both])
inputs, targets = next(iter(DataLoader(pairs, batch_size=len(pairs))))
print(inputs.mean(), inputs.std(), targets.float().mean())
loader = DataLoader(pairs, 4)
print(len(loader), loader.batch_size, len(loader.dataset))
