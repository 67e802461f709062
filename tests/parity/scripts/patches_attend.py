"""A vision transformer: patches by unfold, a class token, MixUp by hand, label smoothing, rates by layer, attention rollout."""

import collections
from functools import partial

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.init import trunc_normal_
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

torch.manual_seed(40)


class PatchEmbed(nn.Module):
    def __init__(self, img_size=12, patch_size=4, in_chans=1, embed_dim=24):
        super().__init__()
        self.num_patches = (img_size // patch_size) ** 2
        self.proj = nn.Conv2d(in_chans, embed_dim, kernel_size=patch_size, stride=patch_size)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class Attention(nn.Module):
    def __init__(self, dim, num_heads=4, qkv_bias=True):
        super().__init__()
        self.num_heads = num_heads
        self.scale = (dim // num_heads) ** -0.5
        self.qkv = nn.Linear(dim, dim * 3, bias=qkv_bias)
        self.proj = nn.Linear(dim, dim)
        self.seen = None

    def forward(self, x):
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, self.num_heads, C // self.num_heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv.unbind(0)
        attn = (q @ k.transpose(-2, -1)) * self.scale
        attn = attn.softmax(dim=-1)
        self.seen = attn.detach()
        return self.proj((attn @ v).transpose(1, 2).reshape(B, N, C))


class DropPath(nn.Module):
    def __init__(self, drop_prob=0.0):
        super().__init__()
        self.drop_prob = drop_prob

    def forward(self, x):
        if self.drop_prob == 0.0 or not self.training:
            return x
        keep_prob = 1 - self.drop_prob
        mask = keep_prob + torch.rand((x.shape[0],) + (1,) * (x.ndim - 1), dtype=x.dtype, device=x.device)
        return x.div(keep_prob) * mask.floor_()

    def extra_repr(self):
        return f"drop_prob={round(self.drop_prob, 3):0.3f}"


class Block(nn.Module):
    def __init__(self, dim, num_heads, mlp_ratio=2.0, drop_path=0.0, norm_layer=partial(nn.LayerNorm, eps=1e-6)):
        super().__init__()
        self.norm1 = norm_layer(dim)
        self.attn = Attention(dim, num_heads)
        self.drop_path = DropPath(drop_path) if drop_path > 0.0 else nn.Identity()
        self.norm2 = norm_layer(dim)
        hidden = int(dim * mlp_ratio)
        self.mlp = nn.Sequential(nn.Linear(dim, hidden), nn.GELU(approximate="tanh"), nn.Linear(hidden, dim))

    def forward(self, x):
        x = x + self.drop_path(self.attn(self.norm1(x)))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class VisionTransformer(nn.Module):
    def __init__(self, num_classes=4, embed_dim=24, depth=3, drop_path_rate=0.2):
        super().__init__()
        self.patch_embed = PatchEmbed(embed_dim=embed_dim)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, embed_dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, self.patch_embed.num_patches + 1, embed_dim))
        dpr = [x.item() for x in torch.linspace(0, drop_path_rate, depth)]
        self.blocks = nn.ModuleList([Block(embed_dim, 4, drop_path=rate) for rate in dpr])
        self.norm = nn.LayerNorm(embed_dim)
        self.head = nn.Linear(embed_dim, num_classes)
        trunc_normal_(self.pos_embed, std=0.02)
        trunc_normal_(self.cls_token, std=0.02)
        self.apply(self._init_weights)

    def _init_weights(self, m):
        if isinstance(m, nn.Linear):
            trunc_normal_(m.weight, std=0.05)
            if m.bias is not None:
                nn.init.constant_(m.bias, 0)

    def forward(self, x):
        x = self.patch_embed(x)
        x = torch.cat((self.cls_token.expand(x.shape[0], -1, -1), x), dim=1) + self.pos_embed
        for blk in self.blocks:
            x = blk(x)
        return self.head(self.norm(x)[:, 0])


def bars(count):
    """A bright quarter says the class; the classes are not equally frequent."""
    labels = torch.multinomial(torch.tensor([0.5, 0.2, 0.2, 0.1]), count, replacement=True)
    images = 0.3 * torch.randn(count, 1, 12, 12)
    for i, label in enumerate(labels):
        r, c = divmod(label.item(), 2)
        images[i, :, 6 * r : 6 * r + 6, 6 * c : 6 * c + 6] += 0.8
    return images, labels


images, labels = bars(160)
frequency = torch.bincount(labels)
print(frequency, collections.Counter(labels.tolist()).most_common(1))
model = VisionTransformer()
print(model.blocks[1])
print(sum(p.numel() for p in model.parameters()), f"{model.pos_embed.std():.4f}")

# the convolution's patches are those of unfold
patches = F.unfold(images[:2], kernel_size=4, stride=4).transpose(1, 2)
weight = model.patch_embed.proj.weight.flatten(1)
print(torch.allclose(patches @ weight.t() + model.patch_embed.proj.bias, model.patch_embed(images[:2]), atol=1e-5))
by_views = images[:2].unfold(2, 4, 4).unfold(3, 4, 4).contiguous().view(2, 9, 16)
print(torch.equal(by_views, patches), F.fold(patches.transpose(1, 2), 12, 4, stride=4).equal(images[:2]))


def param_groups_lrd(model, weight_decay=0.05, layer_decay=0.75):
    groups, depth = {}, len(model.blocks) + 1
    for name, p in model.named_parameters():
        layer = (
            int(name.split(".")[1]) + 1
            if name.startswith("blocks")
            else depth
            if name.split(".")[0] in ("norm", "head")
            else 0
        )
        decay = 0.0 if p.ndim == 1 or name in ("pos_embed", "cls_token") else weight_decay
        group = groups.setdefault(
            f"layer_{layer}_{'no_decay' if decay == 0 else 'decay'}",
            {"lr_scale": layer_decay ** (depth - layer), "weight_decay": decay, "params": []},
        )
        group["params"].append(p)
    return list(groups.values())


groups = param_groups_lrd(model)
print([(len(group["params"]), group["weight_decay"], round(group["lr_scale"], 3)) for group in groups])
optimizer = torch.optim.AdamW(groups, lr=6e-3)
for group in optimizer.param_groups:
    group["lr"] = group["lr"] * group["lr_scale"]
warmup = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 10))
sampler = WeightedRandomSampler((1.0 / frequency)[labels], num_samples=160, replacement=True)
loader = DataLoader(TensorDataset(images, labels), batch_size=32, sampler=sampler)
print(torch.bincount(labels[torch.tensor(list(sampler))]))
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
for epoch in range(6):
    model.train()
    total = 0.0
    for x, y in loader:
        lam = torch.distributions.Beta(0.4, 0.4).sample().item()
        order = torch.randperm(x.size(0))
        mixed = lam * x + (1 - lam) * x[order]
        output = model(mixed)
        loss = lam * criterion(output, y) + (1 - lam) * criterion(output, y[order])
        soft = lam * F.one_hot(y, 4) + (1 - lam) * F.one_hot(y[order], 4)
        assert torch.allclose(loss, criterion(output, soft), atol=1e-5)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        warmup.step()
        total += loss.item()
    model.eval()
    with torch.no_grad():
        right = (model(images).argmax(-1) == labels).float().mean()
    print(f"epoch {epoch}: loss {total / len(loader):.2f} right {right:.2f} lr {optimizer.param_groups[-1]['lr']:.6f}")

result = torch.eye(10)
for block in model.blocks:
    attention = block.attn.seen[0].mean(0) + torch.eye(10)
    result = attention / attention.sum(dim=-1, keepdim=True) @ result
print(result.shape, torch.allclose(result.sum(-1), torch.ones(10), atol=1e-5), result[0, 1:].reshape(3, 3).shape)

# positions for larger pictures
grid = model.pos_embed[:, 1:].reshape(1, 3, 3, -1).permute(0, 3, 1, 2)
larger = F.interpolate(grid, size=(5, 5), mode="bicubic", align_corners=False).permute(0, 2, 3, 1).flatten(1, 2)
print(larger.shape, f"{larger.std():.4f}")
fast = F.scaled_dot_product_attention(*(torch.randn(1, 2, 3, 4) for _ in range(3)), is_causal=True)
print(fast.shape, f"{fast.mean():.5f}")
