"""A variational autoencoder in the language of distributions: Normal, Bernoulli, kl_divergence, rsample, Independent."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.distributions import Bernoulli, Independent, MultivariateNormal, Normal, kl_divergence
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)


class Encoder(nn.Module):
    def __init__(self, latent):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(1, 8, 3, 2, 1), nn.LeakyReLU(0.2), nn.Flatten(), nn.LazyLinear(2 * latent))

    def forward(self, x):
        loc, scale = self.net(x).chunk(2, dim=-1)
        return Normal(loc, F.softplus(scale) + 1e-4)


class Decoder(nn.Module):
    def __init__(self, latent):
        super().__init__()
        self.fc = nn.Linear(latent, 8 * 4 * 4)
        self.up = nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1)

    def forward(self, z):
        return Independent(Bernoulli(logits=self.up(F.elu(self.fc(z)).view(-1, 8, 4, 4))), 3)


class VAE(nn.Module):
    def __init__(self, latent=2):
        super().__init__()
        self.encoder, self.decoder = Encoder(latent), Decoder(latent)
        self.register_buffer("zero", torch.zeros(latent))
        self.register_buffer("one", torch.ones(latent))

    @property
    def prior(self):
        return Normal(self.zero, self.one)

    def forward(self, x):
        posterior = self.encoder(x)
        likelihood = self.decoder(posterior.rsample())
        return likelihood.log_prob(x), kl_divergence(posterior, self.prior).sum(-1)


rows = torch.arange(8)
places = torch.randint(0, 8, (192, 2))
images = ((rows == places[:, :1])[:, :, None] | (rows == places[:, 1:])[:, None, :]).float()[:, None]
loader = DataLoader(TensorDataset(images), batch_size=32, shuffle=True, drop_last=True)
model = VAE()
model(images[:1])
print(model)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-2)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-2, total_steps=6 * len(loader))
for epoch in range(6):
    beta, sums = min(1.0, (epoch + 1) / 4), torch.zeros(2)
    for (x,) in loader:
        log_likelihood, divergence = model(x)
        loss = (beta * divergence - log_likelihood).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
        sums += torch.stack([log_likelihood.mean(), divergence.mean()]).detach()
    likelihood, divergence = (sums / len(loader)).tolist()
    print(f"epoch {epoch}: log p(x|z) {likelihood:.2f}, KL {divergence:.3f}, lr {scheduler.get_last_lr()[0]:.4f}")

model.eval()
with torch.no_grad():
    posterior = model.encoder(images[:2])
    print(posterior, posterior.batch_shape, posterior.event_shape)
    print(posterior.mean.shape, posterior.stddev.gt(0).all(), f"{posterior.entropy().mean():.3f}")
    z = model.prior.sample((64,))
    made = model.decoder(z)
    print(made, made.base_dist.probs.shape, made.sample().unique())
    weights = model.decoder(posterior.sample((16,)).flatten(0, 1)).log_prob(images[:2].repeat(16, 1, 1, 1))
    print(f"{weights.view(16, 2).logsumexp(0).mean() - torch.tensor(16.0).log():.2f}")
by_hand = 0.5 * (posterior.variance + posterior.mean**2 - 1 - posterior.variance.log())
print(torch.allclose(by_hand, kl_divergence(posterior, model.prior), atol=1e-5))
full = MultivariateNormal(torch.zeros(2), covariance_matrix=torch.tensor([[2.0, 0.5], [0.5, 1.0]]))
print(full, full.sample((3,)), f"{kl_divergence(full, MultivariateNormal(torch.zeros(2), torch.eye(2))):.4f}")
try:
    Normal(torch.zeros(2), torch.tensor([1.0, -1.0]))
except ValueError as error:
    print(error)
