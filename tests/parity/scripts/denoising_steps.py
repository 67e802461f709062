"""A diffusion model on points of a spiral: a schedule of noise, time embeddings, EMA, ancestral and DDIM sampling, guidance."""

import math
from functools import partial

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)


def linear_beta_schedule(timesteps):
    return torch.linspace(0.0001 * 10, 0.02 * 10, timesteps)


def cosine_beta_schedule(timesteps, s=0.008):
    x = torch.linspace(0, timesteps, timesteps + 1)
    alphas_cumprod = torch.cos(((x / timesteps) + s) / (1 + s) * torch.pi * 0.5) ** 2
    alphas_cumprod = alphas_cumprod / alphas_cumprod[0]
    return torch.clip(1 - (alphas_cumprod[1:] / alphas_cumprod[:-1]), 0.0001, 0.9999)


T = 40
for schedule in (linear_beta_schedule, cosine_beta_schedule):
    betas = schedule(T)
    print(schedule.__name__, f"{betas[0]:.5f} {betas[-1]:.5f} {(1 - betas).prod():.2e}")
betas = linear_beta_schedule(T)
alphas = 1.0 - betas
alphas_cumprod = torch.cumprod(alphas, axis=0)
alphas_cumprod_prev = F.pad(alphas_cumprod[:-1], (1, 0), value=1.0)
posterior_variance = betas * (1.0 - alphas_cumprod_prev) / (1.0 - alphas_cumprod)
print(posterior_variance[:3])


def extract(a, t, x_shape):
    out = a.gather(-1, t.cpu())
    return out.reshape(t.shape[0], *((1,) * (len(x_shape) - 1))).to(t.device)


def q_sample(x_start, t, noise=None):
    if noise is None:
        noise = torch.randn_like(x_start)
    return (
        extract(alphas_cumprod.sqrt(), t, x_start.shape) * x_start
        + extract((1.0 - alphas_cumprod).sqrt(), t, x_start.shape) * noise
    )


class SinusoidalPositionEmbeddings(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, time):
        half_dim = self.dim // 2
        embeddings = math.log(10000) / (half_dim - 1)
        embeddings = torch.exp(torch.arange(half_dim, device=time.device) * -embeddings)
        embeddings = time[:, None] * embeddings[None, :]
        return torch.cat((embeddings.sin(), embeddings.cos()), dim=-1)


class Block(nn.Module):
    """A residual block; time scales and shifts what it normalises (FiLM)."""

    def __init__(self, dim, time_dim):
        super().__init__()
        self.norm = nn.GroupNorm(4, dim)
        self.mlp = nn.Sequential(nn.SiLU(), nn.Linear(time_dim, dim * 2))
        self.proj = nn.Linear(dim, dim)
        self.out = nn.Linear(dim, dim)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x, time):
        scale, shift = self.mlp(time).chunk(2, dim=1)
        h = self.norm(self.proj(x)) * (scale + 1) + shift
        return x + self.out(F.silu(h))


class Denoiser(nn.Module):
    def __init__(self, dim=32, classes=2):
        super().__init__()
        self.time = nn.Sequential(
            SinusoidalPositionEmbeddings(dim), nn.Linear(dim, dim), nn.GELU(), nn.Linear(dim, dim)
        )
        self.label = nn.Embedding(classes + 1, dim)
        self.first = nn.Linear(2, dim)
        self.blocks = nn.ModuleList([Block(dim, dim) for _ in range(2)])
        self.last = nn.Sequential(nn.LayerNorm(dim), nn.SiLU(), nn.Linear(dim, 2))

    def forward(self, x, t, y):
        time = self.time(t) + self.label(y)
        x = self.first(x)
        for block in self.blocks:
            x = block(x, time)
        return self.last(x)


class EMA:
    def __init__(self, model, decay):
        self.decay = decay
        self.shadow = {name: p.data.clone() for name, p in model.named_parameters() if p.requires_grad}
        self.backup = {}

    def update(self, model):
        for name, p in model.named_parameters():
            self.shadow[name].mul_(self.decay).add_(p.data, alpha=1 - self.decay)

    def apply_shadow(self, model):
        for name, p in model.named_parameters():
            self.backup[name] = p.data
            p.data = self.shadow[name]

    def restore(self, model):
        for name, p in model.named_parameters():
            p.data = self.backup[name]


turn = torch.rand(400) * 3 * math.pi
side = torch.randint(2, (400,))
points = torch.stack([turn.cos(), turn.sin()], 1) * (turn / 6)[:, None] * (1 - 2 * side[:, None]) + 0.02 * torch.randn(
    400, 2
)
print(points.mean(0), points.std(0))
model = Denoiser()
print(f"{sum(p.numel() for p in model.parameters()):,} parameters")
ema = EMA(model, 0.95)
optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, betas=(0.9, 0.99))
dataloader = DataLoader(TensorDataset(points, side), 100, shuffle=True)
losses = {"l1": F.l1_loss, "l2": F.mse_loss, "huber": partial(F.smooth_l1_loss, beta=0.5)}
for epoch in range(12):
    total = 0
    for x, y in dataloader:
        t = torch.randint(0, T, (x.shape[0],)).long()
        dropped = torch.where(torch.rand(len(y)) < 0.1, torch.full_like(y, 2), y)
        noise = torch.randn_like(x)
        loss = losses["huber"](model(q_sample(x, t, noise), t, dropped), noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ema.update(model)
        total += loss.item() * len(x)
    if epoch % 3 == 2:
        print(f"epoch {epoch}: {total / len(points):.2f}")


@torch.no_grad()
def p_sample(model, x, t, t_index, y, guidance=1.5):
    guided = model(x, t, y)
    free = model(x, t, torch.full_like(y, 2))
    predicted = torch.lerp(free, guided, guidance)
    mean = (x - extract(betas / (1 - alphas_cumprod).sqrt(), t, x.shape) * predicted) * extract(
        alphas.rsqrt(), t, x.shape
    )
    if t_index == 0:
        return mean
    return mean + torch.sqrt(extract(posterior_variance, t, x.shape)) * torch.randn_like(x)


@torch.inference_mode()
def ddim(model, count, steps=8):
    x = torch.randn(count, 2)
    times = torch.linspace(T - 1, 0, steps).long().tolist()
    for now, then in zip(times, times[1:] + [-1]):
        t = torch.full((count,), now)
        noise = model(x, t, torch.zeros_like(t))
        start = (x - (1 - alphas_cumprod[now]).sqrt() * noise) / alphas_cumprod[now].sqrt()
        after = alphas_cumprod[then] if then >= 0 else torch.tensor(1.0)
        x = after.sqrt() * start.clamp(-3, 3) + (1 - after).sqrt() * noise
    return x


model.eval()
ema.apply_shadow(model)
x, y = torch.randn(64, 2), torch.arange(64) % 2
for i in reversed(range(T)):
    x = p_sample(model, x, torch.full((64,), i, dtype=torch.long), i, y)
nearest = torch.cdist(x, points).min(1)
print(f"{nearest.values.mean():.2f} away, {x.std():.1f} wide", x.shape)
made = ddim(model, 16)
print(made.is_inference(), f"{torch.cdist(made, points).amin(1).mean():.1f}")
ema.restore(model)
print(all(p is model.get_parameter(name) for name, p in model.named_parameters()), len(ema.shadow))
