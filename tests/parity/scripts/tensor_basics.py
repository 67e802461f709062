"""First steps with tensors: making, indexing, reshaping, reducing, broadcasting, and a line fitted by hand."""

import numpy as np
import torch

torch.manual_seed(0)
x = torch.arange(12).reshape(3, 4)
print(x, x.shape, x.dtype, x.device)
print(x[1], x[:, -1], x[x % 2 == 0])
print(x.T, x.T.is_contiguous(), x.stride(), x.T.stride())
print(x.float().mean(0), x.sum(dim=1, keepdim=True), x.max(), x.argmax(1))

a, b = torch.rand(2, 3), torch.randn(2, 3)
print(a, b, a + b, a * b, a @ b.T, sep="\n")
print(torch.cat([a, b]), torch.stack([a, b]).shape, a.unsqueeze(0).shape, a[None, :, 0].squeeze().shape)
print(torch.zeros(2, dtype=torch.int32), torch.ones_like(a, dtype=torch.float64), torch.eye(2), torch.full((2,), 3.5))
print(torch.linspace(0, 1, 5), torch.randint(0, 10, (6,)), torch.randperm(6), torch.empty(2, 0))

array = np.ones(3, dtype=np.float32)
shared = torch.from_numpy(array)
array[0] = 7
print(shared, shared.numpy().dtype, torch.tensor(array).sum().item())
shared.add_(1)
print(array)

values, places = torch.tensor([0.3, 0.9, 0.1]).sort(descending=True)
print(values, places, values.topk(2), torch.where(values > 0.2, values, -values), values.clamp(0.2, 0.5))
print(torch.tensor([True, False]).any(), torch.allclose(a, a + 1e-9), torch.equal(a, b), (a == b).sum())
print(x.view(2, 6), x.flatten().tolist(), x.permute(1, 0).contiguous().view(-1), sep="\n")
print(a.sum(), a.std(), b.norm(), torch.tensor(1e-8), torch.tensor([1e8, 1.0]), torch.tensor([1 + 2j]), sep="\n")
try:
    a @ b
except RuntimeError as error:
    print(error)
try:
    a + torch.ones(2)
except RuntimeError as error:
    print(error)
