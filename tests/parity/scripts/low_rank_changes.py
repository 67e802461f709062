"""A network is fine-tuned by low-rank changes: parametrizations that are cached, removed and refused."""

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.nn.utils.parametrize as parametrize

torch.manual_seed(0)


class LoRA(nn.Module):
    def __init__(self, fin, fout, rank=1, alpha=1):
        super().__init__()
        self.A = nn.Parameter(torch.zeros((rank, fout)))
        self.B = nn.Parameter(torch.zeros((fin, rank)))
        nn.init.normal_(self.A, mean=0, std=1)
        self.scale = alpha / rank
        self.enabled = True

    def forward(self, weight):
        return weight + torch.matmul(self.B, self.A).view(weight.shape) * self.scale if self.enabled else weight


class Rich(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear1 = nn.Linear(12, 20)
        self.linear2 = nn.Linear(20, 16)
        self.linear3 = nn.Linear(16, 4)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.linear3(self.relu(self.linear2(self.relu(self.linear1(x.view(-1, 12))))))


net = Rich()
orig = {n: p.clone().detach() for n, p in net.named_parameters()}
for l in (net.linear1, net.linear2, net.linear3):
    parametrize.register_parametrization(l, "weight", LoRA(*l.weight.shape, rank=2, alpha=2))
print(net)
print(parametrize.is_parametrized(net.linear1, "weight"), type(net.linear1).__name__, net.linear1.parametrizations)
tot = 0
for i, l in enumerate([net.linear1, net.linear2, net.linear3]):
    tot += l.weight.nelement() + l.bias.nelement()
    print(f"Layer {i + 1}: W: {l.weight.shape} + B: {l.bias.shape} + A: {l.parametrizations['weight'][0].A.shape}")
for n, p in net.named_parameters():
    if "A" not in n.split(".")[-1] and "B" not in n.split(".")[-1]:
        p.requires_grad_(False)
        print("frozen", n)
opt = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=0.02)
x = torch.randn(40, 12)
y = (x.sum(1) > 0).long() + 2 * (x[:, 0] > 0).long()
for i in range(30):
    l = F.cross_entropy(net(x), y)
    opt.zero_grad()
    l.backward()
    opt.step()
print(l)
assert torch.equal(net.linear1.parametrizations.weight.original, orig["linear1.weight"])


def enable(e):
    for l in (net.linear1, net.linear2, net.linear3):
        l.parametrizations["weight"][0].enabled = e


enable(False)
print(F.cross_entropy(net(x), y))
enable(True)
print(F.cross_entropy(net(x), y))
sd = {k: v for k, v in net.state_dict().items() if k.endswith((".A", ".B"))}
print(list(sd))
with parametrize.cached():
    print(net.linear1.weight is net.linear1.weight)
parametrize.remove_parametrizations(net.linear1, "weight", leave_parametrized=True)
print(net.linear1, torch.equal(net.linear1.weight, orig["linear1.weight"]))


class Sym(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).transpose(-1, -2)

    def right_inverse(self, x):
        return x.triu()


class Exp(nn.Module):
    def forward(self, x):
        return torch.matrix_exp(x)


class Skew(nn.Module):
    def forward(self, x):
        upper = x.triu(1)
        return upper - upper.transpose(-1, -2)


q = nn.Linear(3, 3)
parametrize.register_parametrization(q, "weight", Skew())
parametrize.register_parametrization(q, "weight", Exp())
print(torch.dist(q.weight.T @ q.weight, torch.eye(3)) < 1e-05, q)
s = nn.Linear(3, 3)
parametrize.register_parametrization(s, "weight", Sym())
A = torch.rand(3, 3)
s.weight = A + A.T
print(torch.allclose(s.weight, A + A.T))


class LoRALinear(nn.Linear):
    def __init__(self, i, o, r=0, **kw):
        super().__init__(i, o, **kw)
        self.lora_A = nn.Parameter(self.weight.new_zeros((r, i)))
        self.lora_B = nn.Parameter(self.weight.new_zeros((o, r)))
        nn.init.kaiming_uniform_(self.lora_A, a=5**0.5)
        self.weight.requires_grad = False
        self.merged = False

    def train(self, mode=True):
        super().train(mode)
        d = self.lora_B @ self.lora_A
        if mode == self.merged:
            self.weight.data += -d if mode else d
            self.merged = not mode
        return self


L = LoRALinear(4, 4, r=2)
nn.init.ones_(L.lora_B)
w0 = L.weight.clone()
L.train(False)
print((L.weight - w0).abs().sum())
try:
    parametrize.register_parametrization(nn.Linear(2, 2), "weigth", Sym())
except Exception as e:
    print(type(e).__name__, e)
orth = torch.nn.utils.parametrizations.orthogonal(nn.Linear(4, 3))
print(orth, torch.allclose(orth.weight @ orth.weight.T, torch.eye(3), atol=1e-06))
sn = torch.nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3))
print(torch.linalg.matrix_norm(sn.weight, 2) < 3)
wn = torch.nn.utils.parametrizations.weight_norm(nn.Linear(4, 3))
print([n for n, _ in wn.named_parameters()])
