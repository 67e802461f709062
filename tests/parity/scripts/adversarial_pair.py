"""A generator and a discriminator of 8x8 pictures (as DCGAN has them): transposed convolutions, batch norm, two optimizers."""

import torch
from torch import nn, optim

torch.manual_seed(999)
NOISE, FEATURES = 8, 8


def weights_init(m):
    name = m.__class__.__name__
    if "Conv" in name:
        nn.init.normal_(m.weight.data, 0.0, 0.02)
    elif "BatchNorm" in name:
        nn.init.normal_(m.weight.data, 1.0, 0.02)
        nn.init.constant_(m.bias.data, 0)


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(NOISE, FEATURES * 2, 4, 1, 0, bias=False),
            nn.BatchNorm2d(FEATURES * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(FEATURES * 2, 1, 4, 2, 1, bias=False),
            nn.Tanh(),
        )

    def forward(self, x):
        return self.main(x)


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(1, FEATURES, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(FEATURES, 1, 4, 1, 0, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x):
        return self.main(x)


def real(count):
    """Blobs somewhere near the middle, from -1 to 1."""
    at = torch.arange(8.0)
    middle = 3.5 + torch.randn(count, 2)
    rows, columns = ((at - middle[:, k : k + 1]) ** 2 for k in (0, 1))
    return 2 * torch.exp(-(rows[:, :, None] + columns[:, None]) / 3)[:, None] - 1


generator, discriminator = Generator().apply(weights_init), Discriminator().apply(weights_init)
print(generator, discriminator)
criterion = nn.BCELoss()
fixed = torch.randn(4, NOISE, 1, 1)
optimizer_d = optim.Adam(discriminator.parameters(), lr=0.002, betas=(0.5, 0.999))
optimizer_g = optim.Adam(generator.parameters(), lr=0.002, betas=(0.5, 0.999))
for step in range(30):
    discriminator.zero_grad()
    images = real(16)
    label = torch.full((16,), 1.0)
    out = discriminator(images).view(-1)
    loss_real = criterion(out, label)
    loss_real.backward()
    d_x = out.mean().item()
    fake = generator(torch.randn(16, NOISE, 1, 1))
    label.fill_(0.0)
    out = discriminator(fake.detach()).view(-1)
    loss_fake = criterion(out, label)
    loss_fake.backward()
    optimizer_d.step()
    generator.zero_grad()
    label.fill_(1.0)
    out = discriminator(fake).view(-1)
    loss_g = criterion(out, label)
    loss_g.backward()
    optimizer_g.step()
    if step % 5 == 0:
        print(
            f"{step}: D {(loss_real + loss_fake).item():.4f} G {loss_g.item():.4f} D(x) {d_x:.3f} {out.mean().item():.3f}"
        )
with torch.no_grad():
    made = generator(fixed)
print(made.shape, f"{made.mean().item():.4f} {made.std().item():.4f}")
