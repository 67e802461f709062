"""Autoencoders: linear, which finds principal components; denoising, of convolutions up and down; sparse, by a penalty."""

import torch
import torch.nn.functional as F
from torch import nn, optim

torch.manual_seed(21)
mixing = torch.randn(2, 6)
data = torch.randn(200, 2) @ mixing + 0.1 * torch.randn(200, 6)
data -= data.mean(0)
encoder, decoder = nn.Linear(6, 2, bias=False), nn.Linear(2, 6, bias=False)
optimizer = optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.02)
for epoch in range(80):
    loss = F.mse_loss(decoder(encoder(data)), data)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 20 == 19:
        print(f"linear {epoch}: {loss.item():.4g}")
_, values, directions = torch.linalg.svd(data, full_matrices=False)
print("singular values", [f"{each:.3f}" for each in values.tolist()])
print(f"principal components leave {F.mse_loss(data @ directions[:2].T @ directions[:2], data).item():.4g}")


class Denoiser(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(
            nn.Conv2d(1, 6, 3, stride=2, padding=1), nn.ELU(), nn.Conv2d(6, 4, 3, stride=2, padding=1), nn.ELU()
        )
        self.up = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            nn.Conv2d(4, 6, 3, padding=1),
            nn.ELU(),
            nn.ConvTranspose2d(6, 1, 3, stride=2, padding=1, output_padding=1),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.up(self.down(x))


at = torch.arange(12.0)
centre = torch.rand(48, 2) * 6 + 3
radius = ((at - centre[:, :1]) ** 2)[:, :, None] + ((at - centre[:, 1:]) ** 2)[:, None]
pictures = (radius < 6).float()[:, None]
model = Denoiser()
optimizer = optim.Adamax(model.parameters(), lr=0.02)
for epoch in range(6):
    total = 0.0
    for batch in torch.randperm(48).split(16):
        clean = pictures[batch]
        noisy = (clean + 0.3 * torch.randn_like(clean)).clamp(0, 1)
        loss = F.binary_cross_entropy(model(noisy), clean)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() / 3
    print(f"denoising {epoch}: {total:.4f}")
print(model(pictures[:2]).shape, f"{model(pictures[:2]).mean().item():.4f}")

sparse = nn.Sequential(nn.Linear(6, 12), nn.Sigmoid())
back = nn.Linear(12, 6)
optimizer = optim.Adagrad([*sparse.parameters(), *back.parameters()], lr=0.1)
for epoch in range(40):
    hidden = sparse(data)
    rate = hidden.mean(0)
    penalty = (0.1 * torch.log(0.1 / rate) + 0.9 * torch.log(0.9 / (1 - rate))).sum()
    loss = F.mse_loss(back(hidden), data) + 0.05 * penalty
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 20 == 19:
        print(f"sparse {epoch}: {loss.item():.4f}, active {rate.mean().item():.3f}")
