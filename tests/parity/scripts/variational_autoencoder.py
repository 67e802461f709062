"""A variational autoencoder of bars in 6x6 pictures: encoder, reparametrization, decoder, BCE and divergence, samples."""

import torch
import torch.nn.functional as F
from torch import nn, optim

torch.manual_seed(1)


def pictures(count):
    images = torch.zeros(count, 6, 6)
    for image, place, upright in zip(images, torch.randint(6, (count,)), torch.rand(count) < 0.5, strict=True):
        if upright:
            image[:, place] = 1
        else:
            image[place] = 1
    return images.flatten(1)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(36, 32)
        self.fc21, self.fc22 = nn.Linear(32, 4), nn.Linear(32, 4)
        self.fc3, self.fc4 = nn.Linear(4, 32), nn.Linear(32, 36)

    def encode(self, x):
        h = F.relu(self.fc1(x))
        return self.fc21(h), self.fc22(h)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        return mu + torch.randn_like(std) * std

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 36))
        return self.decode(self.reparameterize(mu, logvar)), mu, logvar


def loss_function(made, x, mu, logvar):
    bce = F.binary_cross_entropy(made, x, reduction="sum")
    kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return bce + kld, bce, kld


model = VAE()
optimizer = optim.Adam(model.parameters(), lr=1e-2)
data = pictures(256)
for epoch in range(1, 6):
    model.train()
    total = 0
    for batch in data.split(32):
        optimizer.zero_grad()
        loss, _, _ = loss_function(*((out := model(batch))[0], batch, *out[1:]))
        loss.backward()
        total += loss.item()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        held = pictures(64)
        _, bce, kld = loss_function(*((out := model(held))[0], held, *out[1:]))
    print(f"epoch {epoch}: {total / len(data):.4g}, held out {bce.item() / 64:.4g} + {kld.item() / 64:.3g}")
with torch.no_grad():
    sample = model.decode(torch.randn(2, 4)).view(2, 6, 6)
print((sample > 0.3).int())
