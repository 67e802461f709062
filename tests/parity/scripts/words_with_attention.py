"""Sentences by recurrent networks: attention written by hand, a softmax in clusters, packed sequences, sampling, refusals."""

import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils import (
    clip_grad_norm_,
    clip_grads_with_norm_,
    get_total_norm,
    parameters_to_vector,
    vector_to_parameters,
)
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)


class Enc(nn.Module):
    def __init__(self, v, e, h):
        super().__init__()
        self.emb = nn.Embedding.from_pretrained(torch.randn(v, e), freeze=False, padding_idx=0, scale_grad_by_freq=True)
        self.rnn = nn.GRU(e, h, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(2 * h, h)

    def forward(self, x, l):
        p = pack_padded_sequence(self.emb(x), l.cpu(), batch_first=True, enforce_sorted=False)
        o, h = self.rnn(p)
        o, _ = pad_packed_sequence(o, batch_first=True, padding_value=0.0)
        return o, torch.tanh(self.fc(torch.cat((h[-2], h[-1]), dim=1)))


class Att(nn.Module):
    def __init__(self, h):
        super().__init__()
        self.W = nn.Linear(3 * h, h)
        self.v = nn.Parameter(torch.rand(h))
        stdv = 1.0 / math.sqrt(self.v.size(0))
        self.v.data.uniform_(-stdv, stdv)

    def forward(self, h, o, m):
        e = torch.tanh(self.W(torch.cat([h.unsqueeze(1).repeat(1, o.size(1), 1), o], 2)))
        a = torch.bmm(self.v.repeat(len(o), 1).unsqueeze(1), e.permute(0, 2, 1)).squeeze(1)
        return a.masked_fill(m == 0, -1e10).softmax(1)


class Dec(nn.Module):
    def __init__(self, v, e, h):
        super().__init__()
        self.emb = nn.Embedding(v, e, padding_idx=0, max_norm=2.0)
        self.att = Att(h)
        self.rnn = nn.GRUCell(e + 2 * h, h)
        self.out = nn.Bilinear(h, e, v)

    def forward(self, y, h, o, m):
        e = self.emb(y)
        a = self.att(h, o, m)
        c = torch.einsum("bt,bth->bh", a, o)
        h = self.rnn(torch.cat((e, c), 1), h)
        return self.out(h, e), h, a


enc, dec = Enc(9, 4, 5), Dec(9, 4, 5)
net = nn.ModuleList([enc, dec])
opt = torch.optim.AdamW(net.parameters(), 1e-2)
src = torch.tensor([[3, 4, 5, 6], [7, 8, 2, 0], [4, 2, 0, 0]])
tgt = torch.tensor([[1, 6, 5, 4, 2], [1, 2, 8, 2, 0], [1, 2, 2, 0, 0]])
lens = (src != 0).sum(1)
crit = nn.CrossEntropyLoss(ignore_index=0)
for ep in range(5):
    o, h = enc(src, lens)
    y = tgt[:, 0]
    outs = []
    for t in range(1, 5):
        p, h, a = dec(y, h, o, src != 0)
        outs.append(p)
        y = tgt[:, t] if torch.rand(1).item() < 0.5 else p.argmax(1)
    l = crit(torch.stack(outs, 1).flatten(0, 1), tgt[:, 1:].reshape(-1))
    opt.zero_grad()
    l.backward()
    n = get_total_norm([p.grad for p in net.parameters()])
    clip_grads_with_norm_(net.parameters(), 1.0, n)
    opt.step()
    print(f"{l:.9f} {n:.9f}", a[2])
v = parameters_to_vector(dec.parameters())
vector_to_parameters(v * 0.5, dec.parameters())
print(v.shape, dec.out.bias[:3])
print(enc, dec)
als = nn.AdaptiveLogSoftmaxWithLoss(8, 12, [3, 7], div_value=2.0, head_bias=True)
x, y = torch.randn(5, 8, requires_grad=True), torch.tensor([0, 2, 5, 8, 11])
o = als(x, y)
o.loss.backward()
print(als, o.output, o.loss, als.log_prob(x).exp().sum(1), als.predict(x), x.grad[0, :3])
for bad in (
    lambda: als(x, y + 5),
    lambda: als(x[:, :3], y),
    lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 12, [7, 3]),
    lambda: als(x, y[:2]),
):
    try:
        bad()
    except Exception as e:
        print(type(e).__name__, e)
for kind in ("LSTM", "GRU", "RNN"):
    for kw in (
        dict(num_layers=2, dropout=0.3),
        dict(bidirectional=True, bias=False),
        dict(proj_size=2) if kind == "LSTM" else dict(nonlinearity="relu") if kind == "RNN" else dict(batch_first=True),
    ):
        r = getattr(nn, kind)(3, 4, **kw)
        x = torch.randn(5, 2, 3, requires_grad=True)
        o, h = r(x)
        (g,) = torch.autograd.grad(o.pow(2).sum(), x)
        print(
            r,
            o.sum(),
            g.norm(),
            [tuple(a.shape) for a in (h if isinstance(h, tuple) else (h,))],
            r.all_weights[0][0].shape,
            list(r.state_dict())[:3],
        )
        r.flatten_parameters()
r = nn.LSTM(3, 4, 2, batch_first=True)
ps = pack_sequence([torch.randn(4, 3), torch.randn(2, 3)])
o, (h, c) = r(ps, (torch.ones(2, 2, 4), torch.zeros(2, 2, 4)))
print(o.data.shape, o.batch_sizes, h[1], type(o).__name__, ps.to(torch.float32).data.dtype, ps.is_cuda)
u, l = pad_packed_sequence(o)
print(u.shape, l)
for bad in (
    lambda: r(torch.ones(2, 3, 5)),
    lambda: r(torch.ones(3)),
    lambda: r(torch.ones(2, 3, 3), (torch.ones(2, 1, 4), torch.ones(2, 2, 4))),
    lambda: nn.LSTMCell(3, 4)(torch.ones(2, 4)),
    lambda: nn.GRU(3, 4, dropout=2.0),
    lambda: nn.RNN(3, 4, nonlinearity="x"),
    lambda: nn.LSTM(3, 4, proj_size=5),
    lambda: nn.GRU(3, 4, proj_size=2),
    lambda: nn.LSTM(3, 0),
    lambda: pack_padded_sequence(torch.ones(3, 2, 1), [1, 3]),
    lambda: pack_padded_sequence(torch.ones(3, 2, 1), [3, 0]),
    lambda: pad_packed_sequence(ps, total_length=2),
    lambda: pack_padded_sequence(torch.ones(3, 2, 1), torch.tensor([[3]])),
    lambda: pad_sequence(torch.ones(2)),
    lambda: nn.GRUCell(3, 4)(torch.ones(2, 3), torch.ones(3, 4)),
    lambda: nn.Embedding(3, 2, padding_idx=5),
    lambda: nn.Embedding(3, 2)(torch.tensor([3])),
    lambda: nn.Embedding(3, 2)(torch.tensor([1.0])),
    lambda: nn.EmbeddingBag(3, 2, mode="max")(torch.tensor([1]), torch.tensor([0]), torch.ones(1)),
):
    try:
        bad()
    except Exception as e:
        print(type(e).__name__, e)


class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.e = nn.Embedding(11, 6)
        self.r = nn.LSTM(6, 6, 2, dropout=0.2, batch_first=True)
        self.o = nn.Linear(6, 11)
        self.o.weight = self.e.weight

    def forward(self, x, h=None):
        o, h = self.r(self.e(x), h)
        return self.o(o), h


lm = LM()
print(len(list(lm.parameters())), len(lm.state_dict()), lm.o.weight is lm.e.weight)
o = torch.optim.SGD(lm.parameters(), 1.0, momentum=0.5)
data = torch.randint(0, 11, (4, 21))
h = None
for i in range(0, 20, 5):
    if h is not None:
        h = tuple(a.detach() for a in h)
    p, h = lm(data[:, i : i + 5], h)
    l = F.cross_entropy(
        p.transpose(1, 2), data[:, i + 1 : i + 6], label_smoothing=0.1, weight=torch.linspace(0.5, 1.5, 11)
    )
    o.zero_grad()
    l.backward()
    clip_grad_norm_(lm.parameters(), 0.25)
    o.step()
    print(f"{l:.9f} ppl {l.exp():.6f}")
lm.eval()
x = torch.tensor([[1]])
s = []
g = torch.Generator().manual_seed(0)
with torch.no_grad():
    for _ in range(12):
        p, h = lm(x[:, -1:], h if s else None)
        lg = p[0, -1] / 0.8
        k = lg.topk(5).values[-1]
        lg[lg < k] = -float("inf")
        sp, si = lg.softmax(0).sort(descending=True)
        cut = sp.cumsum(0) - sp > 0.9
        sp[cut] = 0
        x = si[torch.multinomial(sp / sp.sum(), 1, generator=g)].view(1, 1)
        s.append(x.item())
print(s)

torch.set_default_dtype(torch.float32)
