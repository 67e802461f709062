"""Maps of what a network looks at, averaged weights, recomputed parts, samplers and collation of its own."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn, update_bn
from torch.utils.checkpoint import checkpoint, checkpoint_sequential
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    Sampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
    default_collate,
)

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.Conv2d(6, 8, 3), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        return self.fc(torch.flatten(self.pool(self.features(x)), 1))


class GradCAM:
    def __init__(self, m, layer):
        self.m = m
        self.h = [layer.register_forward_hook(self.fwd), layer.register_full_backward_hook(self.bwd)]

    def fwd(self, mod, i, o):
        self.act = o

    def bwd(self, mod, gi, go):
        self.grad = go[0]

    def __call__(self, x, c=None):
        out = self.m(x)
        c = out.argmax(1).item() if c is None else c
        self.m.zero_grad()
        out[0, c].backward()
        w = self.grad.mean(dim=(2, 3), keepdim=True)
        cam = F.relu((w * self.act).sum(1, keepdim=True))
        cam = F.interpolate(cam, size=x.shape[2:], mode="bilinear", align_corners=False)
        cam = cam - cam.min()
        return (cam / (cam.max() + 1e-08), c)

    def remove(self):
        [h.remove() for h in self.h]


m = Net().eval()
gc = GradCAM(m, m.features[3])
cam, c = gc(torch.randn(1, 3, 12, 12))
print(cam.shape, cam.mean(), c)
gc.remove()
print(len(m.features[3]._forward_hooks))
x = torch.randn(1, 3, 8, 8, requires_grad=True)
s = m(x).max()
s.backward()
print(x.grad.abs().amax(1).squeeze()[0])


def ig(x, c, steps=10):
    b = torch.zeros_like(x)
    tot = 0
    for a in torch.linspace(0, 1, steps):
        xi = (b + a * (x - b)).detach().requires_grad_()
        tot = tot + torch.autograd.grad(m(xi)[0, c], xi)[0]
    return (x - b) * tot / steps


print(ig(x.detach(), 2).sum())
net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
opt = torch.optim.SGD(net.parameters(), 0.1)
ema = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(0.9))
ema2 = AveragedModel(net, avg_fn=lambda a, p, n: 0.9 * a + 0.1 * p, use_buffers=True)
swa = AveragedModel(net)
sw = SWALR(opt, swa_lr=0.05, anneal_epochs=3, anneal_strategy="linear")
X, Y = (torch.randn(32, 4), torch.randint(0, 2, (32,)))
loader = DataLoader(list(zip(X, Y)), 8)
for ep in range(6):
    for a, b in loader:
        opt.zero_grad()
        F.cross_entropy(net(a), b).backward()
        opt.step()
        ema.update_parameters(net)
        ema2.update_parameters(net)
    if ep > 2:
        swa.update_parameters(net)
        sw.step()
update_bn(loader, swa)
print(swa.n_averaged, opt.param_groups[0]["lr"], [round(e(X).sum().item(), 4) for e in (ema, ema2, swa)])
print(list(swa.state_dict())[:3], swa)
seq = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for _ in range(4)])
inp = torch.randn(3, 4, requires_grad=True)
o = checkpoint_sequential(seq, 2, inp, use_reentrant=False)
o.sum().backward()
g1 = inp.grad.clone()
inp.grad = None
seq(inp).sum().backward()
print(torch.equal(g1, inp.grad))
d = nn.Dropout(0.5)
a = torch.ones(6, requires_grad=True)
o = checkpoint(lambda t: d(t) * 2, a, use_reentrant=False, preserve_rng_state=True)
o.sum().backward()
print(o, a.grad)


class Bucket(Sampler):
    def __init__(self, lens, bs):
        self.lens, self.bs = (lens, bs)

    def __iter__(self):
        order = sorted(range(len(self.lens)), key=lambda i: self.lens[i])
        bs = [order[i : i + self.bs] for i in range(0, len(order), self.bs)]
        for i in torch.randperm(len(bs)).tolist():
            yield bs[i]

    def __len__(self):
        return -(-len(self.lens) // self.bs)


class Texts(Dataset):
    def __init__(self):
        self.d = [torch.randint(1, 9, (int(n),)) for n in torch.randint(2, 7, (10,))]

    def __len__(self):
        return len(self.d)

    def __getitem__(self, i):
        return {"tok": self.d[i], "y": i % 2, "name": f"t{i}"}


ds = Texts()


def collate(b):
    l = torch.tensor([len(e["tok"]) for e in b])
    return (
        pad_sequence([e["tok"] for e in b], batch_first=True),
        l,
        torch.tensor([e["y"] for e in b]),
        [e["name"] for e in b],
    )


emb, rnn = (nn.Embedding(9, 4, padding_idx=0), nn.GRU(4, 3, batch_first=True, bidirectional=True))
for t, l, y, n in DataLoader(ds, batch_sampler=Bucket([len(t) for t in ds.d], 4), collate_fn=collate):
    p = pack_padded_sequence(emb(t), l, batch_first=True, enforce_sorted=False)
    o, h = rnn(p)
    o, ol = pad_packed_sequence(o, batch_first=True, padding_value=-1)
    print(n, ol, h.shape, f"{o.sum():.4f}")
w = WeightedRandomSampler([0.1, 0.9, 0.3], 6, replacement=True, generator=torch.Generator().manual_seed(3))
print(list(w), list(BatchSampler(SubsetRandomSampler([3, 5, 7]), 2, True)))
print(default_collate([{"a": 1, "b": (2.0, "x")}, {"a": 3, "b": (4.0, "y")}]))
try:
    default_collate([torch.zeros(2), torch.zeros(3)])
except RuntimeError as e:
    print(e)
try:
    default_collate([object()])
except TypeError as e:
    print(str(e)[:80])
