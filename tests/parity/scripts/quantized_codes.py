"""VQ-VAE in small: a codebook, the straight-through gradient, codes by moving averages, perplexity, codes as tokens."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)


def stripes(count, size=8):
    """Pictures of a few stripes: each is one of eight patterns, moved and with noise."""
    kind = torch.randint(8, (count,))
    grid = torch.arange(size).float()
    wave = torch.sin(grid[None, :, None] * (1 + kind % 4)[:, None, None] * 0.7) + torch.cos(
        grid[None, None, :] * (1 + kind // 4)[:, None, None] * 0.9
    )
    return (wave + 0.1 * torch.randn(count, size, size)).unsqueeze(1) / 2, kind


class VectorQuantizerEMA(nn.Module):
    def __init__(self, num_embeddings, embedding_dim, commitment_cost, decay=0.95, epsilon=1e-5):
        super().__init__()
        self._embedding_dim, self._num_embeddings = embedding_dim, num_embeddings
        self._embedding = nn.Embedding(num_embeddings, embedding_dim)
        self._embedding.weight.data.normal_()
        self._commitment_cost = commitment_cost
        self.register_buffer("_ema_cluster_size", torch.zeros(num_embeddings))
        self._ema_w = nn.Parameter(torch.Tensor(num_embeddings, embedding_dim))
        self._ema_w.data.normal_()
        self._decay, self._epsilon = decay, epsilon

    def forward(self, inputs):
        inputs = inputs.permute(0, 2, 3, 1).contiguous()
        flat_input = inputs.view(-1, self._embedding_dim)
        distances = (
            torch.sum(flat_input**2, dim=1, keepdim=True)
            + torch.sum(self._embedding.weight**2, dim=1)
            - 2 * torch.matmul(flat_input, self._embedding.weight.t())
        )
        encoding_indices = torch.argmin(distances, dim=1).unsqueeze(1)
        encodings = torch.zeros(encoding_indices.shape[0], self._num_embeddings, device=inputs.device)
        encodings.scatter_(1, encoding_indices, 1)
        quantized = torch.matmul(encodings, self._embedding.weight).view(inputs.shape)
        if self.training:
            self._ema_cluster_size = self._ema_cluster_size * self._decay + (1 - self._decay) * torch.sum(encodings, 0)
            n = torch.sum(self._ema_cluster_size.data)
            self._ema_cluster_size = (
                (self._ema_cluster_size + self._epsilon) / (n + self._num_embeddings * self._epsilon) * n
            )
            dw = torch.matmul(encodings.t(), flat_input)
            self._ema_w = nn.Parameter(self._ema_w * self._decay + (1 - self._decay) * dw)
            self._embedding.weight = nn.Parameter(self._ema_w / self._ema_cluster_size.unsqueeze(1))
        e_latent_loss = F.mse_loss(quantized.detach(), inputs)
        loss = self._commitment_cost * e_latent_loss
        quantized = inputs + (quantized - inputs).detach()
        avg_probs = torch.mean(encodings, dim=0)
        perplexity = torch.exp(-torch.sum(avg_probs * torch.log(avg_probs + 1e-10)))
        return loss, quantized.permute(0, 3, 1, 2).contiguous(), perplexity, encoding_indices.view(inputs.shape[:3])


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self._block = nn.Sequential(
            nn.ReLU(), nn.Conv2d(channels, 8, 3, padding=1, bias=False), nn.ReLU(True), nn.Conv2d(8, channels, 1)
        )

    def forward(self, x):
        return x + self._block(x)


class Model(nn.Module):
    def __init__(self, codes=16, width=6):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 12, 4, stride=2, padding=1), nn.Tanh(), Residual(12), nn.Conv2d(12, width, 1)
        )
        self.vq = VectorQuantizerEMA(codes, width, 0.25)
        self.decoder = nn.Sequential(
            nn.Conv2d(width, 12, 3, padding=1), Residual(12), nn.ConvTranspose2d(12, 1, 4, stride=2, padding=1)
        )

    def forward(self, x):
        loss, quantized, perplexity, codes = self.vq(self.encoder(x))
        return loss, self.decoder(quantized), perplexity, codes


pictures, kinds = stripes(192)
data_variance = torch.var(pictures)
print(pictures.shape, f"{data_variance:.4f}", kinds.bincount(minlength=8))
model = Model()
print(sum(p.numel() for p in model.parameters() if p.requires_grad), list(dict(model.named_buffers())))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, amsgrad=False)
loader = DataLoader(TensorDataset(pictures), batch_size=48, shuffle=True, drop_last=True)
for epoch in range(6):
    errors, perplexities = [], []
    for (data,) in loader:
        optimizer.zero_grad()
        vq_loss, reconstructed, perplexity, _ = model(data)
        recon_error = F.mse_loss(reconstructed, data) / data_variance
        (recon_error + vq_loss).backward()
        optimizer.step()
        errors.append(recon_error.item())
        perplexities.append(perplexity.item())
    print(
        f"epoch {epoch + 1}: error {sum(errors) / len(errors):.3f} perplexity {sum(perplexities) / len(perplexities):.2f}"
    )
print(model.vq._embedding.weight.grad, model.vq._ema_w.requires_grad, optimizer.param_groups[0]["lr"])

model.eval()
with torch.no_grad():
    _, _, perplexity, codes = model(pictures[:4])
print(codes.shape, codes.dtype, codes.unique().numel() <= 16)
print(codes[0])

# the gradient goes straight through
z = torch.tensor([[0.2, 0.7], [-0.4, 0.1]], requires_grad=True)
book = torch.tensor([[0.0, 1.0], [0.0, 0.0], [-1.0, 0.0]])
nearest = torch.cdist(z, book).argmin(1)
straight = z + (F.embedding(nearest, book) - z).detach()
straight.pow(3).sum().backward()
print(nearest, straight, z.grad)

# codes by Gumbel's trick instead
logits = torch.randn(5, 3, requires_grad=True)
soft = F.gumbel_softmax(logits, tau=0.8, hard=False)
hard = F.gumbel_softmax(logits, tau=0.8, hard=True)
print(torch.allclose(soft.sum(-1), torch.ones(5)), hard.sum(0))
(hard @ book).sum().backward()
print(logits.grad.shape, f"{logits.grad.abs().sum():.4f}")

# a prior over codes: counts of what follows what
flat = codes.flatten(1)
pairs = torch.stack([flat[:, :-1].flatten(), flat[:, 1:].flatten()])
counts = torch.zeros(16, 16).index_put_((pairs[0], pairs[1]), torch.ones(pairs.shape[1]), accumulate=True)
print(int(counts.sum()), counts.max().item(), (counts > 0).sum().item())
prior = torch.distributions.Categorical(probs=counts[flat[0, 0]] + 0.1)
print(prior.sample((6,)), f"{prior.entropy():.4f}")
