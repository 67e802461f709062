"""Initial weights: every scheme of nn.init, by apply and by name; what they do to the spread of activations and gradients."""

import torch
from torch import nn

torch.manual_seed(23)
schemes = {
    "uniform": lambda w: nn.init.uniform_(w, -0.1, 0.1),
    "normal": lambda w: nn.init.normal_(w, 0, 0.02),
    "constant": lambda w: nn.init.constant_(w, 0.3),
    "xavier_uniform": lambda w: nn.init.xavier_uniform_(w, gain=nn.init.calculate_gain("tanh")),
    "xavier_normal": nn.init.xavier_normal_,
    "kaiming_uniform": lambda w: nn.init.kaiming_uniform_(w, a=5**0.5),
    "kaiming_normal": lambda w: nn.init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"),
    "truncated": lambda w: nn.init.trunc_normal_(w, std=0.5),
    "orthogonal": nn.init.orthogonal_,
    "sparse": lambda w: nn.init.sparse_(w, sparsity=0.5),
    "eye": nn.init.eye_,
}
for name, scheme in schemes.items():
    w = scheme(torch.empty(6, 8))
    print(
        f"{name}: mean {w.mean().item():.4f}, std {w.std().item():.4f}, first {w[0, 0].item():.4f}, norm {w.norm().item():.4f}"
    )
w = nn.init.dirac_(torch.empty(2, 2, 3, 3))
print(w.nonzero().tolist())


def init_weights(m):
    if isinstance(m, (nn.Linear, nn.Conv2d)):
        nn.init.xavier_uniform_(m.weight)
        m.bias.data.fill_(0.01)
    elif isinstance(m, nn.BatchNorm1d):
        nn.init.ones_(m.weight)
        nn.init.zeros_(m.bias)


net = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Tanh(), nn.Linear(16, 2))
print(net.apply(init_weights) is net, net[0].bias[:3].tolist(), f"{net[0].weight.std().item():.4f}")
for name, parameter in net.named_parameters():
    if "weight" in name and parameter.dim() > 1:
        nn.init.orthogonal_(parameter, gain=2**0.5)
    print(f"{name}: {parameter.norm().item():.4f}")
gram = net[3].weight @ net[3].weight.T
print(
    torch.allclose(gram, 2 * torch.eye(2), atol=1e-5),
    {each: f"{nn.init.calculate_gain(each):.4f}" for each in ("relu", "selu")},
)

x = torch.randn(64, 50)
for name, std in (("small", 0.01), ("He", (2 / 50) ** 0.5), ("large", 0.5)):
    layers = [nn.Linear(50, 50, bias=False) for _ in range(6)]
    for layer in layers:
        layer.weight.data.normal_(0, std)
    h, spreads = x, []
    for layer in layers:
        h = layer(h).relu()
        spreads.append(h.std().item())
    h.sum().backward()
    print(name, [f"{each:.3g}" for each in spreads], f"first gradient {layers[0].weight.grad.std().item():.3g}")
torch.manual_seed(23)
conv, rnn, norm = nn.Conv1d(2, 3, 3), nn.LSTM(2, 3), nn.GroupNorm(1, 4)
for module in (conv, rnn, norm, nn.Embedding(3, 2), nn.Bilinear(2, 2, 1), nn.MultiheadAttention(4, 2)):
    print(type(module).__name__, [f"{p.double().sum().item():.5f}" for p in module.parameters()])
