"""A field of light: colours and density learned from pictures of a ball, by what cameras see along their rays."""

import math

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(3)
SIZE, FOCAL, NEAR, FAR = 10, 12.0, 2.0, 6.0


def camera(angle):
    """Where it stands and how it is turned, as a matrix from its own coordinates to the world's."""
    cos, sin = math.cos(angle), math.sin(angle)
    turned = torch.tensor([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
    return torch.hstack((turned, (turned @ torch.tensor([0.0, 0.0, 4.0]))[:, None]))


def rays(matrix):
    rows, columns = torch.meshgrid(torch.arange(SIZE) - SIZE / 2, torch.arange(SIZE) - SIZE / 2, indexing="ij")
    own = torch.stack((columns / FOCAL, -rows / FOCAL, torch.full_like(rows, -1)), -1)
    return matrix[:, 3].expand_as(own), torch.einsum("ij,hwj->hwi", matrix[:, :3], own)


def ball(origin, along):
    """What is seen of a ball around 0 that has at each point of its surface the colour of the place."""
    half, square = torch.linalg.vecdot(origin, along), along.square().sum(-1)
    root = half**2 - square * (origin.square().sum(-1) - 1)
    nearest = (-half - root.clamp_min(0).sqrt()) / square
    return torch.where(root[..., None] > 0, (origin + nearest[..., None] * along + 1) / 2, 0.0)


def waves(x, octaves=3):
    turns = x[..., None] * 2.0 ** torch.arange(octaves)
    return torch.cat((x, turns.sin().flatten(-2), turns.cos().flatten(-2)), -1)


class Field(nn.Module):
    def __init__(self, width=24, octaves=3):
        super().__init__()
        self.first = nn.Linear(3 + 6 * octaves, width)
        self.second = nn.Linear(width + 3 + 6 * octaves, width)
        self.density, self.colour = nn.Linear(width, 1), nn.Linear(width, 3)
        self.apply(self.begin)

    @staticmethod
    def begin(module):
        if isinstance(module, nn.Linear):
            nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
            nn.init.zeros_(module.bias)

    def forward(self, points):
        seen = waves(points)
        hidden = F.relu(self.second(torch.cat((F.relu(self.first(seen)), seen), -1)))
        return F.softplus(self.density(hidden)).squeeze(-1), self.colour(hidden).sigmoid()


def render(field, origin, along, samples=12, *, jitter=True):
    depth = torch.linspace(NEAR, FAR, samples).expand(*origin.shape[:-1], samples)
    if jitter:
        depth = depth + torch.rand_like(depth) * (FAR - NEAR) / samples
    density, colour = field(origin[..., None, :] + along[..., None, :] * depth[..., None])
    gaps = torch.diff(depth, append=depth.new_full((1,), 1e4).expand_as(depth[..., :1]))
    opaque = -torch.expm1(-density * gaps)
    left = torch.cumprod(1 - opaque + 1e-10, -1).roll(1, -1)
    left[..., 0] = 1
    weights = opaque * left
    return torch.einsum("hws,hwsc->hwc", weights, colour), torch.linalg.vecdot(weights, depth)


views = [rays(camera(angle)) for angle in torch.linspace(0, math.pi, 5).tolist()]
pictures = torch.stack([ball(*view) for view in views])
print(tuple(pictures.shape), f"{pictures.mean():.4f}", (pictures.sum(-1) > 0).sum((1, 2)))
field = Field()
optimizer = torch.optim.Adam(field.parameters(), lr=5e-3, betas=(0.9, 0.99), amsgrad=True)
for step in range(12):
    at = torch.randint(len(views) - 1, ()).item()
    picture, _ = render(field, *views[at])
    loss = F.mse_loss(picture, pictures[at])
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    if step % 3 == 0:
        print(step, f"{loss.item():.4f}", f"{-10 * torch.log10(loss.detach()):.2f} dB")
with torch.no_grad():
    picture, depth = render(field, *views[-1], jitter=False)
print(picture[4:6, 5].round(decimals=3), depth[5, ::3].round(decimals=2))
grid = F.affine_grid(torch.eye(2, 3).expand(5, 2, 3) / 2, (5, 3, 4, 4), align_corners=False)
small = F.grid_sample(pictures.permute(0, 3, 1, 2), grid, align_corners=False)
print(small.mean((2, 3)))
